// What the server is and can be made to do: clock, faults, scenarios, objects.
import { ask, byId, element, number } from "./api.js";
import { clockAhead } from "./pipeline.js";

// Does something; an error is shown where it was asked for.
async function attempt(error, what) {
  byId(error).textContent = "";
  try {
    await what();
    return true;
  } catch (problem) {
    byId(error).textContent = problem.message;
    return false;
  }
}

function button(text, run, properties = {}) {
  const b = element("button", { type: "button", className: "quiet", ...properties }, text);
  b.onclick = run;
  return b;
}

// Nothing goes away between the press of a button and its release.
let pressed = false;
for (const [kind, is] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]])
  document.addEventListener(kind, () => (pressed = is), true);

// Draws only what differs: what has the focus or is unfolded stays so.
function redraw(list, things, draw) {
  const key = JSON.stringify(things);
  if (list.dataset.key === key || pressed) return;
  list.dataset.key = key;
  const open = new Set([...list.querySelectorAll("details[open]")].map((d) => d.dataset.of));
  const focused = document.activeElement?.dataset?.of, scroll = list.scrollTop;
  list.replaceChildren(...things.map(draw));
  for (const d of list.querySelectorAll("details")) d.open = open.has(d.dataset.of);
  if (focused) [...list.querySelectorAll("[data-of]")].find((e) => e.dataset.of === focused)?.focus();
  list.scrollTop = scroll;
}

function tag(e, of) {
  e.dataset.of = of;
  return e;
}

// --- the clock ---

const seconds = (text) => Number(text.replace(/s$/, ""));

export async function lookAtClock() {
  const c = await ask("GET", "/clock"), spec = c.spec;
  byId("clock-time").textContent = c.time_stamp.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const off = seconds(c.ahead.time_stamp), life = seconds(c.ahead.life_cycle), badge = byId("clock-ahead");
  clockAhead(Math.abs(off) >= 1 ? Math.round(off) * 1000 : 0);
  badge.hidden = Math.abs(off) < 1 && Math.abs(life) < 1;
  badge.className = "badge warn";
  badge.textContent = `${off < 0 ? "−" : "+"}${number(Math.abs(Math.round(off)))} s`;
  const notes = [];
  if (Math.abs(off - life) >= 1) notes.push(`keys go by another clock, ${life < 0 ? "−" : "+"}${number(Math.abs(Math.round(life)))} s`);
  if (spec.rate !== 1) notes.push(`it runs at ${spec.rate} times the machine's`);
  if (spec.jumps?.length) notes.push(`${spec.jumps.length} jumps are set`);
  if (seconds(c.advanced)) notes.push(`${number(seconds(c.advanced))} s of virtual time have passed`);
  byId("clock-note").textContent = notes.join("; ") || "As the machine's.";
  if (document.activeElement !== byId("clock-offset")) byId("clock-offset").value = spec.offset;
  byId("clock-freeze").checked = spec.freeze !== false;
}

const clock = (method, body) => attempt("clock-error", async () => {
  await ask(method, "/clock", body);
  document.activeElement?.blur?.();
  await lookAtClock();
});

// PUT sets all of the clock: what is not changed here stays as it is now. One after the other.
let before = Promise.resolve();
const change = (what) => (before = before.then(() => attempt("clock-error", async () => {
  const { spec } = await ask("GET", "/clock");
  await clock("PUT", { ...spec, ...what });
})));

function beginClock() {
  byId("clock-set").onclick = () => change({ offset: byId("clock-offset").value.trim() });
  byId("clock-freeze").onchange = (e) => change({ freeze: e.target.checked });
  byId("clock-advance").onclick = () => clock("POST", { advance: byId("clock-by").value.trim() });
  byId("clock-reset").onclick = () => clock("DELETE");
  for (const [field, does] of [["clock-offset", "clock-set"], ["clock-by", "clock-advance"]])
    byId(field).onkeydown = (e) => e.key === "Enter" && byId(does).click();
}

// --- faults ---

