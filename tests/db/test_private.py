"""Can anybody else of the machine read the files of a SQLite database?"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_interview.core import private
from jupyter_interview.db import Database
from jupyter_interview.db.engine import files_of
from tests.db.conftest import VAULT, Writes, make_room


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A server whose umask takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


async def _written(url: str) -> Database:
    database = Database(url, VAULT)
    database.prepare()
    database.start()
    writes = Writes(database, await make_room(database))
    writes.append(1)
    await writes.all(1)
    return database


async def test_all_its_files_are_private_from_the_start(tmp_path: Path) -> None:
    database = await _written(f"sqlite:///{tmp_path / 'i.sqlite'}")
    assert modes(tmp_path) == {"i.sqlite": 0o600, "i.sqlite-wal": 0o600, "i.sqlite-shm": 0o600}
    await database.close()


async def test_those_of_an_older_version_become_private(tmp_path: Path) -> None:
    first = await _written(f"sqlite:///{tmp_path / 'i.sqlite'}")
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    # Another one on the same files: a command while the server runs.
    second = Database(f"sqlite:///{tmp_path / 'i.sqlite'}", VAULT)
    second.prepare()
    assert set(modes(tmp_path).values()) == {0o600} and len(modes(tmp_path)) == 3
    await second.close()
    await first.close()


async def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "real" / "i.sqlite")
    database = await _written(f"sqlite:///{tmp_path / 'link.sqlite'}")
    assert set(modes(tmp_path / "real").values()) == {0o600} and len(modes(tmp_path / "real")) == 3
    await database.close()


async def test_that_it_cannot_be_done_is_said_and_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "i.sqlite"
    path.touch(0o644)
    monkeypatch.setattr(private, "tighten_file", lambda path: f"{path} stays open" if Path(path).exists() else None)
    with caplog.at_level(logging.WARNING):
        database = await _written(f"sqlite:///{path}")
    assert f"{path} stays open" in caplog.messages
    await database.close()


@pytest.mark.parametrize(
    ("url", "name"),
    (
        ("sqlite:////d/i.sqlite?synchronous=FULL", "/d/i.sqlite"),
        ("sqlite:///file:/d/with%20space?uri=true&mode=rw", "/d/with space"),
        ("postgresql://interview@db.example.org/interview", None),
    ),
)
def test_where_a_database_lies(url: str, name: str | None) -> None:
    assert files_of(url)[:1] == ([] if name is None else [name])
