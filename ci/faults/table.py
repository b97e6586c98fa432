"""The table of faults, row by row: declared in the file, and added to a mock that runs.

What a row promises (steps.py) is held against what the client printed and what the
journal says. Then the faults have fired and the client is served as by a mock that
has none; and faults that were taken away do not fire.
"""
import re
import shlex
import string
import subprocess

from rig import until, usual
from steps import alike, by_place, expected, found
import rows_change
import rows_match
import rows_pipe
import rows_reply

ROWS = [*rows_reply.FIELDS, *rows_reply.BYTES, *rows_reply.BEHAVIOUR, *rows_pipe.PIPE,
        *rows_pipe.CONNECTION, *rows_pipe.CLOCK, *rows_pipe.TLS, *rows_match.MATCH,
        *rows_match.OFTEN, *rows_change.CHANGE]


def check(good, words):
    if not good:
        raise AssertionError(words)


class Run:
    """The steps of one row against one mock."""

    def __init__(self, row, mock):
        self.row, self.mock = row, mock
        self.kept, self.said, self.begun = {}, {}, None

    def says(self, pattern, text, where, outcome):
        m = re.search(pattern, text.strip(), re.S | re.M)
        check(m, f'{where} lacks /{pattern}/ of\n{outcome}')
        for name, value in m.groupdict().items():
            check(self.said.setdefault(name, value) == value, f'{name} differs in\n{outcome}')

    def judge(self, step, got):
        check(got.code == step.code, f'exit {got.code} instead of {step.code} of\n{got}')
        if step.err:
            self.says(step.err, got.err, 'standard error', got)
        if step.out:
            self.says(step.out, got.out, 'standard output', got)
        check(not step.not_out or not re.search(step.not_out, got.out, re.S),
              f'standard output has /{step.not_out}/ of\n{got}')
        if step.keep:
            self.kept[step.keep] = got.out.strip()

    def step(self, s):
        words = string.Template(s.words).safe_substitute(self.kept)
        if s.kind == 'ctl':
            self.mock.ctl(*shlex.split(words))
        elif s.kind == 'begin':
            self.begun = self.mock.begin(words, s.who, s.data)
        elif s.kind == 'end':
            self.judge(s, self.mock.outcome(self.begun))
        else:
            self.judge(s, self.mock.client(words, s.who, s.data))

    def steps(self):
        for s in self.row.steps:
            self.step(s)

    def journal(self):
        """All entries, once they are those that the row wants."""
        want = expected(self.row.journal)
        got = until(self.mock.journal, lambda j: alike(want, found(j)))
        lines = '\n'.join(map(str, by_place(found(got))))
        check(alike(want, found(got)), 'the journal should be\n'
              + '\n'.join(map(str, by_place(want))) + '\nbut is\n' + lines)
        self.events(want, got)
        return got

    def events(self, want, got):
        for w, g in ((w, g) for w in want for g in found(got) if w == g and w.event):
            m = re.search(w.event, g.event)
            check(m, f'what the fault did is not /{w.event}/ but: {g.event}')
            for name, value in m.groupdict().items():
                check(self.said.get(name) == value, f'{name}: the journal says {value}, the '
                      f'client {self.said.get(name)}')


class Again:
    """A client's first command once more."""

    def __init__(self, row):
        self.row = row
        self.first = next(s for s in row.steps if s.kind in ('run', 'begin'))

    def ask(self, mock):
        return mock.client(self.first.words, self.first.who, self.first.data)

    def is_usual(self, mock, usually):
        """Served as by a mock that never had a fault."""
        had = mock.journal()
        since = had[-1]['number'] + 1 if had else 1
        got = self.ask(mock)
        check((got.code, usual(got.out), usual(got.err)) == usually,
              f'not as without faults, where it is {usually}: {got}')
        news = found(mock.journal(since))
        check(news and not any(e.faults for e in news), f'not without faults: {news}')

    def is_same(self, mock):
        run = Run(self.row, mock)
        run.judge(self.first, self.ask(mock))


def usually(place, row):
    with place.mock(row.config) as mock:
        got = Again(row).ask(mock)
        return got.code, usual(got.out), usual(got.err)


def with_file(place, row):
    """Declared in the configuration."""
    again = Again(row)
    with place.mock(f'{row.config}\nfaults: {row.faults}\n') as mock:
        run = Run(row, mock)
        run.steps()
        run.journal()
        if row.again == 'usual':
            again.is_usual(mock, usually(place, row))
        elif row.again == 'same':
            again.is_same(mock)


def with_ctl(place, row):
    """Added to a running mock, and taken away from it; returns what was declared."""
    again = Again(row)
    normal = usually(place, row)
    with place.mock(row.config) as mock:
        added = mock.ctl('fault', 'add', row.faults)['faults']
        run = Run(row, mock)
        run.steps()
        run.journal()
        for f in mock.ctl('faults')['faults']:
            mock.ctl('fault', 'remove', f['name'])
        again.is_usual(mock, normal)
        # Fresh faults that are gone before anybody has met them.
        for f in mock.ctl('fault', 'add', row.faults)['faults']:
            mock.ctl('fault', 'remove', f['name'])
        check(not mock.ctl('faults')['faults'], 'faults are left')
        again.is_usual(mock, normal)
        return added


# --- is every action there? ---------------------------------------------------------

def listed(place, faults, after):
    """The names that the mock itself lists when it is given one that there is not."""
    p = subprocess.run([place.programs['mock'], '--set', f'faults={faults}'], env=place.env,
                       capture_output=True, text=True, stdin=subprocess.DEVNULL)
    m = re.search(after + r'(.*)', p.stderr)
    check(p.returncode == 2 and m, f'no list of names in: {p.stderr}')
    return m[1].strip().split(', ')


def used(declared):
    """(action, parameter) of faults as the mock shows them; a bare value is '<-'."""
    for f in declared:
        action = f['declared']['action']
        name, value = next(iter(action.items())) if isinstance(action, dict) else (action, {})
        yield name, None
        for parameter in value if isinstance(value, dict) else ['<-']:
            yield name, parameter


def covered(place, declared):
    """Every action has a row, and so has each of its parameters."""
    there = set(used(declared))
    for action in listed(place, "[{action: '~'}]", 'there are: '):
        check((action, None) in there, f'no row has the action {action}')
        sample = listed_parameters(place, action)
        for parameter in sample:
            check((action, parameter) in there,
                  f'no row has the parameter {parameter} of {action}')


def listed_parameters(place, action):
    try:
        return listed(place, "[{action: {%s: {'~': 1}}}]" % action, 'known here: ')
    except AssertionError as e:
        if 'takes no parameters' in str(e):
            return []
        raise
