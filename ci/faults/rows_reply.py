"""Faults of one reply: its fields, its bytes, and what the server makes of a request."""
from steps import Row, ctl, order, requests, run, begin, end

T = '--timeout 3'  # for those who wait in vain
FINDING = 'finding: MUST '

FIELDS = [
    Row('result: status, reason, message; nothing is carried out',
        '{match: {operation: Create}, action: {result: {status: Operation Failed, '
        'reason: Permission Denied, message: no, performed: false}}}',
        [run('create', 1, 'the server refused Create: Operation Failed, Permission Denied: no$'),
         run('locate', out='^$')],
        '''1/1 Create [result] answered Operation Failed, Permission Denied
           2/1 Locate []'''),
    Row('result: carried out all the same',
        '{match: {operation: Create}, action: {result: {performed: true}}}',
        [run('create', 1, 'Operation Failed, General Failure: injected fault result$'),
         run('locate', out='^[0-9a-f-]{36}$')],
        '''1/1 Create [result] answered Operation Failed, General Failure
           2/1 Locate []'''),
    Row('result: by its reason alone', '{action: {result: Item Not Found}}',
        [run('query', 1, 'the server refused Query: Operation Failed, Item Not Found: ')],
        '1/1 Query [result] answered Operation Failed, Item Not Found'),
    Row('result: by its name alone', '{name: any, action: result}',
        [run('query', 1, 'Operation Failed, General Failure: injected fault any$')],
        '1/1 Query [any] answered Operation Failed, General Failure'),
    Row('result: Success where there is none', '{action: {result: {status: Success}}}',
        [run('get nobody', 3, 'the reply to Get has no Response Payload$')],
        '1/1 Get [result] answered Success', again='usual'),
    Row('result: pending', '{action: {result: {status: Operation Pending, message: later}}}',
        [run('query', 1, 'the server refused Query: Operation Pending, .*: later$')],
        '1/1 Query [result] answered Operation Pending'),

    Row('set: a Time Stamp',
        '{action: {set: {field: Response Header/Time Stamp, value: 2001-02-03T04:05:06Z}}}',
        [run('send q1.yaml', out='finding: .*within a day of our.* found 981173106 s')],
        '1/1 Query [set] Response Header/Time Stamp set'),
    Row('set: an operation', '{action: {set: {field: Batch Item/Operation, value: Get}}}',
        [run('query', 3, 'the reply to Query is one to Get$')],
        '1/1 Query [set] Batch Item/Operation set'),
    Row('insert: at the end',
        '{action: {insert: {field: Response Header/Batch Count, value: 1, position: last}}}',
        [run('send q1.yaml', out=FINDING + r'schema\.\w+ .*Batch Count')],
        '1/1 Query [insert] Response Header/Batch Count inserted'),
    Row('insert: at the start',
        '{match: {operation: Query}, action: {insert: {field: Batch Item/Response Payload/'
        'Vendor Identification, value: nobody, position: first}}}',
        [run('send q1.yaml', out=r'Response Payload\n +Vendor Identification: "nobody"')],
        '1/1 Query [insert] Batch Item/Response Payload/Vendor Identification inserted'),
    Row('remove: a Time Stamp', '{action: {remove: {field: Response Header/Time Stamp}}}',
        [run('send q1.yaml', out=FINDING + r'schema\.missing .*expected Time Stamp in Response '
             'Header')],
        '1/1 Query [remove] Response Header/Time Stamp removed'),
    Row('move: to the end', '{action: {move: {field: Response Header/Time Stamp, position: last}}}',
        [run('send q1.yaml', out=FINDING + r'schema\.order .*found Time Stamp behind Batch Count')],
        '1/1 Query [move] Response Header/Time Stamp moved'),
    Row('move: to the start', '{action: {move: {field: Batch Item/Result Status, position: first}}}',
        [run('send q1.yaml', out=FINDING + r'schema\.order .*behind Result Status')],
        '1/1 Query [move] Batch Item/Result Status moved'),
    Row('repeat: a field twice', '{action: {repeat: {field: Batch Item/Result Status}}}',
        [run('send q1.yaml', out=FINDING + r'schema\.repeat .*Batch Item/Result Status\[1\]')],
        '1/1 Query [repeat] Batch Item/Result Status repeated'),
    Row('overwrite: a value by its field',
        '{action: {overwrite: {field: Response Header/Batch Count, bytes: "00000002"}}}',
        [run('send q1.yaml', out=FINDING + r'message\.batch_count ')],
        '1/1 Query [overwrite] value at offset 72 overwritten'),
    Row('overwrite: the first value of a type',
        '{action: {overwrite: {type: Enumeration, bytes: "7fffffff"}}}',
        [run('send q1.yaml', out=FINDING)],
        '1/1 Query [overwrite] value at offset 96 overwritten'),
    Row('remove: a Unique Identifier',
        '{match: {operation: Create}, action: {remove: Batch Item/Response Payload/'
        'Unique Identifier}}',
        [run('create', 3, 'the reply to Create has no Unique Identifier$'),
         run('bucket-key create a')],
        '''1/1 Create [remove] Batch Item/Response Payload/Unique Identifier removed
           2/1 Create []
           2/2 Activate []'''),
    Row('remove: a Result Status', '{action: {remove: Batch Item/Result Status}}',
        [run('query', 3, 'the reply to Query has no Result Status$')],
        '1/1 Query [remove] Batch Item/Result Status removed'),
    Row('remove: the second Batch Item', "{action: {remove: 'Batch Item[1]'}}",
        [run('send two-items.yaml', out=FINDING + r'message\.batch_count .*found 1')],
        r'1/1 Query+Query [remove] Batch Item\[1\] removed'),

    Row('wrong_batch_id: by id', '{action: wrong_batch_id}',
        [run('send q4.yaml', 3, 'message 1: invalid batch item ID: reply 1 of the connection '
             'carries fefe, the id of no outstanding request$')],
        '''1/1 Query [wrong_batch_id] Unique Batch Item ID changed
           ?1/2 Query []
           ?1/3 Query []
           ?1/4 Query []'''),
    Row('wrong_batch_id: by position', '{action: wrong_batch_id}',
        [run('query --match position', 3, 'invalid batch item ID: reply 1 of the connection carries'
             ' [0-9a-f]{32}, the id of no outstanding request; the oldest outstanding one has ')],
        '1/1 Query [wrong_batch_id] Unique Batch Item ID changed'),
    Row('no_batch_id: by id', '{action: no_batch_id}',
        [run('send q2.yaml', out=order('1 2') + '.*')],
        '''1/1 Query [no_batch_id] Unique Batch Item ID left out
           1/2 Query []'''),
    Row('no_batch_id: is a finding', '{action: no_batch_id}',
        [run('send q1.yaml', out=FINDING + r'message\.\w+ .*expected .*0101.* found ')],
        '1/1 Query [no_batch_id] Unique Batch Item ID left out'),
    Row('no_batch_id: by position', '{action: no_batch_id}',
        [run('query --match position', 3, 'invalid batch item ID: reply 1 of the connection '
             'carries no id; the oldest outstanding one has ')],
        '1/1 Query [no_batch_id] Unique Batch Item ID left out'),

    Row('wrong_type: of the Result Status', '{action: wrong_type}',
        [run('query', 3, 'Result Status in the reply to Query is of type Integer, not '
             'Enumeration$')],
        '1/1 Query [wrong_type] Batch Item/Result Status given type 0x02'),
    Row('wrong_type: by name',
        '{action: {wrong_type: {field: Response Header/Time Stamp, type: Interval}}}',
        [run('query', 3, r'reply to Query: Interval has length 8, expected length 4 \(offset 56, '
             'Response Message/Response Header/Time Stamp')],
        '1/1 Query [wrong_type] Response Header/Time Stamp given type 0x0A'),
    Row('wrong_type: by number',
        '{action: {wrong_type: {field: Batch Item/Operation, type: 0x0C}}}',
        [run('query', 3, r'item type is 0C, expected 01 to 0A \(offset 96, '
             'Response Message/Batch Item/Operation')],
        '1/1 Query [wrong_type] Batch Item/Operation given type 0x0C'),
    Row('wrong_version', '{action: wrong_version}',
        [run('send q1.yaml', out=FINDING + r'message\.\w*version\w* .*expected (KMIP )?1\.2.*'
             r'found (KMIP )?9\.9')],
        r'1/1 Query [wrong_version] Protocol Version 9\.9'),
    Row('wrong_version: an older one', "{action: {wrong_version: {version: '1.0'}}}",
        [run('send q1.yaml', out=FINDING + r'message\.\w*version\w* .*found (KMIP )?1\.0')],
        r'1/1 Query [wrong_version] Protocol Version 1\.0'),
]

