"""Do files and directories become private, and is it said where they do not?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_interview.core import private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A server whose umask takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_is_made_private(tmp_path: Path) -> None:
    private.make_file(str(tmp_path / "made"))
    assert mode(tmp_path / "made") == 0o600


def test_what_is_there_is_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"content")
    private.make_file(str(tmp_path / "there"))
    assert (tmp_path / "there").read_bytes() == b"content"


@pytest.mark.parametrize(("before", "after"), ((0o666, 0o600), (0o640, 0o600), (0o444, 0o400), (0o600, 0o600)))
def test_a_file_loses_what_others_may(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "there"
    path.touch()
    path.chmod(before)
    assert private.tighten_file(str(path)) is None
    assert mode(path) == after


def test_a_file_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert private.tighten_file(str(tmp_path / "none")) is None


def test_what_cannot_be_changed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "there"
    path.touch(0o644)
    monkeypatch.setattr(os, "chmod", refuse)
    said = private.tighten_file(str(path))
    assert said is not None and str(path) in said and said.endswith("Operation not permitted.")


def test_a_directory_of_our_own_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(0o755)
    for name in ("secret", ".draft"):
        (folder / name).touch()
    assert private.tighten_directory(folder, ["secret", "vault"]) is None
    assert mode(folder) == 0o700


def test_a_directory_with_other_things_is_left_to_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(0o755)
    for name in ("secret", "somebody's"):
        (folder / name).touch()
    said = private.tighten_directory(folder, ["secret"])
    assert mode(folder) == 0o755
    assert said is not None and "somebody's" in said and "chmod 700" in said
    folder.chmod(0o700)
    assert private.tighten_directory(folder, ["secret"]) is None, "nobody else can read it: nothing to say"


def test_a_directory_is_one_processs_until_it_ends(tmp_path: Path) -> None:
    taken = private.lock(tmp_path)
    assert taken is not None and private.lock(tmp_path) is None
    os.close(taken)
    again = private.lock(tmp_path)
    assert again is not None
    os.close(again)
