#!/usr/bin/python3
"""idle.py BUILD [CONNECTIONS [LIMIT]]: memory that an idle connection takes, of the mock and of
a server that does nothing but TLS (echo.c).

Each holds so many connections (5000), and has its memory compared with what it had before the
first; a hundred that come and go first, so that what is made once does not count. Prints both
and their ratio, and exits with 1 when it is above LIMIT.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'soak'))
from rig import Crowd, Echo, Mock, resident_kib, running  # noqa: E402

WARM = 100


def kib_per_connection(build, server, connections):
    with running(Crowd, build, server, 'idle', WARM):
        pass
    before = resident_kib(server.pid)
    with running(Crowd, build, server, 'idle', connections):
        return (resident_kib(server.pid) - before) / connections


def main():
    build = sys.argv[1]
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as folder:
        with running(Mock, build, folder) as mock:
            ours = kib_per_connection(build, mock, connections)
            with running(Echo, build, folder) as echo:
                bare = kib_per_connection(build, echo, connections)
    print(f'idle: {connections} connections: {ours:.1f} KiB each; a GnuTLS session alone '
          f'{bare:.1f} KiB; ratio {ours / bare:.2f}')
    if limit and ours > limit * bare:
        sys.exit(f'idle: the ratio is above {limit:.2f}')


if __name__ == '__main__':
    main()