CUT = r'cut to (?P<had>\d+) of (?P<all>\d+) bytes'
BYTES = [
    Row('truncate: what is left', '{action: {truncate: {at: 20}}}',
        [run(f'query {T}', 3, r'waited 3 s for a reply: (?P<had>20) of '
             r'at least (?P<all>\d+) bytes of a reply had come, the latest [0-9.]+ s before$')],
        f'1/1 Query [truncate] {CUT}'),
    Row('truncate: what is missing', '{action: {truncate: -3}}',
        [run(f'query {T}', 3, r'(?P<had>\d+) of at least (?P<all>\d+) bytes of a reply had come')],
        f'1/1 Query [truncate] {CUT}'),
    Row('truncate: all', '{action: {truncate: 0}}',
        [run(f'query {T}', 3, 'waited 3 s for a reply in vain$')],
        '1/1 Query [truncate] cut to 0 of'),
    Row('truncate: another reply follows', '{action: {truncate: 20}}',
        [run('send q2.yaml', 3, 'reply 2 of the connection, if reply 1 was as long as it said: '
             'not a KMIP message')],
        '''1/1 Query [truncate] cut to 20 of
           1/2 Query []'''),
    Row('corrupt: the root', '{action: {corrupt: {offset: 0, bits: 1}}}',
        [run('query', 3, 'not a KMIP message: it begins with 43 00 7B')],
        '1/1 Query [corrupt] 1 bits flipped'),
    Row('corrupt: a tag', '{action: {corrupt: {offset: 10, bits: 3}}}',
        [run('query', 3, 'reply to Query: message has no Response Header')],
        '1/1 Query [corrupt] 3 bits flipped'),
    Row('corrupt: drawn bits', '{action: {corrupt: {bits: 20}}}',
        [run('query', 3, 'reply to Query: .*offset \\d+, Response Message')],
        '1/1 Query [corrupt] 20 bits flipped',
        config='clock: {freeze: 2024-02-29T12:00:00Z}'),
    Row('length: of an item, too much', '{action: {length: {field: Batch Item, plus: 8}}}',
        [run('query', 3, r'item declares length (?P<says>\d+), expected at most the (?P<is>\d+) '
             r'bytes that are left for it \(offset 88, Response Message/Batch Item')],
        r'1/1 Query [length] length of Batch Item is (?P<says>\d+) instead of (?P<is>\d+)'),
    Row('length: of the message, too much', '{action: {length: {plus: 8}}}',
        [run(f'query {T}', 3, '752 of at least 760 bytes of a reply had come, the latest [0-9.]+ s before$')],
        '1/1 Query [length] length of the message is 752 instead of 744'),
    Row('length: of the message, too little', '{action: {length: {minus: 8}}}',
        [run('query', 3, r'item declares length 656, expected at most the 648 bytes that are left '
             r'for it \(offset 88')],
        '1/1 Query [length] length of the message is 736 instead of 744'),
    Row('length: of the message, another reply follows', '{action: {length: {minus: 8}}}',
        [run('send q2.yaml', 3, 'reply 2 of the connection, if reply 1 was as long as it said')],
        '''1/1 Query [length] length of the message is
           ?1/2 Query []'''),
    Row('length: of the message, huge', '{action: {length: {huge: true}}}',
        [run('query', 3, r'message declares (?P<says>\d+) bytes, the limit is \d+ \(offset 4')],
        r'1/1 Query [length] length of the message is (?P<says>\d+) instead of 744'),
    Row('length: of an item, huge',
        '{action: {length: {field: Batch Item/Operation, huge: true}}}',
        [run('query', 3, r'item declares length (?P<says>\d+), .*Response Message/Batch Item/'
             'Operation')],
        r'1/1 Query [length] length of Batch Item/Operation is (?P<says>\d+) instead of 4'),
    Row('bad_padding: the first', '{action: bad_padding}',
        [run('send q1.yaml', out=r'finding: SHOULD ttlv\.padding .*at offset (?P<at>\d+)')],
        r'1/1 Query [bad_padding] padding at offset (?P<at>\d+) filled with 0xFF'),
    Row('bad_padding: of a field',
        '{action: {bad_padding: {field: Batch Item/Operation, byte: 254}}}',
        [run('send q1.yaml', out=r'ttlv\.padding .*at offset (?P<at>96), Response Message/Batch '
             'Item/Operation')],
        r'1/1 Query [bad_padding] padding at offset (?P<at>\d+) filled with 0xFE'),
    Row('not_ttlv: HTTP', '{action: {not_ttlv: {as: http}}}',
        [run('query', 3, r'not a KMIP message: .*\(this looks like an HTTP response\)')],
        '1/1 Query [not_ttlv] answered in HTTP'),
    Row('not_ttlv: XML', '{action: {not_ttlv: xml}}',
        [run('query', 3, r'not a KMIP message: .*\(this looks like XML\)')],
        '1/1 Query [not_ttlv] answered in XML'),
]

