#!/usr/bin/python3
"""Runs a command against Debian's PyKMIP server.

    ci/interop/pykmip-server.py [--log FILE] DIR -- COMMAND...

DIR holds the certificates that `kmip-mock --pki DIR` makes: DIR/server for the
server, DIR/client for the command. The server listens on loopback, on a free
port, with all it writes in a temporary folder. COMMAND finds it by KMIP_HOST,
KMIP_PORT, KMIP_CERTS (and KMIP_CA, KMIP_CERT, KMIP_KEY); its exit code is ours.
Exit code 70: the server could not be started.

PyKMIP 0.10 wants auth_suite=TLS1.2 (its default suite is TLS 1.0) and client
certificates with the clientAuth usage.
"""
import argparse
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HOST = '127.0.0.1'
START_SECONDS = 30
CONFIG = """[server]
hostname={host}
port={port}
certificate_path={certs}/server/kmip-cert.pem
key_path={certs}/server/kmip-key.pem
ca_path={certs}/server/kmip-ca.pem
auth_suite=TLS1.2
policy_path={work}/policies
enable_tls_client_auth=True
logging_level=INFO
database_path={work}/pykmip.db
"""
# live_policies=False: no watching of a folder that never changes.
SERVER = ('import sys; from kmip.services.server.server import KmipServer\n'
          'with KmipServer(config_path=sys.argv[1], log_path=sys.argv[2]) as s: s.serve()')


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def start(work, certs, port, output):
    config = os.path.join(work, 'server.conf')
    os.makedirs(os.path.join(work, 'policies'), exist_ok=True)
    with open(config, 'w') as f:
        f.write(CONFIG.format(host=HOST, port=port, certs=certs, work=work))
    return subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', SERVER, config, os.path.join(work, 'server.log')],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)


def answers(certs, port):
    """A whole handshake with the client's certificate, as the command will do it."""
    context = ssl.create_default_context(cafile=certs + '/client/kmip-ca.pem')
    context.load_cert_chain(certs + '/client/kmip-cert.pem', certs + '/client/kmip-key.pem')
    try:
        with socket.create_connection((HOST, port), timeout=5) as s:
            with context.wrap_socket(s, server_hostname='localhost'):
                return True
    except (ConnectionError, socket.timeout):
        return False


def wait_ready(server, certs, port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if answers(certs, port):
            return True
        time.sleep(0.05)
    return False


def stop(server):
    """The server's process group: it starts a helper process of its own, and
    joins its connection threads for 10 s each before it ends, so it is not asked."""
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    server.wait()


def run(command, certs, port):
    client = os.path.join(certs, 'client')
    env = dict(os.environ, KMIP_HOST=HOST, KMIP_PORT=str(port), KMIP_CERTS=client,
               KMIP_CA=client + '/kmip-ca.pem', KMIP_CERT=client + '/kmip-cert.pem',
               KMIP_KEY=client + '/kmip-key.pem')
    code = subprocess.call(command, env=env)
    return code if code >= 0 else 128 - code


def show(work, log):
    """What the server had to say, for somebody who looks for the reason."""
    for name in ('output.txt', 'server.log'):
        path = os.path.join(work, name)
        if os.path.exists(path):
            with open(path, errors='replace') as f:
                log.write(f.read())


def parse():
    parser = argparse.ArgumentParser(usage='%(prog)s [--log FILE] DIR -- COMMAND...')
    parser.add_argument('--log', metavar='FILE', help='keep what the server writes')
    parser.add_argument('dir', metavar='DIR')
    parser.add_argument('command', metavar='COMMAND', nargs=argparse.REMAINDER)
    args = parser.parse_args()
    if args.command[:1] == ['--']:
        del args.command[0]
    if not args.command:
        parser.error('no COMMAND')
    for name in ('server/kmip-cert.pem', 'client/kmip-cert.pem'):
        if not os.path.exists(os.path.join(args.dir, name)):
            parser.error('%s/%s is missing: kmip-mock --pki %s makes it' % (args.dir, name, args.dir))
    return args


def main():
    args = parse()
    certs = os.path.abspath(args.dir)
    # A signal to us must not leave the server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix='pykmip-') as work:
        port = free_port()
        with open(os.path.join(work, 'output.txt'), 'w') as output:
            server = start(work, certs, port, output)
        try:
            if not wait_ready(server, certs, port):
                print('the PyKMIP server did not start (package python3-pykmip):', file=sys.stderr)
                show(work, sys.stderr)
                return 70
            print('ready pykmip-server host=%s port=%d certs=%s/client' % (HOST, port, certs),
                  flush=True)
            return run(args.command, certs, port)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            stop(server)
            if args.log:
                with open(args.log, 'w') as log:
                    show(work, log)


if __name__ == '__main__':
    sys.exit(main())
