"""What the scripts of this folder stand on: a mock (or the bare echo of ci/bench) that is
started, crowds (crowd.c) that are sent to it, and what a process takes of the machine."""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time

START_S = 120  # until something is there: machines may be busy


class Failed(Exception):
    """What was to hold does not."""


def status_kib(pid, field):
    with open(f'/proc/{pid}/status') as f:
        return int(next(line.split()[1] for line in f if line.startswith(field + ':')))


def resident_kib(pid):
    return status_kib(pid, 'VmRSS')


def peak_kib(pid):
    return status_kib(pid, 'VmHWM')


def cpu_s(pid):
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def quiet(pid, seconds=60):
    """Waits until a process has next to nothing to do, but not for ever."""
    before, until = cpu_s(pid), time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.5)
        now = cpu_s(pid)
        if now - before < 0.05:
            return
        before = now


class Process:
    """A program that says on a line of its own when it is ready."""

    def __init__(self, command, says=None, **more):
        self.command = command
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, **more)
        self.pid = self.process.pid
        self.first = self.process.stdout.readline().rstrip('\n')
        if not self.first.startswith(says or ''):
            self.process.kill()
            raise Failed(f'{command[0]} says {self.first!r}: {self.errors()}')

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        """The rest of what it printed; it must end as it was told to."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=START_S)
        if self.process.returncode != 0:
            raise Failed(f'{self.command[0]}: exit {self.process.returncode}: {self.errors()}')
        return rest

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Mock(Process):
    def __init__(self, build, folder, *options, **more):
        super().__init__([f'{build}/kmip-mock', '--listen', '127.0.0.1:0', '--pki',
                          f'{folder}/pki', '--ready-file', f'{folder}/ready', '--log', 'warn',
                          '--seed', '7', *options], says='ready', **more)
        with open(f'{folder}/ready') as f:
            self.port = json.load(f)['port']
        self.certs = f'{folder}/pki/client'


class Echo(Process):
    """Nothing but GnuTLS; takes the certificates that a mock has made."""

    def __init__(self, build, folder):
        super().__init__([f'{build}/bench/echo', f'{folder}/pki/server'])
        self.port = int(self.first)
        self.certs = f'{folder}/pki/client'


class Crowd(Process):
    """Clients of one kind; there once this is made."""

    def __init__(self, build, server, kind, count, replies=0, **more):
        super().__init__([f'{build}/soak/crowd', '127.0.0.1', str(server.port), server.certs, kind,
                          str(count), str(replies)], says='there', **more)

    def wait(self):
        """Until it has had its replies; then as end()."""
        self.process.wait()
        return self.end()

    def end(self):
        """{'connected': 1, 'requests': 2, 'replies': 3, 'ended': 4}"""
        return {word: int(n) for word, n in
                (part.split() for part in super().end().strip().split(','))}


@contextlib.contextmanager
def running(make, *args, **more):
    """Ends what was made; kills it when something fails."""
    it = make(*args, **more)
    try:
        yield it
    except BaseException:
        it.kill()
        raise
    it.end()


def bench(build, server, *options):
    """The report of kmip-client bench, which must have lost nothing."""
    command = [f'{build}/kmip-client', 'bench', '--host', '127.0.0.1', '--port', str(server.port),
               '--certs', server.certs, '--json', *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=1800)
    report = json.loads(done.stdout) if done.stdout else {}
    if done.returncode != 0 or report.get('lost') or report.get('refused'):
        raise Failed(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr}{done.stdout}')
    return report