const EXAMPLES = {
  "Begin with an example…": "",
  "Replies out of order": "name: out-of-order\naction: {reorder: {window: 4, max_wait: 200ms}}\ncount: always\n",
  "The third reply is lost": "name: lost\nmatch: {nth: 3}\naction: drop\ncount: always\n",
  "Slow Create": "name: slow\nmatch: {operation: Create}\naction: {delay: 500ms}\ncount: always\n",
  "Create refused, twice": "name: refused\nmatch: {operation: Create}\naction: {result: {reason: General Failure}}\ncount: 2\n",
  "Connection reset": "name: reset\nmatch: {operation: Get}\naction: {reset: {when: before}}\ncount: 1\n",
  "Wrong batch item ID": "name: wrong-id\naction: wrong_batch_id\ncount: 1\n",
};

// Faults that were switched off here: the mock does not know them any more, this tab does.
const OFF = "kmip-mock-faults-off";
const switchedOff = () => JSON.parse(sessionStorage.getItem(OFF) || "[]");
const keepOff = (list) => sessionStorage.setItem(OFF, JSON.stringify(list));

export async function lookAtFaults() {
  const { faults } = await ask("GET", "/faults"), names = new Set(faults.map((f) => f.name));
  const off = switchedOff().filter((f) => !names.has(f.name));
  keepOff(off);
  byId("faults-count").textContent = faults.length ? `${number(faults.length)} in force` : "";
  byId("faults-none").hidden = faults.length + off.length > 0;
  byId("faults-none").textContent = library.in_force.length
    ? "None but what the scenario does." : "None: the server behaves.";
  redraw(byId("faults"), [...faults.map((f) => ({ ...f, on: true })), ...off.map((f) => ({ ...f, on: false }))], drawFault);
}

function drawFault(f) {
  const label = "fault " + f.name;
  const on = tag(element("input", { type: "checkbox", checked: f.on, "aria-label": f.name }), label);
  on.setAttribute("role", "switch");
  on.onchange = () => toggle(f, on.checked);
  const fired = f.on ? `fired ${number(f.fired)}${f.count === "always" ? "" : ` of ${number(f.count)}`}` : "off";
  const item = element("li", { className: f.on ? "" : "off" },
    element("div", { className: "thing" }, on, element("span", { className: "name" }, f.name),
      element("span", { className: "fired" }, fired),
      tag(button("✕", () => remove(f), { "aria-label": "Remove " + f.name, title: "Remove" }), "remove " + f.name)),
    element("code", {}, JSON.stringify({ ...f.declared, name: undefined }).replace(/"(\w[\w -]*)":/g, "$1: ").replace(/,(?=\w)/g, ", ").slice(1, -1)));
  item.dataset.name = f.name;
  return item;
}

const toggle = (f, on) => attempt("fault-error", async () => {
  if (on) {
    await ask("POST", "/faults", { ...f.declared, name: f.name });
    keepOff(switchedOff().filter((o) => o.name !== f.name));
  } else {
    await ask("DELETE", "/faults/" + encodeURIComponent(f.name));
    keepOff([...switchedOff().filter((o) => o.name !== f.name), f]);
  }
  await lookAtFaults();
}).then((ok) => ok || lookAtFaults());

const remove = (f) => attempt("fault-error", async () => {
  if (f.on) await ask("DELETE", "/faults/" + encodeURIComponent(f.name));
  keepOff(switchedOff().filter((o) => o.name !== f.name));
  await lookAtFaults();
});

