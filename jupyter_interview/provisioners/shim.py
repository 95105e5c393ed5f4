"""Which limits does a kernel process carry, and as whom does it run?

This text is the last step before the kernel: the engines run it as ``python -I -S -c <this file> NAME=VALUE… --
COMMAND…``, inside the sandbox where there is one. A program of its own, because a ``preexec_fn`` in a server with
threads may deadlock, and because ``RLIMIT_NPROC`` counts per user *and* user namespace: it has to be set inside.
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
    for name, what in _RESOURCES.items():
        if name in settings:
            _lower(what, settings[name])


def main(arguments: list[str]) -> None:
    """Apply the settings before ``--`` and become the command after it."""
    split = arguments.index("--")
    pairs = (argument.partition("=") for argument in arguments[:split])
    _apply({name: int(value) for name, _, value in pairs})
    command = arguments[split + 1 :]
    os.execvp(command[0], command)  # noqa: S606  # replacing this process is the point


if __name__ == "__main__":
    main(sys.argv[1:])
