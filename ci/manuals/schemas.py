"""ci/manuals/schemas.py BUILD: the schemas of the YAML formats against what the programs read.

Every case of the suites, and every configuration, scenario, deviation and variation of the
fixtures, fits its schema; so it does the program, as other tests show. And each of a list of
mistakes is refused by both, the program's exit code being the one for the configuration.
That the keys are those of the loaders' tables is for the unit tests (test_schema.c).
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

BUILD = sys.argv[1]


class Yaml12(yaml.SafeLoader):
    """Scalars as an editor takes them, by YAML 1.2; tags of ours are of no account."""
    yaml_implicit_resolvers = {}

    def tagged(self, _suffix, node):
        if isinstance(node, yaml.MappingNode):
            return self.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        plain = node.style is None
        tag = self.resolve(yaml.ScalarNode, node.value, (plain, not plain))
        return self.construct_object(yaml.ScalarNode(tag, node.value))


for tag, pattern, first in (
        ("null", r"~|null|Null|NULL|", "~nN\0"),
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789")):
    Yaml12.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile("^(?:%s)$" % pattern),
                                 list(first) + ([""] if tag == "null" else []))
Yaml12.add_constructor("tag:yaml.org,2002:int", lambda self, node: int(
    node.value, 16 if node.value.startswith("0x") else 8 if node.value.startswith("0o") else 10))
Yaml12.add_multi_constructor("!", Yaml12.tagged)


class Format:
    """A schema, and the command that reads a file of that kind."""
    def __init__(self, schema, command, code):
        with open(schema) as f:
            self.schema = json.load(f)
        kind = jsonschema.Draft7Validator
        kind.check_schema(self.schema)
        self.validator = kind(self.schema)
        self.command, self.code = command, code

    def objections(self, value):
        found = sorted(self.validator.iter_errors(value), key=lambda e: list(map(str, e.path)))
        return ["%s: %s" % ("/".join(map(str, e.path)) or "the whole", e.message[:200])
                for e in found]

    def refused(self, path):
        done = subprocess.run(self.command + [path], capture_output=True, text=True, timeout=60)
        return done.returncode == self.code, done.stderr + done.stdout


CASE = Format("conformance/case.schema.json", [BUILD + "/kmip-conform", "explain"], 2)
# There are no certificates in that folder: a configuration that is right fails only then, with
# words about them.
MOCK = Format("mockserver/mock.schema.json",
              [BUILD + "/kmip-mock", "--certs", "/nonexistent", "--config"], 2)
NO_CERTS = "/nonexistent"

GOOD_CASE = """id: a-case
title: what holds
clause: KMIP 1.2 spec, 4.9
level: MUST
objects: {key: {length: 256}}
steps:
  - operation: Get
    payload: {Unique Identifier: $key}
    expect: {payload: {Object Type: Symmetric Key}}
"""
# What is put in place of what, in GOOD_CASE.
BAD_CASES = [
    ("title:", "titel:"),
    ("title: what holds\n", ""),
    ("level: MUST", "level: must"),
    ("id: a-case", "id: A Case"),
    ("length: 256", "length: 7"),
    ("length: 256", "length: long"),
    ("length: 256", "lenght: 256"),
    ("length: 256", "state: Living"),
    ("operation: Get", "operation: Gett"),
    ("  - operation: Get", "  - wait: 1s\n    operation: Get"),
    ("operation: Get\n", "note: nothing is done\n"),
    ("operation: Get\n", "operation: Get\n    hold: 1s\n"),
    ("operation: Get\n", "operation: Get\n    within: soon\n"),
    ("operation: Get\n", "operation: Get\n    together: 1\n"),
    ("operation: Get\n", "operation: Get\n    setup: perhaps\n"),
    ("operation: Get\n", "operation: Get\n    repeat: {every: 1s}\n"),
    ("operation: Get\n", "operation: Get\n    break: everything\n"),
    ("{payload: {Object Type: Symmetric Key}}", "failure"),
    ("{payload: {Object Type: Symmetric Key}}", "{status: Failed}"),
    ("{payload: {Object Type: Symmetric Key}}", "{fail: No Reason}"),
    ("{payload: {Object Type: Symmetric Key}}", "{any_of: []}"),
    ("{payload: {Object Type: Symmetric Key}}", "{any_of: [{verdict: BAD, because: x}]}"),
    ("{payload: {Object Type: Symmetric Key}}", "{connection: broken}"),
    ("{payload: {Object Type: Symmetric Key}}", "{items: many}"),
    ("steps:", "needs: {identities: 3}\nsteps:"),
    ("steps:", "needs: {operations: [Fetch]}\nsteps:"),
    ("steps:", "mock: {clock: 2010-02-11T13:01:59Z}\nsteps:"),
    ("steps:", "vars: [1]\nsteps:"),
    ("objects: {key: {length: 256}}", "objects: {a-key: {length: 256}}"),
]

GOOD_MOCK = """vendor: example
clock: {offset: -90s, jumps: [{after: 5 requests, by: +1h}]}
faults:
  - match: {operation: Create, nth: 2}
    action: {delay: {fixed: 200ms}}
