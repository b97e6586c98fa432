#!/usr/bin/python3
"""ci/package/confined.py UNIT COMMAND...: runs COMMAND with the system calls that the systemd unit
UNIT leaves it, as nobody when called by root. A call that is not left kills it, as it would
there (SIGSYS), whatever SystemCallErrorNumber of the unit says: here it is to be noticed."""
import ctypes
import os
import platform
import struct
import subprocess
import sys

ARCHITECTURES = {'x86_64': 0xC000003E, 'aarch64': 0xC00000B7} # AUDIT_ARCH_* of <linux/audit.h>
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_KILL_PROCESS = 0x7FFF0000, 0x80000000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06 # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
AT_NUMBER, AT_ARCHITECTURE = 0, 4              # in struct seccomp_data
NOBODY = 65534


def members(name):
    """The system calls of a set (@...), by systemd's own list."""
    if not name.startswith('@'):
        return {name}
    listed = subprocess.run(['systemd-analyze', 'syscall-filter', name], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.split('\n')[1:]
    words = [w.strip() for w in listed if w.strip() and not w.strip().startswith('#')]
    return set().union(*(members(w) for w in words))


def left(unit):
    """Names that the lines SystemCallFilter= of a unit leave, which begin with those they allow."""
    names = members('@default')
    with open(unit, encoding='utf-8') as f:
        lines = [line.strip().split('=', 1)[1] for line in f if line.startswith('SystemCallFilter=')]
    if not lines:
        raise SystemExit('%s: no SystemCallFilter' % unit)
    for line in lines:
        listed = set().union(*(members(w) for w in line.lstrip('~').split()))
        names = names - listed if line.startswith('~') else names | listed
    return names


def numbers():
    text = subprocess.run(['cc', '-E', '-dM', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null'],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [line.split() for line in text.splitlines() if line.startswith('#define __NR_')]
    return {w[1][5:]: int(w[2]) for w in found if len(w) == 3 and w[2].isdigit()}


def program(unit):
    """The filter as BPF: kills unless the architecture is ours and the number is listed."""
    known = numbers()
    steps = [(LOAD, 0, 0, AT_ARCHITECTURE), (JUMP_IF_EQUAL, 1, 0, ARCHITECTURES[platform.machine()]),
             (RETURN, 0, 0, RET_KILL_PROCESS), (LOAD, 0, 0, AT_NUMBER)]
    for number in sorted(known[n] for n in left(unit) if n in known):
        steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, RET_ALLOW)]
    steps.append((RETURN, 0, 0, RET_KILL_PROCESS))
    return len(steps), b''.join(struct.pack('=HBBI', *s) for s in steps)


def main(unit, *command):
    n, code = program(unit)
    instructions = ctypes.create_string_buffer(code, len(code))
    head = struct.pack('@HP', n, ctypes.addressof(instructions)) # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0)):
        if libc.prctl(*call):
            raise SystemExit('prctl: ' + os.strerror(ctypes.get_errno()))
    os.execv(command[0], command)


if __name__ == '__main__':
    main(*sys.argv[1:])
