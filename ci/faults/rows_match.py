"""What a fault is matched against, and how often it fires."""
from steps import Row, ctl, run

DRAWN = (3, 5, 6, 7, 8, 9, 12, 15, 19, 20)  # by seed 7, of 20 requests
FAILS = dict(code=1, err='General Failure')


def refused(words='query', **more):
    return run(words, **FAILS, **more)


MATCH = [
    Row('operation', '{match: {operation: Create}, action: result}',
        [refused('create'), run('query')],
        '''1/1 Create [result]
           2/1 Query []'''),
    Row('operation: another comes first', '{match: {operation: [Locate, Create]}, action: result}',
        [run('query'), refused('locate'), run('create')],
        '''1/1 Query []
           2/1 Locate [result]
           3/1 Create []'''),
    Row('operation: of any item of a batch', '{match: {operation: Discover Versions}, '
        'action: result}',
        [refused('send mixed-items.yaml')], '1/1 Query+Discover_Versions [result]'),
    Row('nth of the connection', '{match: {nth: 2}, count: 2, action: result}',
        [refused('send q4.yaml'), run('query'), refused('send q2.yaml'), run('send q2.yaml')],
        '''1/1 Query []
           1/2 Query [result]
           1/3 Query []
           1/4 Query []
           2/1 Query []
           3/1 Query []
           3/2 Query [result]
           4/1 Query []
           4/2 Query []'''),
    Row('nth of those of an operation', '{match: {operation: Query, nth: 2}, action: result}',
        [run('send mixed.yaml'), refused('send q4.yaml')],
        '''1/1 Query []
           1/2 Discover_Versions []
           2/1 Query []
           2/2 Query [result]
           2/3 Query []
           2/4 Query []'''),
    Row('nth of the server', '{match: {nth: 3, of: server}, action: result}',
        [run('query'), run('query', who='other'), refused(), run('query', who='other')],
        '''1/1 Query []
           2/1 Query []
           3/1 Query [result]
           4/1 Query []'''),
    Row('connection', '{match: {connection: 2}, action: result}',
        [run('query'), refused(), run('query')],
        '''1/1 Query []
           2/1 Query [result]
           3/1 Query []'''),
    Row('connection of a client', '{match: {client: kmip-client, connection: 2}, action: result}',
        [run('query'), run('query', who='other'), run('query', who='other'), refused()],
        '''1/1 Query []
           2/1 Query []
           3/1 Query []
           4/1 Query [result]'''),
    Row('client', '{match: {client: kmip-other}, action: result}',
        [run('query'), refused(who='other'), run('query', who='other')],
        '''1/1 Query []
           2/1 Query [result]
           3/1 Query []'''),
    Row('client: by a pattern', "{match: {client: '*-oth?r'}, action: result}",
        [run('query'), refused(who='other')],
        '''1/1 Query []
           2/1 Query [result]'''),
    Row('unique_identifier', '{match: {unique_identifier: key-active}, action: result}',
        [run('attributes key-deactivated State'), refused('attributes key-active State'),
         run('attributes key-active State')],
        '''1/1 Get_Attributes []
           2/1 Get_Attributes [result]
           3/1 Get_Attributes []''', config='preload: states'),
    Row('several at once',
        '{match: {operation: Get Attributes, nth: 2, client: kmip-client, '
        'unique_identifier: key-active}, action: result}',
        [run('attributes key-active State', who='other'),
         run('attributes key-deactivated State'),
         run('attributes key-active State')],
        '''1/1 Get_Attributes []
           2/1 Get_Attributes []
           3/1 Get_Attributes []''', config='preload: [states, {identifier: x}]'),
    Row('state of a scenario, and then',
        '[{name: dies, match: {operation: Create, state: {scenario: power, is: started}}, '
        'action: close, then: off}, '
        '{name: down, match: {state: {scenario: power, is: off}}, action: refuse, '
        'then: {scenario: power, is: boot}}, '
        '{name: boots, match: {state: {scenario: power, is: boot}}, action: result, count: 2, '
        'then: boot}]',
        [run('query'), run('create', 3, 'the server closed the connection'),
         run('query', 3, 'Connection reset by peer'), refused(), refused(), run('query')],
        '''1/1 Query []
           2/1 Create [dies] closed instead
           3 - [down] connection refused
           4/1 Query [boots]
           5/1 Query [boots]
           6/1 Query []'''),
    Row('state that is set from outside',
        '{match: {state: {scenario: power, is: low}}, action: result}',
        [run('query'), ctl('scenario set power low'), refused(), run('query')],
        '''1/1 Query []
           2/1 Query [result]
           3/1 Query []'''),
]

OFTEN = [
    Row('count: one by default', '{action: result}', [refused(), run('query')],
        '''1/1 Query [result]
           2/1 Query []'''),
    Row('count', '{action: result, count: 3}',
        [refused(), refused('send q4.yaml'), run('query')],
        '''1/1 Query [result]
           2/1 Query [result]
           2/2 Query [result]
           2/3 Query []
           2/4 Query []
           3/1 Query []'''),
    Row('count: always', '{action: result, count: always}', 3 * [refused()],
        '''1/1 Query [result]
           2/1 Query [result]
           3/1 Query [result]''', again='same'),
    Row('count: what had no effect does not count',
        '{action: {remove: Batch Item/Response Payload/Unique Identifier}}',
        [run('query'), run('create', 3, 'no Unique Identifier')],
        '''1/1 Query []
           2/1 Create [remove]'''),
    Row('per client', '{action: result, per: client}',
        [refused(), refused(who='other'), run('query'), run('query', who='other')],
        '''1/1 Query [result]
           2/1 Query [result]
           3/1 Query []
           4/1 Query []'''),
    Row('per connection', '{action: result, per: connection}',
        [refused('send q2.yaml'), refused('send q2.yaml', who='other')],
        '''1/1 Query [result]
           1/2 Query []
           2/1 Query [result]
           2/2 Query []''', again='same'),
    Row('per server', '{action: result, per: server}',
        [refused(who='other'), run('query'), run('query', who='other')],
        '''1/1 Query [result]
           2/1 Query []
           3/1 Query []'''),
    Row('probability, drawn from the seed', '{action: result, count: always, probability: 50%}',
        [run('send q20.yaml', 1, '.*'.join(f'message {i}:' for i in DRAWN))],
        '\n'.join(f'1/{i} Query [{"result" if i in DRAWN else ""}]' for i in range(1, 21)),
        again='nothing'),
    Row('probability: never', '{action: result, count: always, probability: 0}', [run('query')],
        '1/1 Query []'),
    Row('probability: each time', '{action: result, probability: 1}', [refused()],
        '1/1 Query [result]'),
    Row('several faults at one request',
        '[{name: late, action: {delay: 10ms}}, {name: odd, action: wrong_version}, '
        '{name: cut, action: {close_after: 100}}]',
        [run('query', 3, 'in the middle of a reply: 100 of at least 752 bytes')],
        '1/1 Query [late, odd, cut] closed after 100 of 752'),
]
