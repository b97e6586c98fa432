#!/usr/bin/python3
"""Compares the reports of two runs of the same cases.

    ci/same-report.py A.json B.json          all but times, names of the run, and messages (exchanges)
    ci/same-report.py --verdicts A.json B.json   ids and verdicts
    ci/same-report.py A.xml B.xml            all but times and names of the run

Exit code 1: they differ, and it is told where.
"""
import json
import re
import sys

TIMES = ('started', 'took_ms', 'clock_offset_seconds')


def words(text):
    """Without the run's names and dates."""
    text = re.sub(r'kmipconf-[0-9a-f]{8}(-j\d+)?', 'RUN', text)
    return re.sub(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', 'DATE', text)


def plain(node):
    """Without what passes with a run. Messages hold identifiers, keys and dates, and a case
    that waits asks as often as it takes: of them only whether there are any is compared."""
    if isinstance(node, dict):
        return {k: bool(v) if k == 'exchanges' else plain(v)
                for k, v in node.items() if k not in TIMES}
    if isinstance(node, list):
        return [plain(x) for x in node]
    return words(node) if isinstance(node, str) else node


def read(path):
    with open(path, encoding='utf-8') as f:
        text = f.read()
    if path.endswith('.xml'):
        text = re.sub(r' time(stamp)?="[0-9T:.-]+"|<property name="clock_offset"[^>]*>', '', text)
        return words(text).splitlines()
    # As text, so that the order of fields counts.
    return json.dumps(plain(json.loads(text)), indent=1).splitlines()


def verdicts(path):
    with open(path, encoding='utf-8') as f:
        return ['%s %s' % (c['id'], c['verdict']) for c in json.load(f)['cases']]


def main(args):
    by = verdicts if args[0] == '--verdicts' else read
    a, b = (by(path) for path in args[-2:])
    for number, (x, y) in enumerate(zip(a, b)):
        if x != y:
            print('line %d of what is compared:\n  %s\n  %s' % (number + 1, x[:300], y[:300]))
            return 1
    if len(a) != len(b):
        print('%d lines, and %d' % (len(a), len(b)))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
