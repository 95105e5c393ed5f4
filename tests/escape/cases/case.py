"""What is one attempt of the escape battery?

A candidate's cell with what has to be seen of it: the words in the cell, how the run ends, the server's line about it.
Each attempt is made so that it changes nothing of the machine should it succeed: a file is opened for writing and left
alone, a clock is set to what it says, a mode to what it is. The code finds in ``world`` what a well informed attacker
might know of the machine (see `world.py`), and some helpers that print what a refused call answers (`TOOLS`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent

from jupyter_interview.core.models import JSON, RunStatus

#: The three ways to shut a kernel in: bubblewrap under root, bubblewrap with a user namespace, Docker.
ROOT, USER, DOCKER = "bubblewrap-root", "bubblewrap-user", "docker"
ENGINES = (ROOT, USER, DOCKER)

Seen = str | re.Pattern[str]


def by(bubblewrap: Seen = "", *, docker: Seen = "", root: Seen = "", user: Seen = "") -> dict[str, Seen]:
    """What is seen where the engines differ."""
    return {ROOT: root or bubblewrap, USER: user or bubblewrap, DOCKER: docker}


def again(pattern: str) -> re.Pattern[str]:
    """Where a number in the text differs from time to time."""
    return re.compile(pattern, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt.

    ``sees`` is all that the cell says, errors as ``Name: text``; ``message`` what the server says of the run.
    ``room`` names the room: cases of one room share a kernel.
    ``interrupted`` is the text after which somebody presses stop. ``outputs`` are the outputs in full, for a case that
    is about them. ``after`` runs afterwards in the same room and prints ``after_sees``: by default, that it goes on.
    """

    name: str
    source: str
    sees: Seen | Mapping[str, Seen] = ""
    status: RunStatus | Mapping[str, RunStatus] = RunStatus.OK
    message: Seen | Mapping[str, Seen] | None = None
    room: str = "shared"
    interrupted: str = ""
    outputs: list[JSON] | None = None
    after: str = "print(1 + 1)"
    after_sees: Seen = "2\n"
    after_ends: RunStatus = RunStatus.OK

    @property
    def code(self) -> str:
        """The cell's text."""
        return dedent(self.source).strip("\n")

    def __str__(self) -> str:
        return self.name

    def seen(self, engine: str) -> Seen:
        """What the cell says with this engine."""
        return self.sees[engine] if isinstance(self.sees, Mapping) else self.sees

    def said(self, engine: str) -> Seen | None:
        """What the server says with this engine."""
        return self.message[engine] if isinstance(self.message, Mapping) else self.message

    def ends(self, engine: str) -> RunStatus:
        """How the run ends with this engine."""
        return self.status[engine] if isinstance(self.status, Mapping) else self.status


#: Runs once in each new kernel: what an attacker would bring along.
TOOLS = '''
import ctypes, errno, json, os, platform, resource, signal, socket, stat, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
WORD = ctypes.c_long
NUMBERS = {
    "x86_64": dict(
        shmget=29, clone=56, semget=64, msgget=68, ptrace=101, syslog=103, capset=126, pivot_root=155, adjtimex=159,
        acct=163, settimeofday=164, mount=165, umount2=166, swapon=167, reboot=169, iopl=172, init_module=175,
        io_setup=206, mq_open=240, kexec_load=246, add_key=248, request_key=249, keyctl=250, unshare=272,
        perf_event_open=298, fanotify_init=300, open_by_handle_at=304, setns=308, process_vm_readv=310,
        process_vm_writev=311, kcmp=312, finit_module=313, memfd_create=319, kexec_file_load=320, bpf=321,
        userfaultfd=323),
    "aarch64": dict(
        io_setup=0, umount2=39, mount=40, pivot_root=41, acct=89, capset=91, unshare=97, kexec_load=104,
        init_module=105, syslog=116, ptrace=117, reboot=142, settimeofday=170, adjtimex=171, mq_open=180, msgget=186,
        semget=190, shmget=194, add_key=217, request_key=218, keyctl=219, clone=220, swapon=224, perf_event_open=241,
        fanotify_init=262, open_by_handle_at=265, setns=268, process_vm_readv=270, process_vm_writev=271, kcmp=272,
        finit_module=273, memfd_create=279, bpf=280, userfaultfd=282, kexec_file_load=294),
}[platform.machine()] | dict(
    io_uring_setup=425, io_uring_enter=426, io_uring_register=427, open_tree=428, move_mount=429, fsopen=430,
    fsconfig=431, fsmount=432, fspick=433, pidfd_open=434, clone3=435, pidfd_getfd=438, mount_setattr=442,
    memfd_secret=447)

def word(error):
    if isinstance(error, socket.gaierror):
        return "gaierror " + next(n for n in dir(socket) if n.startswith("EAI_") and getattr(socket, n) == error.errno)
    return errno.errorcode[error.errno] if isinstance(error, OSError) and error.errno else type(error).__name__

def attempt(call, *arguments, **named):
    try:
        value = call(*arguments, **named)
    except Exception as error:
        print(word(error))
    else:
        print("done", value)

def system(name, *arguments):
    ctypes.set_errno(0)
    value = libc.syscall(NUMBERS[name], *(WORD(a) if isinstance(a, int) else a for a in arguments))
    print(name, errno.errorcode[ctypes.get_errno()] if value == -1 else f"done {value}")

def text(path):
    with open(path) as file:
        return file.read()

def writable(*paths):
    """Open for writing without writing; print what is not refused."""
    for path in paths:
        try:
            os.close(os.open(path, os.O_WRONLY))
        except OSError as error:
            if word(error) not in ("EROFS", "EACCES", "EPERM", "ENOENT"):
                print(path, word(error))
        else:
            print(path, "can be written")
    print("tried")

def closed(*paths):
    """Not there, or not for us: which of both depends on the machine."""
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            print("closed" if word(error) in ("ENOENT", "EACCES") else word(error))
        else:
            print(path, "can be read")

def refused(call, *arguments):
    """Who owns a file decides which refusal comes first."""
    try:
        call(*arguments)
    except OSError as error:
        print("refused" if word(error) in ("EROFS", "EACCES") else word(error))
    else:
        print("done")
'''
