"""Faults that change while a connection is open: in force, or gone, at once."""
from steps import Row, begin, ctl, end, order, requests, run

GONE = 'taken away: '


def taken_away(name, fault, journal):
    """Without the fault the client has its reply at once, and not an hour later."""
    action = fault.split(':')[0].strip('{')
    return Row(GONE + name, '{action: %s}' % fault,
               [begin('query'), requests(1), ctl(f'fault remove {action}'), end()], journal)


def passes(name, fault, journal, words='query', sent=1, **more):
    """After an hour of virtual time the client has its reply."""
    return Row('an hour passes: ' + name, '{action: %s}' % fault,
               [begin(words), requests(sent), ctl('clock advance 1h'), end(**more)], journal)


CHANGE = [
    taken_away('delay', '{delay: 1h}', '1/1 Query [delay] delayed by'),
    taken_away('stall', '{stall: {bytes: 20}}', '1/1 Query [stall] nothing leaves any more'),
    taken_away('pause of a split', '{split: {sizes: 8, pause: 1h}}', '1/1 Query [split] sent in'),
    taken_away('bandwidth', '{bandwidth: 1}',
               '''1 - [bandwidth] limited to 1 bytes a second
                  1/1 Query []'''),
    # What was held alone was not changed: the fault has had no effect.
    taken_away('reorder', '{reorder: {max_wait: 1h}}', '1/1 Query []'),
    taken_away('coalesce', '{coalesce: {max_wait: 1h}}', '1/1 Query []'),
    taken_away('swap_replies', '{swap_replies: {max_wait: 1h}}', '1/1 Query []'),
    taken_away('handshake_stall', 'handshake_stall',
               '''1 - [handshake_stall] the TLS hello is not answered
                  1/1 Query []'''),
    passes('delay', '{delay: 1h}', '1/1 Query [delay] delayed by'),
    passes('stall', '{stall: {bytes: 20, for: 1h}}', '1/1 Query [stall] nothing leaves for'),
    passes('pause of a split', '{split: {sizes: [8], pause: 1h}}', '1/1 Query [split] sent in',
           words='send q1.yaml', out='ms, in 2 TLS records:'),
    passes('reorder', '{reorder: {window: 4, max_wait: 1h, order: reverse}}',
           '''1/1 Query [reorder] held, and let go together
              1/2 Query [reorder] held, and let go together''',
           words='send q2.yaml', sent=2, out=order('2 1')),
    passes('handshake_stall', '{handshake_stall: 1h}',
           '''1 - [handshake_stall] the TLS hello is not answered
              1/1 Query []'''),
    Row('an hour passes: limits.idle', '[{action: drop}]',
        [begin('query --timeout 300'), requests(1), ctl('clock advance 1h'),
         end(3, 'the server closed the connection'), run('query')],
        '''1/1 Query [drop] never sent
           2/1 Query []''', config='limits: {idle: 30m}'),
    Row(GONE + 'all, for others', '[{action: {delay: 1h}}, {action: result, count: always}]',
        [begin('query'), requests(1),
         ctl('fault set "[{name: lost, action: close}]"'),
         end(1, 'General Failure'), run('query', 3, 'the server closed the connection'),
         run('query')],
        '''1/1 Query [delay, result]
           2/1 Query [lost] closed instead
           3/1 Query []'''),
    Row('added: idle_close', '[{action: drop}]',
        [begin('query --timeout 300'), requests(1),
         ctl('fault add "{action: {idle_close: 30m}}"'), ctl('clock advance 30m'),
         end(3, 'the server closed the connection'), run('query')],
        '''1 - [idle_close] closed for having been idle
           1/1 Query [drop] never sent
           2/1 Query []'''),
    Row('reset: counts as at the start', '{action: result}',
        [run('query', 1), run('query'), ctl('fault reset'), run('query', 1), run('query')],
        '''1/1 Query [result]
           2/1 Query []
           3/1 Query [result]
           4/1 Query []'''),
    Row('reset: scenarios as at the start',
        '{match: {state: {scenario: power, is: started}}, action: result, count: always, '
        'then: off}',
        [run('query', 1), run('query'), ctl('fault reset'), run('query', 1), run('query')],
        '''1/1 Query [result]
           2/1 Query []
           3/1 Query [result]
           4/1 Query []'''),
]
