"""A client that sees TLS records: what it sends is put in records as it says, and what
comes is handed over record by record, with the record's head."""
import socket
import ssl
import struct
import time

CHUNK = 65536
APPLICATION_DATA = 23


class Wire:
    def __init__(self, mock, who='client', patience=60):
        self.end = time.monotonic() + patience
        certs = mock.place.certs(who)
        context = ssl.create_default_context(cafile=f'{certs}/kmip-ca.pem')
        context.load_cert_chain(f'{certs}/kmip-cert.pem', f'{certs}/kmip-key.pem')
        self.socket = socket.create_connection((mock.host, mock.port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.coming, self.going, server_hostname=mock.host)
        self.raw = b''     # of the record that has not come in full
        self.data = b''    # of the message that has not come in full
        self.how = None    # the connection ended: 'closed', 'cut' or 'reset'
        self.records = []  # (type, version, length, bytes in it) of those with data
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                if not self.feed():
                    raise ConnectionError('no handshake')
        self.flush()

    def flush(self):
        data = self.going.read()
        if data:
            self.socket.sendall(data)

    def feed(self):
        """Gives one more record to TLS; its head, or None when there are no more."""
        while len(self.raw) < 5 or len(self.raw) < 5 + struct.unpack('>H', self.raw[3:5])[0]:
            left = self.end - time.monotonic()
            assert left > 0, 'what comes does not come to an end'
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(CHUNK)
            except ConnectionResetError:
                self.how = 'reset'
                return None
            if not more:
                self.how = self.how or 'cut'
                return None
            self.raw += more
        head = struct.unpack('>BHH', self.raw[:5])
        self.coming.write(self.raw[:5 + head[2]])
        self.raw = self.raw[5 + head[2]:]
        return head

    def record(self):
        """The next record with data in it; b'' at the end."""
        while not self.how:
            head = self.feed()
            if not head:
                break
            try:
                data = self.tls.read(CHUNK)
            except ssl.SSLWantReadError:
                continue  # a ticket
            except ssl.SSLZeroReturnError:
                data = b''
            if not data:
                self.how = 'closed'
                break
            self.records.append((*head, data))
            return data
        return b''

    def send(self, *messages):
        """All in one record, as far as they fit."""
        self.tls.write(b''.join(messages))
        self.flush()

    def reply(self):
        """The next whole message; what there is of it at the end."""
        while len(self.data) < 8 or len(self.data) < 8 + struct.unpack('>I', self.data[4:8])[0]:
            more = self.record()
            if not more:
                rest, self.data = self.data, b''
                return rest
            self.data += more
        n = 8 + struct.unpack('>I', self.data[4:8])[0]
        message, self.data = self.data[:n], self.data[n:]
        return message

    def no_more(self):
        """Ends our side of the connection; replies still come."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def rest(self):
        """All messages until the connection ends."""
        messages = []
        while True:
            m = self.reply()
            if not m:
                return messages
            messages.append(m)

    def close(self):
        self.socket.close()


def split(data):
    """Messages that stand one behind the other."""
    while data:
        n = 8 + struct.unpack('>I', data[4:8])[0]
        yield data[:n]
        data = data[n:]
