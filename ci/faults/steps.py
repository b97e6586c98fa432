"""What a row of the table of faults is made of (rows_*.py, table.py)."""
import re
from dataclasses import dataclass, field


@dataclass
class Row:
    """A fault, what a client is told when it meets it, and what the journal says.

    faults    as in `faults:` of the configuration, one or a list
    steps     in order
    journal   every entry there is afterwards, one a line:
                  CONNECTION[/NTH] OPERATION[+OPERATION] [FAULT, FAULT] EVENT
              operation - where there is none, names without blanks; EVENT is a regular
              expression for what the last fault did. A line that begins with ? is of a
              request that the client may have withdrawn before it was read
    again     what the first command gets once all is over: 'usual', what it gets from
              a mock without faults; or 'same', the fault once more, for it fires always;
              'nothing', for it may be either
    config    more of the configuration

    Named groups of the regular expressions tie the two ends together: what a client
    says in (?P<x>...) must be what the journal says in (?P<x>...).
    """
    name: str
    faults: str
    steps: list
    journal: str
    again: str = 'usual'
    config: str = ''


@dataclass
class Step:
    kind: str  # run, begin, end, ctl
    words: str = ''
    code: int = 0
    err: str = ''   # regular expressions for standard error and output
    out: str = ''
    not_out: str = ''
    who: str = 'client'
    data: str = ''
    keep: str = ''  # the output is what $NAME stands for in later steps


def run(words, code=0, err='', out='', **more):
    """kmip-client, to its end. Refusals and errors must be told word by word."""
    return Step('run', words, code, err, out, **more)


def begin(words, **more):
    return Step('begin', words, **more)


def end(code=0, err='', out=''):
    """The end of what was begun."""
    return Step('end', '', code, err, out)


def ctl(words):
    return Step('ctl', words)


def requests(n):
    """Waits until the mock has seen n requests."""
    return ctl(f'journal --messages none --wait {n} --timeout 60s')


def order(text):
    """'2 1': the first reply belongs to message 2, the second to message 1."""
    return '.*'.join(rf'Reply {i}, to message {m} \(' for i, m in enumerate(text.split(), 1))


@dataclass
class Entry:
    connection: int
    nth: int
    operations: str
    faults: str
    event: str = field(default='', compare=False)
    perhaps: bool = field(default=False, compare=False)


LINE = re.compile(r'(\??)(\d+)(?:/(\d+))? +(\S+) +\[([^\]]*)\] ?(.*)')


def expected(journal):
    entries = []
    for line in journal.strip().splitlines():
        m = LINE.fullmatch(line.strip())
        if not m:
            raise AssertionError(f'not a line of a journal: {line}')
        entries.append(Entry(int(m[2]), int(m[3] or 0), m[4], m[5], m[6], bool(m[1])))
    return entries


def found(exchanges):
    return [Entry(e['connection'], e.get('nth', 0),
                  '+'.join(e.get('operations', [])).replace(' ', '_') or '-',
                  ', '.join(e['faults']), e.get('event', '')) for e in exchanges]


def by_place(entries):
    """In the order of their connections: entries about a connection have no place in
    the order of its requests."""
    return sorted(entries, key=lambda e: (e.connection, e.nth, e.faults))


def alike(want, got):
    """Is what was found what was expected?"""
    left = list(got)
    for w in want:
        if w in left:
            left.remove(w)
        elif not w.perhaps:
            return False
    return not left
