#!/usr/bin/python3
"""Kills kmip-mock at random moments under load, and looks what its store has kept.

    ci/harness/durability.py BUILD [--rounds N] [--seed N] [--clients N]

Each round starts the mock on the same store file, has clients change keys as fast as they
can, and kills the mock (SIGKILL); now and then already while it starts. Then everything that
was acknowledged must be there, and what was not must be there whole or not at all. The seed
draws requests and moments; exit 0 when nothing was lost, 1 otherwise.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

import kmip
from model import Client

PATIENCE = 60
PIECE = 50      # keys asked for in one request
LOOKED_BACK = 200  # keys of earlier rounds that are looked at again


class Mock:
    def __init__(self, program, folder, log):
        self.ready = os.path.join(folder, 'ready.json')
        if os.path.exists(self.ready):
            os.unlink(self.ready)
        self.process = subprocess.Popen(
            [program, '--pki', f'{folder}/pki', '--listen', '127.0.0.1:0', '--ready-file', self.ready,
             '--set', f'store={folder}/store', '--log', 'error'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def wait(self):
        """Its port, once it is ready."""
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.ready):
            if self.process.poll() is not None:
                raise AssertionError(f'the mock does not start again: exit {self.process.returncode}')
            if time.monotonic() > end:
                raise AssertionError('the mock is not ready in time')
            time.sleep(0.005)
        with open(self.ready, encoding='utf-8') as f:
            return json.load(f)['port']

    def kill(self):
        self.process.kill()
        self.process.wait()


def load(client, port, certs, problems):
    try:
        connection = kmip.Connection(port, certs)
        while True:
            client.step(connection)
    except OSError:
        pass  # killed
    except (AssertionError, ValueError) as e:
        problems.append(f'client {client.number}: {e}')


# --- looking ------------------------------------------------------------------------

def differs(key, attributes, got):
    """In what a key is not as it should be, or None."""
    if not attributes.ok:
        return f'is lost: {attributes}'
    there = {n: v for n, v in kmip.attributes_of(attributes.payload).items()
             if n.startswith('x-') or n in ('State', 'Name', 'Cryptographic Length')}
    want = key.facts()
    for name in sorted(set(there) | set(want)):
        if there.get(name) != want.get(name):
            return f'has {name} {there.get(name)!r} instead of {want.get(name)!r}'
    destroyed = key.state >= kmip.DESTROYED
    if got.ok == destroyed:
        return f'is to be {"destroyed" if destroyed else "there"}, but Get says: {got}'
    if key.key and got.ok:
        value = kmip.find(got.payload, 0x42008F, 0x420040, 0x420045, 0x420043)
        if value != key.key:
            return 'has another value'
    return None


def look(connection, keys):
    """{key: in what it differs}"""
    wrong = {}
    for at in range(0, len(keys), PIECE):
        part = keys[at:at + PIECE]
        answers = connection.request([r for k in part for r in (kmip.get_attributes(k.uid),
                                                                kmip.simple(kmip.GET, k.uid))],
                                     option=1)
        assert len(answers) == 2 * len(part), f'{len(answers)} answers to {2 * len(part)} requests'
        for i, k in enumerate(part):
            why = differs(k, answers[2 * i], answers[2 * i + 1])
            if why:
                wrong[k] = why
    return wrong


def settle(connection, client):
    """The request that was not answered: it has had its effect whole, or none."""
    after, before = client.after, client.before
    if not after:
        return None
    if not before:
        answer = connection.request([kmip.locate(kmip.named(after.name))])[0]
        uids = [v for t, v in answer.payload or [] if t == kmip.UID]
        if not uids:
            client.settle(False)
            return None
        after.uid = uids[0]
        why = f'{len(uids)} times' if len(uids) > 1 else look(connection, [after]).get(after)
    else:
        not_done = look(connection, [before])
        if not not_done:
            client.settle(False)
            return None
        why = look(connection, [after]).get(after)
        why = why and f'{why}; and as it was before, {not_done[before]}'
    client.settle(True)
    return why and f'{after.name}, made or changed by a request without an answer, {why}'


def check(port, certs, clients, rng, everything):
    problems = []
    connection = kmip.Connection(port, certs)
    for c in clients:
        why = settle(connection, c)
        if why:
            problems.append(why)
        earlier = c.keys if everything else rng.sample(c.keys, min(len(c.keys), LOOKED_BACK))
        now = {k for k in c.touched if k in c.keys} | set(earlier)
        wrong = look(connection, sorted(now, key=lambda k: k.name))
        problems += [f'{k.name} {why}' for k, why in wrong.items()]
        c.touched = []
    connection.close()
    return problems


# --- rounds -------------------------------------------------------------------------

def one_round(program, folder, log, clients, rng):
    """Load, and a kill; how long it took to come, and what clients complain of."""
    problems = []
    mock = Mock(program, folder, log)
    if rng.random() < 0.15:  # while it opens the store
        time.sleep(rng.random() * 0.04)
        mock.kill()
        return problems
    port = mock.wait()
    threads = [threading.Thread(target=load, args=(c, port, f'{folder}/pki/client', problems))
               for c in clients]
    for t in threads:
        t.start()
    had, end = sum(c.acknowledged for c in clients), time.monotonic() + PATIENCE
    while sum(c.acknowledged for c in clients) == had and not problems and time.monotonic() < end:
        time.sleep(0.002)  # however slow this machine is, there is something to lose
    time.sleep(rng.random() * 0.25)
    mock.kill()
    for t in threads:
        t.join()
    return problems


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--rounds', type=int, default=20)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--clients', type=int, default=4)
    o = p.parse_args()
    program = os.path.join(os.path.abspath(o.build), 'kmip-mock')
    rng = random.Random(o.seed)
    clients = [Client(n, random.Random(f'{o.seed}:{n}')) for n in range(o.clients)]
    with tempfile.TemporaryDirectory(prefix='durability.') as folder, \
            open(os.path.join(folder, 'log'), 'w+', encoding='utf-8') as log:
        for n in range(1, o.rounds + 1):
            problems = one_round(program, folder, log, clients, rng)
            mock = Mock(program, folder, log)
            try:
                problems += check(mock.wait(), f'{folder}/pki/client', clients, rng, n == o.rounds)
            except (AssertionError, OSError) as e:
                problems.append(str(e))
            mock.kill()
            if problems:
                log.seek(0)
                print(f'FAILED: round {n} of --seed {o.seed}:', *problems[:20], log.read()[-2000:],
                      sep='\n  ')
                return 1
    print(f'{o.rounds} kills survived: {sum(c.acknowledged for c in clients)} acknowledged changes '
          f'of {sum(len(c.keys) for c in clients)} keys, none lost')
    return 0


if __name__ == '__main__':
    sys.exit(main())
