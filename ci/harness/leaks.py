"""Secrets in what programs put out: as they are, in hexadecimal of either case, spaced or not,
and in base64 wherever its groups begin.

    found = Search(secrets)
    found.in_bytes(data)    # [(how, secret)]
"""
import base64
import re

PIECE = 8         # bytes in a row that no chance explains
FEW = 5           # different ones of them that there must be


class Search:
    def __init__(self, secrets):
        self.pieces = {}
        for secret in secrets:
            for at in range(len(secret) - PIECE + 1):
                piece = secret[at:at + PIECE]
                if len(set(piece)) >= FEW:
                    self.pieces.setdefault(piece, secret)

    def _in(self, data):
        for at in range(len(data) - PIECE + 1):
            secret = self.pieces.get(data[at:at + PIECE])
            if secret:
                return secret
        return None

    def _forms(self, data):
        yield 'raw', data
        for run in re.findall(rb'(?:[0-9a-fA-F]{2}[ :]?){%d,}' % PIECE, data):
            digits = re.sub(rb'[ :]', b'', run)
            for odd in (0, 1):  # a run may begin with a digit that is not of it
                some = digits[odd:]
                yield 'hex', bytes.fromhex(some[:len(some) & ~1].decode())
        for run in re.findall(rb'[A-Za-z0-9+/]{%d,}' % (PIECE * 4 // 3 + 4), data):
            for first in range(4):
                some = run[first:]
                yield 'base64', base64.b64decode(some[:len(some) & ~3])

    def in_bytes(self, data):
        return [(how, secret) for how, secret in
                ((how, self._in(form)) for how, form in self._forms(data)) if secret]
