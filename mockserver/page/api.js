// The control API: requests, and the stream of events. The token, when there is one, is kept
// by this tab alone (sessionStorage) and goes into a header, never into an address.

const KEY = "kmip-mock-token";
let asked = null; // the promise of a token that is being entered

export class Refused extends Error {
  constructor(status, error) {
    const place = error.line ? ` (line ${error.line}, column ${error.column})` : "";
    super((error.field ? error.field + ": " : "") + (error.message || "refused") + place);
    this.status = status;
  }
}

function headers(more) {
  const token = sessionStorage.getItem(KEY);
  return token ? { ...more, Authorization: "Bearer " + token } : more;
}

// Shows the dialog until a token opens the server; several who need one share it.
function askForToken() {
  asked ||= new Promise((done) => {
    const dialog = document.getElementById("ask"), form = document.getElementById("ask-form");
    const input = document.getElementById("ask-token"), error = document.getElementById("ask-error");
    form.onsubmit = async (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, input.value.trim());
      const answer = await fetch("/health", { headers: headers({}), cache: "no-store" });
      if (answer.status === 401) {
        sessionStorage.removeItem(KEY);
        error.textContent = "That is not the token.";
        input.select();
        return;
      }
      error.textContent = input.value = "";
      dialog.close();
      asked = null;
      done();
    };
    dialog.oncancel = (event) => event.preventDefault();
    dialog.showModal();
  });
  return asked;
}

async function send(path, options) {
  for (;;) {
    const answer = await fetch(path, { ...options, headers: headers(options.headers || {}), cache: "no-store" });
    if (answer.status !== 401) return answer;
    await askForToken();
  }
}

// The answer's JSON; Refused with what the server says, TypeError when it is not there.
// A body that is no text is sent as JSON; a text may be YAML.
export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = typeof body === "string" ? body : JSON.stringify(body);
    options.headers = { "Content-Type": "application/yaml" };
  }
  const answer = await send(path, options);
  const value = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, value.error || {});
  return value;
}

// Whole events of a text that comes in pieces.
function* events(text) {
  for (const block of text.split("\n\n")) {
    const event = { name: "message", data: "" };
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) event.name = line.slice(7);
      else if (line.startsWith("data: ")) event.data += line.slice(6);
    }
    if (event.data) yield { name: event.name, data: JSON.parse(event.data) };
  }
}

// Follows GET /events until `signal` aborts it or the server ends it. EventSource cannot send
// a header, so the stream is read here. Each piece that comes is told as a list of events.
export async function follow(query, signal, opened, told) {
  const answer = await send("/events?" + query, { signal });
  if (!answer.ok) throw new Refused(answer.status, (await answer.json()).error || {});
  opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const end = rest.lastIndexOf("\n\n");
    if (end < 0) continue;
    told([...events(rest.slice(0, end))]);
    rest = rest.slice(end + 2);
  }
}

// What clients name their things may turn the direction of the line, or hide in it: such
// characters are shown by their numbers.
export const visible = (text) => String(text).replace(
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
  (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

// An element with properties and children; text is text, never HTML.
export function element(name, properties = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(properties))
    if (key in e) e[key] = value;
    else e.setAttribute(key, value);
  e.append(...children.filter((c) => c !== null && c !== undefined).map((c) => (c instanceof Node ? c : visible(c))));
  return e;
}

export const byId = (id) => document.getElementById(id);
export const number = (n) => Number(n).toLocaleString("en");
