"""A mock in the background, and the programs that talk to it.

    with Place(build) as place, place.mock('faults: [{action: drop}]') as mock:
        done = mock.client('query --timeout 3')      # an Outcome: code, out, err
        mock.ctl('fault', 'remove', 'drop')
        mock.journal()

Everything happens in one temporary folder, which is where the programs run. Only
processes that were started here are ended.
"""
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../fixtures')
PATIENCE = 60  # seconds after which what must happen counts as not happening


class Outcome:
    """What a program printed, and its exit code."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    def __str__(self):
        return (f'{self.words}\n  exit: {self.code}\n  stdout: {self.out.strip()[:1500]}\n'
                f'  stderr: {self.err.strip()[:1500]}')


class Place:
    """The programs, certificates, and a folder that all mocks share."""

    def __init__(self, build):
        self.programs = {n: os.path.join(os.path.abspath(build), 'kmip-' + n)
                         for n in ('mock', 'client')}
        for path in self.programs.values():
            if not os.access(path, os.X_OK):
                raise SystemExit(f'{path} is not built: run make')
        self.folder = tempfile.mkdtemp(prefix='test-faults.')
        self.pki = os.path.join(self.folder, 'pki')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith('KMIP_')}
        self.env['KMIP_SCENARIOS'] = os.path.join(FIXTURES, 'scenarios')
        self.numbers = itertools.count(1)

    def __enter__(self):
        try:
            subprocess.run([self.programs['mock'], 'run', '--pki', self.pki, '--', 'true'],
                           env=self.env, check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def output(self, *words):
        """What kmip-client prints, as bytes."""
        return subprocess.run([self.programs['client'], *words], cwd=self.folder, env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout

    def mock(self, config='', seed=7, options=()):
        name = f'mock-{next(self.numbers)}.yaml'
        self.file(name, config if config.strip() else '{}\n')
        return Mock(self, name, seed, options)

    def certs(self, who):
        return os.path.join(self.pki, who)


class Mock:
    def __init__(self, place, config, seed, options):
        self.place = place
        self.words = [place.programs['mock'], '--pki', place.pki, '--listen', '127.0.0.1:0',
                      '--control', '127.0.0.1:0', '--seed', str(seed), '--config', config,
                      *options]
        self.process = None
        self.running = []

    def __enter__(self):
        self.log = tempfile.TemporaryFile('w+', encoding='utf-8')
        self.process = subprocess.Popen(self.words, cwd=self.place.folder, env=self.place.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        line = self.process.stdout.readline()
        at = dict(w.split('=', 1) for w in line.split() if '=' in w)
        if not line.startswith('ready '):
            self.process.wait()
            raise AssertionError(f'no mock: {self.told()}')
        self.host, self.port, self.control = at['host'], int(at['port']), at['control']
        return self

    def __exit__(self, kind=None, *_):
        for p in self.running:
            p.kill()
            p.wait()
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        if kind is None and code != 0:
            raise AssertionError(f'the mock ended with {code}: {self.told()}')

    def told(self):
        self.log.seek(0)
        return self.log.read()[-3000:]

    # --- kmip-client -----------------------------------------------------------------

    def begin(self, words, who='client', data=''):
        """Starts kmip-client; outcome() waits for it."""
        at = ['--host', self.host, '--port', str(self.port), '--certs', self.place.certs(who)]
        p = subprocess.Popen([self.place.programs['client'], *shlex.split(words), *at],
                             cwd=self.place.folder, env=self.place.env, text=True,
                             errors='backslashreplace', stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        p.words, p.data = 'kmip-client ' + words, data
        self.running.append(p)
        return p

    def outcome(self, p):
        out, err = p.communicate(p.data, timeout=2 * PATIENCE)
        self.running.remove(p)
        return Outcome(p.words, p.returncode, out, err)

    def client(self, words, who='client', data=''):
        return self.outcome(self.begin(words, who, data))

    # --- kmip-mock ctl ---------------------------------------------------------------

    def ctl(self, *words, code=0):
        """The answer, as an object."""
        p = subprocess.run([self.place.programs['mock'], 'ctl', '--control', self.control, *words],
                           cwd=self.place.folder, env=self.place.env, capture_output=True,
                           text=True, timeout=2 * PATIENCE)
        if p.returncode != code:
            raise AssertionError(f'kmip-mock ctl {shlex.join(words)}: exit {p.returncode}\n'
                                 f'  {p.stdout}{p.stderr}')
        return json.loads(p.stdout)

    def journal(self, since=1, messages='none'):
        return self.ctl('journal', '--since', str(since), '--limit', '1000', '--messages',
                        messages)['exchanges']


def until(look, good):
    """The first look() that is good, or the last one when patience is out."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if good(seen) or time.monotonic() > end:
            return seen
        time.sleep(0.02)


def usual(text):
    """What differs from run to run taken out of what a client printed."""
    names = {}
    text = re.sub(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
                  lambda m: names.setdefault(m.group(), f'<id {len(names) + 1}>'), text)
    text = re.sub(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', '<time>', text)
    return re.sub(r'after [0-9.]+ ms', 'after <time>', text)
