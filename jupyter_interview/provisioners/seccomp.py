"""Which system calls has a kernel no business with?

A small filter for what widens the attack surface or hides memory from the limits: kernel keyrings, eBPF, io_uring, new
namespaces and mounts, tracing, System V shared memory. The forbidden calls fail with ``EPERM``, or with ``ENOSYS``
where a library then takes another way. Classic BPF as ``seccomp(2)`` and ``bwrap --seccomp`` want it.
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_ANY_BIT = 0x45
_JUMP_AT_LEAST = 0x35
_RETURN = 0x06

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL = 0x80000000

_NUMBER = 0
_ARCHITECTURE = 4
_FIRST_ARGUMENT = 16
_X32 = 0x40000000

#: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

#: Calls with one number on all processors since the table was unified (io_uring and later).
_COMMON = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
}

_X86_64 = {
    "shmget": 29,
    "ptrace": 101,
    "pivot_root": 155,
    "mount": 165,
    "umount2": 166,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "unshare": 272,
    "perf_event_open": 298,
    "open_by_handle_at": 304,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "memfd_create": 319,
    "bpf": 321,
    "userfaultfd": 323,
}

_AARCH64 = {
    "shmget": 194,
    "ptrace": 117,
    "pivot_root": 41,
    "mount": 40,
    "umount2": 39,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "unshare": 97,
    "perf_event_open": 241,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "memfd_create": 279,
    "bpf": 280,
    "userfaultfd": 282,
}

#: machine → AUDIT_ARCH, numbers of the refused calls, number of ``clone``
_MACHINES = {
    "x86_64": (0xC000003E, _X86_64, 56),
    "aarch64": (0xC00000B7, _AARCH64, 220),
}
_CLONE3 = 435
_NOT_THERE = frozenset({"memfd_create", "io_uring_setup", "io_uring_enter", "io_uring_register"})


def program(machine: str | None = None) -> bytes | None:
    """The filter as an array of ``struct sock_filter``; ``None`` for a processor without a table."""
    known = _MACHINES.get(platform.machine() if machine is None else machine)
    if known is None:
        return None
    architecture, refused, clone = known
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32, 0, 1),
        _step(_RETURN, _KILL),
    ]
    for name, number in {**refused, **_COMMON}.items():
        answer = errno.ENOSYS if name in _NOT_THERE else errno.EPERM
        code += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | answer)]
    # clone3 hides its flags from a filter; without it libraries use clone, whose flags can be seen
    code += [_step(_JUMP_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    code += [
        _step(_JUMP_EQUAL, clone, 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)
