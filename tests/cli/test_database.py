"""Does ``jupyter interview db`` bring a database to this version's revision, and refuse one it does not know?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from jupyter_interview.cli import main
from jupyter_interview.db import schema


def _db(action: str, url: str) -> int:
    return main(["db", action, f"--InterviewApp.database_url={url}"])


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", f"{tmp_path}/config")
    monkeypatch.setenv("JUPYTER_DATA_DIR", f"{tmp_path}/data")


def test_an_empty_database_is_upgraded(ji_database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _db("revision", ji_database_url) == 0
    assert "database: empty" in capsys.readouterr().out
    assert _db("upgrade", ji_database_url) == 0
    assert _db("revision", ji_database_url) == 0
    assert f"database: {schema.head()}" in capsys.readouterr().out


def test_a_database_of_a_newer_version_is_refused(ji_database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _db("upgrade", ji_database_url) == 0
    engine = create_engine(ji_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    engine.dispose()
    assert _db("revision", ji_database_url) == 1
    assert _db("upgrade", ji_database_url) == 1
    assert "newer version" in capsys.readouterr().err


def test_a_database_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert _db("revision", "mysql://localhost/interview") == 1
    assert "is not supported" in capsys.readouterr().err


def test_nobody_else_can_read_what_a_command_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data" / "interview"
    data.mkdir(mode=0o755, parents=True)
    before = os.umask(0)
    try:
        assert main(["db", "upgrade"]) == 0
    finally:
        os.umask(before)
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    assert made.pop("runtime") == 0o700
    assert {"interview.sqlite", "vault"} <= set(made) and set(made.values()) == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700, "it was there, and open"
    assert capsys.readouterr().err == ""
