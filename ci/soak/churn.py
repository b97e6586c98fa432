#!/usr/bin/python3
"""churn.py BUILD [REQUESTS [GROWTH]]: does a mock grow that has served very much?

So many requests (1 000 000), each a batch in which a key is created, activated, got, revoked and
destroyed, over connections that last for a hundred of them, with faults declared and a journal
kept. After a tenth of them the mock's memory must not grow by more than GROWTH (0.05). Objects
that are destroyed leave nothing behind here (keep_metadata: no), and nothing must be left.
"""
import sys
import tempfile

from rig import Crowd, Failed, Mock, cpu_s, resident_kib, running

CLIENTS = 8
OPTIONS = ['keep_metadata=false', 'journal={exchanges: 100}',
           'faults=[{name: rare, match: {operation: Get}, action: {delay: 1ms}, probability: 1%, '
           'count: always}]']


def churn(build, mock, requests):
    crowd = Crowd(build, mock, 'churning', CLIENTS, replies=requests)
    try:
        counted = crowd.wait()
    except BaseException:
        crowd.kill()
        raise
    if counted['replies'] < requests or counted['ended']:
        raise Failed(f'the crowd of {CLIENTS}: {counted}')
    return counted['connected']


def main():
    build = sys.argv[1]
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    most = float(sys.argv[3]) if len(sys.argv) > 3 else 0.05
    options = [word for option in OPTIONS for word in ('--set', option)]
    with tempfile.TemporaryDirectory() as folder, running(Mock, build, folder, '--log', 'error',
                                                          *options) as mock:
        connections = churn(build, mock, requests // 10)
        before = resident_kib(mock.pid)
        connections += churn(build, mock, requests - requests // 10)
        after = resident_kib(mock.pid)
        print(f'churn: {requests} requests of 5 operations over {connections} connections, '
              f'{cpu_s(mock.pid):.0f} s CPU: {before / 1024:.1f} MiB after a tenth, '
              f'{after / 1024:.1f} MiB after all ({100 * (after / before - 1):+.1f} %)')
        if after > before * (1 + most):
            raise Failed(f'that is more than {100 * most:.0f} % more')


if __name__ == '__main__':
    try:
        main()
    except Failed as e:
        sys.exit(f'FAILED: churn: {e}')
