#!/usr/bin/python3
"""A peer that is no proper KMIP server: what clients must survive.

    ci/tls-peer.py MODE CERTS READY

CERTS holds the server's kmip-ca.pem, kmip-cert.pem and kmip-key.pem. Listens on
loopback, writes its port to the file READY, and treats every connection as MODE says:

    tcp-silent    accepts, and does not even shake hands
    tcp-http      answers the TLS hello in plain HTTP
    tcp-close     hangs up when the TLS hello has come
    silent        shakes hands, then reads and says nothing
    http          answers with an HTTP page, within TLS
    garbage       answers with bytes that are no message
    close         hangs up when the request has come
    half-close    shakes hands, then sends no more but goes on reading
    cut           hangs up in the middle of a reply
    trickle       sends a reply a byte at a time, and never the last ones
    huge          announces a reply of four gigabytes
    empty         answers with a Response Message without anything in it
    other-version answers as a server of KMIP 9.0 does
    thrice        answers Discover Versions, and sends the same twice more
"""
import os
import socket
import ssl
import sys
import threading
import time

HTTP = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'
EMPTY = bytes.fromhex('42007b0100000000')
# Response Message {Response Header {Protocol Version 9.0, Time Stamp, Batch Count 1},
# Batch Item {Operation Failed, Invalid Message}}
VERSION_9 = bytes.fromhex(
    '42007b0100000078'
    '42007a0100000048'
    '4200690100000020' '42006a02000000040000000900000000' '42006b02000000040000000000000000'
    '4200920900000008000000005f000000' '42000d02000000040000000100000000'
    '42000f0100000020' '42007f05000000040000000100000000' '42007e05000000040000000400000000')
# Response Message {Response Header {Protocol Version 1.2, Time Stamp, Batch Count 1},
# Batch Item {Discover Versions, Success, Response Payload {Protocol Version 1.2}}}
VERSION_2 = bytes.fromhex(
    '42007b01000000a8'
    '42007a0100000048'
    '4200690100000020' '42006a02000000040000000100000000' '42006b02000000040000000200000000'
    '4200920900000008000000005f000000' '42000d02000000040000000100000000'
    '42000f0100000050' '42005c05000000040000001e00000000' '42007f05000000040000000000000000'
    '42007c0100000028'
    '4200690100000020' '42006a02000000040000000100000000' '42006b02000000040000000200000000')
LATER = 3600


def read_request(tls):
    head = b''
    while len(head) < 8:
        more = tls.recv(8 - len(head))
        if not more:
            return
        head += more
    left = int.from_bytes(head[4:8], 'big')
    while left > 0:
        more = tls.recv(min(left, 65536))
        if not more:
            return
        left -= len(more)


def answer(mode, tls):
    if mode == 'half-close':
        socket.socket.shutdown(tls, socket.SHUT_WR)
        time.sleep(LATER)
    read_request(tls)
    if mode == 'silent':
        time.sleep(LATER)
    elif mode == 'http':
        tls.sendall(HTTP)
    elif mode == 'garbage':
        tls.sendall(bytes(range(256)))
    elif mode == 'cut':
        tls.sendall(VERSION_9[:60])
    elif mode == 'trickle':
        for i in range(len(VERSION_9) - 4):
            tls.sendall(VERSION_9[i:i + 1])
            time.sleep(0.01)
        time.sleep(LATER)
    elif mode == 'huge':
        tls.sendall(bytes.fromhex('42007b01fffffff8'))
        time.sleep(LATER)
    elif mode == 'empty':
        tls.sendall(EMPTY)
        time.sleep(LATER)
    elif mode == 'other-version':
        tls.sendall(VERSION_9)
        time.sleep(LATER)
    elif mode == 'thrice':
        tls.sendall(3 * VERSION_2)
        time.sleep(LATER)


def serve(mode, context, conn):
    try:
        if mode == 'tcp-silent':
            time.sleep(LATER)
        elif mode == 'tcp-http':
            conn.recv(64)
            conn.sendall(HTTP)
        elif mode == 'tcp-close':
            # All of it is read: closing on unread bytes would be a reset, or not, by chance.
            conn.recv(65536)
        else:
            with context.wrap_socket(conn, server_side=True) as tls:
                answer(mode, tls)
    except OSError:
        pass
    finally:
        conn.close()


def main():
    mode, certs, ready = sys.argv[1:4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs + '/kmip-cert.pem', certs + '/kmip-key.pem')
    with socket.create_server(('127.0.0.1', 0)) as listener:
        with open(ready + '.new', 'w') as f:
            f.write(str(listener.getsockname()[1]))
        os.rename(ready + '.new', ready)
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=serve, args=(mode, context, conn), daemon=True).start()


main()
