"""Does the filter of system calls say what it should? Interpreted here, as the kernel would."""

from __future__ import annotations

import errno
import struct

import pytest

from jupyter_interview.provisioners import seccomp

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def _verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    code = seccomp.program(machine)
    assert code is not None
    padded = (*arguments, *[0] * 6)[:6]
    data = struct.pack("=IIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", code))
    place = value = 0
    while True:
        operation, if_true, if_false, constant = steps[place]
        place += 1
        if operation == 0x20:
            value = struct.unpack_from("=I", data, constant)[0]
        elif operation == 0x54:
            value &= constant
        elif operation == 0x06:
            return int(constant)
        else:
            tests = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}
            place += if_true if tests[operation] else if_false


@pytest.mark.parametrize(("machine", "numbers"), (("x86_64", (0, 1, 9, 57, 59, 231)), ("aarch64", (56, 63, 64, 221))))
def test_ordinary_calls_pass(machine: str, numbers: tuple[int, ...]) -> None:
    assert {_verdict(machine, number) for number in numbers} == {ALLOW}


# Of Linux's own tables of calls: the name, x86_64, aarch64, and what a call answers.
REFUSED: dict[str, tuple[int | None, int | None, int]] = {
    "shmget": (29, 194, errno.EPERM),
    "semget": (64, 190, errno.EPERM),
    "msgget": (68, 186, errno.EPERM),
    "ptrace": (101, 117, errno.EPERM),
    "pivot_root": (155, 41, errno.EPERM),
    "mount": (165, 40, errno.EPERM),
    "umount2": (166, 39, errno.EPERM),
    "add_key": (248, 217, errno.EPERM),
    "request_key": (249, 218, errno.EPERM),
    "keyctl": (250, 219, errno.EPERM),
    "io_setup": (206, 0, errno.ENOSYS),
    "inotify_init": (253, None, errno.EMFILE),
    "inotify_init1": (294, 26, errno.EMFILE),
    "unshare": (272, 97, errno.EPERM),
    "perf_event_open": (298, 241, errno.EPERM),
    "fanotify_init": (300, 262, errno.EPERM),
    "open_by_handle_at": (304, 265, errno.EPERM),
    "setns": (308, 268, errno.EPERM),
    "process_vm_readv": (310, 270, errno.EPERM),
    "process_vm_writev": (311, 271, errno.EPERM),
    "kcmp": (312, 272, errno.EPERM),
    "memfd_create": (319, 279, errno.ENOSYS),
    "bpf": (321, 280, errno.EPERM),
    "userfaultfd": (323, 282, errno.EPERM),
    "io_uring_setup": (425, 425, errno.ENOSYS),
    "io_uring_enter": (426, 426, errno.ENOSYS),
    "io_uring_register": (427, 427, errno.ENOSYS),
    "open_tree": (428, 428, errno.EPERM),
    "move_mount": (429, 429, errno.EPERM),
    "fsopen": (430, 430, errno.EPERM),
    "fsconfig": (431, 431, errno.EPERM),
    "fsmount": (432, 432, errno.EPERM),
    "fspick": (433, 433, errno.EPERM),
    "clone3": (435, 435, errno.ENOSYS),
    "pidfd_getfd": (438, 438, errno.EPERM),
    "mount_setattr": (442, 442, errno.EPERM),
    "memfd_secret": (447, 447, errno.ENOSYS),
}
_MACHINES = ("x86_64", "aarch64")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_calls_fail(name: str) -> None:
    *numbers, error = REFUSED[name]
    for machine, number in zip(_MACHINES, numbers, strict=True):
        assert number is None or _verdict(machine, number) == ERRNO | error, machine


@pytest.mark.parametrize("machine", _MACHINES)
def test_no_other_call_is_refused_whatever_it_is_asked(machine: str) -> None:
    place = _MACHINES.index(machine)
    numbers = {row[place] for row in REFUSED.values()}
    assert {number for number in range(1_000) if _verdict(machine, number) != ALLOW} == numbers - {None} | {
        # whose first argument, 0, is no family of sockets that is let through
        *((41, 53) if machine == "x86_64" else (198, 199))
    }


@pytest.mark.parametrize(("machine", "clone"), (("x86_64", 56), ("aarch64", 220)))
def test_clone_makes_threads_but_no_namespaces(machine: str, clone: int) -> None:
    assert _verdict(machine, clone, 0x3D0F00) == ALLOW  # what glibc starts a thread with
    assert _verdict(machine, clone, 0x10000000 | 17) == ERRNO | errno.EPERM


@pytest.mark.parametrize(("machine", "call"), (("x86_64", 41), ("x86_64", 53), ("aarch64", 198), ("aarch64", 199)))
def test_only_sockets_that_a_namespace_holds(machine: str, call: int) -> None:
    assert {_verdict(machine, call, family, 1) for family in (1, 2, 10)} == {ALLOW}
    assert {_verdict(machine, call, family, 1) for family in (4, 17, 38, 40, 44)} == {ERRNO | errno.EAFNOSUPPORT}
    assert _verdict(machine, call, 16, 3, 0) == ALLOW  # netlink, as glibc asks for the interfaces
    assert _verdict(machine, call, 16, 3, 12) == ERRNO | errno.EPROTONOSUPPORT


@pytest.mark.parametrize(("machine", "mmap"), (("x86_64", 9), ("aarch64", 222)))
def test_no_memory_that_stays_without_a_mapping(machine: str, mmap: int) -> None:
    shared, private, validate, anonymous, fixed = 1, 2, 3, 0x20, 0x10
    assert _verdict(machine, mmap, 0, 4096, 3, private | anonymous | fixed) == ALLOW
    assert _verdict(machine, mmap, 0, 4096, 3, shared, 5) == ALLOW  # of a file
    for kind in (shared, validate):
        assert _verdict(machine, mmap, 0, 4096, 3, kind | anonymous | fixed) == ERRNO | errno.EPERM


def test_another_architectures_calls_kill() -> None:
    assert _verdict("x86_64", 1, architecture=0x40000003) == KILL  # i386
    assert _verdict("x86_64", 0x40000001) == KILL  # x32


def test_an_unknown_processor_has_no_filter() -> None:
    assert seccomp.program("pdp11") is None
