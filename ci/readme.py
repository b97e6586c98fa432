"""ci/readme.py BUILD: runs the commands of README.md against a mock.

Every line of a code block that begins with one of the programs is run in a folder that
holds the files the README speaks of. What stands there for something of the reader's is
put in its place: kms.example, KEY. CMake and CI files are tried as far as they can be
here: CTest runs, and so do the lines of the CI files that start the mock. The commands
that begin with make are the ones by which these tests run.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

LIMIT = 120  # seconds for one command
ROOT = os.getcwd()
BUILD = os.path.abspath(sys.argv[1])

FLOW = """#!/bin/sh
set -e
key=$(kmip-client bucket-key create photos --pipeline-depth 1)
echo hello | kmip-client bucket-key cipher "$key" | kmip-client bucket-key decipher "$key" | grep -q hello
kmip-client bucket-key destroy "$key"
"""


def blocks(text):
    """(language, code) of each code block; indented ones have no language."""
    for m in re.finditer(r"^```(\w*)\n(.*?)^```$|((?:^    [^\n]*\n|^\n(?=    ))+)", text, re.M | re.S):
        if m.group(3):
            yield "", re.sub("^    ", "", m.group(3), flags=re.M).lstrip("\n")
        else:
            yield m.group(1), m.group(2)


def commands(code):
    """Lines that begin with a program, with the lines that go on from them."""
    found, quote = [], False
    for line in code.splitlines():
        if quote or re.match("kmip-(conform|mock|client) ", line):
            found[-1:] = [found[-1] + "\n" + line] if quote else found[-1:] + [line]
            quote = found[-1].count("'") % 2 == 1
    return found


class Readme:
    def __init__(self, folder):
        self.dir = folder
        self.bad = self.ran = 0
        self.port = os.environ["KMIP_PORT"]
        self.key = subprocess.run(["kmip-client", "bucket-key", "create", "readme"],
                                  check=True, capture_output=True, text=True).stdout.strip()
        shutil.copytree(os.environ["KMIP_CERTS"], self.path("certs"))
        self.write("values.yaml", "kmip: {enabled: true, port: %s, hosts: [127.0.0.1], compoundCreate: false,"
                   " bucketAttributeName: x-bucket, pipelineDepth: 8}\n" % self.port)
        self.write("plain", "some data")
        shutil.copytree(ROOT + "/fixtures/oasis-like", self.path("cases"))
        self.write("request.yaml", open(ROOT + "/fixtures/messages/create-request.yaml").read())
        self.write("test-against-kmip.sh", FLOW)
        os.chmod(self.path("test-against-kmip.sh"), 0o755)
        reply = subprocess.run(["kmip-client", "encode", "request.yaml"], cwd=folder, check=True,
                               capture_output=True).stdout
        with open(self.path("reply.bin"), "wb") as f:
            f.write(reply)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def fail(self, what, output):
        self.bad += 1
        print("FAILED:", what)
        print("    " + "\n    ".join(output.splitlines()[-30:]))

    def run(self, command, env=None):
        """One command as a reader would have it."""
        self.ran += 1
        here = re.sub(r"--host kms\.example", "--host 127.0.0.1 --port " + self.port, command)
        here = re.sub(r"\bKEY\b(?!\w)", self.key, here)
        try:
            done = subprocess.run(["bash", "-c", here], cwd=self.dir, env={**os.environ, **(env or {})},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return self.fail(command, "not done after %d s" % LIMIT)
        if done.returncode:
            self.fail("%s: exit %d" % (command, done.returncode), done.stdout.decode(errors="replace"))
        return None

    def service(self, command):
        """A command that goes on until it is told to stop. Its port may be in use here."""
        self.ran += 1
        command = command.replace(":5696", ":0")
        p = subprocess.Popen(command.split(), cwd=self.dir, stdout=subprocess.PIPE, text=True)
        line = p.stdout.readline()
        p.send_signal(signal.SIGTERM)
        if p.wait(LIMIT) or not line.startswith("ready "):
            self.fail(command, line)

    def cmake(self, code):
        self.ran += 1
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.13)\nproject(mine NONE)\n"
                   "enable_testing()\n" + code)
        for command in (["cmake", "-S", ".", "-B", "out"], ["ctest", "--test-dir", "out", "--output-on-failure"]):
            done = subprocess.run(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=LIMIT)
            if done.returncode or "No tests were found" in done.stdout:
                return self.fail(" ".join(command), done.stdout)
        return None

    def yaml(self, code):
        if code.startswith("preload:"):
            self.write("mine.yaml", code)
            return self.run("kmip-mock run --config mine.yaml -- kmip-client attributes bucket-key-1")
        lines = re.findall(r"^ *- (?:run: )?(kmip-conform/build/kmip-mock .*)$", code, re.M)
        if not lines:
            self.fail("a YAML block", code)
        for line in lines:
            line = line.replace("kmip-conform/build/", "").replace("${{ matrix.scenario }}", "out-of-order")
            self.run(line, {"SCENARIO": "clock-behind"})
        return None


def main():
    text = open("README.md").read()
    with tempfile.TemporaryDirectory(prefix="test-readme.") as folder:
        readme = Readme(folder)
        os.makedirs(readme.path("fixtures"))
        for language, code in blocks(text):
            if language == "cmake":
                readme.cmake(code)
            elif language == "yaml":
                readme.yaml(code)
            elif code.startswith("id: "):
                readme.write("my-case.yaml", code.split("\n\nkmip-")[0] + "\n")
            for command in commands(code) if language in ("", "sh") else ():
                if command.startswith("kmip-mock --listen"):
                    readme.service(command)
                else:
                    # The whole of the three profiles is a test of its own.
                    readme.run(command.replace("--json run.json", "--case 'get-*' --json run.json"))
        print("%d commands of README.md, %d failed" % (readme.ran, readme.bad))
        return 1 if readme.bad or readme.ran < 30 else 0


if "KMIP_PORT" not in os.environ:
    os.environ["PATH"] = BUILD + ":" + os.environ["PATH"]
    # Cases that wait do so in virtual time.
    os.execvp("kmip-mock", ["kmip-mock", "run", "--log", "error", "--control", "0", "--",
                            sys.executable, "ci/readme.py", BUILD])
sys.exit(main())
