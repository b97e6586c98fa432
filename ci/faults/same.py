"""The same scenario, seed and requests give the same journal, whoever else connects.

One client speaks to the mock alone; then the same to a fresh mock while others, with
another certificate, do as much as they can. Compared are, of the first client's
entries, in order: which of its connections, nth, operations, Unique Batch Item ID,
result, sizes of request and reply, faults, and what the last fault did (how long a
reply was held, where it was cut); and what the client saw: which replies came in which
order on each connection, how they stood in records, and how the connection ended.
Left out are numbers of entries and connections, which count others' too, times, and
what is in the messages: identifiers and keys.

A client sends what it has for a connection in one record, and then no more: so it is
not by chance which replies are outstanding together. Left out, therefore, is
dies-mid-reply, whose faults all clients have in common by its own words.
"""
import re
import threading

import messages
from rig import until
from wire import Wire

CONNECTIONS = 6
SCENARIOS = [  # and whether they draw: then another seed gives something else
    ('out-of-order', True), ('out-of-order-once', False), ('flaky-network', True),
    ('slow-appliance', True), ('coalesced-replies', False), ('fragmented-replies', False),
    ('swapped-batch-ids', False), ('wrong-batch-id', False), ('duplicated-replies', False),
    ('lost-reply', False), ('no-batch-id', False),
]
# Scenarios of the field draw little; here all that can be drawn is.
DRAWN = '''
replies: {reorder: {window: 3, max_wait: 50ms}}
faults:
  - {name: now-and-then, action: result, count: always, probability: 30%}
  - {name: broken, action: {corrupt: {bits: 3}}, count: always, probability: 10%}
  - {name: mixed, match: {nth: 2}, action: {reorder: {window: 6, order: shuffle}}, count: always}
  - {name: late, action: {delay: {lognormal: {median: 5ms, sigma: 1}}}, count: always,
     probability: 50%}
  - {name: sometimes-late, match: {operation: Query}, action: {delay: {uniform: [0s, 20ms]}},
     count: 9, probability: 25%}
  - {name: ends, match: {nth: 11}, action: close, count: always, probability: 40%}
  - {name: abrupt, action: no_close_notify, count: always, probability: 30%}
'''


def requests(place):
    text = ''.join([messages.message(messages.create(0x11)), messages.FILES['q4.yaml'],
                    messages.cipher(0x21), messages.flow(0x31),
                    messages.message(messages.create(0x41)), messages.cipher(0x51),
                    messages.message(messages.query(0x61), messages.discover(0x62)),
                    messages.message(messages.item('Locate', 0x71, '{Maximum Items: 1}')),
                    messages.cipher(0x81), messages.FILES['mixed.yaml']])
    return messages.encode(place, f'same-{id(text)}.yaml', text)


ID = re.compile(rb'\x42\x00\x93\x08(....)', re.S)  # Unique Batch Item ID and its length


def first_id(message):
    m = ID.search(message)
    return message[m.end():m.end() + int.from_bytes(m[1], 'big')].hex() if m else '-'


def ask(mock, who, todo):
    """One connection; what was seen of it."""
    wire = Wire(mock, who)
    wire.send(*todo)
    wire.no_more()
    seen = [f'{first_id(m)} {len(m)}' for m in wire.rest()]
    sizes = [length for _, _, length, _ in wire.records]
    wire.close()
    return seen, sizes, wire.how


class Noise:
    """Others that connect, ask and leave as fast as they can, until told to stop."""

    def __init__(self, mock, todo):
        self.stopped, self.times, self.failed = threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.make, args=(mock, todo)) for _ in range(2)]

    def make(self, mock, todo):
        try:
            while not self.stopped.is_set():
                ask(mock, 'other', todo)
                self.times += 1
        except Exception as e:  # told by whoever waits for the noise
            self.failed.append(e)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for t in self.threads:
            t.join()

    def loud(self):
        """Has been heard at all."""
        until(lambda: self.times, lambda n: n > 2 or self.failed)
        assert self.times > 2 and not self.failed, f'no noise: {self.failed}'


def journal(mock):
    """The first client's entries, as far as they are to be the same."""
    connections = {}
    lines = []
    exchanges = mock.ctl('journal', '--client', 'kmip-client', '--limit', '1000', '--messages',
                         'none')['exchanges']
    for e in exchanges:
        n = connections.setdefault(e['connection'], len(connections) + 1)
        size = {k: e.get(k, {}).get('size') for k in ('request', 'reply')}
        lines.append((n, e.get('nth', 0), e.get('operations'), e.get('batch_item_id'),
                      str(e.get('result')), size['request'], size['reply'], e['faults'],
                      e.get('event')))
    return sorted(lines, key=lambda x: (x[0], x[1]))


def play(place, config, options, seed, noisy):
    todo = requests(place)
    # The journal has room for all that the others do, too.
    config += '\njournal: {exchanges: 100000, bytes: 1073741824}\n'
    with place.mock(config, seed=seed, options=options) as mock:
        def client():
            return [ask(mock, 'client', todo) for _ in range(CONNECTIONS)]
        if not noisy:
            return client(), journal(mock)
        with Noise(mock, todo) as noise:
            noise.loud()
            seen = client()
        return seen, journal(mock)


def differs(a, b):
    """The first line that does."""
    for x, y in zip(a, b):
        if x != y:
            return f'\n  {x}\n  {y}'
    return f': {len(a)} and {len(b)} lines' if len(a) != len(b) else ''


def compare(place, config, options, drawn):
    saw, wrote = play(place, config, options, 7, noisy=False)
    saw_again, wrote_again = play(place, config, options, 7, noisy=True)
    assert sum(bool(line[7]) for line in wrote) >= 1, f'no fault fired: {wrote[:3]}'
    why = differs(wrote, wrote_again)
    assert not why, f'with others about, the journal differs{why}'
    why = differs(saw, saw_again)
    assert not why, f'with others about, the client sees another thing{why}'
    if drawn:
        # An order that was drawn shows only at the client.
        sees, writes = play(place, config, options, 8, noisy=False)
        assert differs(wrote, writes) or differs(saw, sees), 'another seed gives the same'


def scenario(place, name, drawn):
    compare(place, '', ('--scenario', name), drawn)


TESTS = [(f'same: {name}', lambda place, a=(name, drawn): scenario(place, *a))
         for name, drawn in SCENARIOS]
TESTS.append(('same: all that is drawn', lambda place: compare(place, DRAWN, (), True)))
