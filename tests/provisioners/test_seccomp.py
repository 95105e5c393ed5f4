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


@pytest.mark.parametrize(
    ("machine", "number", "error"),
    (
        ("x86_64", 165, errno.EPERM),  # mount
        ("x86_64", 272, errno.EPERM),  # unshare
        ("x86_64", 101, errno.EPERM),  # ptrace
        ("x86_64", 321, errno.EPERM),  # bpf
        ("x86_64", 425, errno.ENOSYS),  # io_uring_setup
        ("x86_64", 435, errno.ENOSYS),  # clone3
        ("x86_64", 319, errno.ENOSYS),  # memfd_create
        ("x86_64", 294, errno.EMFILE),  # inotify_init1
        ("x86_64", 64, errno.EPERM),  # semget
        ("x86_64", 206, errno.ENOSYS),  # io_setup
        ("aarch64", 0, errno.ENOSYS),  # io_setup
        ("aarch64", 97, errno.EPERM),  # unshare
        ("aarch64", 435, errno.ENOSYS),  # clone3
    ),
)
def test_refused_calls_fail(machine: str, number: int, error: int) -> None:
    assert _verdict(machine, number) == ERRNO | error


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
