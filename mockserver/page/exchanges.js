// The exchanges that the page keeps, and the list of them. A ring of the last ROOM; of the
// list only the rows in sight are there, so that a thousand a second cost what ten do.
import { byId, element, number, visible } from "./api.js";

export const ROOM = 2000;
const HEIGHT = 26; // of a row, as in live.css

// --- what is kept ---

const ring = new Map(); // number -> exchange, the oldest first
export const counts = { seen: 0, lost: 0, skipped: 0 };

function words(e) {
  const status = e.result ? e.result.status : "";
  return [
    ...(e.operations || []), e.client, "#" + e.connection, e.nth ? `#${e.connection}/${e.nth}` : "",
    status === "Success" ? "success" : "failed", status, e.result?.reason, e.result?.message,
    e.unique_identifier, e.batch_item_id, e.event, ...e.faults.map((f) => "fault:" + f),
  ].filter(Boolean).join("\n").toLowerCase();
}

export function put(e) {
  e.words = words(e);
  if (!ring.has(e.number)) {
    counts.seen++;
    if (ring.size >= ROOM) ring.delete(ring.keys().next().value);
  }
  ring.set(e.number, e);
}

export const get = (n) => ring.get(n);
export const all = () => ring.values();
export function forget() {
  ring.clear();
}

// --- which are shown ---

let wanted = [];
export function filter(text) {
  wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
}
// "#3" is connection 3 and no other.
const has = (e, w) => (/^#\d+$/.test(w) ? "#" + e.connection === w : e.words.includes(w));
const fits = (e) => wanted.every((w) => has(e, w));

// --- the list ---

const list = byId("list"), rows = byId("rows");
let shown = [], chosen = 0, following = true, onChoose = () => {};

export function cells(e) {
  const failed = e.result && e.result.status !== "Success";
  const said = e.result ? (failed ? e.result.reason || e.result.status : "Success") : e.event || "";
  return [
    ["number", number(e.number)],
    ["time", e.time.slice(11, 23)],
    ["from", e.nth ? `#${e.connection}/${e.nth}` : `#${e.connection}`],
    ["client", e.client || "–"],
    ["operation", (e.operations || []).join(", ") || (e.nth ? "no operation" : "connection")],
    ["id", (e.batch_item_id || "").slice(0, 8)],
    ["result" + (failed ? " bad" : ""), said],
    ["took", e.nth ? e.duration_ms.toFixed(e.duration_ms < 10 ? 2 : 0) : ""],
  ];
}

function row(e, at) {
  const r = element("div", { className: "exchange", role: "option", id: "e" + e.number });
  for (const [name, text] of cells(e)) {
    const cell = element("span", { className: name, title: visible(text) }, text);
    if (name.startsWith("result") && e.faults.length)
      cell.prepend(element("span", { className: "tag" }, "⚡ " + e.faults.join(", ")), " ");
    r.append(cell);
  }
  r.style.top = at * HEIGHT + "px";
  r.setAttribute("aria-selected", e.number === chosen);
  return r;
}

// Draws the rows in sight.
export function draw() {
  shown = [...ring.values()].filter(fits);
  rows.style.height = shown.length * HEIGHT + "px";
  if (following) list.scrollTop = list.scrollHeight;
  const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 2);
  const n = Math.ceil(list.clientHeight / HEIGHT) + 4;
  rows.replaceChildren(...shown.slice(first, first + n).map((e, i) => row(e, first + i)));
  byId("empty").hidden = shown.length > 0 || wanted.length > 0;
  if (ring.get(chosen)) list.setAttribute("aria-activedescendant", "e" + chosen);
  else list.removeAttribute("aria-activedescendant");
  keptText();
}

// Of both views; it changes too often to be read out.
export function keptText() {
  const parts = [`The last ${number(ring.size)} of ${number(counts.seen)} exchanges seen here`];
  if (wanted.length) parts.push(`${number([...ring.values()].filter(fits).length)} fit the filter`);
  if (counts.skipped) parts.push(`a sample: ${number(counts.skipped)} more came, faster than 1,000 a second, and are not shown`);
  if (counts.lost) parts.push(`${number(counts.lost)} were gone from the mock's journal before the page could read them`);
  byId("kept").textContent = parts.join("; ") + ".";
}

function scrollTo(at) {
  if (at * HEIGHT < list.scrollTop) list.scrollTop = at * HEIGHT;
  else if ((at + 1) * HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * HEIGHT - list.clientHeight;
}

export function choose(n) {
  if (!ring.has(n)) return;
  chosen = n;
  const at = shown.findIndex((e) => e.number === n);
  if (at >= 0) {
    following = at === shown.length - 1;
    scrollTo(at);
  }
  draw();
  onChoose(ring.get(n));
}

export const chosenNumber = () => chosen;

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };

export function begin(chose) {
  onChoose = chose;
  // The list is lower when an exchange is open: what was chosen stays in sight.
  new ResizeObserver(() => {
    const at = shown.findIndex((e) => e.number === chosen);
    if (at >= 0 && !following) scrollTo(at);
    draw();
  }).observe(list);
  list.addEventListener("scroll", () => {
    following = list.scrollTop + list.clientHeight >= list.scrollHeight - HEIGHT;
    requestAnimationFrame(draw);
  });
  // Rows come and go under the mouse, so it is the press that chooses, by where it is.
  rows.addEventListener("mousedown", (event) => {
    const at = Math.floor((event.clientY - rows.getBoundingClientRect().top) / HEIGHT);
    if (event.button === 0 && shown[at]) choose(shown[at].number);
  });
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && ring.has(chosen)) return byId("detail").focus();
    const step = STEPS[event.key];
    if (step === undefined || !shown.length) return;
    event.preventDefault();
    const at = shown.findIndex((e) => e.number === chosen);
    const from = at < 0 ? (step < 0 ? shown.length : -1) : at;
    choose(shown[Math.min(shown.length - 1, Math.max(0, from + step))].number);
  });
}
