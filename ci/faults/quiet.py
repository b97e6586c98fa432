"""Without a fault that fires nothing is different: every byte of every reply, and how
the replies stand in TLS records."""
import os

import messages
from rig import FIXTURES
from wire import Wire

CLOCK = 'clock: {freeze: 2024-02-29T12:00:00Z}\n'
NEVER = '''faults:
  - {match: {client: nobody}, action: drop, count: always}
  - {match: {operation: Locate, nth: 99}, action: {truncate: 1}}
  - {match: {connection: 99}, action: refuse}
  - {match: {state: {scenario: a, is: b}}, action: {reorder: 4}, count: always}
  - {action: result, count: always, probability: 0}
  - {match: {unique_identifier: none-such}, action: {bandwidth: 1}}
  - {action: {not_supported: Re-key}, count: always}
'''


def every_action():
    """fixtures/faults.yaml: all actions there are, none of which fires as it stands."""
    with open(os.path.join(FIXTURES, 'faults.yaml'), encoding='utf-8') as f:
        return f.read()


def conversation(place):
    """(who, [messages that are sent together]) in turn; a new line is a new connection."""
    text = ''.join([messages.flow(0x11), messages.cipher(0x21), messages.flow(0x31),
                    messages.message(messages.create(0x41)),
                    messages.message(messages.item('Locate', 0x42, '{}')),
                    messages.message(messages.item('Get', 0x43, '{Unique Identifier: nobody}')),
                    messages.FILES['mixed.yaml'], messages.FILES['q20.yaml']])
    m = messages.encode(place, f'quiet-{id(text)}.yaml', text)
    assert len(m) == 28
    return [('client', [[m[0]], [m[1]], m[2:6], m[6:28]]),
            ('other', [m[8:28], [m[4]], [m[0], m[1]]]),
            ('client', [[m[4]], [b'GET / HTTP/1.1\r\n\r\n']])]


def talk(place, mock):
    """All that came: bytes and heads of records, and how connections ended."""
    seen = []
    for who, turns in conversation(place):
        wire = Wire(mock, who)
        for turn in turns:
            wire.send(*turn)
            for _ in turn:
                wire.reply()
        wire.no_more()
        wire.rest()
        seen += [(kind, version, length, data.hex())
                 for kind, version, length, data in wire.records]
        seen.append(wire.how)
        wire.close()
    return seen


def record(place, config, change=None, options=()):
    with place.mock(CLOCK + config, options=options) as mock:
        if change:
            change(mock)
        return talk(place, mock)


def added_and_removed(mock):
    mock.ctl('fault', 'add', '[{name: a, action: drop, count: always}, '
             '{name: b, action: {clock: {offset: +1h}}, count: always}]')
    mock.ctl('fault', 'remove', 'a')
    mock.ctl('fault', 'clear')
    mock.ctl('fault', 'reset')


def added_and_quiet(mock):
    mock.ctl('fault', 'add', '{match: {client: nobody}, action: reset, count: always}')


def test(place):
    plain = record(place, '')
    assert len([r for r in plain if r != 'closed']) > 50, f'too little was said: {plain[-3:]}'
    for name, seen in (
            ('an empty list', record(place, 'faults: []\n')),
            ('faults that never match', record(place, NEVER)),
            ('every action, none of which matches', record(place, every_action())),
            ('faults added and removed', record(place, '', added_and_removed)),
            ('a fault added that never matches', record(place, '', added_and_quiet)),
            ('no journal', record(place, NEVER, options=('--set', 'journal.exchanges=0')))):
        for i, (a, b) in enumerate(zip(plain, seen)):
            assert a == b, f'with {name}, record {i} is {b}\nand not {a}'
        assert len(plain) == len(seen), f'with {name} there are {len(seen)} records, not ' \
                                        f'{len(plain)}'


TESTS = [('quiet: without faults every byte and record is as before', test)]
