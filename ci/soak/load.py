#!/usr/bin/python3
"""load.py BUILD [--short] [--any-memory] [KIND...]: a mock among bad clients.

For each row: a crowd of that kind comes, and stays while one honest client works. It must be
served whole, and the mock's memory must stay below the row's bound. In the long form, besides:

- where the crowd asks for no work, the honest client takes no more than twice the time that it
  takes alone;
- where it asks for much, of which it gets its share as anybody does, each request of the honest
  client waits for few of theirs, however many they are (`waits`).
"""
import argparse
import subprocess
import sys
import tempfile

from rig import Crowd, Failed, Mock, bench, cpu_s, peak_kib, quiet, running

MIX = ['--mix', 'get=70,encrypt=20,create=10']


class Row:
    def __init__(self, kind, count, short, peak_mib, slower=None, waits=None, config=(), honest=(),
                 requests=(20000, 200), objects=0):
        self.kind, self.counts, self.peak_mib, self.slower = kind, (count, short), peak_mib, slower
        self.waits = waits
        self.config, self.honest, self.requests = config, list(honest), requests
        self.objects = objects


ROWS = [
    Row('idle', 5000, 100, 150, slower=2),
    Row('mute', 5000, 100, 150, slower=2, config=['limits.handshake=1h']),
    Row('slow-readers', 500, 40, 400, slower=2),
    Row('greedy-readers', 500, 40, 400, requests=(1000, 100),
        config=['limits.buffers=134217728']),
    Row('slow-writers', 500, 40, 500, slower=2),
    Row('knocking', 100, 20, 150, requests=(2000, 50)),
    Row('shaking', 50, 10, 150, requests=(2000, 50)),
    Row('query-bombs', 20, 5, 200, waits=3, requests=(2000, 50)),
    Row('locate-all', 20, 5, 400, waits=3, requests=(2000, 50), objects=(50000, 5000)),
    Row('locate-bombs', 20, 5, 800, waits=3, requests=(100, 20), objects=(2000, 500)),
]


def options(row):
    return [word for setting in row.config for word in ('--set', setting)]


def fill(build, mock, objects):
    if objects:
        bench(build, mock, '--connections', '4', '--depth', '8', '--mix', 'create', '--keep',
              '--requests', str(objects))


def attempt(build, row, short):
    """(usual, beside, peak MiB, of the mock's CPU, what the crowd counted)."""
    which = 1 if short else 0
    honest = MIX + row.honest + ['--requests', str(row.requests[which])]
    with tempfile.TemporaryDirectory() as folder, \
            running(Mock, build, folder, *options(row)) as mock:
        fill(build, mock, row.objects and row.objects[which])
        alone = bench(build, mock, *honest)
        crowd = Crowd(build, mock, row.kind, row.counts[which])
        if not short and row.slower: # they have come to rest
            quiet(mock.pid)
        try:
            beside = bench(build, mock, *honest)
        except BaseException:
            crowd.kill()
            raise
        counted = crowd.end()
        return (1e6 / alone['per_second'], 1e6 / beside['per_second'], peak_kib(mock.pid) / 1024,
                cpu_s(mock.pid), counted)


def judge(row, short, usual, beside, peak, counted):
    if peak > row.peak_mib:
        raise Failed(f'the mock has had {peak:.0f} MiB, more than {row.peak_mib}')
    if not short and row.slower and beside > row.slower * usual:
        raise Failed(f'the honest client takes {beside / usual:.1f} times as long, '
                     f'more than {row.slower}')
    if not short and row.waits and counted['replies'] > row.waits * row.requests[0]:
        raise Failed(f'{counted["replies"]} of their requests were answered while the honest '
                     f'client had {row.requests[0]}, more than {row.waits} to one')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--any-memory', action='store_true', help='whatever the mock takes')
    parser.add_argument('kinds', nargs='*')
    args = parser.parse_args()
    failed = 0
    for row in ROWS:
        if args.kinds and row.kind not in args.kinds:
            continue
        count = row.counts[1 if args.short else 0]
        try:
            usual, beside, peak, cpu, counted = attempt(args.build, row, args.short)
            print(f'{count:5} {row.kind:13} honest client {usual:6.0f} us a request alone, '
                  f'{beside:8.0f} beside them ({beside / usual:.1f}x); mock {peak:4.0f} MiB at most, '
                  f'{cpu:.1f} s CPU; they: {counted["requests"]} requests, '
                  f'{counted["replies"]} replies, {counted["ended"]} put out', flush=True)
            if args.any_memory:
                row.peak_mib = peak
            judge(row, args.short, usual, beside, peak, counted)
        except (Failed, subprocess.TimeoutExpired) as e:
            print(f'FAILED: {count} {row.kind}: {e}', flush=True)
            failed += 1
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
