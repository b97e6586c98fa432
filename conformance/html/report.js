/* The pages of kmip-conform: filters, links, hexadecimal on demand, theme. All of it can be
 * read without this script. It asks nothing of any server, and the page forbids it to. */
(() => {
"use strict";
const root = document.documentElement;
const all = (selector, of = document) => [...of.querySelectorAll(selector)];
const one = (selector, of = document) => of.querySelector(selector);

function make(name, attributes, text) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    if (text !== undefined) e.textContent = text;
    return e;
}

/* ---- theme: as the system has it, or as chosen ----------------------------- */

function theme() {
    const names = ["auto", "light", "dark"];
    const button = one(".theme");
    let now = "auto";
    try { now = localStorage.getItem("kmip-conform-theme") || now; } catch { /* not kept, then */ }
    const show = () => {
        if (now === "auto") delete root.dataset.theme; else root.dataset.theme = now;
        button.textContent = "Theme: " + now;
    };
    button.hidden = false;
    button.addEventListener("click", () => {
        now = names[(names.indexOf(now) + 1) % names.length];
        try { localStorage.setItem("kmip-conform-theme", now); } catch { /* for this page only */ }
        show();
    });
    show();
}

/* ---- filters --------------------------------------------------------------- */

/* The fragment is TARGET?KEY=VALUE&...: what is open, and what is shown. */
const form = one(".filters");
const items = all("[data-v]").map(element => ({
    element,
    verdicts: element.dataset.v.split("|"),
    level: element.dataset.l || "",
    operations: (element.dataset.o || "").split("|"),
    changed: element.hasAttribute("data-changed"),
    text: ((element.dataset.text || "") + " " + one("summary, th", element).textContent).toLowerCase(),
    cell: element.dataset.cell ? document.getElementById(element.dataset.cell) : null,
}));

function wanted() {
    const query = new URLSearchParams();
    const data = new FormData(form);
    const text = (data.get("text") || "").trim();
    if (text) query.set("text", text);
    if (data.getAll("verdict").length) query.set("verdict", data.getAll("verdict").join(","));
    for (const key of ["level", "operation", "changed"])
        if (data.get(key)) query.set(key, data.get(key));
    return query;
}

function filter(query) {
    const words = (query.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = (query.get("verdict") || "").split(",").filter(Boolean);
    const level = query.get("level"), operation = query.get("operation");
    const changed = query.get("changed");
    let shown = 0;
    for (const item of items) {
        const fits = words.every(w => item.text.includes(w)) &&
            (!verdicts.length || item.verdicts.some(v => verdicts.includes(v))) &&
            (!level || item.level === level) &&
            (!operation || item.operations.includes(operation)) && (!changed || item.changed);
        item.element.hidden = !fits;
        if (item.cell) item.cell.hidden = !fits;
        shown += fits;
    }
    for (const group of all("[data-group]"))
        group.hidden = !one("[data-v]:not([hidden]), .c:not([hidden])", group);
    one("output", form).textContent = shown === items.length ?
        `${shown} cases` : `${shown} of ${items.length} cases`;
    one("[type=reset]", form).hidden = shown === items.length && !query.toString();
}

function fill(query) {
    form.elements.text.value = query.get("text") || "";
    const verdicts = (query.get("verdict") || "").split(",");
    for (const box of all("[name=verdict]", form)) box.checked = verdicts.includes(box.value);
    for (const key of ["level", "operation"])
        if (form.elements[key]) form.elements[key].value = query.get(key) || "";
    if (form.elements.changed) form.elements.changed.checked = Boolean(query.get("changed"));
}

function keep(target) {
    const query = wanted().toString();
    history.replaceState(null, "", "#" + target + (query ? "?" + query : ""));
}

const target_of = fragment => fragment.split("?")[0];

function reveal(target) {
    const element = target && document.getElementById(target);
    if (!element) return;
    if (element.closest("[hidden]")) {
        fill(new URLSearchParams());
        filter(wanted());
    }
    for (let e = element.closest("details"); e; e = e.parentElement.closest("details")) e.open = true;
    const place = element.matches(".body") ? element.parentElement : element;
    root.style.scrollPaddingTop = (getComputedStyle(form).position === "sticky" ?
        form.offsetHeight + 1 : 12) + "px";
    place.scrollIntoView({block: "start"});
    const summary = one("summary", place);
    if (summary && element.matches(".body")) summary.focus({preventScroll: true});
}

/* A link within the page names no filters: those that are set stay. */
function follow() {
    const fragment = location.hash.slice(1);
    if (fragment.includes("?")) {
        fill(new URLSearchParams(fragment.slice(fragment.indexOf("?") + 1)));
        filter(wanted());
    } else {
        filter(wanted());
        if (wanted().toString()) keep(fragment);
    }
    reveal(target_of(fragment));
}

function filters() {
    form.hidden = false;
    const changed = () => {
        filter(wanted());
        keep(target_of(location.hash.slice(1)));
    };
    form.addEventListener("input", changed);
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(changed));
    for (const details of all(".case"))
        one("summary", details).addEventListener("click", () => {
            if (!details.open) keep(one(".body", details).id);
        });
    document.addEventListener("keydown", event => {
        if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey ||
            event.target.closest("input, select, textarea")) return;
        event.preventDefault();
        form.elements.text.focus();
    });
    addEventListener("hashchange", follow);
    follow();
}

