"""Do interviews leave one server as whole files and come to another, by the command line?"""

from __future__ import annotations

import io
import json
import resource
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from jupyter_interview.cli import output
from jupyter_interview.cli.output import Progress, whole_file
from jupyter_interview.core.errors import Conflict, StorageUnavailable
from tests.cli.interviews import Place, player

MakePlace = Callable[[str], Place]


@pytest.fixture
def place(ji_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A server with an interview, on each database."""
    player(tmp_path / "player", monkeypatch)
    made = Place(tmp_path / "here", ji_database_url, monkeypatch)
    made.hold()
    return made


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Another server, without one."""
    (tmp_path / "there").mkdir()
    return Place(tmp_path / "there", f"sqlite:///{tmp_path / 'there' / 'other.sqlite'}", monkeypatch)


Captured = pytest.CaptureFixture[str]


def test_every_format(place: Place, tmp_path: Path, capsys: Captured) -> None:
    for form in ("ipynb", "jsonl", "html", "zip"):
        path = tmp_path / f"interview.{form}"
        assert place.run("export", place.room, "--output", str(path)) == 0
        assert capsys.readouterr().out == f"{path}: {path.stat().st_size:,} bytes\n"
        assert path.stat().st_mode & 0o777 == 0o600, "these are personal data"
    nbformat.validate(json.loads((tmp_path / "interview.ipynb").read_text()))
    assert (tmp_path / "interview.jsonl").read_text().startswith('{"format":"jupyter-interview log"')
    assert (tmp_path / "interview.html").read_text().startswith("<!DOCTYPE html>")
    assert zipfile.ZipFile(tmp_path / "interview.zip").testzip() is None


def test_the_notebook_at_a_moment(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "then"
    link = f"https://example.org/interview/{place.room}"
    assert place.run("export", link, "--format", "ipynb", "--at", "8", "--output", str(path)) == 0
    assert json.loads(path.read_text())["metadata"]["interview"]["seq"] == 8


def test_a_file_that_is_there_is_kept(place: Place, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("mine")
    assert place.run("export", place.room, "--output", str(path)) == 1
    assert capsys.readouterr().err == f"{path} is there already. --force replaces it.\n"
    assert path.read_text() == "mine"
    assert place.run("export", place.room, "--output", str(path), "--force") == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "ROOM", "--output", "x"], "Say which --format: ipynb, jsonl, html, zip."),
        (["export", "nonsense", "--output", "x.zip"], "'nonsense' is not the id of an interview"),
        (["export", "0" * 8 + "-0000-4000-8000-" + "0" * 12, "--output", "x.zip"], "There is no such interview."),
        (["export", "ROOM", "--output", "x.zip", "--at", "7"], "at goes with the format ipynb"),
        (["export", "ROOM", "--output", "x.ipynb", "--at", "0"], "There was no notebook at that moment."),
        (["export", "ROOM", "--output", "no/such/folder/x.zip"], "could not be written: No such file or directory."),
        (["import", "x.zip"], "x.zip cannot be read: No such file or directory."),
        (["import", "."], ". cannot be read: Is a directory."),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, words: list[str], told: str
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert place.run(*(place.room if word == "ROOM" else word for word in words)) == 1
    said = capsys.readouterr().err
    assert told in said and len(said.splitlines()) == 1
    assert list(folder.iterdir()) == []


def test_a_full_disk(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """The system's limit for files is met in the middle: a line, and nothing is left."""
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "player" / "replay" / "file.js").write_text(" " * 3_000_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    try:
        assert place.run("export", place.room, "--output", str(folder / "x.html")) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{folder / 'x.html'} could not be written: File too large. Nothing was left behind.\n"
    assert list(folder.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(Conflict), whole_file(path, replace=False) as file:
        file.write(b"ours")
        path.write_text("theirs")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"] and path.read_text() == "theirs"


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "x", replace=False) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    with pytest.raises(StorageUnavailable), whole_file(tmp_path / "x", replace=False):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_after_a_second(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    progress = Progress("Exported")
    progress(1, 10)
    now += output._QUIET_SECONDS
    progress(5, 10)
    progress(6, 10)
    progress.close()
    assert capsys.readouterr().err == "Exported:  50%\n"


# -- to another server


def test_an_interview_moves(place: Place, elsewhere: Place, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "x.zip"
    assert place.run("export", place.room, "--output", str(path)) == 0
    capsys.readouterr()
    assert elsewhere.run("import", str(path)) == 0
    said = capsys.readouterr().out
    assert said.startswith("Imported: ") and place.room in said
    assert f"Signed with key {place.keys.statements()[0].id}: " in said
    assert elsewhere.run("import", str(path)) == 1
    assert "on this server already" in capsys.readouterr().err
    for server, name in ((place, "a"), (elsewhere, "b")):
        assert server.run("export", server.room or place.room, "--output", str(tmp_path / f"{name}.ipynb")) == 0
    assert (tmp_path / "a.ipynb").read_bytes() == (tmp_path / "b.ipynb").read_bytes()


def test_what_is_no_whole_export_is_refused_in_a_line(
    place: Place, elsewhere: Place, tmp_path: Path, capsys: Captured
) -> None:
    """Cut off anywhere, empty, another file, another zip: one line each, and nothing comes of it."""
    path = tmp_path / "x.zip"
    assert place.run("export", place.room, "--output", str(path)) == 0
    whole = path.read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("notes.txt", "nothing of ours")
    cuts = [whole[:-1], whole[:-22], whole[: len(whole) // 2], whole[:4], whole[len(whole) // 2 :]]
    for content in [*cuts, b"", b"PK", b"\x89PNG\r\n", b'{"format":"jupyter-interview log"}\n', other.getvalue()]:
        path.write_bytes(content)
        capsys.readouterr()
        assert elsewhere.run("import", str(path)) == 1, content[:20]
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and "Traceback" not in said, said
    path.write_bytes(whole)
    assert elsewhere.run("import", str(path)) == 0, "nothing of the attempts is in the way"


def test_a_damaged_one_moves_when_asked(place: Place, elsewhere: Place, tmp_path: Path, capsys: Captured) -> None:
    path, damaged = tmp_path / "x.zip", tmp_path / "y.zip"
    assert place.run("export", place.room, "--output", str(path)) == 0
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b'"seq":9,', b'"seq":8,') if name == "log.jsonl" else content)
    assert elsewhere.run("import", str(damaged)) == 1
    assert "log.jsonl in the zip is not what it was when it was exported." in capsys.readouterr().err
    assert elsewhere.run("import", str(damaged), "--up-to-damage") == 0
    said = capsys.readouterr().out
    assert "The log was taken up to where it holds. Line 10: Event 9 was changed" in said
