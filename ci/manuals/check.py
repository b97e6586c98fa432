"""ci/manuals/check.py BUILD: option tables, --help, manuals and completions agree.

The tables are asked of the programs anew (--help-table). For each command the options in
--help, in the manual as it is rendered, and in what bash, zsh and fish offer are the tables'
and no others; what the sources of the manuals name by hand is in the tables, too. mandoc finds
no fault with the pages. Environment variables and exit codes of the programs are in the pages.
"""
import glob
import os
import re
import subprocess
import sys

import make
import tables
from shells import Shells

BUILD = os.path.abspath(sys.argv[1])
FOLDERS = {"kmip-conform": ("conformance", "client/lib"), "kmip-mock": ("mockserver",),
           "kmip-client": ("client",)}
EXITS = {"kmip-conform": "0 1 2 3 4 5", "kmip-mock": "0 1 2 3 5", "kmip-client": "0 1 2 3 5"}
failed = 0


def fail(words):
    global failed
    failed += 1
    print("FAILED: " + words)


def same(found, wanted, where):
    for word in sorted(wanted - found):
        fail("%s: %s is missing" % (where, word))
    for word in sorted(found - wanted):
        fail("%s: %s is in no table" % (where, word))


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL).stdout


def rendered(page):
    text = output("mandoc", "-Tascii", "-O", "width=500", page)
    return re.sub(".\b", "", text)


def dashed(options):
    return {"--" + o.name for o in options} | {"-" + o.letter for o in options if o.letter}


def listed(text):
    """Options at the start of a line, as --help and pages have them."""
    found = set()
    for line in text.splitlines():
        row = re.match(r"\s+(?:(-\w),? +(?:, )?)?(--[\w-]+)", line)
        if row:
            found |= {w for w in row.groups() if w}
    return found


def check_help(program):
    for c in program.commands:
        words = [BUILD + "/" + program.name] + c.name.split() + ["--help"]
        text = output(*words)
        same(listed(text) | {"--help"}, dashed(c.options()), " ".join(words[1:]) + " --help")
        if not text.startswith("usage: " + program.name):
            fail("%s %s --help: no usage" % (program.name, c.name))
        for w in program.within.get(c.name, []):
            if "\n  " + w.name not in text:
                fail("%s %s --help: without %s" % (program.name, c.name, w.name))
    text = output(BUILD + "/" + program.name, "--help")
    for c in program.named():
        if "\n  " + c.name not in text:
            fail("%s --help: without %s" % (program.name, c.name))


def check_page(program):
    page = rendered("%s/man/%s.1" % (BUILD, program.name))
    parts = dict(re.findall(r"^   (\S[^\n]*)\n(.*?)(?=^   \S|^\S|\Z)", page, re.M | re.S))
    for c in program.named():
        if c.name not in parts:
            fail("%s.1: no part about %s" % (program.name, c.name))
            continue
        shared = set()
        for title, options in c.sets:
            below = parts.get(title, "") if title in parts else page
            if dashed(options) <= listed(below):
                shared |= dashed(options)
        same(listed(parts[c.name]) | shared | {"--help"}, dashed(c.options()),
             "%s.1: %s" % (program.name, c.name))
    known = {"--help", "--version"}
    for c in program.commands:
        known |= dashed(c.options())
    same(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - known, set(), program.name + ".1")
    codes = re.findall(r"^     (\d+)\s", page[page.index("\nEXIT STATUS"):page.index("\nEXAMPLES")], re.M)
    if " ".join(codes) != EXITS[program.name]:
        fail("%s.1: exit codes %s" % (program.name, codes))
    check_environment(program, page)


def check_environment(program, page):
    used = set()
    for folder in FOLDERS[program.name]:
        for path in glob.glob(folder + "/**/*.c", recursive=True):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            if "/tests/" not in path:
                used |= set(re.findall(r'"(KMIP_[A-Z]+(?:_[A-Z]+)*)"', text))
                used |= set(re.findall(r'getenv\("([A-Z_]+)"', text))
    if not used:
        fail("%s: no variable of the environment was found" % program.name)
    for name in sorted(used):
        if not re.search(r"\b%s\b" % name, page):
            fail("%s.1: %s is not there" % (program.name, name))


