"""Which limits does a kernel process carry, which system calls may it make, and as whom does it run?

This program is the last step before the kernel: the engines run it as ``python -I -S shim.py WHERE``, inside the
sandbox where there is one. ``WHERE`` is the number of a file descriptor or the path of a file with ``NAME=VALUE…``,
``--`` and ``COMMAND…``, a zero byte after each: in a command line everybody on the machine, and the kernel, could read
them. A program of its own, because a ``preexec_fn`` in a server with threads may deadlock, and because
``RLIMIT_NPROC`` counts per user *and* user namespace: it has to be set inside.
"""

import os
import resource
import sys

_RESOURCES = {
    "processes": resource.RLIMIT_NPROC,
    "data": resource.RLIMIT_DATA,
    "file": resource.RLIMIT_FSIZE,
    "cpu": resource.RLIMIT_CPU,
    "core": resource.RLIMIT_CORE,
    "files": resource.RLIMIT_NOFILE,
}

#: Held whatever the settings say: what the machine counts for the server's user as well.
_ALWAYS = {resource.RLIMIT_SIGPENDING: 1024, resource.RLIMIT_MSGQUEUE: 0}


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # SIGXCPU at the soft limit tells what happened, the hard limit would only kill
    spare = 5 if what == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else 0
    resource.setrlimit(what, (value, value + spare))


def _end_with(parent: int) -> None:
    """Die when ``parent``, the server, does; bubblewrap sees to that by itself."""
    import ctypes  # only here: it takes its time

    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
    if os.getppid() != parent:
        sys.exit(1)


def _refuse(code: bytes) -> None:
    """Let this system call filter (`seccomp.py`) hold from now on; bubblewrap sees to that by itself."""
    import ctypes  # as above
    import struct

    steps = ctypes.create_string_buffer(code, len(code))
    whole = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    zero, one, two = (ctypes.c_ulong(number) for number in range(3))
    libc.prctl(38, one, zero, zero, zero)  # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, two, whole, zero, zero) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        sys.exit(f"no system call filter: {os.strerror(ctypes.get_errno())}")


def _apply(settings: dict[str, int]) -> None:
    os.umask(0o077)
    if "leash" in settings:
        _end_with(settings["leash"])
    if "nice" in settings:
        os.nice(settings["nice"])
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # short of memory, the machine ends kernels and not the server
    except OSError:
        pass
    if "user" in settings:
        user = settings["user"]
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    for what, value in _ALWAYS.items():
        _lower(what, value)
    for name, what in _RESOURCES.items():
        if name in settings:
            _lower(what, settings[name])


def _read(where: str) -> list[str]:
    with open(int(where) if where.isdecimal() else where, "rb") as file:
        return [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]


def main(where: str) -> None:
    """Apply the settings before ``--`` and become the command after it."""
    words = _read(where)
    split = words.index("--")
    settings = dict(word.split("=") for word in words[:split])
    code = bytes.fromhex(settings.pop("filter", ""))
    _apply({name: int(value) for name, value in settings.items()})
    if code:
        _refuse(code)
    command = words[split + 1 :]
    os.execvp(command[0], command)  # noqa: S606  # replacing this process is the point


if __name__ == "__main__":
    main(sys.argv[1])