preload: [states, {identifier: a, state: Active, names: [a, b]}]
"""
BAD_MOCKS = [
    ("vendor: example", "vender: example"),
    ("vendor: example", "seed: -1"),
    ("vendor: example", "seed: often"),
    ("vendor: example", "keep_metadata: perhaps"),
    ("vendor: example", "lease_time: long"),
    ("vendor: example", "versions: [2.0]"),
    ("vendor: example", "versions: []"),
    ("vendor: example", "compound_create: refuse"),
    ("vendor: example", "replies: {reorder: {window: 5000}}"),
    ("vendor: example", "limits: {idle: 5}"),
    ("vendor: example", "journal: {exchanges: -1}"),
    ("vendor: example", "credentials: [{username: ann}]"),
    ("offset: -90s", "offset: -90"),
    ("offset: -90s", "ofset: -90s"),
    ("after: 5 requests, ", ""),
    ("offset: -90s", "applies_to: all"),
    ("offset: -90s", "connections: [{offset: 1s}]"),
    ("nth: 2", "nth: 0"),
    ("nth: 2", "of: server"),
    ("nth: 2", "state: {scenario: x}"),
    ("operation: Create", "operation: Make"),
    ("    action: {delay: {fixed: 200ms}}\n", ""),
    ("{delay: {fixed: 200ms}}", "delay"),
    ("{delay: {fixed: 200ms}}", "slow"),
    ("{delay: {fixed: 200ms}}", "{delay: {fixd: 200ms}}"),
    ("{delay: {fixed: 200ms}}", "{delay: {uniform: [1ms]}}"),
    ("{delay: {fixed: 200ms}}", "{delay: 1s, drop: }"),
    ("{delay: {fixed: 200ms}}", "{drop: 3}"),
    ("{delay: {fixed: 200ms}}", "{certificate: old}"),
    ("{delay: {fixed: 200ms}}", "drop\n    count: 0"),
    ("{delay: {fixed: 200ms}}", "drop\n    per: request"),
    ("state: Active", "state: Living"),
    ("state: Active", "dates: {birth: now}"),
    ("states,", "stats,"),
    ("names: [a, b]", "names: {a: b}"),
]

failed = 0


def fail(words):
    global failed
    failed += 1
    print("FAILED: " + words)


def load(text):
    return yaml.load(text, Loader=Yaml12)


def check_files(form, paths):
    if not paths:
        fail("no files to check")
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for words in form.objections(load(f)):
                fail("%s: the schema objects: %s" % (path, words))


def check_catalogue(path):
    """Pieces of the mock's configuration in the entries of a catalogue."""
    with open(path, encoding="utf-8") as f:
        pieces = [(e["name"], e["config"]) for e in load(f) if "config" in e]
    if not pieces:
        fail("%s: no entry has a configuration" % path)
    for name, config in pieces:
        for words in MOCK.objections(config):
            fail("%s: %s: the schema objects: %s" % (path, name, words))


def check_mistakes(form, good, mistakes, path, accepted):
    def read(text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return form.refused(path)

    refused, words = read(good)
    if form.objections(load(good)) or not accepted(refused, words):
        fail("what is right is refused: %s %s" % (form.objections(load(good)), words))
    for old, new in mistakes:
        if good.count(old) != 1:
            fail("the mistake '%s' has no place of its own" % old)
            continue
        bad = good.replace(old, new)
        refused, words = read(bad)
        if not refused or accepted(refused, words):
            fail("'%s' for '%s' is not refused by the program" % (new, old))
        if not form.objections(load(bad)):
            fail("'%s' for '%s' is not refused by the schema" % (new, old))


check_files(CASE, sorted(glob.glob("conformance/suites/*/*.yaml")))
check_files(MOCK, ["fixtures/mock.yaml", "fixtures/faults.yaml", "fixtures/published-cases.yaml"]
            + sorted(glob.glob("fixtures/scenarios/*.yaml")))
check_catalogue("fixtures/deviations.yaml")
check_catalogue("fixtures/variations.yaml")
with tempfile.TemporaryDirectory() as folder:
    there = os.path.join(folder, "bad.yaml")
    check_mistakes(CASE, GOOD_CASE, BAD_CASES, there, lambda refused, words: not refused)
    check_mistakes(MOCK, GOOD_MOCK, BAD_MOCKS, there, lambda refused, words: NO_CERTS in words)
if failed:
    sys.exit(1)
print("schemas: all well")