def check_keys():
    """Every key and action of the formats stands in the pages."""
    import man
    for page, schema in (("kmip-mock.5", "mockserver/mock.schema.json"),
                         ("kmip-conform-case.5", "conformance/case.schema.json")):
        text = rendered("%s/man/%s" % (BUILD, page))
        todo = [man.Schema(schema).root]
        while todo:
            node = todo.pop()
            for key in node.get("properties", {}) if isinstance(node, dict) else ():
                if not re.search(r"^ +%s(:|$|  )" % re.escape(key), text, re.M):
                    fail("%s: no key %s" % (page, key))
            todo += [v for v in (node.values() if isinstance(node, dict) else node)
                     if isinstance(v, (dict, list))]


def check_lint():
    pages = sorted(glob.glob(BUILD + "/man/*"))
    if len(pages) != len(make.SOURCES):
        fail("%d manual pages, not %d" % (len(pages), len(make.SOURCES)))
    for page in pages:
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True,
                              text=True, timeout=60)
        if done.returncode or done.stdout or done.stderr:
            fail("mandoc: %s%s" % (done.stdout, done.stderr))


def check_shell(name, offers, program):
    for c in [None] + program.named():
        line = program.name + (" " + c.name if c else "")
        options = {o for o in dashed(c.options() if c else program.alone()) if o.startswith("--")}
        found = {w.rstrip("=") for w in offers(line + " --")}
        same(found, options, "%s: %s" % (name, line))
    same(offers(program.name + " "), {c.name for c in program.named()}, "%s: commands of %s" %
         (name, program.name))
    for outer, commands in program.within.items():
        for before in {" ".join(c.name.split()[:-1]) for c in commands}:
            depth = len(before.split())
            words = {c.name.split()[depth] for c in commands
                     if c.name.split()[:depth] == before.split() and len(c.name.split()) > depth}
            line = " ".join([program.name, outer] + before.split()) + " "
            same(offers(line), words, "%s: %s" % (name, line))


def check_values(name, offers):
    """Values: of a choice, of a list that a program prints, of operands, behind '='."""
    for line, some, only in (
            ("kmip-mock --log ", {"error", "warn", "info", "debug"}, True),
            ("kmip-mock run --scenario clock-be", {"clock-behind"}, True),
            ("kmip-mock scenarios clock-be", {"clock-behind"}, True),
            ("kmip-conform run --auth-suite ", {"basic", "tls12", "report"}, True),
            ("kmip-conform run --profile driv", {"driver"}, True),
            ("kmip-conform explain locate-by-n", {"locate-by-name"}, True),
            ("kmip-conform repro out-of-order", {"out-of-order", "out-of-order-once"}, True),
            ("kmip-conform selftest --deviation time-stamp-m", {"time-stamp-missing"}, False),
            ("kmip-client create --protocol 1.", {"1.0", "1.1", "1.2"}, True),
            ("kmip-client bucket-key ", {"create", "cipher", "decipher", "destroy"}, True),
            ("kmip-client decode READ", {"README.md"}, True),
            ("kmip-conform run --certs conf", {"conformance"}, True)):
        found = {w.rstrip("/") for w in offers(line)}
        if only:
            same(found, some, "%s: %s" % (name, line))
        elif not some <= found:
            fail("%s: %s: %s" % (name, line, sorted(found)))


def main():
    programs = tables.load(BUILD)
    shells = Shells(BUILD)
    for program in programs:
        check_help(program)
        check_page(program)
        for name in ("bash", "zsh", "fish"):
            check_shell(name, getattr(shells, name), program)
    for name in ("bash", "zsh", "fish"):
        check_values(name, getattr(shells, name))
    shells.close()
    check_lint()
    check_keys()
    if failed:
        sys.exit(1)
    print("manuals and completions: all well")


main()
