#!/usr/bin/python3
"""Walks a key through its life with PyKMIP's own client, over KMIP 1.2.

The server is named by KMIP_HOST, KMIP_PORT and KMIP_CERTS (a folder with
kmip-ca.pem, kmip-cert.pem and kmip-key.pem). Each step prints one line; exit 0
when every answer was right, 1 at the first that was not, 2 without a server's name.
"""
import logging
import os
import sys
import uuid
import warnings

warnings.simplefilter('ignore')  # PyKMIP 0.10 uses calls that Python 3.11 deprecates

from kmip.core import enums  # noqa: E402
from kmip.core.attributes import Name  # noqa: E402
from kmip.core.factories.attributes import AttributeFactory  # noqa: E402
from kmip.pie import client as pie  # noqa: E402
from kmip.pie.exceptions import KmipOperationFailure  # noqa: E402

PARAMETERS = {'cryptographic_algorithm': enums.CryptographicAlgorithm.AES,
              'block_cipher_mode': enums.BlockCipherMode.CBC,
              'padding_method': enums.PaddingMethod.PKCS5}
PLAIN = b'thirty-two bytes of plain text !'
IV = bytes(16)


class Wrong(Exception):
    """The server's answer is not what it should be."""


def want(what, got, expected):
    if got != expected:
        raise Wrong('%s: got %r, expected %r' % (what, got, expected))


def refused(what, reason, call):
    """The operation has to fail, and for this reason."""
    try:
        call()
    except KmipOperationFailure as e:
        want(what + ': result reason', e.reason, reason)
        return
    raise Wrong(what + ': succeeded, expected ' + reason.name)


class Walk:
    """One key, named afresh in each run; the steps stand in order below."""

    def __init__(self, client):
        self.client = client
        self.name = 'pykmip-client-' + uuid.uuid4().hex
        self.uid = self.cipher = None

    def connect(self):
        self.client.open()
        return 'TLS'

    def create(self):
        self.uid = self.client.create(
            enums.CryptographicAlgorithm.AES, 256, name=self.name,
            cryptographic_usage_mask=[enums.CryptographicUsageMask.ENCRYPT,
                                      enums.CryptographicUsageMask.DECRYPT])
        if not self.uid:
            raise Wrong('no unique identifier')
        return 'key %s' % self.uid

    def state(self, expected):
        _, found = self.client.get_attributes(self.uid, ['State'])
        want('number of attributes', len(found), 1)
        want('State', found[0].attribute_value.value, expected)

    def encrypt_too_early(self):
        self.state(enums.State.PRE_ACTIVE)
        refused('Encrypt', enums.ResultReason.PERMISSION_DENIED,
                lambda: self.client.encrypt(PLAIN, self.uid, PARAMETERS, IV))
        return 'a Pre-Active key does not encrypt'

    def activate(self):
        self.client.activate(self.uid)
        self.state(enums.State.ACTIVE)
        return 'State Active'

    def encrypt(self):
        self.cipher, _ = self.client.encrypt(PLAIN, self.uid, PARAMETERS, IV)
        want('length of the ciphertext', len(self.cipher), 48)
        return '%d bytes to %d' % (len(PLAIN), len(self.cipher))

    def decrypt(self):
        want('plain text', self.client.decrypt(self.cipher, self.uid, PARAMETERS, IV), PLAIN)
        return 'the plain text is back'

    def locate(self):
        name = AttributeFactory().create_attribute(
            enums.AttributeType.NAME,
            Name.create(self.name, enums.NameType.UNINTERPRETED_TEXT_STRING))
        want('found', self.client.locate(attributes=[name]), [self.uid])
        return 'by Name'

    def get(self):
        key = self.client.get(self.uid)
        want('Cryptographic Algorithm', key.cryptographic_algorithm, enums.CryptographicAlgorithm.AES)
        want('Cryptographic Length', key.cryptographic_length, 256)
        want('length of the key', len(key.value), 32)
        return 'AES, 256 bits'

    def get_attributes(self):
        names = ['Cryptographic Algorithm', 'Cryptographic Length', 'Name', 'Object Type']
        uid, found = self.client.get_attributes(self.uid, names)
        want('Unique Identifier', uid, self.uid)
        want('attributes', sorted(a.attribute_name.value for a in found), names)
        return ', '.join(names)

    def get_attribute_list(self):
        found = self.client.get_attribute_list(self.uid)
        for name in ('Cryptographic Usage Mask', 'Initial Date', 'State', 'Unique Identifier'):
            if name not in found:
                raise Wrong('no %s among %s' % (name, ', '.join(found)))
        return '%d names' % len(found)

    def destroy_too_early(self):
        refused('Destroy', enums.ResultReason.PERMISSION_DENIED,
                lambda: self.client.destroy(self.uid))
        return 'an Active key is not destroyed'

    def revoke(self):
        self.client.revoke(enums.RevocationReasonCode.CESSATION_OF_OPERATION, self.uid, 'done')
        self.state(enums.State.DEACTIVATED)
        return 'State Deactivated'

    def destroy(self):
        self.client.destroy(self.uid)
        return 'destroyed'

    STEPS = (connect, create, encrypt_too_early, activate, encrypt, decrypt, locate, get,
             get_attributes, get_attribute_list, destroy_too_early, revoke, destroy)


def main():
    logging.disable(logging.CRITICAL)
    missing = [v for v in ('KMIP_HOST', 'KMIP_PORT', 'KMIP_CERTS') if not os.environ.get(v)]
    if missing:
        print('not set: ' + ', '.join(missing), file=sys.stderr)
        return 2
    certs = os.environ['KMIP_CERTS']
    client = pie.ProxyKmipClient(
        hostname=os.environ['KMIP_HOST'], port=int(os.environ['KMIP_PORT']),
        cert=certs + '/kmip-cert.pem', key=certs + '/kmip-key.pem', ca=certs + '/kmip-ca.pem',
        config_file=None, kmip_version=enums.KMIPVersion.KMIP_1_2)
    walk = Walk(client)
    for step in Walk.STEPS:
        try:  # whatever PyKMIP raises, a connection cut or a reply it cannot read too
            print('ok   %-20s %s' % (step.__name__, step(walk)), flush=True)
        except Exception as e:
            print('FAIL %-20s %s: %s' % (step.__name__, type(e).__name__, e), flush=True)
            return 1
    client.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
