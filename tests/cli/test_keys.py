"""Can an operator see, hand out and rotate the keys that logs are signed with?"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_interview.auth.signing import key_id, read_statements, vouched
from jupyter_interview.cli import main

Keys = Callable[..., str]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Keys:
    """Runs ``jupyter interview keys …``; what it says."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", f"{tmp_path}/config")
    monkeypatch.setenv("JUPYTER_DATA_DIR", f"{tmp_path}/data")

    def run(*words: str, status: int = 0) -> str:
        assert main(["keys", *words]) == status
        said = capsys.readouterr()
        return said.err if status else said.out

    return run


def test_the_first_key_is_made_when_somebody_asks(keys: Keys, tmp_path: Path) -> None:
    [line] = keys("list").splitlines()
    name = line.split("\t")[0]
    assert re.fullmatch(r"[0-9a-f]{16}", name) and line.endswith("\tsigns now")
    public = base64.b64decode(keys("show").strip(), validate=True)
    assert len(public) == 32 and key_id(public) == name
    file = tmp_path / "data" / "interview" / "signing.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys("show", name).strip() == base64.b64encode(public).decode()


def test_a_rotation_is_vouched_for_by_both_keys(keys: Keys, tmp_path: Path) -> None:
    first = base64.b64decode(keys("show"))
    file = tmp_path / "data" / "interview" / "signing.json"
    private = json.loads(file.read_text())["private_key"]
    assert "Signs from now on" in keys("rotate")
    second = base64.b64decode(keys("show"))
    assert second != first and base64.b64decode(keys("show", key_id(first))) == first
    listed = keys("list").splitlines()
    assert [line.split("\t")[0] for line in listed] == [key_id(first), key_id(second)]
    assert [line.split("\t")[2] for line in listed] == ["retired", "signs now"]
    statements = read_statements(json.loads(keys("show", "--json")))
    assert vouched(statements, [first]) == vouched(statements, [second]) == {first, second}
    assert private not in file.read_text(), "the old private key is destroyed"


def test_refusals_are_one_line(keys: Keys, tmp_path: Path) -> None:
    assert "There is no key 0123" in keys("show", "0123", status=1)
    file = tmp_path / "data" / "interview" / "signing.json"
    file.chmod(0o644)
    said = keys("list", status=1)
    assert "open to other users (mode 0644)" in said and len(said.splitlines()) == 1
    file.chmod(0o600)
    file.write_text("no keys")
    assert "is damaged" in keys("rotate", status=1)
    assert file.read_text() == "no keys", "it is left as it was"