function beginFaults() {
  const example = byId("fault-example"), text = byId("fault-text");
  example.append(...Object.keys(EXAMPLES).map((name) => new Option(name)));
  example.onchange = () => { text.value = EXAMPLES[example.value]; text.focus(); };
  byId("fault-add").onclick = () => attempt("fault-error", async () => {
    await ask("POST", "/faults", text.value);
    await lookAtFaults();
  });
  text.onkeydown = (e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && byId("fault-add").click();
  byId("faults-reset").onclick = () => attempt("fault-error", async () => {
    await ask("POST", "/faults/reset");
    await lookAtFaults();
  });
  byId("faults-clear").onclick = () => attempt("fault-error", async () => {
    await ask("DELETE", "/faults");
    keepOff([]);
    await lookAtFaults();
  });
}

// --- scenarios ---

let library = { scenarios: [], in_force: [] };

export async function lookAtScenarios() {
  library = await ask("GET", "/library");
  drawScenarios();
}

function drawScenarios() {
  const wanted = byId("scenario-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const known = new Set(library.scenarios.map((s) => s.name));
  const own = library.in_force.filter((n) => !known.has(n)).map((name) => ({ name, text: "A file of your own.\n", in_force: true }));
  const all = [...own, ...library.scenarios].sort((a, b) => b.in_force - a.in_force), n = library.in_force.length;
  const shown = all.filter((s) => wanted.every((w) => (s.name + s.text).toLowerCase().includes(w)));
  byId("scenarios-count").textContent = n ? `${n} in force` : "";
  redraw(byId("scenarios"), shown, (s) => {
    const on = tag(element("input", { type: "checkbox", checked: s.in_force, "aria-label": s.name }), "scenario " + s.name);
    on.setAttribute("role", "switch");
    on.onchange = () => chooseScenario(s.name, on.checked);
    const [title, ...rest] = s.text.trim().split(/\n\s*\n/);
    const item = element("li", {}, element("div", { className: "thing" }, on, element("span", { className: "name" }, s.name)),
      element("p", {}, title),
      tag(element("details", {}, element("summary", {}, "In the field, and what helps"), ...rest.map((p) => element("p", {}, p))), "about " + s.name));
    item.dataset.name = s.name;
    return item;
  });
}

const chooseScenario = (name, on) => attempt("scenario-error", async () => {
  const names = on ? [...library.in_force, name] : library.in_force.filter((n) => n !== name);
  library = await ask("PUT", "/library", names);
  await Promise.all([lookAtFaults(), lookAtClock(), lookAtObjects()]);
}).then(() => drawScenarios(delete byId("scenarios").dataset.key));

// --- objects ---

export async function lookAtObjects() {
  const answer = await ask("GET", "/objects?limit=200");
  byId("objects-count").textContent = answer.total ? number(answer.total) + (answer.more ? ", the first 200 shown" : "") : "";
  byId("objects-none").hidden = answer.total > 0;
  redraw(byId("objects"), answer.objects, drawObject);
}

const GOOD = { Active: "badge good", Compromised: "badge bad", "Destroyed Compromised": "badge bad" };

function drawObject(o) {
  const kind = [o.type, o.algorithm, o.length].filter(Boolean).join(" ");
  const dates = element("dl");
  for (const [name, date] of Object.entries(o.dates))
    dates.append(element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, date.replace("T", " ").replace("Z", "")));
  const more = tag(element("details", {}, element("summary", {}, kind), dates), "object " + o.identifier);
  more.ontoggle = () => more.open && attempt("objects-error", () => showAttributes(more, o.identifier));
  const item = element("li", {}, element("div", { className: "thing" },
    element("span", { className: "name" }, o.names[0] || o.identifier),
    o.state ? element("span", { className: GOOD[o.state] || "badge" }, o.state) : null,
    tag(button("✕", () => attempt("objects-error", async () => {
      await ask("DELETE", "/objects/" + encodeURIComponent(o.identifier));
      await lookAtObjects();
    }), { "aria-label": "Forget " + o.identifier, title: "Forget it, as if it had never been made" }), "forget " + o.identifier)), more);
  item.dataset.name = o.identifier;
  return item;
}

async function showAttributes(at, identifier) {
  if (at.querySelector(".attributes")) return;
  const o = await ask("GET", "/objects/" + encodeURIComponent(identifier));
  const list = element("dl", { className: "attributes" }, element("dt", {}, "identifier"), element("dd", {}, identifier));
  for (const a of o.attributes)
    if (!/Date$/.test(a.name)) list.append(element("dt", {}, a.name), element("dd", {}, a.value));
  if (at.isConnected && !at.querySelector(".attributes")) at.append(list);
}

export function beginPanels() {
  beginClock();
  beginFaults();
  byId("scenario-filter").oninput = drawScenarios;
  byId("objects-states").onclick = () => attempt("objects-error", async () => {
    await ask("POST", "/objects", "states");
    await lookAtObjects();
  });
}
