// The pipeline of one connection: client and server as two lanes, time downwards. A request
// goes across where it came; its reply leaves the server there and reaches the client where
// it left, so that replies which overtook others cross them. Only the order counts, not how
// long things took: each message that came or left has a line of its own.
import { byId, number, visible } from "./api.js";
import { all, chosenNumber, choose, get } from "./exchanges.js";

const LINE = 24, MOST = 60; // exchanges shown, the last ones
const LEFT = 210, BESIDE = 220, HEAD = 30, TOP = 16; // beside the lanes: what came and left; times, faults
let width = 800, right = 600;

const connections = new Map(); // number -> when an exchange of it was last seen
let connection = 0, ahead = 0, pinned = false, drawn = "", following = true, chosenBefore = 0;

export function saw(e) {
  if (!e.nth) return;
  connections.delete(e.connection);
  connections.set(e.connection, e.client);
  if (connections.size > 64) connections.delete(connections.keys().next().value);
}

export function forgetConnections() {
  connections.clear();
  connection = 0;
  pinned = false;
  drawn = "";
}

// How far the server's clock is ahead of the machine's, in ms: its lane has its own times.
export const clockAhead = (ms) => (ahead = ms);

function svg(name, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children.map((c) => (c instanceof Node ? c : visible(c))));
  return e;
}

const text = (x, y, what, cls, anchor = "start") => svg("text", { x, y, class: cls, "text-anchor": anchor }, what);

function head(x1, y1, x2, y2, cls) {
  const a = Math.atan2(y2 - y1, x2 - x1), side = (d) => `${x2 - 9 * Math.cos(a + d)},${y2 - 9 * Math.sin(a + d)}`;
  return svg("polygon", { points: `${x2},${y2} ${side(0.4)} ${side(-0.4)}`, class: cls });
}

const idOf = (e, reply) => ((reply && e.reply_batch_item_id) || e.batch_item_id || "").slice(0, 8);
const clock = (ms) => new Date(ms).toISOString().slice(11, 23);

// The exchanges of the connection, and the line of each message among all of them.
function arrange() {
  const shown = [...all()].filter((e) => e.connection === connection && e.nth).slice(-MOST);
  const turns = shown.flatMap((e) => [e.turn, e.left_turn || 0]).filter(Boolean).sort((a, b) => a - b);
  const line = new Map(turns.map((t, i) => [t, i]));
  for (const e of shown)
    e.crossed = Boolean(e.left_turn) && shown.some((o) => o.left_turn && (o.turn < e.turn) !== (o.left_turn < e.left_turn));
  return { shown, line, lines: turns.length };
}

function picture(e, line, end) {
  const y = (turn) => TOP + line.get(turn) * LINE, from = y(e.turn), left = Boolean(e.left_turn);
  const to = left ? y(e.left_turn) : end, faulty = e.faults.length > 0;
  const failed = e.result && e.result.status !== "Success";
  const x2 = left ? LEFT : LEFT + (right - LEFT) * 0.6, y2 = left ? to : from + (to - from) * 0.4;
  const classes = [faulty && "faulty", e.crossed && "crossed", !left && "waiting", e.number === chosenNumber() && "chosen"];
  const what = e.operations.join(", ") || "no operation";
  const g = svg("g", { class: classes.filter(Boolean).join(" "), "data-number": e.number },
    svg("title", {}, `${what} ${idOf(e)}: ${left ? "" : "not answered yet, "}${e.event || (e.result ? e.result.status : "")}`),
    svg("line", { class: "request", x1: LEFT, y1: from, x2: right - 2, y2: from }), head(LEFT, from, right - 2, from, "request-head"),
    svg("line", { class: "reply", x1: right, y1: from + 4, x2, y2 }),
    text(LEFT - 12, from + 4, `${e.nth}  ${what}  ${idOf(e)} →`, "note-request", "end"),
    text(right + 12, from + 4, clock(Date.parse(e.time) + ahead), "at"));
  if (left) {
    g.append(head(right, from + 4, LEFT + 2, to, "reply-head"),
      text(LEFT - 12, to + 4, `← ${failed ? e.result.reason || "failed" : "Success"}  ${idOf(e, true)}  ${e.nth}`, "note-reply", "end"));
  }
  if (faulty)
    g.append(svg("path", { class: "mark", d: `M${right} ${from - 7}l7 7-7 7-7-7z` }),
      text(right + 100, from + 4, "⚡ " + e.faults.join(", "), "fault"));
  const hit = svg("polyline", { class: "hit", points: `${LEFT},${from} ${right},${from} ${x2},${y2}` });
  g.append(hit);
  return g;
}

