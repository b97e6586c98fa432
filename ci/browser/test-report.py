#!/usr/bin/python3
"""ci/browser/test-report.py RUN.html BASELINE.html COMPARED.html SHUT.html PICTURE.html...: the
pages of reports, as their readers use them.

RUN has failures, among them of Locate; BASELINE is of a run with a baseline, and has known
and new deviations; COMPARED is of several runs, SHUT of one that reached nobody, and the
others have pictures of pipelines, the first one of replies out of order. ci/test-page.sh
makes them."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

SHOWN = "[...document.querySelectorAll('.case:not([hidden])')]"
COUNT = SHOWN + ".length"
CELLS = "document.querySelectorAll('.matrix .c:not([hidden])').length"


def same(got, wanted, what):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def quiet(page):
    same(page.complaints, [], "complaints of the console")
    same(page.foreign(), [], "requests")


def fragment(page):
    return page.run("decodeURIComponent(location.hash)")


def reads_well(page):
    """Landmarks, headings, tables, names: what a screen reader goes by."""
    for selector in ("header", "nav[aria-label]", "main", "footer", "h1"):
        same(page.run(f"document.querySelectorAll('{selector}').length"), 1, selector)
    levels = page.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    jumps = [pair for pair in zip(levels, levels[1:]) if pair[1] > pair[0] + 1]
    same(jumps, [], "headings that skip a level")
    for what, script in (
            ("headers of tables without scope", "th:not([scope])"),
            ("pictures without a text", "svg:not([aria-label]):not([aria-hidden])"),
            ("sections without a name", "section:not([aria-labelledby])")):
        same(page.run(f"document.querySelectorAll('{script}').length"), 0, what)
    same(page.run("""[...document.querySelectorAll('input, select')].filter(e => !e.labels.length)
        .length"""), 0, "inputs without a label")
    ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    same(len(ids), len(set(ids)), "ids, each once")
    same(page.run("""[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))
        .filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))"""), [],
         "links that lead nowhere")


def luminance(color):
    parts = [float(x) for x in re.findall(r"[\d.]+", color)][:3]
    if not color.startswith("color("):
        parts = [x / 255 for x in parts]
    r, g, b = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(page, theme):
    """Every kind of text against what is behind it: 4.5 at least (WCAG 2.1, 1.4.3)."""
    pairs = page.run("""(() => {
        const kinds = new Map();
        for (const e of document.querySelectorAll('.v, .soft, a, .c, .tag, h4, dt, .why, .exp, .act, '
            + '.rule, .off, figcaption, td, mark, .notice'))
            kinds.set([e.tagName, e.className, e.parentElement.className].join(' '), e);
        return [...kinds].map(([name, e]) => {
            const at = x => getComputedStyle(x).backgroundColor;
            let under = e;
            while (under.parentElement && at(under) === 'rgba(0, 0, 0, 0)') under = under.parentElement;
            return [getComputedStyle(e).color, at(under), name];
        }).filter(p => !p[1].includes('/'));
    })()""")
    assert len(pairs) > 15, pairs
    for text, ground, name in pairs:
        a, b = sorted((luminance(text), luminance(ground)))
        assert (b + 0.05) / (a + 0.05) >= 4.5, f"{theme}: contrast of {name}: {text} on {ground}"


def themes(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    contrast(page, "light")
    page.media(dark=True)
    dark = page.run(ground)
    assert luminance(dark) < 0.1 < luminance(light), (light, dark)
    contrast(page, "dark")
    for wanted in (light, dark): # chosen, whatever the system says
        page.click(".theme")
        same(page.run(ground), wanted, page.run("document.querySelector('.theme').textContent"))
    page.click(".theme")
    page.media()
    same(page.run(ground), light, "the theme of the system again")


def filters(browser, page):
    whole = page.run(COUNT)
    same(page.run(CELLS), whole, "squares")
    page.press("/")
    page.type("locate by NAME")
    texts = page.run(SHOWN + ".map(e => e.textContent.toLowerCase())")
    assert 0 < len(texts) < whole, len(texts)
    assert all(w in t for t in texts for w in ("locate", "by", "name"))
    same(page.run(CELLS), len(texts), "squares of the cases shown")
    same(page.run("document.querySelector('output').textContent"),
         f"{len(texts)} of {whole} cases", "count")
    same(fragment(page), "#?text=locate+by+NAME", "fragment")
    page.click("[type=reset]")
    page.wait(f"{COUNT} == {whole}")

    for verdict in page.run("[...document.querySelectorAll('[name=verdict]')].map(e => e.value)"):
        said = page.run(f"""[...document.querySelectorAll('#summary > .key li')].find(e =>
            e.querySelector('.v').textContent.endsWith('{verdict}')).querySelector('.n').textContent""")
        page.click(f"input[value='{verdict}'] + .v")
        same(page.run(COUNT), int(said), verdict)
        page.click(f"input[value='{verdict}'] + .v")
    page.click("input[value=FAIL] + .v")
    failed = page.run(COUNT)
    same(page.run(f"new Set({SHOWN}.map(e => e.dataset.v)).size"), 1, "verdicts shown")
    assert 0 < failed < whole
    page.run("""(() => { const s = document.querySelector('[name=operation]'); s.value = 'Locate';
        s.dispatchEvent(new Event('input', {bubbles: true})) })()""")
    both = page.run(COUNT)
    assert 0 < both < failed, (both, failed)
    same(page.run(f"{SHOWN}.every(e => e.dataset.o.split('|').includes('Locate'))"), True, "Locate")
    same(page.run("[...document.querySelectorAll('.group:not([hidden])')].every(g => "
                  "g.querySelector('.case:not([hidden])'))"), True, "groups that are shown")
    # Handed on, the link shows the same.
    other = browser.open(page.run("location.href"))
    same(other.run(COUNT), both, "cases of the link")
    same(other.run("document.querySelector('[name=operation]').value"), "Locate", "the choice")
    quiet(other)
    page.click("[type=reset]")
    page.wait(f"{COUNT} == {whole}")

    page.run("""(() => { const s = document.querySelector('[name=level]'); s.value = 'SHOULD';
        s.dispatchEvent(new Event('input', {bubbles: true})) })()""")
    same(page.run(f"{SHOWN}.every(e => e.dataset.l == 'SHOULD') && {COUNT} > 0"), True, "level")
    # A link to a case that is filtered out shows it all the same.
    href = page.run("document.querySelector('.findings div > .chips a').getAttribute('href')")
    page.run("(() => { const t = document.querySelector('.case[hidden] .body').id;"
             "document.querySelector('.findings div > .chips a').setAttribute('href', '#' + t) })()")
    page.click(".findings div > .chips a")
    page.wait(f"{COUNT} == {whole}", "a link out of the filter clears it")
    page.run(f"document.querySelector('.findings div > .chips a').setAttribute('href', '{href}')")


def case(browser, page):
    page.click(".findings div > .chips a")
    page.wait("document.querySelector('.case.print[open]') != null")
    id = page.run("document.querySelector('.findings div > .chips a').getAttribute('href').slice(1)")
    same(fragment(page), "#" + id, "fragment")
    body = f"document.getElementById('{id}')"
    page.wait(f"{body}.parentElement.contains(document.activeElement)", "the case has the focus")
    top = page.run(f"{body}.previousElementSibling.getBoundingClientRect().top")
    under = page.run("document.querySelector('.filters').getBoundingClientRect().bottom")
    assert under <= top < 900, f"the case is at {top}, the filters end at {under}"
    for part in ("Requirement", "Clause", "Level", "Because", "Expected against actual", "Exchanges",
                 "Run it again"):
        assert part in page.run(body + ".textContent"), f"no {part} in {id}"
    same(page.run(f"{body}.querySelector('.diff .exp, .diff .act') != null"), True, "a difference")
    page.press("Enter")
    page.wait(f"!{body}.parentElement.open", "a key closes the case")
    page.press("Enter")
    page.wait(f"{body}.parentElement.open", "a key opens the case")
    same(browser.open(page.url.split("#")[0] + "#" + id).run(body + ".parentElement.open"), True,
         "the case of the link is open")

    page.click(f"#{id} .cmd button")
    page.wait(f"document.querySelector('#{id} .cmd button').textContent == 'Copied'")
    bytes_on_demand(page, id)


def bytes_on_demand(page, id):
    column = f"[...document.querySelectorAll('#{id} .x[open] .%s')].map(e => e.textContent)"
    before = page.run(column % "text")
    same(page.run(column % "hexes"), [], "bytes before they are asked for")
    page.click(f"#{id} .x[open] .tools button")
    offsets, hexes, texts = (page.run(column % name) for name in ("off", "hexes", "text"))
    assert len(hexes) == len(texts) > 0
    assert hexes[0].startswith("420078 01 "), hexes[0]
    raw = page.run(f"[...document.querySelectorAll('#{id} .x[open] .raw pre')].map(e => e.textContent)")
    for i, one in enumerate(hexes):
        lines = offsets[i].rstrip("\n").split("\n"), one.split("\n"), texts[i].split("\n")
        same("".join(one.split()), raw[i], "all bytes, once, in order")
        for off, line in zip(*lines[:2]):
            if line:
                start = "".join(line.split())[:6]
                assert raw[i][2 * int(off, 16):].startswith(start), (off, line)
    page.click(f"#{id} .x[open] .tools button")
    same(page.run(column % "text"), before, "the message as it was")


def paper(page):
    page.run("""(() => { window.printed = 0; addEventListener('beforeprint', () => {
        window.printed = document.querySelectorAll('.case.print:not([open])').length;
        window.opened = document.querySelectorAll('.case[open]').length }) })()""")
    before = page.run("document.querySelectorAll('[open]').length")
    page.media(paper=True)
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF") and len(pdf) > 20000, len(pdf)
    same(page.run("window.printed"), 0, "deviations that are folded up on paper")
    assert page.run("window.opened") > 1
    same(page.run("document.querySelectorAll('[open]').length"), before, "open after printing")
    page.media(paper=True, dark=True)
    same(page.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)", "paper")
    for selector in (".filters", ".top nav", ".theme"):
        same(page.run(f"getComputedStyle(document.querySelector('{selector}')).display"), "none",
             selector + " on paper")
    page.media()


def narrow(page):
    page.size(360, 740)
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.size(1280, 900)


def without_script(browser, url):
    page = browser.open(url, script=False)
    same(page.run("document.querySelector('.filters').offsetHeight"), 0, "filters without script")
    page.run("document.querySelector('.case').open = true")
    page.run("document.querySelector('.case .x').open = true")
    assert page.run("document.querySelector('.case .x .text').offsetHeight") > 0
    assert page.run("document.querySelector('.case .x .raw').offsetHeight") > 0
    quiet(page)


def changed(browser, url):
    page = browser.open(url)
    whole = page.run(COUNT)
    page.click("label:has([name=changed])")
    shown = page.run(SHOWN + ".map(e => e.querySelector('.m').textContent)")
    assert 0 < len(shown) < whole, shown
    assert all("new" in s or "better" in s for s in shown), shown
    same(fragment(page), "#?changed=1", "fragment")
    assert page.run("document.querySelectorAll('.case[hidden]:not([data-v=PASS]) .tag').length") > 0
    quiet(page)


def compared(browser, url):
    page = browser.open(url)
    reads_well(page)
    rows = "document.querySelectorAll('tr[data-v]:not([hidden])').length"
    whole, differing = page.run(rows), page.run("document.querySelectorAll('[data-changed]').length")
    assert 0 < differing < whole
    same(page.run("document.querySelector('#cases h2').textContent").split()[0], str(differing),
         "differing cases")
    page.click("label:has([name=changed])")
    same(page.run(rows), differing, "rows that differ")
    page.click("input[value=FAIL] + .v")
    same(page.run("[...document.querySelectorAll('tr[data-v]:not([hidden])')].every(e => "
                  "e.textContent.includes('FAIL'))"), True, "rows with a failure")
    same(browser.open(page.run("location.href")).run(rows), page.run(rows), "rows of the link")
    page.click("[type=reset]")
    page.wait(f"{rows} == {whole}")
    contrast(page, "light")
    page.media(dark=True)
    contrast(page, "dark")
    page.size(360, 740) # columns that can be read, and scrolled to
    widths = page.run("[...document.querySelectorAll('.compare td')].map(e => e.offsetWidth)")
    assert min(w for w in widths if w) > 150, min(widths)
    narrow(page)
    quiet(page)


def pictures(browser, url, crossings):
    page = browser.open(url)
    reads_well(page)
    drawn = page.run("""[...document.querySelectorAll('.pict')].map(p => {
        const arrows = name => p.querySelectorAll(`path.${name}:not(.head)`).length;
        return [arrows('sent'), arrows('came') + arrows('over'), p.querySelectorAll('.cross').length,
            p.querySelectorAll('.fault').length] })""")
    assert drawn and all(sent > 0 for sent, *_ in drawn), drawn
    if crossings:
        assert any(replies and crossed and faults for _, replies, crossed, faults in drawn), drawn
    # What is drawn stands in the picture.
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    same(page.run("""[...document.querySelectorAll('.pict')].filter(p => {
        const box = p.getBoundingClientRect();
        return [...p.querySelectorAll('text, path, circle')].some(e => {
            const r = e.getBoundingClientRect();
            return r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top ||
                r.bottom > box.bottom;
        });
    }).length"""), 0, "pictures with something outside of them")
    # On paper each is of one piece, and none is taller than a page.
    page.media(paper=True)
    page.size(688, 972)
    assert page.run("Math.max(...[...document.querySelectorAll('.pict')].map(p => p.clientHeight))") < 930
    page.media()
    narrow(page)
    quiet(page)


def nothing(browser, url):
    """Of a run whose gate stayed shut: who, why, and no empty tables."""
    page = browser.open(url)
    for selector in ("header", "nav[aria-label]", "main", "footer", "h1", "[role=note]"):
        same(page.run(f"document.querySelectorAll('{selector}').length"), 1, selector)
    same(page.run("[...document.querySelectorAll('section')].map(s => s.id)"), ["server"], "sections")
    same(page.run("document.querySelectorAll('table, form').length"), 0, "tables and forms")
    page.click(".theme")
    quiet(page)


def main(run, baseline, several, shut, *drawn):
    with Browser() as browser:
        page = browser.open("file://" + os.path.abspath(run))
        assert page.run("document.title").endswith("KMIP conformance")
        reads_well(page)
        themes(page)
        filters(browser, page)
        case(browser, page)
        paper(page)
        narrow(page)
        quiet(page)
        # Whatever got into the page: it asks nothing of anybody.
        page.run("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/'}))")
        page.run("fetch('http://127.0.0.1:9/').catch(() => 0)")
        page.wait("true")
        assert any("Content Security Policy" in c for c in page.complaints), page.complaints
        without_script(browser, page.url)
        changed(browser, "file://" + os.path.abspath(baseline))
        compared(browser, "file://" + os.path.abspath(several))
        nothing(browser, "file://" + os.path.abspath(shut))
        for i, path in enumerate(drawn):
            pictures(browser, "file://" + os.path.abspath(path), i == 0)
    print("the pages of reports: filters, links, cases, bytes, themes, paper, pictures, no request")


if __name__ == "__main__":
    main(*sys.argv[1:])
