#!/usr/bin/python3
"""Runs the programs against the mock, with a tap between that knows every key, password and
plaintext, and looks for these in all that is put out: logs at every level, reports of every
kind, ticket, journals, the control API and its page, and what the client prints.

    ci/harness/secrets.py BUILD [--case GLOB...]

Exit 0 when none is found, and all are where --show-secrets was given; 1 otherwise.
"""
import argparse
import base64
import glob
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from leaks import Search
from tap import Tap

PATIENCE = 240
# A reply in ten is broken: what is told of those is put together from what is left.
FAULTS = ', '.join('{match: {operation: Get}, action: %s, probability: 10%%, count: always}' % a for a in (
    '{length: {field: Batch Item/Response Payload/Symmetric Key/Key Block/Key Value/Key Material, minus: 8}}',
    '{wrong_type: {field: Batch Item/Response Payload/Symmetric Key/Key Block/Key Value/Key Material, type: Text String}}',
    '{wrong_type: {field: Batch Item/Response Payload/Symmetric Key/Key Block, type: Byte String}}',
    'bad_padding'))
CONTROL = ('/state', '/faults', '/objects', '/scenarios', '/',
           '/journal?messages=text,yaml,hex&limit=1000')


class Place:
    def __init__(self, build, folder):
        self.build, self.folder = os.path.abspath(build), folder
        self.outputs = {}  # name: bytes
        self.ready = f'{folder}/ready.json'
        self.log = open(f'{folder}/mock.log', 'wb')
        self.mock = subprocess.Popen(
            [f'{self.build}/kmip-mock', '--pki', f'{folder}/pki', '--listen', '127.0.0.1:0',
             '--control', '127.0.0.1:0', '--ready-file', self.ready, '--log', 'debug', '--seed', '7',
             '--set', f'faults=[{FAULTS}]', '--set', 'journal.exchanges=1000'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.ready):
            if self.mock.poll() is not None or time.monotonic() > end:
                raise SystemExit('the mock does not start')
            time.sleep(0.02)
        with open(self.ready, encoding='utf-8') as f:
            told = json.load(f)
        self.control = f'http://127.0.0.1:{told["control"]["port"]}'
        self.tap = Tap(told['port'], f'{folder}/pki')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith('KMIP_')}
        self.env |= {'KMIP_HOST': '127.0.0.1', 'KMIP_PORT': str(self.tap.port),
                     'KMIP_CERTS': f'{folder}/pki/client', 'NO_COLOR': '1', 'TMPDIR': folder}

    def run(self, name, *words, stdin=b'', codes=(0, 1)):
        """A program; its output and errors are kept. Returns what it printed."""
        done = subprocess.run([f'{self.build}/{words[0]}', *words[1:]], env=self.env, cwd=self.folder,
                              input=stdin, capture_output=True, timeout=PATIENCE, check=False)
        if done.returncode not in codes:
            raise SystemExit(f'{words}: exit {done.returncode}: {done.stderr.decode()[-2000:]}')
        self.outputs[f'{name}: output'] = done.stdout
        self.outputs[f'{name}: errors'] = done.stderr
        return done.stdout

    def files(self, name, *paths):
        for path in paths:
            with open(os.path.join(self.folder, path), 'rb') as f:
                self.outputs[f'{name}: {path}'] = f.read()

    def ask(self, path, method='GET'):
        request = urllib.request.Request(self.control + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.read()
        except urllib.error.HTTPError as e:
            return e.read()

    def end(self):
        for path in CONTROL:
            self.outputs[f'control API: {path}'] = self.ask(path)
        self.mock.terminate()
        self.mock.wait()
        self.log.close()
        self.files('mock', 'mock.log')


def keep_journal(place, stop):
    """The tester's journal is gone when all is cleaned up; a second name keeps it."""
    while not stop.is_set():
        for path in glob.glob(f'{place.folder}/run.journal'):
            try:
                os.link(path, f'{place.folder}/kept.journal')
                return
            except OSError:
                pass
        time.sleep(0.01)


def listen_to_events(place, kept):
    """The stream of events, until the mock ends."""
    try:
        with urllib.request.urlopen(place.control + '/events', timeout=PATIENCE) as stream:
            while True:
                data = stream.read1(65536)
                if not data:
                    return
                kept.append(data)
    except (OSError, http.client.HTTPException):
        pass


def test(place, cases):
    reports = [w for kind in ('json', 'junit', 'md', 'tap', 'html') for w in (f'--{kind}', f'run.{kind}')]
    stop, events = threading.Event(), []
    threading.Thread(target=keep_journal, args=(place, stop), daemon=True).start()
    threading.Thread(target=listen_to_events, args=(place, events), daemon=True).start()
    place.run('run', 'kmip-conform', 'run', '--journal', 'run.journal', '--timeout', '2',
              '-v', *reports, *(w for c in cases for w in ('--case', c)))
    stop.set()
    place.files('run', *(f'run.{kind}' for kind in ('json', 'junit', 'md', 'tap', 'html')), 'kept.journal')
    with open(f'{place.folder}/run.json', encoding='utf-8') as f:
        told = json.load(f)
    wrong = [c['id'] for c in told['cases'] if c['verdict'] in ('FAIL', 'ERROR', 'WARN')][:10]
    for case in wrong:
        place.run(f'ticket {case}', 'kmip-conform', 'ticket', case, '--from', 'run.json')
    place.run('compare', 'kmip-conform', 'compare', 'run.json', 'run.json', '--html', 'both.html')
    place.files('compare', 'both.html')
    return len(wrong), events


def use_client(place, secret, plaintext):
    uid = place.run('register', 'kmip-client', 'register', '--attribute', 'x-secrets=yes', '--usage',
                    'Encrypt|Decrypt', stdin=secret).decode().strip()
    for form in ([], ['--json']):
        for n in range(8):  # a fault strikes now and then
            place.run(f'get {n} {form}', 'kmip-client', 'get', uid, *form, codes=range(6))
        place.run(f'attributes {form}', 'kmip-client', 'attributes', uid, *form)
        place.run(f'encrypt {form}', 'kmip-client', 'encrypt', uid, *form, stdin=plaintext)
    with open(f'{place.folder}/messages.bin', 'wb') as f:
        f.write(b''.join(place.tap.messages))
    for form in ([], ['--yaml'], ['--xml'], ['--json']):  # 2: what a fault has broken cannot be decoded
        place.run(f'decode {form}', 'kmip-client', 'decode', 'messages.bin', *form, codes=(0, 1, 2))
    shown = place.run('shown', 'kmip-client', 'get', uid, '--show-secrets')
    warned = place.outputs['shown: errors']
    del place.outputs['shown: output']
    return shown, warned


def published():
    """What the suites hold: keys and passwords that everybody can read, and the same numbers as
    IVs and names."""
    suites = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../conformance/suites')
    for path in glob.glob(f'{suites}/*/*.yaml'):
        with open(path, 'rb') as f:
            yield f.read()


def blind():
    """Is there a form in which a secret would not be found?"""
    secret = os.urandom(24)
    forms = {'raw': b'a' + secret, 'hex': secret.hex().encode(), 'HEX': secret.hex().upper().encode(),
             'spaced': secret.hex(' ').encode(), 'part': secret[5:17].hex().encode()}
    forms |= {f'base64 {n}': base64.b64encode(bytes(n) + secret) for n in range(3)}
    return [how for how, data in forms.items() if not Search({secret}).in_bytes(b'x: ' + data + b',')]


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--case', action='append')
    o = p.parse_args()
    secret, plaintext = os.urandom(32), os.urandom(24).hex().encode()
    with tempfile.TemporaryDirectory(prefix='secrets.') as folder:
        place = Place(o.build, folder)
        try:
            n_wrong, events = test(place, o.case or [])
            shown, warned = use_client(place, secret, plaintext)
            place.end()
        finally:
            place.mock.kill()
            place.mock.wait()
        place.outputs['control API: events'] = b''.join(events)
    secrets = place.tap.secrets | {secret, plaintext}
    known = {s for text in published() for _, s in Search(secrets).in_bytes(text)}
    while known & secrets:  # a search finds one secret for each place
        secrets -= known
        known = {s for text in published() for _, s in Search(secrets).in_bytes(text)}
    search = Search(secrets)
    problems = [f'{name}: {secret!r}, {how}' for name, data in sorted(place.outputs.items())
                for how, secret in search.in_bytes(data)]
    problems += [f'a secret in {how} would not be found' for how in blind()]
    if secret not in place.tap.secrets or plaintext not in place.tap.secrets:
        problems.append('the tap does not see what passes')
    if n_wrong == 0 or not events or len(secrets) < 10:
        problems.append('no fault was reported, or no event heard: this proves little')
    if secret.hex() not in shown.decode().lower() or not warned.strip():
        problems.append(f'get --show-secrets shows no key, or says no word of warning: {shown!r} {warned!r}')
    print(*(f'FAILED: {x}' for x in problems[:40]), sep='\n', end='\n' if problems else '')
    print(f'{len(secrets)} secrets, {len(place.outputs)} outputs, '
          f'{sum(map(len, place.outputs.values())) >> 10} KiB searched, {len(problems)} found')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
