"""Faults of the way replies leave, and of the connection.

Groups of replies have a max_wait that no busy machine reaches, and fill up before.
"""
from steps import Row, begin, ctl, end, order, requests, run

T = '--timeout 3'  # for those who wait in vain
HELD = 'held, and let go together'


def held(name, first, last, last_of_all=None):
    """Entries of one connection, of which some were held."""
    return '\n'.join(f'1/{i} Query [{name if first <= i <= last else ""}] '
                     f'{HELD if first <= i <= last else ""}'
                     for i in range(1, (last_of_all or last) + 1))


PIPE = [
    Row('reorder: reverse, by id', '{action: {reorder: {window: 4, max_wait: 60s, order: reverse}}}',
        [run('send q4.yaml', out=order('4 3 2 1'))], held('reorder', 1, 4)),
    Row('reorder: reverse, by position',
        '{action: {reorder: {window: 4, max_wait: 60s, order: reverse}}}',
        [run('send q4.yaml --match position', 3, 'message 1: invalid batch item ID: reply 1 of the '
             'connection carries 0404, the id of outstanding request 4 of 4; the oldest outstanding'
             ' one has 0101$')], held('reorder', 1, 4)),
    Row('reorder: nothing to mix at depth 1',
        '{action: {reorder: {window: 4, max_wait: 1ms, order: reverse}}}',
        [run('send q4.yaml --match position --pipeline-depth 1', out=order('1 2 3 4'))],
        held('', 1, 4).replace(HELD, '')),
    Row('reorder: a list', '{action: {reorder: {order: [2, 1, 3], max_wait: 60s}}}',
        [run('send q4.yaml', out=order('2 1 3 4'))], held('reorder', 1, 3, 4)),
    Row('reorder: from a request on',
        '{match: {nth: 2}, action: {reorder: {window: 3, max_wait: 60s, order: reverse}}}',
        [run('send q4.yaml', out=order('1 4 3 2'))], held('reorder', 2, 4)),
    Row('reorder: shuffled, drawn from the seed', '{action: {reorder: {window: 8, max_wait: 60s, '
        'order: shuffle}}}',
        [run('send q8.yaml', out=order('5 3 4 6 8 2 1 7'))], held('reorder', 1, 8)),
    Row('reorder: what is held leaves when its time is up',
        '{action: {reorder: {window: 4, max_wait: 2s, order: reverse}}}',
        [run('send q2.yaml', out=order('2 1'))], held('reorder', 1, 2)),

    Row('delay: fixed', '{action: {delay: {fixed: 1h}}}',
        [run(f'query {T}', 3, 'waited 3 s for a reply in vain$')],
        r'1/1 Query [delay] delayed by 3600000\.000 ms'),
    Row('delay: those behind wait', '{match: {nth: 1}, action: {delay: 100ms}}',
        [run('send q2.yaml', out=order('1 2'))],
        '''1/1 Query [delay] delayed by 100\\.000 ms
           1/2 Query []'''),
    Row('delay: uniform', '{action: {delay: {uniform: [10ms, 80ms]}}}', [run('query')],
        r'1/1 Query [delay] delayed by [1-7]\d\.\d{3} ms'),
    Row('delay: lognormal', '{action: {delay: {lognormal: {median: 20ms, sigma: 0.5}}}}',
        [run('query')], r'1/1 Query [delay] delayed by \d+\.\d{3} ms'),

    Row('coalesce', '{action: {coalesce: {count: 2, max_wait: 60s}}}',
        [run('send q2.yaml', out='(?s)(ms, in one TLS record with another reply:.*){2}')],
        held('coalesce', 1, 2)),
    Row('coalesce: three, from a request on',
        '{match: {nth: 2}, action: {coalesce: {count: 3, max_wait: 60s}}}',
        [run('send q4.yaml', out='Reply 1, [^,]*, after [0-9.]* ms:.*'
             '(ms, in one TLS record with another reply:.*){3}')],
        held('coalesce', 2, 4)),
    Row('coalesce: a reply alone', '{action: {coalesce: {count: 2, max_wait: 100ms}}}',
        [run('send q1.yaml', not_out='TLS record')], '1/1 Query []'),
    Row('split: sizes, and the rest', '{action: {split: {sizes: [8, 100]}}}',
        [run('send q1.yaml', out='ms, in 3 TLS records:')],
        '1/1 Query [split] sent in several records'),
    Row('split: one size', '{action: {split: 8}}',
        [run('send q2.yaml', out='ms, in 23 TLS records:.*Reply 2, .* ms:')],
        '''1/1 Query [split] sent in several records
           1/2 Query []'''),
    Row('split: with pauses', '{action: {split: {sizes: [8, 100], pause: 1h}}}',
        [run(f'send q1.yaml {T}', 3, 'waited 3 s for a reply: 8 of at '
             'least 184 bytes of a reply had come, the latest [0-9.]+ s before$')],
        '1/1 Query [split] sent in several records'),

    Row('duplicate', '{action: duplicate}',
        [run('bucket-key create a', 3, 'key .* was made but not activated: invalid batch item ID: '
             'reply 2 of the connection carries .*, the id of the reply before it: one request was '
             'answered twice$')],
        '''1/1 Create [duplicate] sent 1 times more
           1/2 Activate []'''),
    Row('duplicate: several, in a pipeline', '{match: {nth: 2}, action: {duplicate: {copies: 3}}}',
        [run('send q4.yaml', 3, 'message 3: invalid batch item ID: reply 3 of the connection '
             'carries 0202, the id of the reply before it', order('1 2'))],
        '''1/1 Query []
           1/2 Query [duplicate] sent 3 times more
           ?1/3 Query []
           ?1/4 Query []'''),
    Row('drop: by id', '{action: drop}',
        [run(f'send q4.yaml {T}', 3, 'message 1: waited 3 s for a reply in vain$',
             order('2 3 4'))],
        '''1/1 Query [drop] never sent
           1/2 Query []
           1/3 Query []
           1/4 Query []'''),
    Row('drop: by position', '{action: drop}',
        [run('send q4.yaml --match position', 3, 'message 1: invalid batch item ID: reply 1 of the '
             'connection carries 0202, the id of outstanding request 2 of 4')],
        '''1/1 Query [drop] never sent
           1/2 Query []
           ?1/3 Query []
           ?1/4 Query []'''),
    Row('swap_replies: by id', '{action: {swap_replies: {max_wait: 60s}}}',
        [run('send mixed.yaml', out=order('2 1') + r'.*' )],
        f'''1/1 Query [swap_replies] {HELD}
            1/2 Discover_Versions [swap_replies] {HELD}'''),
    Row('swap_replies: is a finding', '{action: {swap_replies: {max_wait: 60s}}}',
        [run('send mixed.yaml', out=r'to message 2 \(Discover Versions\).*finding: MUST message\.'
             r'operation .*expected Discover Versions.* found Query')],
        f'''1/1 Query [swap_replies] {HELD}
            1/2 Discover_Versions [swap_replies] {HELD}'''),
    Row('swap_replies: by position', '{action: {swap_replies: {max_wait: 60s}}}',
        [run('send q2.yaml --match position', 3, 'reply 1 of the connection carries 0202, the id '
             'of outstanding request 2 of 2; the oldest outstanding one has 0101$')],
        held('swap_replies', 1, 2)),
]

