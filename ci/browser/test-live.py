#!/usr/bin/python3
"""ci/browser/test-live.py BUILD DIR [SHOTS]: the mock's live page, as people use it.

A mock runs, clients talk to it, and Chromium shows its page. Pictures of it go to the folder
SHOTS, if one is named.
"""
import json
import os
import ssl
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import LIMIT, Browser  # noqa: E402

KEY = "c0ffee00112233445566778899aabbcc"
RING = 2000  # exchanges that the page keeps


class Mock:
    """A kmip-mock with a control API, and clients of it."""

    def __init__(self, build, folder, *options):
        self.build, self.folder = build, folder
        self.process = subprocess.Popen(
            [build + "/kmip-mock", "--pki", folder + "/pki", "--listen", "127.0.0.1:0", "--control",
             "127.0.0.1:0", "--seed", "7", *options], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        assert line.startswith("ready "), line
        told = dict(word.split("=", 1) for word in line.split()[1:])
        self.port, self.control = told["port"], told["control"]
        self.url = f"http://{self.control}/"
        self.certs = folder + "/pki/client"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def client(self, *args, stdin=None, ok=True):
        done = subprocess.run(
            [self.build + "/kmip-client", *args, "--host", "127.0.0.1", "--port", self.port, "--certs",
             self.certs], input=stdin, capture_output=True)
        assert done.returncode == 0 or not ok, done.stderr
        return done.stdout.decode(errors="replace").strip()

    def ctl(self, *args):
        done = subprocess.run([self.build + "/kmip-mock", "ctl", *args, "--control", self.control],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def pipeline(self, name, n=12):
        """So many requests in flight at once, by the client's pipelined driver."""
        path = f"{self.folder}/{name}.yaml"
        with open(path, "w", encoding="utf-8") as out:
            for i in range(n):
                out.write("- Request Message:\n"
                          "    Request Header: {Protocol Version: 1.2, Batch Count: 1}\n"
                          "    Batch Item: {Operation: Query, Unique Batch Item ID: "
                          f"'{0xabcd0000 + i:08x}', Request Payload: {{Query Function: Query Operations}}}}\n")
        self.client("send", path, "--pipeline-depth", "8")

    def connect(self):
        context = ssl.create_default_context(cafile=self.certs + "/kmip-ca.pem")
        context.load_cert_chain(self.certs + "/kmip-cert.pem", self.certs + "/kmip-key.pem")
        plain = socket.create_connection(("127.0.0.1", int(self.port)))
        return context.wrap_socket(plain, server_hostname="localhost")

    def flood(self, message, n, rate):
        """n exchanges, `rate` a second."""
        begun = time.monotonic()
        with self.connect() as s:
            for done in range(0, n, 50):
                s.sendall(message * 50)
                for _ in range(50):
                    head = read(s, 8)
                    read(s, int.from_bytes(head[4:], "big"))
                time.sleep(max(0, begun + (done + 50) / rate - time.monotonic()))


def read(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        assert piece, "the mock has closed the connection"
        data += piece
    return data


def until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "never true"
        time.sleep(0.02)


# ---- the page ----

def text(page, selector):
    return page.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")


def wait_text(page, selector, part):
    page.wait(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"
              f".includes({json.dumps(part)})", f"{part!r} in {selector}")


def fill(page, selector, value):
    page.run(f"document.querySelector({json.dumps(selector)}).value = ''")
    page.click(selector)
    page.type(value)


def open_page(browser, mock, **how):
    page = browser.open(mock.url, **how)
    wait_text(page, "#link", "live")
    return page


def choose(page, word):
    """The last exchange that has the word; its messages are shown then."""
    fill(page, "#filter", word)
    page.wait("document.querySelectorAll('.exchange').length > 0", f"no exchange with {word}")
    page.press("Escape")
    assert page.run("document.getElementById('filter').value") == word
    page.press("End")
    number = text(page, ".exchange[aria-selected=true] .number")
    wait_text(page, "#detail h2", number + " ")
    # The list is lower beside an exchange that is open: what was chosen stays in sight.
    page.wait("""(() => {
        const row = document.querySelector('.exchange[aria-selected=true]')?.getBoundingClientRect();
        const list = document.getElementById('list').getBoundingClientRect();
        return row && row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    })()""", "the chosen exchange is in sight")
    return number


def check_traffic(page, mock):
    wait_text(page, "#empty", "No exchange yet")
    mock.client("register", "--name", "known", stdin=bytes.fromhex(KEY))
    identifier = mock.client("locate", "Name=known")
    mock.client("get", identifier, "--show-secrets")
    mock.client("get", "nowhere", ok=False)
    page.wait("document.querySelectorAll('.exchange').length == 4")
    assert text(page, "#rows").count("kmip-client") == 4
    assert "Item Not Found" in text(page, "#rows")
    wait_text(page, "#objects", "known")
    choose(page, "register")
    tree = text(page, ".message.request")
    assert "Unique Batch Item ID" in tree and "redacted" in tree, tree
    page.click("#as-hex")
    wait_text(page, ".message.request pre", "420078 01")
    page.click("#as-hex")
    choose(page, "success get")
    everything = page.run("document.documentElement.outerHTML").lower()
    assert KEY not in everything and KEY.upper() not in everything, "a key is on the page"
    fill(page, "#filter", "failed")
    page.wait("document.querySelectorAll('.exchange').length == 1")
    fill(page, "#filter", "#99")
    page.wait("document.querySelectorAll('.exchange').length == 0")
    page.run("document.getElementById('filter').value = ''")
    page.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    page.wait("document.querySelectorAll('.exchange').length == 4")


def check_keyboard(page):
    page.press("Escape")
    page.run("document.activeElement.blur()")
    page.press("/")
    assert page.run("document.activeElement.id") == "filter"
    page.press("Escape")
    assert page.run("document.activeElement.id") == "list"
    for key, number in (("Home", "1"), ("ArrowDown", "2"), ("ArrowDown", "3"), ("ArrowUp", "2"), ("End", "4")):
        page.press(key)
        page.wait(f"document.querySelector('[aria-selected=true] .number').innerText == '{number}'")
    assert page.run("document.getElementById('list').getAttribute('aria-activedescendant')") == "e4"
    page.press("Enter")
    page.wait("document.activeElement.id == 'detail'")
    page.press("Space")
    wait_text(page, "#link", "paused")
    page.press("Space")
    wait_text(page, "#link", "live")
    unnamed = page.run("""[...document.querySelectorAll("button, input, select, textarea")].filter(
        (e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)).map((e) => e.outerHTML)""")
    assert unnamed == [], unnamed


def check_pipeline(page, mock):
    page.press("2")
    page.wait("!document.getElementById('view-pipeline').hidden")
    mock.pipeline("in-order")
    wait_text(page, "#order", "In order")
    page.click("[data-name=out-of-order] input[role=switch]")
    page.wait("document.querySelector('[data-name=out-of-order] input').checked")
    wait_text(page, "#scenarios-count", "1 in force")
    wait_text(page, "#faults-none", "what the scenario does")
    was = text(page, "#kept")
    until(lambda: mock.ctl("library")["in_force"] == ["out-of-order"])
    mock.pipeline("reordered")
    wait_text(page, "#order", "Reordered: replies left as")
    page.wait("document.querySelectorAll('#picture g').length == 12")
    page.wait(f"document.getElementById('kept').innerText != {json.dumps(was)}", "what is kept is told")
    assert page.run("document.querySelectorAll('#picture .crossed').length") > 1
    assert page.run("document.querySelectorAll('#picture .mark').length") > 1, "the fault is not marked"
    assert "abcd0003" in page.run("document.querySelector('#picture').textContent")
    page.wait("""(() => { // an arrow for each, whose ends are as far down as its turns
        const y = [...document.querySelectorAll('#picture g .reply')].map((l) => +l.getAttribute('y2'));
        return y.length == 12 && y.some((v, i) => i && v < y[i - 1]);
    })()""", "no replies cross")
    # Its middle may lie under an arrow that crosses it.
    page.run("document.querySelector('#picture g:nth-of-type(5) .hit')"
             ".dispatchEvent(new MouseEvent('mousedown', {bubbles: true}))")
    wait_text(page, "#detail h2", "Query")
    wait_text(page, "#detail", "replies.reorder")


def check_faults(page, mock):
    page.click("[data-name=out-of-order] input[role=switch]")
    until(lambda: mock.ctl("library")["in_force"] == [])
    page.wait("document.getElementById('scenarios-count').innerText == ''")
    page.click("#fault-new summary")
    fill(page, "#fault-text", "name: no\naction: {result: {reason: General Failur}}\n")
    page.click("#fault-add")
    wait_text(page, "#fault-error", "(line 2, column")
    assert "General Failure" in text(page, "#fault-error")
    fill(page, "#fault-text", "name: no\nmatch: {operation: Create}\n"
         "action: {result: {reason: General Failure}}\ncount: always\n")
    page.click("#fault-add")
    wait_text(page, "[data-name=no] .fired", "fired 0")
    assert text(page, "#fault-error") == ""
    mock.client("create", ok=False)
    wait_text(page, "[data-name=no] .fired", "fired 1")
    page.click("[data-name=no] input[role=switch]")
    wait_text(page, "[data-name=no] .fired", "off")
    assert mock.ctl("faults")["faults"] == []
    mock.client("create", "--name", "while-off")
    page.click("[data-name=no] input[role=switch]")
    wait_text(page, "[data-name=no] .fired", "fired 0")
    mock.client("create", ok=False)
    wait_text(page, "[data-name=no] .fired", "fired 1")
    page.click("#faults-reset")
    wait_text(page, "[data-name=no] .fired", "fired 0")
    page.click("#faults-clear")
    wait_text(page, "#faults-none", "the server behaves")


def check_clock(page, mock):
    fill(page, "#clock-by", "2h")
    page.click("#clock-advance")
    wait_text(page, "#clock-note", "7,200 s of virtual time")
    assert mock.ctl("clock")["advanced"] == "7200s"
    fill(page, "#clock-offset", "-90s")
    page.click("#clock-set")
    until(lambda: mock.ctl("clock")["spec"]["offset"] == "-90s")
    wait_text(page, "#clock-ahead", "+7,110 s")
    page.click("#clock-freeze")
    until(lambda: mock.ctl("clock")["spec"]["freeze"] is True)
    assert mock.ctl("clock")["spec"]["offset"] == "-90s"
    fill(page, "#clock-offset", "soon")
    page.click("#clock-set")
    wait_text(page, "#clock-error", "clock.offset")
    page.click("#clock-reset")
    until(lambda: mock.ctl("clock")["spec"]["freeze"] is False)
    page.wait("!document.getElementById('clock-freeze').checked")
    assert mock.ctl("clock")["spec"]["offset"] == "0s" and text(page, "#clock-error") == ""


def check_objects(page, mock):
    page.click("#objects-states")
    wait_text(page, "#objects", "key-compromised")
    assert "Destroyed Compromised" in text(page, "#objects")
    page.click("[data-name=key-active] summary")
    wait_text(page, "[data-name=key-active]", "Cryptographic Usage Mask")
    assert "activation" in text(page, "[data-name=key-active]")
    page.click("[data-name=key-active] button")
    page.wait("!document.querySelector('[data-name=key-active]')")
    until(lambda: all(o["identifier"] != "key-active" for o in mock.ctl("objects")["objects"]))


def check_names(page, mock):
    """A name is text, whatever is in it, and hides nothing."""
    mock.client("create", "--name", "<img src=x onerror=document.title=1>\u202egnp.exe")
    wait_text(page, "#objects", "<img src=x onerror=document.title=1>\\u202egnp.exe")
    assert page.run("document.title + document.images.length") == "kmip-mock0"


BATCH = """Request Message:
  Request Header:
    Protocol Version: 1.1
    Maximum Response Size: 65536
    Batch Error Continuation Option: Continue
    Batch Count: 3
  Batch Item:
    - {Operation: Query, Unique Batch Item ID: 01, Request Payload: {Query Function: [Query Operations, Query Objects]}}
    - {Operation: Get, Unique Batch Item ID: 02, Request Payload: {Unique Identifier: nowhere}}
    - Operation: Create
      Unique Batch Item ID: 03
      Request Payload:
        Object Type: Symmetric Key
        Template-Attribute:
          Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt}
"""


def check_cases(page, mock, folder):
    """What is copied is a case that kmip-conform runs, and that passes on this server."""
    with open(folder + "/batch.yaml", "w", encoding="utf-8") as out:
        out.write(BATCH)
    key = mock.client("create", "--name", "for-cases")
    mock.client("activate", key)
    mock.client("encrypt", key, "--mode", "CBC", "--iv", "00" * 16, stdin=b"sixteen bytes ok")
    mock.client("get", "nothing-there", ok=False)
    mock.client("locate", "Name=for-cases")
    mock.client("query")
    mock.client("register", "--name", "a-secret", stdin=bytes(16))
    mock.client("send", folder + "/batch.yaml", ok=False)
    page.press("1")
    page.click("#tab-list")
    files = []
    for e in mock.ctl("journal", "--limit", "8", "--messages", "none")["exchanges"]:
        number = choose(page, f"#{e['connection']}")
        page.run("document.getElementById('case')?.remove()")
        page.click("#copy-case")
        case = page.wait("document.getElementById('case')?.value")
        files.append(f"{folder}/case-{number}.yaml")
        with open(files[-1], "w", encoding="utf-8") as out:
            out.write(case)
    assert len(set(files)) == 8, files
    done = subprocess.run(
        [mock.build + "/kmip-conform", "run", *files, "--host", "127.0.0.1", "--port", mock.port,
         "--certs", mock.certs, "--journal", folder + "/made"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr + "\n".join(open(f).read() for f in files)
    assert done.stdout.count("PASS") >= 8, done.stdout


def check_flood(page, mock, folder):
    """A thousand a second: what is kept stays bounded, and what is not shown is counted."""
    with open(folder + "/query.yaml", "w", encoding="utf-8") as out:
        out.write("Request Message:\n  Request Header: {Protocol Version: 1.2, Batch Count: 1}\n"
                  "  Batch Item: {Operation: Discover Versions, Request Payload: {}}\n")
    message = subprocess.run([mock.build + "/kmip-client", "encode", folder + "/query.yaml"],
                             capture_output=True, check=True).stdout
    page.click("#tab-list")
    page.run("document.getElementById('filter').value = ''")
    page.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    before = mock.ctl("state")["journal"]["next"]
    mock.flood(message, 5000, 1000)
    mock.flood(message, 5000, 5000)
    state = mock.ctl("state")
    assert state["journal"]["next"] - before == 10000
    assert state["journal"]["kept"] <= state["journal"]["room"] == 1000 and state["followers"] == 1
    counted = """(() => {
        const n = (re) => Number((re.exec(document.getElementById('kept').innerText)?.[1] ?? '0').replace(/,/g, ''));
        return [n(/The last ([\\d,]+)/), n(/of ([\\d,]+) exchanges/) + n(/sample: ([\\d,]+)/) + n(/; ([\\d,]+) were gone/),
                document.querySelectorAll('.exchange').length];
    })()"""
    page.wait(f"({counted})[1] == {state['journal']['next'] - 1}", "every exchange is counted")
    kept, _, rows = page.run(counted)
    assert kept == RING and rows < 60, (kept, rows)


def check_narrow(page):
    page.size(360, 800)
    for tab in ("list", "pipeline"):
        page.click("#tab-" + tab)
        page.wait("document.documentElement.scrollWidth <= innerWidth", "too wide for 360 pixels: " + tab)
    page.size(1360, 900)


def check_tabs(browser, mock):
    """A browser keeps six connections to a server: more pages than that are open at once."""
    tabs = [open_page(browser, mock) for _ in range(8)]
    mock.client("create")
    tabs[-1].wait("document.querySelectorAll('.exchange').length == 1")
    wait_text(tabs[0], "#link", "rests")
    tabs[0].call("Page.bringToFront")
    tabs[0].wait("document.querySelectorAll('.exchange').length == 1", "a page goes on when seen again")
    wait_text(tabs[0], "#link", "live")


def check_token(browser, mock):
    page = browser.open(mock.url)
    page.wait("document.getElementById('ask').open")
    assert text(page, "#place") == "" and "kmip-mock on" not in page.run("document.body.innerText")
    for token, word in (("wrong", "not the token"), ("a-token-for-this-test", "")):
        fill(page, "#ask-token", token)
        page.press("Enter")
        page.wait(f"document.getElementById('ask-error').innerText.includes('{word}') "
                  f"&& document.getElementById('ask').open == {str(bool(word)).lower()}")
    wait_text(page, "#link", "live")
    wait_text(page, "#place", "kmip-mock on")
    mock.client("create")
    page.wait("document.querySelectorAll('.exchange').length == 1")
    assert page.run("Object.keys(localStorage).length + document.cookie.length") == 0
    assert "a-token" not in " ".join(page.requests)
    assert all("401" in c for c in page.complaints), page.complaints
    urllib.request.urlopen(mock.url + "page/live.css").close()
    try:
        urllib.request.urlopen(mock.url + "state")
    except urllib.error.HTTPError as refused:
        assert refused.code == 401
    else:
        raise AssertionError("the API answered without the token")


def main():
    build, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    shots = sys.argv[3] if len(sys.argv) > 3 else None
    with Browser() as browser:
        with Mock(build, folder) as mock:
            page = open_page(browser, mock, width=1360, height=900)
            check_traffic(page, mock)
            check_keyboard(page)
            check_pipeline(page, mock)
            if shots:
                page.shot(shots + "/live-pipeline.png")
                page.media(dark=True)
                page.shot(shots + "/live-pipeline-dark.png")
                page.media()
            check_faults(page, mock)
            check_clock(page, mock)
            check_objects(page, mock)
            check_names(page, mock)
            check_cases(page, mock, folder)
            if shots:
                page.shot(shots + "/live-exchanges.png", whole=True)
            check_flood(page, mock, folder)
            check_narrow(page)
            refused = [c for c in page.complaints if "status of 400" in c]  # as they should be
            assert len(refused) == 2 and page.complaints == refused, page.complaints
            assert page.foreign(mock.url) == [], page.foreign(mock.url)
        with Mock(build, folder) as mock:
            check_tabs(browser, mock)
        with open(folder + "/token", "w", encoding="utf-8") as out:
            out.write("a-token-for-this-test\n")
        with Mock(build, folder, "--control-token-file", folder + "/token") as mock:
            check_token(browser, mock)
    print("the live page: all well")


if __name__ == "__main__":
    main()
