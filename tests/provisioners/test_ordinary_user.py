"""Does the sandbox hold for a server that an ordinary user runs?

The tests of this folder run as whoever runs them. Where that is root, this one repeats the decisive ones as somebody
else, with the directories on the way to the interpreter opened for that user.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch
from jupyter_interview.provisioners.bubblewrap import find_bwrap
from jupyter_interview.provisioners.process import in_memory

REPOSITORY = Path(__file__).parents[2]
DECISIVE = "user_namespace and (fork_bomb or network or other_files or own_number or namespaces or memory or runs_code)"


def _closed(path: Path) -> Path | None:
    """The first directory on the way to ``path`` that only its owner may pass."""
    return next((parent for parent in [*reversed(path.parents)] if not parent.stat().st_mode & 0o001), None)


def _opened(paths: list[Path]) -> list[str]:
    arguments = ["--perms", "1777", "--tmpfs", "/tmp"]
    made = {Path("/tmp")}
    for path in paths:
        closed = _closed(path)
        if closed is not None and closed not in made:
            made.add(closed)
            arguments += ["--perms", "0755", "--tmpfs", str(closed)]
    for path in paths:
        for parent in reversed(path.parents):
            if any(closed in parent.parents for closed in made):
                arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", str(path), str(path)]
    return arguments


def run_as_ordinary_user(*arguments: str) -> None:
    """Run pytest with ``arguments`` as somebody who is not root; all selected tests have to pass."""
    paths = [Path(sys.base_prefix), Path(sys.prefix), REPOSITORY]
    limits = Limits.checked(kernel_memory_bytes=8 * 2**30, kernel_processes=1_000, kernel_file_bytes=2**30)
    command = [
        *(find_bwrap()[0], "--dev-bind", "/", "/", *_opened(paths)),
        *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--clearenv", "--setenv", "HOME", "/tmp"),
        *("--setenv", "PATH", os.environ["PATH"], "--chdir", str(REPOSITORY), "--"),
    ]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    settings = in_memory("settings", launch.shim_settings(tests, limits, user=61_184, processes=False))
    try:
        command += launch.shim_arguments(settings, shim=launch.SHIM)
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, pass_fds=[settings])
    finally:
        os.close(settings)
    assert result.returncode == 0, result.stdout[-4_000:] + result.stderr[-2_000:]
    assert " passed" in result.stdout and "skipped" not in result.stdout.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever runs this is an ordinary user already")
def test_the_decisive_tests_as_an_ordinary_user() -> None:
    run_as_ordinary_user("-k", DECISIVE, str(Path(__file__).parent))
