#!/usr/bin/python3
"""ci/pictures/make.py BUILD FOLDER: the README's pictures, of what the programs in BUILD show.

    terminal.png   a run that finds something, as the terminal shows it
    report.png     the same run as a page
    live.png       the live page of a mock whose replies come out of order
"""
import html
import os
import pty
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "ci/browser"))
from browser import Browser  # noqa: E402

WIDTH = 1000 # of every picture, in pixels
REQUESTS = 6 # at once, to the mock of the live page
RUN = "kmip-mock run --set 'deviations=[locate-ignores-name]' --seed 7 -- sh -c"
TESTED = "kmip-conform run --suites conformance/suites --case locate-by-name --case 'get-*'"
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff",
           "36": "#76e3ea", "1": None, "2": "#8b949e"}
PAGE = """<!doctype html><meta charset="utf-8"><title>terminal</title><style>
body { margin: 0; background: #0d1117; color: #e6edf3; }
pre { margin: 0; padding: 16px; font: 13px/1.35 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
b { color: #fff; }</style><pre>%s</pre>"""


def on_terminal(words):
    """What a program writes to a terminal."""
    written = b""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as program:
        os.close(theirs)
        try:
            while True:
                written += os.read(ours, 4096)
        except OSError: # nobody has it open any more
            pass
        program.wait()
    os.close(ours)
    return written.decode()


def as_seen(text):
    """Lines as they stand in the end: what was written over is gone."""
    return [re.split("\r\x1b\\[K", line.rstrip("\r"))[-1] for line in text.split("\n")]


def coloured(line):
    """HTML of a line with colours as terminals take them."""
    out, opened = "", 0
    for piece in re.split("(\x1b\\[[0-9;]*m)", line):
        code = re.fullmatch("\x1b\\[([0-9;]*)m", piece)
        if not code:
            out += html.escape(piece)
            continue
        out += "</span>" * opened
        opened = 0
        for number in code[1].split(";"):
            style = "font-weight:bold" if number == "1" else "color:%s" % COLOURS.get(number)
            if number in COLOURS:
                out += '<span style="%s">' % style
                opened += 1
    return out + "</span>" * opened


def terminal(folder):
    command = "%s \"%s --html %s/run.html\"" % (RUN, TESTED, folder)
    shown = as_seen(on_terminal(["sh", "-c", command]))
    text = "\n".join(["$ " + TESTED] + [coloured(line) for line in shown]).rstrip()
    if "not conformant" not in text:
        sys.exit("the run found nothing:\n" + text)
    path = folder + "/terminal.html"
    with open(path, "w", encoding="utf-8") as f:
        f.write(PAGE % text)
    return path


def shot(browser, url, path, height=None, dark=False, before="", press=None):
    """A picture of a page, of its top or of the whole: once a condition holds, and something
    was pressed."""
    page = browser.open(url, width=WIDTH, height=height or 700, dark=dark)
    page.wait("document.readyState == 'complete'")
    if before:
        page.wait(before)
    if press:
        page.click(press)
    page.shot(path, whole=height is None)
    if page.complaints:
        sys.exit("%s: %s" % (url, page.complaints))


class Mock:
    """One with a live page, and clients that have talked to it."""
    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            ["kmip-mock", "--pki", folder + "/pki", "--listen", "127.0.0.1:0", "--control",
             "127.0.0.1:0", "--seed", "7", "--scenario", "out-of-order", "--log", "error"],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            sys.exit("the mock does not start")
        told = dict(word.split("=", 1) for word in line.split()[1:])
        self.port, self.url = told["port"], "http://%s/" % told["control"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def client(self, *words):
        done = subprocess.run(["kmip-client", *words, "--host", "127.0.0.1", "--port", self.port,
                               "--certs", self.folder + "/pki/client"],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def traffic(self):
        key = self.client("create", "--name", "photos")
        path = self.folder + "/pipeline.yaml"
        with open(path, "w", encoding="utf-8") as f:
            for i in range(REQUESTS):
                f.write("- Request Message:\n"
                        "    Request Header: {Protocol Version: 1.2, Batch Count: 1}\n"
                        "    Batch Item: {Operation: Get Attributes, Unique Batch Item ID: "
                        "'%08x', Request Payload: {Unique Identifier: '%s'}}\n" % (i + 1, key))
        self.client("send", path, "--pipeline-depth", str(REQUESTS))


def main(build, folder):
    os.chdir(ROOT)
    os.environ["PATH"] = os.path.abspath(build) + os.pathsep + os.environ["PATH"]
    os.environ["TERM"] = "xterm-256color"
    for name in [n for n in os.environ if n.startswith("KMIP_") or n == "NO_COLOR"]:
        del os.environ[name]
    folder = os.path.abspath(folder)
    with tempfile.TemporaryDirectory() as work, Browser() as browser:
        page = terminal(work)
        shot(browser, "file://" + page, folder + "/terminal.png")
        shot(browser, "file://" + work + "/run.html", folder + "/report.png", height=760)
        with Mock(work) as mock:
            mock.traffic()
            shot(browser, mock.url, folder + "/live.png", height=820, dark=True,
                 before="document.getElementById('kept').innerText.includes('%d of %d')" %
                 (REQUESTS + 1, REQUESTS + 1), press="#tab-pipeline")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: ci/pictures/make.py BUILD FOLDER")
    main(os.path.abspath(sys.argv[1]), sys.argv[2])
