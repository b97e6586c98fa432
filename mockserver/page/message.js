// One exchange: what happened to it, and its two messages as trees or in hexadecimal, as the
// API redacts them.
import { ask, byId, element, number } from "./api.js";
import { caseOf } from "./case.js";

let hex = false, current = null, wanted = 0;

// Indented lines as nested lists that fold.
function tree(text) {
  const top = element("ul", { className: "tree" });
  const open = [{ indent: -1, list: top }];
  const lines = text.split("\n").filter((l) => l.trim());
  lines.forEach((line, i) => {
    const indent = line.search(/\S/), next = lines[i + 1] ? lines[i + 1].search(/\S/) : 0;
    while (open.at(-1).indent >= indent) open.pop();
    const [, name, value] = /^\s*([^":]+)(?:: ?(.*))?$/s.exec(line) || [null, line.trim(), ""];
    const words = [element("span", { className: "name" }, name)];
    if (value) words.push(" ", element("span", { className: /redacted/.test(value) ? "secret" : "" }, value));
    if (next > indent) {
      const list = element("ul");
      open.at(-1).list.append(element("li", {}, element("details", { open: true }, element("summary", {}, ...words), list)));
      open.push({ indent, list });
    } else {
      open.at(-1).list.append(element("li", { className: "leaf" }, ...words));
    }
  });
  return top;
}

function dump(text) {
  const pre = element("pre", { tabIndex: 0 });
  for (const line of text.split("\n")) {
    const [, offset, rest] = /^([0-9a-f]{8}|\s{8})?(.*)$/s.exec(line);
    const bytes = /^(?:\s+[0-9A-F]+)+(?=\s{2,}|$)/.exec(rest)?.[0] || "";
    pre.append(element("span", { className: "offset" }, offset || ""), element("span", { className: "bytes" }, bytes),
      rest.slice(bytes.length), "\n");
  }
  return pre;
}

function half(kind, title, m) {
  const box = element("section", { className: "message " + kind, "aria-label": title });
  const size = m ? `${number(m.size)} bytes${m.kept !== undefined ? `, ${number(m.kept)} kept` : ""}` : "none";
  box.append(element("h3", {}, title, element("small", {}, size)));
  if (m && m.size) box.append(hex ? dump(m.hex) : tree(m.text));
  return box;
}

function facts(e) {
  const said = [`${e.time.replace("T", " ").replace("Z", "")} UTC`, `connection ${e.connection}, from ${e.client || "nobody known"}`];
  if (e.nth) {
    said.push(`answered in ${e.duration_ms.toFixed(3)} ms`);
    said.push(e.left ? `the reply left at ${e.left.slice(11, 23)}` : "the reply has not left");
  }
  if (e.unique_identifier) said.push(e.unique_identifier);
  if (e.reply_batch_item_id) said.push(`the reply's id is ${e.reply_batch_item_id}`);
  if (e.event) said.push("⚡ " + e.event);
  return said.join(" · ");
}

// The case is shown, too: away from loopback browsers give a page no clipboard.
async function copyCase(button) {
  const text = await caseOf(current), field = element("textarea", { id: "case", readOnly: true, value: text, "aria-label": "The case" });
  field.rows = Math.min(16, text.split("\n").length);
  byId("case")?.remove();
  button.closest("header").after(field);
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (!copied) field.select();
  button.textContent = copied ? "Copied" : "Selected: copy it";
}

function render() {
  const e = current, failed = e.result && e.result.status !== "Success";
  const name = e.nth ? (e.operations.join(", ") || "No operation") : "Connection";
  const turn = element("button", { type: "button", id: "as-hex" }, hex ? "As a tree" : "In hexadecimal");
  turn.onclick = () => { hex = !hex; render(); byId("as-hex").focus(); };
  const does = element("span", { className: "does" }, turn);
  if (e.request?.yaml) {
    const copy = element("button", { type: "button", id: "copy-case", title: "A case that kmip-conform run takes" }, "Copy as YAML case");
    copy.onclick = () => copyCase(copy).catch((problem) => (copy.textContent = problem.message));
    does.append(copy);
  }
  byId("detail").replaceChildren(
    element("header", {}, element("h2", {}, `${number(e.number)}  ${name}`),
      e.result ? element("span", { className: failed ? "badge bad" : "badge good" }, failed ? e.result.reason || e.result.status : "Success") : null,
      ...e.faults.map((f) => element("span", { className: "tag" }, "⚡ " + f)), does),
    element("p", { className: "facts" }, facts(e)),
    e.nth ? element("div", { className: hex ? "messages hex" : "messages" }, half("request", "Request", e.request), half("reply", "Reply", e.reply)) : "");
  byId("detail").hidden = false;
}

// Fetches the exchange with its messages and shows it; the last one wanted wins.
export async function show(number) {
  wanted = number;
  const answer = await ask("GET", `/journal?since=${number}&limit=1&messages=text,yaml,hex`);
  const e = answer.exchanges[0];
  if (wanted !== number) return;
  if (!e || e.number !== number) {
    byId("detail").replaceChildren(element("p", { className: "empty" }, "The mock's journal does not keep this exchange any more."));
    byId("detail").hidden = false;
    return;
  }
  current = e;
  render();
}

// What was shown has changed: a reply has left, a fault has fired.
export const isShown = (number) => current?.number === number;
