"""Which engine is chosen, and what is said when there is none?"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, NoEngine, PlainEngine, bubblewrap, choose, users
from jupyter_interview.provisioners.probe import default_runtime_dir

LIMITS = Limits()


@pytest.mark.parametrize("setting", ("auto", "bubblewrap"))
def test_bubblewrap_works_here(setting: str, tmp_path: Path) -> None:
    engine = choose(setting, LIMITS, str(tmp_path))
    assert isinstance(engine, BubblewrapEngine) and engine.problem is None
    assert engine.real_user == (os.geteuid() == 0)


def test_the_wheels_program_works_too(tmp_path: Path) -> None:
    found = bubblewrap.find_bwrap()
    assert len(found) == 2, "Debian's and the wheel's"
    assert BubblewrapEngine(LIMITS, str(tmp_path), candidates=found[1:]).problem is None


def test_the_next_program_is_tried(tmp_path: Path) -> None:
    engine = BubblewrapEngine(LIMITS, str(tmp_path), candidates=["/bin/false", *bubblewrap.find_bwrap()])
    assert engine.problem is None and engine.bwrap != "/bin/false"


@pytest.mark.parametrize(
    ("candidates", "words"),
    (
        ([], "apt-get install bubblewrap"),
        (["/bin/false"], "does not work on this machine (/bin/false: exit status 1)"),
        (["/no/such/bwrap"], "No such file"),
    ),
)
def test_what_is_said_when_nothing_works(
    candidates: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: candidates)
    engine = choose("auto", LIMITS, str(tmp_path))
    assert isinstance(engine, NoEngine)
    assert engine.problem is not None and words in engine.problem and "'none'" in engine.problem
    with pytest.raises(KernelUnavailable):
        engine.provisioner(kernel_id="k", kernel_spec=None, parent=None)


def test_without_a_sandbox_only_when_asked_and_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert isinstance(choose("none", LIMITS, str(tmp_path)), PlainEngine)
    assert "WITHOUT A SANDBOX" in caplog.text


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="auto, docker, bubblewrap, none"):
        choose("podman", LIMITS, str(tmp_path))


def test_the_default_directory_is_short_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = default_runtime_dir()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700 and path.startswith(str(tmp_path))
    assert default_runtime_dir() == path
    os.chmod(path, 0o755)  # noqa: S103  # open to others on purpose
    with pytest.raises(KernelUnavailable, match="not a private directory"):
        default_runtime_dir()
    os.rmdir(path)
    os.symlink(tmp_path, path)
    with pytest.raises(KernelUnavailable, match="not a private directory"):
        default_runtime_dir()


@pytest.mark.parametrize(
    ("mapped", "low", "high"),
    (("0 0 4294967295\n", 1_900_000_000, 2_000_000_000), ("0 100000 65536\n", 61_184, 65_520)),
)
def test_a_kernels_user_is_one_that_is_mapped(mapped: str, low: int, high: int) -> None:
    assert low <= users.pick_user(mapped) < high
