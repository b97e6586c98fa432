#!/usr/bin/python3
"""ci/browser/test-browser.py: the browser driver sees what tests of pages count on it to see."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, Wrong  # noqa: E402

PAGE = """<!doctype html><html lang=en><title>driver</title>
<style>body { background: white } @media (prefers-color-scheme: dark) { body { background: black } }
@media print { p { display: none } }</style>
<p>text</p><input id=in><button id=go onclick="document.title = document.getElementById('in').value">go</button>
"""
BAD = """<!doctype html><html lang=en><title>bad</title>
<meta http-equiv="Content-Security-Policy" content="img-src 'none'">
<img src="http://127.0.0.1:9/blocked.png" alt="">
<script>console.error("said", 7); setTimeout(() => { throw new Error("thrown") }, 0)</script>
<iframe src="http://127.0.0.1:9/asked"></iframe>
"""


def main():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for name, text in (("good", PAGE), ("bad", BAD)):
            with open(os.path.join(folder, name + ".html"), "w", encoding="utf-8") as out:
                out.write(text)
        page = browser.open(f"file://{folder}/good.html", width=400, dark=True)
        background = "getComputedStyle(document.body).backgroundColor"
        assert page.run(background) == "rgb(0, 0, 0)"
        page.media(paper=True)
        assert page.run(background) == "rgb(255, 255, 255)"
        assert page.run("document.querySelector('p').offsetHeight") == 0
        page.media()
        assert page.run("innerWidth") == 400
        page.click("#in")
        page.type("typed")
        page.press("!")
        page.press("Tab")
        page.press("Enter")
        page.wait("document.title == 'typed!'")
        assert page.complaints == [] and page.foreign() == [], (page.complaints, page.foreign())
        assert page.pdf().startswith(b"%PDF")
        page.shot(folder + "/shot.png", whole=True)
        with open(folder + "/shot.png", "rb") as shot:
            assert shot.read(4) == b"\x89PNG"
        for wrong in (lambda: page.run("nowhere.at.all"), lambda: page.click("#absent")):
            try:
                wrong()
            except Wrong:
                continue
            raise AssertionError("what is wrong in a page was not told")
        still = browser.open(f"file://{folder}/bad.html", script=False)
        assert not any("said" in c for c in still.complaints), still.complaints
        bad = browser.open(f"file://{folder}/bad.html")
        bad.wait("document.readyState == 'complete'")
        said = "\n".join(bad.complaints)
        for part in ("said 7", "thrown", "Content Security Policy"):
            assert part in said, f"no {part!r} in {said}"
        assert bad.foreign() and not bad.foreign("http://127.0.0.1:9/"), bad.requests
    print("the browser driver: pages, keys, media, complaints, requests")


if __name__ == "__main__":
    main()
