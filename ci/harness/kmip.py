"""A KMIP 1.2 client of a hundred lines, which shares no code with the programs: requests as
nested lists, replies likewise.

    c = Connection(port, certs)
    c.request([create(...), activate()])   # -> [Answer, Answer]
"""
import socket
import ssl
import struct

STRUCTURE, INTEGER, LONG, BIG, ENUM, BOOLEAN, TEXT, BYTES, DATE = range(1, 10)
SUCCESS, FAILED, PENDING, UNDONE = range(4)

CREATE, REGISTER, LOCATE, GET, GET_ATTRIBUTES = 1, 3, 8, 10, 11
ADD_ATTRIBUTE, MODIFY_ATTRIBUTE, DELETE_ATTRIBUTE = 13, 14, 15
ACTIVATE, REVOKE, DESTROY = 18, 19, 20
PRE_ACTIVE, ACTIVE, DEACTIVATED, COMPROMISED, DESTROYED, DESTROYED_COMPROMISED = range(1, 7)

ATTRIBUTE, NAME_OF, VALUE_OF, UID = 0x420008, 0x42000A, 0x42000B, 0x420094


def item(tag, kind, value):
    if kind == STRUCTURE:
        value = b''.join(value)
    elif kind in (INTEGER, ENUM):
        value = struct.pack('>i', value)
    elif kind in (LONG, BOOLEAN, DATE):
        value = struct.pack('>q', value)
    elif kind == TEXT:
        value = value.encode()
    return (tag.to_bytes(3, 'big') + bytes([kind]) + struct.pack('>I', len(value)) + value +
            bytes(-len(value) % 8))


def parse(data):
    """[(tag, value)] of what stands side by side; a structure's value is such a list."""
    found, at = [], 0
    while at < len(data):
        tag, kind = int.from_bytes(data[at:at + 3], 'big'), data[at + 3]
        n = struct.unpack('>I', data[at + 4:at + 8])[0]
        value = data[at + 8:at + 8 + n]
        assert len(value) == n, 'a field longer than what it stands in'
        if kind == STRUCTURE:
            value = parse(value)
        elif kind in (INTEGER, ENUM, LONG, BOOLEAN, DATE):
            value = int.from_bytes(value, 'big')
        elif kind == TEXT:
            value = value.decode()
        found.append((tag, value))
        at += 8 + n + -n % 8
    return found


def find(fields, *tags):
    """The first field of this path, or None."""
    for tag in tags:
        fields = next((v for t, v in fields or [] if t == tag), None)
    return fields


def structure(tag, *fields):
    return item(tag, STRUCTURE, fields)


def text(tag, value):
    return item(tag, TEXT, value)


def enum(tag, value):
    return item(tag, ENUM, value)


# --- attributes ---------------------------------------------------------------------

def attribute(name, value, index=None):
    return structure(ATTRIBUTE, text(NAME_OF, name),
                     *([item(0x420009, INTEGER, index)] if index is not None else []), value)


def custom(name, value):
    return attribute(name, text(VALUE_OF, value))


def named(name):
    return attribute('Name', structure(VALUE_OF, text(0x420055, name), enum(0x420054, 1)))


def attributes_of(payload):
    """{name: value} of a reply; a Name is its Name Value."""
    found = {}
    for tag, fields in payload or []:
        if tag == ATTRIBUTE:
            value = find(fields, VALUE_OF)
            found[find(fields, NAME_OF)] = value[0][1] if isinstance(value, list) else value
    return found


# --- requests -----------------------------------------------------------------------

def uid_field(uid):
    return [] if uid is None else [text(UID, uid)]  # else the ID Placeholder


def create(*attributes):
    return CREATE, [enum(0x420057, 2), structure(
        0x420091, attribute('Cryptographic Algorithm', enum(VALUE_OF, 3)),
        attribute('Cryptographic Length', item(VALUE_OF, INTEGER, 128)),
        attribute('Cryptographic Usage Mask', item(VALUE_OF, INTEGER, 12)), *attributes)]


def register(key, *attributes):
    return REGISTER, [enum(0x420057, 2), structure(
        0x420091, attribute('Cryptographic Usage Mask', item(VALUE_OF, INTEGER, 12)), *attributes),
        structure(0x42008F, structure(
            0x420040, enum(0x420042, 1), structure(0x420045, item(0x420043, BYTES, key)),
            enum(0x420028, 3), item(0x42002A, INTEGER, 8 * len(key))))]


def simple(operation, uid=None, *more):
    return operation, [*uid_field(uid), *more]


def revoke(uid=None):
    return simple(REVOKE, uid, structure(0x420081, enum(0x420082, 5)))


def locate(*attributes):
    return LOCATE, list(attributes)


def get_attributes(uid, *names):
    return simple(GET_ATTRIBUTES, uid, *(text(NAME_OF, n) for n in names))


class Answer:
    def __init__(self, fields):
        self.status, self.reason = find(fields, 0x42007F), find(fields, 0x42007E)
        self.message, self.payload = find(fields, 0x42007D), find(fields, 0x42007C)
        self.ok = self.status == SUCCESS
        self.uid = find(self.payload, UID)

    def __str__(self):
        return 'Success' if self.ok else f'status {self.status}, reason {self.reason}: {self.message}'


class Connection:
    """Anything that ends it is an OSError."""

    def __init__(self, port, certs, patience=60):
        context = ssl.create_default_context(cafile=f'{certs}/kmip-ca.pem')
        context.load_cert_chain(f'{certs}/kmip-cert.pem', f'{certs}/kmip-key.pem')
        raw = socket.create_connection(('127.0.0.1', port), timeout=patience)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls = context.wrap_socket(raw, server_hostname='127.0.0.1')
        except OSError:
            raw.close()
            raise

    def read(self, n):
        data = b''
        while len(data) < n:
            more = self.tls.recv(n - len(data))
            if not more:
                raise ConnectionError('the server closed the connection')
            data += more
        return data

    def request(self, items, option=None):
        """The answers; option: Batch Error Continuation Option (1 Continue, 2 Stop, 3 Undo)."""
        batch = [structure(0x42000F, enum(0x42005C, operation),
                           *([item(0x420093, BYTES, struct.pack('>I', i))] if len(items) > 1 else []),
                           structure(0x420079, *payload))
                 for i, (operation, payload) in enumerate(items)]
        version = structure(0x420069, item(0x42006A, INTEGER, 1), item(0x42006B, INTEGER, 2))
        header = structure(0x420077, version, *([enum(0x42000E, option)] if option else []),
                           item(0x42000D, INTEGER, len(items)))
        self.tls.sendall(structure(0x420078, header, *batch))
        head = self.read(8)
        assert head[:4] == b'\x42\x00\x7b\x01', 'no Response Message'
        fields = parse(self.read(struct.unpack('>I', head[4:])[0]))
        return [Answer(v) for t, v in fields if t == 0x42000F]

    def close(self):
        self.tls.close()
