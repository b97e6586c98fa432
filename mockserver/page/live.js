// The live page of kmip-mock: follows the exchanges, and looks at the server every second.
// What comes is kept at once and drawn at most DRAWS times a second.
import { ask, byId, element, follow, number, visible } from "./api.js";
import * as exchanges from "./exchanges.js";
import { isShown, show } from "./message.js";
import { beginPanels, lookAtClock, lookAtFaults, lookAtObjects, lookAtScenarios } from "./panels.js";
import { drawPipeline, forgetConnections, saw } from "./pipeline.js";

const DRAWS = 8, LOOK_MS = 1000, AGAIN_MS = 1000, MOST = 1000;

let next = 0, paused = false, running = false, stop = null, due = false, view = "list", requests = null;

// --- exchanges as they come ---

function take(events) {
  for (const { name, data } of events) {
    if (name === "exchange") {
      exchanges.put(data);
      saw(data);
      next = Math.max(next, data.number + 1);
      if (isShown(data.number)) show(data.number);
    } else if (name === "gap") {
      exchanges.counts.lost += data.lost;
      exchanges.counts.skipped += data.skipped;
    }
  }
  draw();
}

function draw() {
  if (due) return;
  due = true;
  setTimeout(() => requestAnimationFrame(() => {
    due = false;
    if (view === "list") exchanges.draw();
    else drawPipeline();
    exchanges.keptText();
  }), 1000 / DRAWS);
}

function told(text, state = "") {
  byId("link").textContent = text;
  byId("link").className = "link " + state;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// A browser keeps six connections to a server, for all of its tabs: a page that is out of sight
// lets its stream go, and when it is seen again goes on from where it was.
const wanted = () => !paused && !document.hidden;

// Follows the events as long as that is wanted; when the server goes, tries again.
async function run() {
  if (running) return;
  running = true;
  while (wanted()) {
    const mine = (stop = new AbortController());
    try {
      await follow(`${next ? "since=" + next : "last=" + exchanges.ROOM}&most=${MOST}`, mine.signal, () => told("live", "on"), take);
      if (wanted()) told("the server has ended the stream", "off");
    } catch (problem) {
      if (!mine.signal.aborted) told(problem.status ? problem.message : "no answer: is the mock still there?", "off");
    }
    if (wanted() && !mine.signal.aborted) await pause(AGAIN_MS);
  }
  running = false;
}

function runOrRest() {
  if (wanted()) return run();
  stop?.abort();
  told(paused ? "paused" : "rests until it is seen");
}

function setPaused(on) {
  paused = on;
  byId("pause").setAttribute("aria-pressed", on);
  byId("pause").textContent = on ? "Go on" : "Pause";
  runOrRest();
}

// --- the server, once a second ---

async function look() {
  const state = await ask("GET", "/state");
  byId("place").textContent = `${visible(state.vendor)} on ${state.host}:${state.port}`;
  byId("kmip-place").textContent = `${state.host}:${state.port}`;
  byId("n-requests").textContent = number(state.requests);
  byId("n-connections").textContent = number(state.connections.open);
  byId("n-objects").textContent = number(state.objects);
  const now = performance.now();
  if (requests) byId("n-rate").textContent = number(Math.max(0, Math.round((state.requests - requests.n) / (now - requests.at) * 1000)));
  requests = { n: state.requests, at: now };
  if (state.journal.next < next) next = 0; // another server than before
  await Promise.all([lookAtClock(), lookAtFaults(), lookAtObjects()]);
}

async function lookOften() {
  for (;;) {
    if (!document.hidden)
      await look().catch(() => {}); // the stream tells when the server is gone
    await pause(LOOK_MS);
  }
}

// --- the page ---

function setView(name) {
  view = name;
  for (const v of ["list", "pipeline"]) {
    const tab = byId("tab-" + v);
    tab.setAttribute("aria-selected", v === name);
    tab.tabIndex = v === name ? 0 : -1;
    byId("view-" + v).hidden = v !== name;
  }
  byId("which-label").hidden = name !== "pipeline";
  if (name === "list") exchanges.draw();
  else drawPipeline();
}

async function forget() {
  await ask("DELETE", "/journal");
  exchanges.forget();
  forgetConnections();
  byId("detail").hidden = true;
  setView(view);
}

const KEYS = {
  "/": () => byId("filter").focus(),
  1: () => { setView("list"); byId("list").focus(); },
  2: () => { setView("pipeline"); byId("picture").focus(); },
  " ": () => setPaused(!paused),
};

function onKey(event) {
  const inField = event.target.closest("input, textarea, select, button, summary, dialog");
  if (event.key === "Escape" && event.target === byId("filter")) {
    event.preventDefault(); // or the browser empties the field, and the filter stays
    byId("list").focus();
  }
  if (inField || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
}

exchanges.begin((e) => {
  show(e.number).catch((problem) => byId("detail").replaceChildren(element("p", { className: "empty" }, problem.message)));
  if (view === "pipeline") drawPipeline();
});
beginPanels();
byId("tab-list").onclick = () => setView("list");
byId("tab-pipeline").onclick = () => setView("pipeline");
for (const tab of document.querySelectorAll("[role=tab]"))
  tab.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
    setView(view === "list" ? "pipeline" : "list");
    byId("tab-" + view).focus();
  });
byId("filter").oninput = (e) => { exchanges.filter(e.target.value); exchanges.draw(); };
byId("pause").onclick = () => setPaused(!paused);
byId("forget").onclick = forget;
document.addEventListener("keydown", onKey);
document.addEventListener("visibilitychange", runOrRest);
addEventListener("resize", draw);
setView("list");
runOrRest();
lookAtScenarios().catch((problem) => (byId("scenario-error").textContent = problem.message));
lookOften();
