"""Files of messages that rows send, and requests as bytes."""


def item(operation, number, payload):
    return f'''
      - Operation: {operation}
        Unique Batch Item ID: "{number:02x}{number:02x}"
        Request Payload: {payload}'''


def message(*items):
    return f'''- Request Message:
    Request Header: {{Protocol Version: 1.2, Batch Count: {len(items)}}}
    Batch Item:{''.join(items)}
'''


def query(number):
    return item('Query', number, '{Query Function: Query Server Information}')


def discover(number):
    return item('Discover Versions', number, '{}')


FILES = {
    **{f'q{n}.yaml': ''.join(message(query(i)) for i in range(1, n + 1))
       for n in (1, 2, 4, 8, 20)},
    'mixed.yaml': message(query(1)) + message(discover(2)),
    'mixed-items.yaml': message(query(1), discover(2)),
    'two-items.yaml': message(query(1), query(2)),
}


# --- as bytes -----------------------------------------------------------------------

KEY = '''{Object Type: Symmetric Key, Template-Attribute: {Attributes:
          {Cryptographic Algorithm: AES, Cryptographic Length: 256,
           Cryptographic Usage Mask: Encrypt | Decrypt, x-bucket: one}}}'''
KNOWN = '''{Object Type: Symmetric Key, Template-Attribute: {Attributes:
          {Cryptographic Usage Mask: Encrypt | Decrypt}},
          Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value:
            {Key Material: 000102030405060708090a0b0c0d0e0f},
            Cryptographic Algorithm: AES, Cryptographic Length: 128}}}'''
CIPHER = '''{Cryptographic Parameters: {Block Cipher Mode: CBC, Padding Method: PKCS5,
          Cryptographic Algorithm: AES}, Data: 00112233445566778899aabbccddeeff00,
          IV/Counter/Nonce: 00000000000000000000000000000000}'''


def create(number):
    return item('Create', number, KEY)


def flow(number):
    """A key from its Create to its Destroy, by the ID Placeholder, in one batch. Of the
    key itself, which is drawn by chance, nothing is asked."""
    return message(create(number), item('Activate', number + 1, '{}'),
                   item('Get Attributes', number + 2, '{Attribute Name: [State, Activation Date, '
                        'Initial Date, x-bucket, Lease Time]}'),
                   item('Get Attribute List', number + 3, '{}'),
                   item('Revoke', number + 4, '{Revocation Reason: {Revocation Reason Code: '
                        'Cessation of Operation}}'),
                   item('Destroy', number + 5, '{}'))


def cipher(number):
    """A key whose material is known, so that its ciphertext is."""
    return message(item('Register', number, KNOWN), item('Activate', number + 1, '{}'),
                   item('Encrypt', number + 2, CIPHER), item('Get', number + 3, '{}'))


def encode(place, name, text):
    """The messages of a YAML list, each as bytes."""
    from wire import split
    place.file(name, text)
    return list(split(place.output('encode', name)))
