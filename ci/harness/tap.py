"""Stands between a client and the mock, under TLS with both, and keeps the messages that pass
and the secrets in them."""
import select
import socket
import ssl
import struct
import threading

import kmip

OPERATION, PAYLOADS = 0x42005C, (0x420079, 0x42007C)
BATCH_ITEM, PUBLIC_KEY, CERTIFICATE = 0x42000F, 0x42006D, 0x420013
KEY_MATERIAL, PASSWORD, DATA, OPAQUE_DATA = 0x420043, 0x4200A1, 0x4200C2, 0x420053
ENCRYPT, DECRYPT = 31, 32
LEAST = 12  # bytes of a secret that is worth a search


def bytes_in(value):
    """Every byte string in a field."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, list):
        for _, v in value:
            yield from bytes_in(v)


def secrets_in(fields, operation=None, response=False):
    for tag, value in fields:
        if tag in (PUBLIC_KEY, CERTIFICATE):
            continue
        if tag == KEY_MATERIAL or tag == PASSWORD or \
                (tag == DATA and operation == (DECRYPT if response else ENCRYPT)):
            yield from bytes_in(value)
        elif isinstance(value, list):
            yield from secrets_in(value, kmip.find(value, OPERATION) if tag == BATCH_ITEM
                                  else operation, response or tag == 0x42007B)


class Tap:
    def __init__(self, port, pki):
        self.there, self.pki = port, pki
        self.messages, self.secrets = [], set()
        self.here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.here.load_cert_chain(f'{pki}/server/kmip-cert.pem', f'{pki}/server/kmip-key.pem')
        self.out = ssl.create_default_context(cafile=f'{pki}/client/kmip-ca.pem')
        self.out.load_cert_chain(f'{pki}/client/kmip-cert.pem', f'{pki}/client/kmip-key.pem')
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            raw = self.socket.accept()[0]
            threading.Thread(target=self.connection, args=(raw,), daemon=True).start()

    def connection(self, raw):
        try:
            a = self.here.wrap_socket(raw, server_side=True)
            b = self.out.wrap_socket(socket.create_connection(('127.0.0.1', self.there)),
                                     server_hostname='127.0.0.1')
        except OSError:
            raw.close()
            return
        try:
            self.pass_on(a, b)
        except OSError:
            pass
        a.close()
        b.close()

    def pass_on(self, a, b):
        """Until one of the two ends; one thread for both, as TLS wants it."""
        held = {a: b'', b: b''}
        while True:
            for source in [s for s in (a, b) if s.pending()] or select.select([a, b], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                held[source] = self.keep(held[source] + data)
                (b if source is a else a).sendall(data)

    def keep(self, data):
        """Takes the whole messages off; what cannot be read any more is kept as it is."""
        while len(data) >= 8 and data[:2] == b'\x42\x00':
            n = 8 + struct.unpack('>I', data[4:8])[0]
            if len(data) < n:
                break
            message, data = data[:n], data[n:]
            self.messages.append(message)
            try:
                self.secrets |= {s for s in secrets_in(kmip.parse(message)) if len(s) >= LEAST}
            except (AssertionError, IndexError, RecursionError, struct.error, UnicodeDecodeError):
                pass  # a fault broke it; what was in it was in another
        return data