function orderText(shown) {
  if (!shown.length) return "No exchange on a connection yet.";
  const last = shown.filter((e) => e.left_turn).sort((a, b) => a.left_turn - b.left_turn);
  const crossed = shown.filter((e) => e.crossed).length, open = shown.length - last.length;
  const list = last.slice(-16).map((e) => e.nth).join(" ");
  return (crossed ? `Reordered: replies left as ${last.length > 16 ? "… " : ""}${list}; ${number(crossed)} of ${number(shown.length)} crossed another.`
    : `In order: each reply left in the turn of its request (${number(shown.length)} shown).`)
    + (open ? ` ${number(open)} not answered.` : "");
}

function choices() {
  const select = byId("which"), newest = [...connections.keys()].at(-1) || 0;
  if (!pinned || !connections.has(connection)) connection = newest;
  const key = [...connections.keys()].sort((a, b) => b - a).join() + ":" + connection;
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  select.replaceChildren(new Option("the latest", "0", !pinned, !pinned));
  for (const n of [...connections.keys()].sort((a, b) => b - a))
    select.append(new Option(`#${n} ${visible(connections.get(n) || "")}`, n, false, pinned && n === connection));
}

export function drawPipeline() {
  choices();
  const { shown, line, lines } = arrange();
  width = Math.max(600, byId("picture").clientWidth - 28);
  right = width - BESIDE;
  const key = width + ":" + connection + ":" + chosenNumber() + ":" + ahead + ":" + shown.map((e) => e.turn + "-" + (e.left_turn || "") + e.faults.length).join();
  if (key === drawn) return;
  drawn = key;
  const end = TOP + Math.max(lines, 1) * LINE, height = end + 16, order = orderText(shown);
  const skew = ahead ? ` (its clock, ${ahead > 0 ? "+" : "−"}${Math.abs(ahead / 1000)} s)` : "";
  const lane = (x, y2) => svg("line", { class: "lane", x1: x, y1: 0, x2: x, y2 });
  const client = get(shown.at(-1)?.number)?.client || "";
  const top = svg("svg", { class: "top", width, height: HEAD, "aria-hidden": "true" },
    text(LEFT, 19, "Client " + client, "title", "middle"), text(right, 19, "Server" + skew, "title", "middle"));
  const root = svg("svg", { width, height, role: "img", "aria-label": `Connection ${connection}. ${order}` },
    lane(LEFT, height - 6), lane(right, height - 6), ...shown.map((e) => picture(e, line, end)));
  byId("order").textContent = order;
  byId("order").className = "order" + (order.startsWith("Reordered") ? " bad" : "");
  byId("picture").replaceChildren(top, root);
  const p = byId("picture"), at = root.querySelector(".chosen .hit");
  if (following) p.scrollTop = p.scrollHeight;
  else if (at && chosenBefore !== chosenNumber()) at.scrollIntoView({ block: "nearest" });
  chosenBefore = chosenNumber();
}

byId("which").addEventListener("change", (event) => {
  pinned = event.target.value !== "0";
  connection = Number(event.target.value);
  following = true;
  drawPipeline();
});
byId("picture").addEventListener("mousedown", (event) => {
  const g = event.target.closest("g[data-number]");
  if (g && event.button === 0) choose(Number(g.dataset.number));
});
byId("picture").addEventListener("scroll", (event) => {
  const p = event.target;
  following = p.scrollTop + p.clientHeight >= p.scrollHeight - LINE;
});