MADE = dict(keep='key')
COMPOUND = 'bucket-key create --compound-create a'
LABELLED = 'bucket-key create --bucket-attribute x-bucket abcdefg'
BEHAVIOUR = [
    Row('compound_create: rejected', '{action: {compound_create: {is: reject}}}',
        [run(COMPOUND, 1, 'the server refused Create: Operation Failed, Invalid Field: Activation '
             'Date is not taken with Create here')],
        '1/1 Create [compound_create] Activation Date of Create: reject'),
    Row('compound_create: ignored', '{action: {compound_create: ignore}}',
        [run(COMPOUND, **MADE),
         run('attributes $key State', out='State: Pre-Active'),
         run('bucket-key cipher $key', 1, 'refused Encrypt: .*the object is Pre-Active',
             data='data')],
        '''1/1 Create [compound_create] Activation Date of Create: ignore
           2/1 Get_Attributes []
           3/1 Encrypt []'''),
    Row('compound_create: later', '{action: {compound_create: {is: delay, by: 90s}}}',
        [run(COMPOUND, **MADE),
         run('bucket-key cipher $key', 1, 'refused Encrypt: .*the object is Pre-Active',
             data='data'),
         ctl('clock advance 91s'),
         run('bucket-key cipher $key', data='data')],
        '''1/1 Create [compound_create] Activation Date moved by 90 s
           2/1 Encrypt []
           3/1 Encrypt []'''),
    Row('compound_create: is not for two steps', '{action: {compound_create: reject}}',
        [run('bucket-key create a'), run(COMPOUND, 1, 'refused Create')],
        '''1/1 Create []
           1/2 Activate []
           2/1 Create [compound_create] Activation Date of Create: reject'''),
    Row('custom_attributes: rejected', '{action: {custom_attributes: {is: reject}}}',
        [run(LABELLED, 1, 'refused Create: .*custom attributes such as "x-bucket" are not taken')],
        '1/1 Create [custom_attributes] custom attributes: reject'),
    Row('custom_attributes: ignored', '{action: {custom_attributes: ignore}}',
        [run(LABELLED, **MADE), run('attributes $key x-bucket', not_out='x-bucket')],
        '''1/1 Create [custom_attributes] custom attributes: ignore
           1/2 Activate []
           2/1 Get_Attributes []'''),
    Row('custom_attributes: truncated', '{action: {custom_attributes: {is: truncate, length: 3}}}',
        [run(LABELLED, **MADE), run('attributes $key x-bucket', out='x-bucket: abc$')],
        '''1/1 Create [custom_attributes] custom attributes: truncate
           1/2 Activate []
           2/1 Get_Attributes []'''),
    Row('activate: delayed', '{action: {activate: {is: delayed, by: 90s}}}',
        [run('bucket-key create a', **MADE),
         run('bucket-key cipher $key', 1, 'refused Encrypt: .*the object is Pre-Active',
             data='data'),
         ctl('clock advance 91s'),
         run('bucket-key cipher $key', data='data')],
        '''1/1 Create []
           1/2 Activate [activate] Activate takes effect 90 s later
           2/1 Encrypt []
           3/1 Encrypt []'''),
    # Between the requests a day passes: the first reply is held until it has.
    Row('session_revoked: after a day without requests',
        '[{name: hold, match: {nth: 1}, action: {reorder: {window: 2, max_wait: 1h}}}, '
        '{action: {session_revoked: {after: 24h, message: connect again}}}]',
        [begin('send q4.yaml --pipeline-depth 1'), requests(1), ctl('clock advance 24h'),
         ctl('fault remove hold'),
         end(1, '(.*message [234]: the server refused Query: Operation Failed, General Failure: '
             'connect again\n?){3}', order('1 2 3 4')),
         run('send q4.yaml')],
        '''1/1 Query []
           1/2 Query [session_revoked] General Failure until the client reconnects
           1/3 Query [session_revoked] General Failure until the client reconnects
           1/4 Query [session_revoked] General Failure until the client reconnects
           2/1 Query []
           2/2 Query []
           2/3 Query []
           2/4 Query []'''),
    Row('not_supported: though announced',
        '{action: {not_supported: {operations: [Locate, Check]}}}',
        [run('locate', 1, 'refused Locate: Operation Failed, Operation Not Supported: '),
         run('query operations', out='Locate')],
        '''1/1 Locate [not_supported] refused as not supported
           2/1 Query []'''),
    Row('hidden: though it works', '{action: {hidden: {operations: Locate}}}',
        [run('query operations', not_out='Locate'), run('locate')],
        '''1/1 Query [hidden] operations left out of Query
           2/1 Locate []'''),
]