CLOSED = 'the server closed the connection; requests outstanding: 1$'
NOT_ACTIVATED = 'key .* was made but not activated: '
CONNECTION = [
    Row('close: before the reply', '{action: {close: {when: before}}}',
        [run('query', 3, CLOSED)], '1/1 Query [close] closed instead of the reply'),
    Row('close: behind the reply', '{action: {close: after}}',
        [run('bucket-key create a', 3, NOT_ACTIVATED + CLOSED)],
        '1/1 Create [close] closed behind the reply'),
    Row('close: the rest of a pipeline', '{match: {nth: 2}, action: {close: after}}',
        [run('send q8.yaml', 3, 'message 3: the server closed the connection; requests '
             'outstanding: 6$', order('1 2'))],
        '1/1 Query []\n1/2 Query [close] closed behind the reply\n' +
        '\n'.join(f'?1/{i} Query []' for i in range(3, 9))),
    Row('reset: before the reply', '{action: {reset: before}}',
        [run('query', 3, 'the server closed the connection before any reply: Connection reset by '
             'peer')],
        '1/1 Query [reset] reset instead of the reply'),
    Row('reset: behind the reply', '{action: {reset: {when: after}}}',
        [run('bucket-key create a', 3, NOT_ACTIVATED + 'the connection to the server broke: '
             '(Connection reset by peer|Broken pipe)')],
        '1/1 Create [reset] reset behind the reply'),
    # Unlike after a close, the second request is read and carried out.
    Row('half_close: behind the reply', '{action: half_close}',
        [run('bucket-key create a', 3, NOT_ACTIVATED + CLOSED)],
        '''1/1 Create [half_close] closed for sending behind the reply
           1/2 Activate []'''),
    Row('half_close: before the reply', '{action: {half_close: {when: before}}}',
        [run('query', 3, CLOSED)],
        '1/1 Query [half_close] closed for sending instead of the reply'),
    Row('close_after: in the middle of the reply', '{action: {close_after: 20}}',
        [run('query', 3, r'the server closed the connection in the middle of a reply: (?P<had>\d+) '
             r'of at least (?P<all>\d+) bytes had come \(offset 20\)$')],
        r'1/1 Query [close_after] closed after (?P<had>\d+) of (?P<all>\d+) bytes of the reply'),
    Row('close_after: in the middle of a length', '{action: {close_after: {bytes: 7}}}',
        [run('query', 3, 'in the middle of a reply: 7 of at least 8 bytes had come')],
        '1/1 Query [close_after] closed after 7 of 752 bytes of the reply'),
    Row('close_after: by a reset', '{action: {close_after: {bytes: 20, how: reset}}}',
        [run('query', 3, r'in the middle of a reply, of which (?P<had>\d+) of at least (?P<all>'
             r'\d+) bytes had come: the connection to the server broke: Connection reset by peer')],
        r'1/1 Query [close_after] reset after (?P<had>\d+) of (?P<all>\d+) bytes of the reply'),
    Row('stall: for good', '{action: stall}',
        [run(f'query {T}', 3, 'waited 3 s for a reply in vain$')],
        '1/1 Query [stall] nothing leaves any more after 0 bytes'),
    Row('stall: in the middle of the reply', '{action: {stall: {bytes: 100}}}',
        [run(f'query {T}', 3, r'(?P<had>\d+) of at least 752 bytes of a reply had come, the latest [0-9.]+ s before$')],
        r'1/1 Query [stall] nothing leaves any more after (?P<had>\d+) bytes'),
    Row('stall: for a time', '{action: {stall: {for: 200ms, bytes: 8}}}',
        [run('send q1.yaml', out='ms, in 2 TLS records:')],
        r'1/1 Query [stall] nothing leaves for 0\.200 s after 8 bytes'),
    Row('bandwidth: from the start', '{action: {bandwidth: {bytes_per_second: 1}}}',
        [run(f'query {T}', 3, 'waited 3 s for a reply in vain$')],
        '''1 - [bandwidth] limited to 1 bytes a second
           1/1 Query []'''),
    Row('bandwidth: from a request on', '{match: {operation: Activate}, action: {bandwidth: 1}}',
        [run(f'bucket-key create a {T}', 3, NOT_ACTIVATED + 'waited 3 s for a reply in vain$')],
        '''1/1 Create []
           1/2 Activate [bandwidth] limited to 1 bytes a second'''),
    Row('bandwidth: slow is not wrong', '{action: {bandwidth: 20000}}', [run('send q4.yaml')],
        '''1 - [bandwidth] limited to 20000 bytes a second
           1/1 Query []
           1/2 Query []
           1/3 Query []
           1/4 Query []'''),
    # The reply is lost, so that the client waits while the connection idles.
    Row('idle_close', '[{action: drop}, {action: {idle_close: {after: 30m}}}]',
        [begin('query --timeout 300'), requests(1), ctl('clock advance 30m'), end(3, CLOSED),
         run('query')],
        '''1 - [idle_close] closed for having been idle
           1/1 Query [drop] never sent
           2/1 Query []'''),
    Row('no_close_notify', '[{action: no_close_notify}, {action: close}]',
        [run('query', 3, 'the server closed the connection without a TLS close-notify; requests '
             'outstanding: 1$')],
        '''1 - [no_close_notify] closed without close-notify
           1/1 Query [close] closed instead of the reply'''),
]


