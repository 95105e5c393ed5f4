"""Does the shim apply what it is told, and become the command?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch, seccomp
from jupyter_interview.provisioners.process import in_memory

REPORT = """
import os, resource as r
print(*(r.getrlimit(x)[0] for x in (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_CPU, r.RLIMIT_CORE, r.RLIMIT_NOFILE)))
print(r.getrlimit(r.RLIMIT_CPU)[1], os.nice(0), oct(os.umask(0)), open('/proc/self/oom_score_adj').read().strip())
"""


def _run(*command: str, limits: Limits | None = None, code: bytes | None = None) -> subprocess.CompletedProcess[str]:
    settings = launch.shim_settings(command, limits or Limits(), user=None, processes=False, code=code)
    descriptor = in_memory("settings", settings)
    try:
        shim = launch.shim_arguments(descriptor, shim=launch.SHIM)
        return subprocess.run(shim, capture_output=True, text=True, check=False, timeout=30, pass_fds=[descriptor])
    finally:
        os.close(descriptor)


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


def test_settings_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_bytes(launch.shim_settings(["echo", "a b"], Limits(), user=None, processes=False))
    result = subprocess.run(
        launch.shim_arguments(str(path), shim=launch.SHIM), capture_output=True, text=True, check=False, timeout=30
    )
    assert result.stdout == "a b\n", result.stderr


def test_the_command_does_not_get_the_settings() -> None:
    assert _run("ls", "-l", "/proc/self/fd").stdout.count("memfd:") == 0


def test_refused_system_calls_are_refused_in_the_command() -> None:
    code = seccomp.program()
    assert code is not None
    probe = "import os\ntry: os.memfd_create('x')\nexcept OSError as error: print(error.errno == 38)"
    result = _run(sys.executable, "-I", "-c", probe, code=code)
    assert result.stdout == "True\n", result.stderr


def test_a_filter_that_is_none_is_no_start() -> None:
    result = _run("echo", "up", code=bytes(16))
    assert result.returncode == 1 and result.stdout == "" and "no system call filter" in result.stderr
