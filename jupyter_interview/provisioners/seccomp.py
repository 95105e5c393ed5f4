"""Which system calls has a kernel no business with?

A small filter for what widens the attack surface or hides memory from the limits: kernel keyrings, eBPF, io_uring, new
namespaces and mounts, tracing, sockets that no network namespace holds, memory that no process seems to have. The
forbidden calls fail with ``EPERM``, or with another error where a library then takes another way. Classic BPF as
``seccomp(2)`` and ``bwrap --seccomp`` want it.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct

_LOAD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_ANY_BIT = 0x45
_JUMP_AT_LEAST = 0x35
_AND = 0x54
_RETURN = 0x06

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL = 0x80000000

_NUMBER = 0
_ARCHITECTURE = 4
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
    "memfd_secret": 447,
}

_X86_64 = {
    "shmget": 29,
    "semget": 64,
    "msgget": 68,
    "ptrace": 101,
    "pivot_root": 155,
    "mount": 165,
    "umount2": 166,
    "add_key": 248,
    "request_key": 249,
    "io_setup": 206,
    "keyctl": 250,
    "inotify_init": 253,
    "unshare": 272,
    "inotify_init1": 294,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "open_by_handle_at": 304,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "memfd_create": 319,
    "bpf": 321,
    "userfaultfd": 323,
}

_AARCH64 = {
    "io_setup": 0,
    "shmget": 194,
    "semget": 190,
    "msgget": 186,
    "ptrace": 117,
    "pivot_root": 41,
    "mount": 40,
    "umount2": 39,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "inotify_init1": 26,
    "unshare": 97,
    "perf_event_open": 241,
    "fanotify_init": 262,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "memfd_create": 279,
    "bpf": 280,
    "userfaultfd": 282,
}

#: machine → AUDIT_ARCH, numbers of the refused calls, numbers of the calls that depend on their arguments
_MACHINES = {
    "x86_64": (0xC000003E, _X86_64, {"clone": 56, "socket": 41, "socketpair": 53, "mmap": 9}),
    "aarch64": (0xC00000B7, _AARCH64, {"clone": 220, "socket": 198, "socketpair": 199, "mmap": 222}),
}
_CLONE3 = 435

#: What a refused call answers, where that is not EPERM.
_ANSWERS = {
    **dict.fromkeys(("memfd_create", "memfd_secret", "io_setup"), errno.ENOSYS),
    **dict.fromkeys(("io_uring_setup", "io_uring_enter", "io_uring_register"), errno.ENOSYS),
    # watches count for the server's own user, who would be left without
    **dict.fromkeys(("inotify_init", "inotify_init1"), errno.EMFILE),
}

#: Of all families, vsock among them, only these are held by a network namespace, or reach nothing.
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
_AF_NETLINK = 16
_NETLINK_ROUTE = 0

#: MAP_SHARED and MAP_SHARED_VALIDATE with MAP_ANONYMOUS: memory that stays when no process has it mapped any more
_MAPPING = 0x2F
_SHARED_NOTHING = (0x21, 0x23)


def program(machine: str | None = None) -> bytes | None:
    """The filter as an array of ``struct sock_filter``; ``None`` for a processor without a table."""
    known = _MACHINES.get(platform.machine() if machine is None else machine)
    if known is None:
        return None
    architecture, refused, special = known
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32, 0, 1),
        _step(_RETURN, _KILL),
    ]
    for name, number in {**refused, **_COMMON}.items():
        code += _if_call(number, [_refuse(_ANSWERS.get(name, errno.EPERM))])
    # clone3 hides its flags from a filter; without it libraries use clone, whose flags can be seen
    code += _if_call(_CLONE3, [_refuse(errno.ENOSYS)])
    code += _if_call(
        special["clone"],
        [_argument(0), _step(_JUMP_ANY_BIT, _NEW_NAMESPACES, 0, 1), _refuse(errno.EPERM), _step(_RETURN, _ALLOW)],
    )
    for name in ("socket", "socketpair"):
        code += _if_call(special[name], _family())
    code += _if_call(
        special["mmap"],
        [
            _argument(3),
            _step(_AND, _MAPPING),
            *(step for bits in _SHARED_NOTHING for step in (_step(_JUMP_EQUAL, bits, 0, 1), _refuse(errno.EPERM))),
            _step(_RETURN, _ALLOW),
        ],
    )
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _family() -> list[bytes]:
    """For a call whose first argument is a family of sockets, and the third its protocol."""
    allowed = [step for family in _FAMILIES for step in (_step(_JUMP_EQUAL, family, 0, 1), _step(_RETURN, _ALLOW))]
    return [
        _argument(0),
        *allowed,
        _step(_JUMP_EQUAL, _AF_NETLINK, 1, 0),
        _refuse(errno.EAFNOSUPPORT),
        _argument(2),
        _step(_JUMP_EQUAL, _NETLINK_ROUTE, 1, 0),
        _refuse(errno.EPROTONOSUPPORT),
        _step(_RETURN, _ALLOW),
    ]


def _if_call(number: int, steps: list[bytes]) -> list[bytes]:
    """``steps``, each way of which returns, for one call only."""
    return [_step(_JUMP_EQUAL, number, 0, len(steps)), *steps]


def _argument(number: int) -> bytes:
    """Load the lower half of an argument: flags and families have no more."""
    return _step(_LOAD, 16 + 8 * number)


def _refuse(answer: int) -> bytes:
    return _step(_RETURN, _ERRNO | answer)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)