def clock(name, spec, steps, more=''):
    entries = ''.join(f'\n1/{i} Query []' for i in range(1, 5))
    return Row('clock: ' + name, '{action: {clock: %s}}' % spec, steps,
               '1 - [clock] a clock of its own for this connection' + (more or entries))


def off(number):
    """So many of the replies have a Time Stamp that is far off."""
    return r'(finding: [^\n]* within a day of our.*){%d}' % number


def later(name, spec):
    """Right at first, and far off an hour later: so long the first reply is held."""
    return Row('clock: ' + name,
               '[{name: late, match: {nth: 1}, action: {delay: 1h}}, {action: {clock: %s}}]' % spec,
               [begin('send q4.yaml --pipeline-depth 1'), requests(2), ctl('clock advance 1h'),
                end(out='Reply 2, .*' + off(3))],
               '''1 - [clock] a clock of its own for this connection
                  1/1 Query [late] delayed by
                  1/2 Query []
                  1/3 Query []
                  1/4 Query []''')


CLOCK = [
    clock('behind', '{offset: -2d}', [run('send q4.yaml', out=off(4))]),
    clock('ahead', '{offset: +2d, applies_to: time_stamp}', [run('send q4.yaml', out=off(4))]),
    clock('stands still', '{freeze: 2001-02-03T04:05:06Z}',
          [run('send q4.yaml', out='(found 981173106 s.*){4}')]),
    clock('jumps', '{jumps: [{after: 2 requests, by: +2d}]}',
          [run('send q4.yaml', out='Reply 3, .*' + off(2), not_out=off(3))]),
    later('jumps after a time', '{jumps: [{after: 1h, by: +2d}]}'),
    later('strobes', '{strobe: {by: +2d, every: 40m}}'),
    later('runs fast', '{rate: 100}'),
    Row('clock: only of the life cycle',
        '{count: always, action: {clock: {freeze: 2001-02-03T04:05:06Z, applies_to: life_cycle}}}',
        [run('bucket-key create a', keep='key'),
         run('attributes $key "Initial Date"', out='Initial Date: 2001-02-03T04:05:06Z'),
         run('send q1.yaml', not_out='within a day')],
        '''1 - [clock] a clock of its own for this connection
           1/1 Create []
           1/2 Activate []
           2 - [clock] a clock of its own for this connection
           2/1 Get_Attributes []
           3 - [clock] a clock of its own for this connection
           3/1 Query []''', again='same'),
]

