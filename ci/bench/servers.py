#!/usr/bin/python3
"""servers.py BUILD [ROUNDS] [SECONDS]: what a request costs the mock, beside a server that
does nothing but TLS (echo.c).

Loads each with kmip-client bench, by turns, and reads the CPU time that its process took.
Prints medians, and ratios to the limit of the same run. Exits with 1 when something failed,
never because of a figure.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile

# What it is called, options of kmip-client bench.
WORKS = [
    ('Get, 1 connection, depth 8', ['--mix', 'get', '--depth', '8']),
    ('Get, 64 connections, depth 8', ['--mix', 'get', '--connections', '64', '--depth', '8']),
    ('Encrypt 32 B, 1 connection, depth 8', ['--mix', 'encrypt', '--depth', '8']),
    ('Encrypt 32 B, 64 connections', ['--mix', 'encrypt', '--connections', '64', '--depth', '8']),
    ('Create, 1 connection, depth 8', ['--mix', 'create', '--depth', '8']),
    ('Create, 64 connections, depth 8', ['--mix', 'create', '--connections', '64', '--depth', '8']),
    ('Get, 1 connection, depth 1', ['--mix', 'get', '--depth', '1']),
    ('Full handshake and Get', ['--mix', 'get', '--reconnect']),
    ('Resumed handshake and Get', ['--mix', 'get', '--resume']),
]
# The limit answers Get, whatever it is loaded with.
LIMIT = {'encrypt': 'get', 'create': 'get'}


def cpu_ns(pid):
    """CPU time of all threads of a process."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat') as f:
            total += int(f.read().split()[0])
    return total


def resident_kib(pid):
    with open(f'/proc/{pid}/status') as f:
        return int(next(line.split()[1] for line in f if line.startswith('VmRSS')))


class Server:
    def __init__(self, name, command, port):
        self.name = name
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = port(self.process)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def bench(client, server, certs, options):
    """(CPU microseconds a reply, replies a second, p50 in us, resident KiB)."""
    command = [client, 'bench', '--host', '127.0.0.1', '--port', str(server.port), '--certs', certs,
               '--json', '--keep'] + options
    if server.name == 'echo':
        command += ['--key', '6c1f2a0e-77d3-4a52-9b0c-5d1f8a3e4b21']
    before = cpu_ns(server.process.pid)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=300)
    report = json.loads(result.stdout)
    took = cpu_ns(server.process.pid) - before
    if result.returncode != 0 or report['lost'] or report['refused']:
        sys.exit(f'{" ".join(command)}: exit {result.returncode}\n{result.stderr}{result.stdout}')
    return (took / 1000 / report['replies'], report['per_second'], report['latency_us']['p50'],
            resident_kib(server.process.pid))


def for_echo(options):
    return [LIMIT.get(word, word) for word in options]


def mock_port(process, ready):
    if not process.stdout.readline().startswith('ready'):
        sys.exit('the mock did not start')
    with open(ready) as f:
        return json.load(f)['port']


def main():
    build = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seconds = sys.argv[3] if len(sys.argv) > 3 else '1'
    print(f'servers: CPU time of the server for each reply, medians of {rounds} rounds of {seconds} s')
    print(f'{"":38}{"mock":>10}{"echo":>10}{"ratio":>8}{"mock/s":>11}{"echo/s":>11}'
          f'{"p50":>9}{"p50 echo":>10}{"memory":>9}{"echo":>9}')
    for name, options in WORKS:
        with tempfile.TemporaryDirectory() as folder:
            servers = start(build, folder)
            try:
                print_row(name, measure(build, servers, f'{folder}/pki/client', options, rounds,
                                        seconds))
            finally:
                for s in servers:
                    s.stop()


def start(build, folder):
    pki, ready = f'{folder}/pki', f'{folder}/ready'
    return [Server('mock', [f'{build}/kmip-mock', '--listen', '127.0.0.1:0', '--pki', pki, '--log',
                            'error', '--ready-file', ready], lambda p: mock_port(p, ready)),
            Server('echo', [f'{build}/bench/echo', f'{pki}/server'],
                   lambda p: p.stdout.readline().strip())]


def measure(build, servers, certs, options, rounds, seconds):
    """For each server, the medians of what bench() gives."""
    seen = {s.name: [] for s in servers}
    for _ in range(rounds):
        for s in servers:
            words = for_echo(options) if s.name == 'echo' else options
            seen[s.name].append(bench(f'{build}/kmip-client', s, certs,
                                      words + ['--duration', f'{seconds}s']))
    return {name: [statistics.median(x[i] for x in rows) for i in range(4)]
            for name, rows in seen.items()}


def print_row(name, medians):
    m, e = medians['mock'], medians['echo']
    print(f'{name:38}{m[0]:7.2f} us{e[0]:7.2f} us{m[0] / e[0]:7.2f}x{m[1]:11.0f}{e[1]:11.0f}'
          f'{m[2]:6.0f} us{e[2]:7.0f} us{m[3] / 1024:6.1f} MB{e[3] / 1024:6.1f} MB', flush=True)


if __name__ == '__main__':
    main()
