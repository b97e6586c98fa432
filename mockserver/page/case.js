// An exchange as a case for kmip-conform: the request as it came, the outcome as it was. The
// request is taken from the YAML form of the message, whose lines are indented by twos.
import { ask } from "./api.js";

// Clauses of the KMIP 1.2 specification, section 4, in their order.
const CLAUSES = ["Create", "Create Key Pair", "Register", "Re-key", "Re-key Key Pair", "Derive Key", "Certify",
  "Re-certify", "Locate", "Check", "Get", "Get Attributes", "Get Attribute List", "Add Attribute",
  "Modify Attribute", "Delete Attribute", "Obtain Lease", "Get Usage Allocation", "Activate", "Revoke",
  "Destroy", "Archive", "Recover", "Validate", "Query", "Discover Versions", "Cancel", "Poll", "Encrypt",
  "Decrypt"];
const MAKES = ["Create", "Register", "Create Key Pair"];
const NEEDS_ACTIVE = ["Encrypt", "Decrypt", "Revoke"];

const indentOf = (line) => line.search(/\S/);

// The lines below `key:`, which stands at this indent; without their indent.
function below(lines, indent, key) {
  const at = lines.findIndex((l) => indentOf(l) === indent && l.trim().startsWith(key + ":"));
  if (at < 0) return null;
  const value = lines[at].trim().slice(key.length + 1).trim(), inside = [];
  for (let i = at + 1; i < lines.length && indentOf(lines[i]) > indent; i++)
    inside.push(lines[i]);
  const cut = inside.length ? indentOf(inside[0]) : 0;
  return { value, lines: inside.map((l) => l.slice(cut)) };
}

// The Batch Items of a message: a list, or a single one.
function items(lines) {
  const all = below(lines, 2, "Batch Item");
  if (!all) return [];
  if (!all.lines[0]?.startsWith("- ")) return [all.lines];
  const list = [];
  for (const line of all.lines)
    if (line.startsWith("- ")) list.push([line.slice(2)]);
    else list.at(-1).push(line.slice(2));
  return list;
}

const quote = (text) => JSON.stringify(text);

// Secrets are left out of what the page gets: zeros of the same length stand in for them.
const fill = (line) => line.replace(/!redacted (\d+)$/, (_, n) => `"${"00".repeat(Number(n))}"`);

// What a case makes bears the run's name, so that it is found again and removed.
function named(payload) {
  const at = payload.findIndex((l) => /^\s*Attributes:$/.test(l));
  if (at < 0) {
    const attributes = ["Template-Attribute:", "  Attributes:", "    Name: $RUN-recorded"];
    return [payload[0], ...attributes, ...payload.slice(1)];
  }
  const indent = indentOf(payload[at]) + 2, pad = " ".repeat(indent);
  const rest = [], before = payload.slice(0, at + 1), after = payload.slice(at + 1);
  let name = "recorded", skipping = false;
  for (const line of after) {
    if (indentOf(line) <= indent) skipping = false;
    const found = indentOf(line) === indent && /^\s*Name:\s*(.*)$/.exec(line);
    if (found) {
      name = found[1].replace(/["']/g, "").replace(/[^\w.-]+/g, "-") || name;
      skipping = true;
    } else if (!skipping) rest.push(line);
  }
  return [...before, `${pad}Name: $RUN-${name}`, ...rest];
}

// The object that a request is about is made anew, if it is there and of a kind that can be.
async function objectFor(operation, identifier) {
  try {
    const o = await ask("GET", "/objects/" + encodeURIComponent(identifier));
    if (o.type !== "Symmetric Key") return null;
    const state = NEEDS_ACTIVE.includes(operation) ? ", state: Active" : "";
    return `{algorithm: ${o.algorithm}, length: ${o.length}, name: $RUN-recorded${state}}`;
  } catch {
    return null;
  }
}

async function step(request, reply, objects) {
  const operation = below(request, 0, "Operation")?.value;
  const status = below(reply || [], 0, "Result Status")?.value, reason = below(reply || [], 0, "Result Reason")?.value;
  const success = status === "Success" || status === undefined;
  let payload = (below(request, 0, "Request Payload")?.lines || []).map(fill);
  if (MAKES.includes(operation) && success) payload = named(payload);
  const at = payload.findIndex((l) => l.startsWith("Unique Identifier: "));
  if (success && at >= 0) {
    const identifier = payload[at].slice(19).trim().replace(/^"|"$/g, "");
    if (!objects.has(identifier)) objects.set(identifier, await objectFor(operation, identifier));
    if (objects.get(identifier)) payload[at] = `Unique Identifier: $object${[...objects.keys()].indexOf(identifier) + 1}`;
  }
  const lines = [`operation: ${operation}`];
  if (payload.length) lines.push("payload:", ...payload.map((l) => "  " + l));
  lines.push(success ? "expect: success" : `expect: {fail: ${reason || "any"}}`);
  return { operation, lines };
}

// Header fields that a case has to give itself.
function header(lines) {
  const all = below(lines, 2, "Request Header")?.lines || [], kept = [];
  let skipping = false;
  for (const line of all) {
    if (indentOf(line) === 0) skipping = /^(Protocol Version|Batch Count):/.test(line);
    if (!skipping) kept.push(fill(line));
  }
  return kept;
}

export async function caseOf(e) {
  const request = e.request.yaml.split("\n").filter((l) => l.trim());
  const reply = (e.reply?.yaml || "").split("\n").filter((l) => l.trim());
  const asked = items(request), answers = items(reply), objects = new Map();
  const steps = [];
  for (let i = 0; i < asked.length; i++) steps.push(await step(asked[i], answers[i], objects));
  const version = below(below(request, 2, "Request Header")?.lines || [], 0, "Protocol Version")?.value;
  const operation = steps[0]?.operation || "Request", clause = CLAUSES.indexOf(operation) + 1;
  const out = [
    `id: recorded-${e.number}`,
    `title: ${quote(`${steps.map((s) => s.operation).join(", ")}, as kmip-mock was asked at ${e.time}`)}`,
    `clause: KMIP 1.2 spec, ${clause ? "4." + clause : "4"}`,
    "level: MUST",
    "covers: []",
  ];
  const made = [...objects.values()];
  if (made.some(Boolean)) out.push("objects:", ...made.flatMap((o, i) => (o ? [`  object${i + 1}: ${o}`] : [])));
  out.push("steps:");
  const more = header(request), lines = [];
  if (version && version !== "1.2") lines.push(`version: ${version}`);
  if (more.length) lines.push("header:", ...more.map((l) => "  " + l));
  if (steps.length === 1) lines.push(...steps[0].lines);
  else lines.push("batch:", ...steps.flatMap((s) => s.lines.map((l, i) => (i ? "    " : "  - ") + l)));
  out.push(...lines.map((l, i) => (i ? "    " : "  - ") + l));
  return out.join("\n") + "\n";
}
