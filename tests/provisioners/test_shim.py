"""Does the shim apply what it is told, and become the command?"""

from __future__ import annotations

import subprocess
import sys

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch, seccomp

REPORT = """
import os, resource as r
print(*(r.getrlimit(x)[0] for x in (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_CPU, r.RLIMIT_CORE, r.RLIMIT_NOFILE)))
print(r.getrlimit(r.RLIMIT_CPU)[1], os.nice(0), oct(os.umask(0)), open('/proc/self/oom_score_adj').read().strip())
"""


def _run(*command: str, limits: Limits | None = None) -> subprocess.CompletedProcess[str]:
    shim = launch.shim_arguments(limits or Limits(), user=None, processes=False)
    return subprocess.run([*shim, *command], capture_output=True, text=True, check=False, timeout=30)


def test_limits_hold_in_the_command() -> None:
    limits = Limits.checked(kernel_memory_bytes=300_000_000, kernel_file_bytes=5_000, kernel_cpu_seconds=7)
    first, second = _run(sys.executable, "-I", "-c", REPORT, limits=limits).stdout.splitlines()
    assert first == "300000000 5000 7 0 1024"
    hard, nice, mask, score = second.split()
    assert (hard, mask, score) == ("12", "0o77", "1000") and int(nice) >= 5


def test_it_becomes_the_command() -> None:
    result = _run("sh", "-c", "exit 7")
    assert result.returncode == 7 and result.stderr == ""


def test_an_unknown_command_is_an_error() -> None:
    assert _run("/no/such/program").returncode != 0


def test_refused_system_calls_are_refused_in_the_command() -> None:
    code = seccomp.program()
    assert code is not None
    shim = [sys.executable, "-I", "-S", "-c", launch.SHIM, f"filter={code.hex()}", "--"]
    probe = "import os\ntry: os.memfd_create('x')\nexcept OSError as error: print(error.errno == 38)"
    result = subprocess.run([*shim, sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=False)
    assert result.stdout == "True\n", result.stderr


def test_a_filter_that_is_none_is_no_start() -> None:
    shim = [sys.executable, "-I", "-S", "-c", launch.SHIM, f"filter={bytes(16).hex()}", "--"]
    result = subprocess.run([*shim, "echo", "up"], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and result.stdout == "" and "no system call filter" in result.stderr
