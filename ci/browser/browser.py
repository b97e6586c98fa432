"""Headless Chromium for tests of pages, over its DevTools protocol.

Only Debian's `chromium` and Python's standard library: the protocol goes over a pipe
(--remote-debugging-pipe), so there is no port, no driver and no socket library. A browser
lives in a `with`, has an empty profile of its own and reaches no network by itself.

    from browser import Browser

    with Browser() as browser:
        page = browser.open("file:///tmp/report.html", width=1280, dark=True)
        page.wait("document.readyState == 'complete'")
        assert page.run("document.title") == "..."      # any JSON value
        page.click("#filter"); page.type("locate"); page.press("Enter")
        page.shot("/tmp/report.png", whole=True)
        assert page.complaints == [] and page.foreign() == []

What goes wrong in a page raises Wrong: an exception in run(), something to click that is not
there, a condition that does not come true. `wait` takes a condition in JavaScript and polls;
its limit is for what hangs, never for what is slow.

    page.complaints   errors and warnings of the console, exceptions that nobody caught,
                      violations of the page's Content-Security-Policy: each as text
    page.requests     every URL that the page asked for
    page.foreign(*prefixes)  ... of which none of the prefixes, nor the page's own URL, is one
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

LIMIT = 60  # seconds, for what does not answer
NAMES = ("chromium", "chromium-browser", "google-chrome")
# --no-sandbox: root, which is who tests in containers, cannot have one. The rest keeps the
# browser from doing anything that the page did not ask for.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-default-apps", "--disable-extensions",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
    "--font-render-hinting=none", "--remote-debugging-pipe",
)
# Name: (code, virtual key code, text).
KEYS = {
    "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""),
    "Space": ("Space", 32, " "), "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""), "ArrowRight": ("ArrowRight", 39, ""),
    "Home": ("Home", 36, ""), "End": ("End", 35, ""),
}


class Wrong(Exception):
    """The page, or the browser, is not as the test wants it."""


def find():
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    raise Wrong("no Chromium: install the package `chromium` (ci/deps does)")


class Browser:
    def __init__(self):
        self.pages, self.replies, self.last, self.rest = {}, {}, 0, b""
        self.folder = tempfile.mkdtemp(prefix="browser.")
        command_out, self.to = os.pipe()
        self.come, reply_in = os.pipe()
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        # Chromium wants the pipes as 3 and 4, which only a shell can give it safely.
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "${@:3}" 3<&"$1" 4>&"$2"', "browser", str(command_out),
             str(reply_in), find(), *FLAGS, "--user-data-dir=" + os.path.join(self.folder, "data"),
             "about:blank"],
            pass_fds=(command_out, reply_in), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, env={**os.environ, "HOME": self.folder}, start_new_session=True)
        os.close(command_out)
        os.close(reply_in)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (Wrong, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self.to)
        os.close(self.come)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, url, width=1280, height=900, dark=False, script=True):
        """A new page of this size, when it has loaded. Without script: JavaScript is off."""
        page = Page(self, width, height, script)
        page.media(dark=dark)
        page.go(url)
        return page

    # ---- the protocol: messages that end with a NUL ----

    def call(self, method, session=None, **params):
        self.last += 1
        number = self.last
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        end = time.monotonic() + LIMIT
        while number not in self.replies:
            self.read(end, method)
        reply = self.replies.pop(number)
        if "error" in reply:
            raise Wrong(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def read(self, end, what):
        """Takes what has come, and waits for it until `end`."""
        if not select.select([self.come], [], [], max(0, end - time.monotonic()))[0]:
            raise Wrong(f"{what}: no answer from Chromium in {LIMIT} s")
        data = os.read(self.come, 1 << 20)
        if not data:
            self.log.seek(0)
            said = self.log.read().decode(errors="replace").strip()
            raise Wrong(f"{what}: Chromium has ended. It said:\n{said[-2000:]}")
        *whole, self.rest = (self.rest + data).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self.replies[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].event(message["method"], message["params"])


class Page:
    def __init__(self, browser, width, height, script):
        self.browser, self.complaints, self.requests, self.loaded = browser, [], [], 0
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.size(width, height)
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def event(self, method, params):
        if method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            thrown = params["exceptionDetails"]
            said = thrown.get("exception", {}).get("description") or thrown["text"]
            self.complaints.append("exception: " + said)
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            said = " ".join(str(a.get("value", a.get("description"))) for a in params["args"])
            self.complaints.append(params["type"] + ": " + said)
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["source"] + ": " + params["entry"]["text"])

    # ---- where, and how it looks ----

    def go(self, url):
        self.url, before = url, self.loaded
        reply = self.call("Page.navigate", url=url)
        if reply.get("errorText"):
            raise Wrong(f"{url}: {reply['errorText']}")
        end = time.monotonic() + LIMIT
        while reply.get("loaderId") and self.loaded == before:
            self.browser.read(end, "loading " + url)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def media(self, dark=False, paper=False):
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "screen", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def shot(self, path, whole=False, at_most=4000):
        """A PNG of what is seen, or of the whole page down to `at_most` pixels."""
        more = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more = {"captureBeyondViewport": True,
                    "clip": {"x": 0, "y": 0, "width": size["width"],
                             "height": min(size["height"], at_most), "scale": 1}}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))

    def pdf(self):
        """The page on A4, as the bytes of a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, paperWidth=8.27,
                                          paperHeight=11.69)["data"])

    # ---- asking and doing ----

    def run(self, script):
        """The value of an expression; of a promise, what it comes to."""
        reply = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                          awaitPromise=True, userGesture=True)
        if "exceptionDetails" in reply:
            thrown = reply["exceptionDetails"]
            said = thrown.get("exception", {}).get("description", thrown["text"])
            raise Wrong(f"{script}: {said}")
        return reply["result"].get("value")

    def wait(self, condition, why=""):
        """Until the condition is true; its value."""
        end = time.monotonic() + LIMIT
        while True:
            value = self.run(condition)
            if value:
                return value
            if time.monotonic() > end:
                raise Wrong(f"{why or condition}: not so after {LIMIT} s")
            time.sleep(0.02)

    def click(self, selector):
        """With the mouse, in the middle of what the selector finds first; it must be in view."""
        where = self.run(f"""(() => {{
            const e = document.querySelector({json.dumps(selector)});
            if (!e) return null;
            e.scrollIntoView({{block: "center", behavior: "instant"}});
            const r = e.getBoundingClientRect();
            const x = r.x + r.width / 2, y = r.y + r.height / 2;
            const top = document.elementFromPoint(x, y);
            return top && (e.contains(top) || top.contains(e)) ? [x, y] : null;
        }})()""")
        if not where:
            raise Wrong(f"nothing to click: {selector}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left",
                      clickCount=1)

    def type(self, text):
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key):
        """A key of KEYS, or a single character."""
        code, number, text = KEYS.get(key, (key, ord(key[0].upper()), key))
        down = {"key": " " if key == "Space" else key, "code": code,
                "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text,
                  **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", **down)

    def foreign(self, *prefixes):
        mine = (self.url.split("#")[0], "about:", "data:", "blob:", *prefixes)
        return [u for u in self.requests if not u.startswith(mine)]