/* ---- hexadecimal ----------------------------------------------------------- */

const FIRST = 24; /* bytes beside a line: a header, and sixteen more */

function spaced(hex, header) {
    const part = (from, to) => hex.slice(2 * from, 2 * to);
    if (!header) return part(0, hex.length / 2).replace(/(.{16})(?=.)/g, "$1 ");
    return [part(0, 3), part(3, 4), part(4, 8), part(8, 16), part(16, hex.length / 2)]
        .filter(Boolean).join(" ");
}

/* The bytes of each line beside it; further ones on lines of their own below. */
function columns(message) {
    const hex = one(".raw pre", message).textContent.replace(/\s/g, "");
    const offsets = one(".off", message).textContent.split("\n");
    const texts = one(".text", message).innerHTML.split("\n");
    const at = offsets.map(o => o.trim() ? parseInt(o, 16) : -1);
    const out = {off: [], hexes: [], text: []};
    const put = (off, hexes, text) => {
        out.off.push(off);
        out.hexes.push(hexes);
        out.text.push(text);
    };
    for (let i = 0; i < texts.length; i++) {
        if (at[i] < 0 || at[i] === undefined) {
            put(offsets[i] || "", "", texts[i]);
            continue;
        }
        const next = at.slice(i + 1).find(o => o >= 0);
        const bytes = hex.slice(2 * at[i], next === undefined ? undefined : 2 * next);
        put(offsets[i], spaced(bytes.slice(0, 2 * FIRST), true), texts[i]);
        for (let k = FIRST; 2 * k < bytes.length; k += 16)
            put((at[i] + k).toString(16).padStart(4, "0"),
                " ".repeat(18) + spaced(bytes.slice(2 * k, 2 * k + 32), false), "");
    }
    return out;
}

function show_hex(message, on) {
    const lines = one(".lines", message);
    if (!lines || !one(".raw", message)) return;
    if (!on) {
        one(".hexes", lines).remove();
        one(".off", lines).textContent = message.plain.off;
        one(".text", lines).innerHTML = message.plain.text;
        return;
    }
    message.plain = {off: one(".off", lines).textContent, text: one(".text", lines).innerHTML};
    const c = columns(message);
    one(".off", lines).textContent = c.off.join("\n");
    one(".text", lines).innerHTML = c.text.join("\n");
    one(".off", lines).after(make("pre", {class: "hexes"}, c.hexes.join("\n")));
}

function hex_button(messages) {
    const tools = make("div", {class: "tools"});
    const button = make("button", {type: "button", "aria-pressed": "false"}, "Show hex");
    button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        button.textContent = on ? "Hide hex" : "Show hex";
        for (const message of all(".msg", messages)) show_hex(message, on);
    });
    tools.append(button);
    messages.prepend(tools);
}

/* Buttons are made when a part is opened: a page holds thousands. */
function open_part(event) {
    const details = event.target;
    if (details.matches(".x") && details.open && one(".raw", details) && !one(".tools", details))
        hex_button(one(".msgs", details));
}

/* ---- copying --------------------------------------------------------------- */

async function copy(button) {
    const code = one("code", button.parentElement);
    try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
    } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

/* ---- paper: what deviates is printed in full ------------------------------- */

function printing() {
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = all("details:not([open])").filter(d => !d.closest("[hidden]") &&
            (d.matches(".print") || d.matches(".print .x.key-step")));
        for (const d of opened) d.open = true;
    });
    addEventListener("afterprint", () => {
        for (const d of opened) d.open = false;
        opened = [];
    });
}

root.classList.add("js");
theme();
for (const box of all(".cmd")) {
    const button = make("button", {type: "button", "aria-live": "polite"}, "Copy");
    button.addEventListener("click", () => copy(button));
    box.append(button);
}
document.addEventListener("toggle", open_part, true);
for (const details of all(".x[open]")) open_part({target: details});
printing();
if (form) filters();
})();