ALERTS = ['handshake_failure', 'bad_certificate', 'unsupported_certificate', 'certificate_expired',
          'certificate_unknown', 'illegal_parameter', 'unknown_ca', 'access_denied',
          'decode_error', 'protocol_version', 'insufficient_security', 'internal_error',
          'unrecognized_name']
REFUSED = "the server's certificate is refused: "
TLS = [
    Row('refuse: two connections', '{action: {refuse: {count: 2}}}',
        2 * [run('query', 3, 'the connection to the server broke in the TLS handshake: Connection '
                 'reset by peer|Connection reset by peer')],
        '''1 - [refuse] connection refused
           2 - [refuse] connection refused'''),
    Row('refuse: the second connection', '{match: {connection: 2}, action: refuse}',
        [run('query'), run('query', 3, 'Connection reset by peer')],
        '''1/1 Query []
           2 - [refuse] connection refused'''),
    Row('handshake_stall: for good', '{action: handshake_stall}',
        [run(f'query {T}', 3, 'waited 3 s for the TLS handshake in vain$')],
        '1 - [handshake_stall] the TLS hello is not answered'),
    Row('handshake_stall: for a time', '{action: {handshake_stall: {for: 200ms}}}',
        [run('query')],
        '''1 - [handshake_stall] the TLS hello is not answered
           1/1 Query []'''),
    Row('alert', '{action: alert}', [run('query', 3, r'(?P<which>handshake_failure) alert')],
        '1 - [alert] the TLS hello is answered with the alert (?P<which>.*)$'),
    *[Row('alert: ' + a, '{action: {alert: {description: %s}}}' % a,
          [run('query', 3, rf'(?P<which>{a}) alert')],
          '1 - [alert] the TLS hello is answered with the alert (?P<which>.*)$') for a in ALERTS],
    Row('certificate: expired', '{action: {certificate: {is: expired}}}',
        [run('query', 3, REFUSED + 'it has expired')],
        '1 - [certificate] server certificate: expired'),
    Row('certificate: not yet valid', '{action: {certificate: not_yet_valid}}',
        [run('query', 3, REFUSED + 'it is not yet valid')],
        '1 - [certificate] server certificate: not_yet_valid'),
    Row('certificate: another name', '{action: {certificate: wrong_name}}',
        [run('query', 3, REFUSED + r'it is for another name, not 127\.0\.0\.1 but somebody-else')],
        '1 - [certificate] server certificate: wrong_name'),
    Row('certificate: another authority', '{action: {certificate: unknown_ca}}',
        [run('query', 3, REFUSED + 'its issuer is not among the trusted ones')],
        '1 - [certificate] server certificate: unknown_ca'),
]
