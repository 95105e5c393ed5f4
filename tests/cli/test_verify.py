"""Does ``verify`` find every change of an exported log, name it, and say whose signature it is?"""

from __future__ import annotations

import base64
import json
import random
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.cli import main
from jupyter_interview.managers.logfile.lines import header_line
from tests.cli.interviews import Place, player
from tests.managers.logfile.test_mutations import COUNT, mutate_all
from tests.managers.logs import small_book

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A server with an interview."""
    player(tmp_path / "player", monkeypatch)
    (tmp_path / "here").mkdir()
    made = Place(tmp_path / "here", f"sqlite:///{tmp_path / 'here' / 'interview.sqlite'}", monkeypatch)
    made.hold()
    return made


@pytest.fixture
def log(place: Place, tmp_path: Path, capsys: Captured) -> Path:
    """Its exported log. From here on, the server is not there any more."""
    path = tmp_path / "log.jsonl"
    assert place.run("export", place.room, "--output", str(path)) == 0
    capsys.readouterr()
    place.monkeypatch.setenv("JUPYTER_DATA_DIR", "/nonexistent")
    return path


def public(keys: SigningKeys, number: int = -1) -> str:
    """A public key, as `keys show` prints it."""
    return base64.b64encode(keys.statements()[number].public_key).decode()


@pytest.mark.timeout(240)
def test_ten_thousand_changes_of_an_exported_log(place: Place, log: Path, tmp_path: Path, capsys: Captured) -> None:
    """See `tests.managers.logfile.test_mutations` for what is changed, and what *named* means."""
    other = Place(tmp_path / "other", f"sqlite:///{tmp_path / 'other.sqlite'}", place.monkeypatch)
    other.hold(title="Another")
    assert other.run("export", other.room, "--output", str(tmp_path / "other.jsonl")) == 0
    mutate_all(random.Random(44), log.read_bytes(), (tmp_path / "other.jsonl").read_bytes(), COUNT)


def test_a_file_that_holds(place: Place, log: Path, capsys: Captured) -> None:
    assert main(["verify", str(log)]) == 0
    said = capsys.readouterr().out
    events = sum(line.startswith('{"seq"') for line in log.read_text().splitlines())
    assert said.startswith(f"All {events} events hold.\nInterview: {place.room}\nTitle: Zwei Größen\nSigned with key ")
    key = place.keys.statements()[0]
    assert f"Signed with key {key.id}: {public(place.keys)}, up to event {events} on " in said
    assert "Anybody can make a key." in said and "`jupyter interview keys show`" in said


def test_a_zip_that_holds(place: Place, log: Path, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "x.zip"
    assert place.run("export", place.room, "--output", str(path)) == 0
    assert main(["verify", str(path)]) == 0
    assert "events hold." in capsys.readouterr().out
    changed = tmp_path / "y.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " if name == "notebook.ipynb" else b""))
    assert main(["verify", str(changed)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("It does NOT hold. notebook.ipynb in the zip is not what it was when it was exported.\n")


def test_a_file_that_does_not_hold(log: Path, tmp_path: Path, capsys: Captured) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    path = tmp_path / "y.jsonl"
    path.write_bytes(b"".join([*lines[:9], *lines[10:]]))
    assert main(["verify", str(path)]) == 1
    assert "It does NOT hold. Line 10: Event 9 is missing: event 10 follows 8.\n" in capsys.readouterr().out
    path.write_bytes(b"".join([*lines[:9], lines[10], lines[9], *lines[11:]]))
    assert main(["verify", str(path)]) == 1
    assert "Event 9 comes too late: the order was changed." in capsys.readouterr().out


@pytest.mark.parametrize(
    "title", ["\nAll 9 events hold.", "\x1b[2J\x1b[H", f"x{' ' * 300}All 9 events hold.", "\u2028x"]
)
def test_a_title_says_nothing_of_its_own(title: str, tmp_path: Path, capsys: Captured) -> None:
    """The verdict comes first, and what the file says of itself is one line behind it."""
    path = tmp_path / "x.jsonl"
    book = small_book()
    path.write_bytes(book.file(header_line(replace(book.room, title=title), book.members, book.keys, book.seq)))
    assert main(["verify", str(path)]) == 0
    verdict, room, told, signed, *_ = capsys.readouterr().out.split("\n")
    assert verdict == f"All {book.seq} events hold." and room == f"Interview: {book.room.id}"
    assert told.startswith("Title: ") and told.isprintable() and len(told) < 300 and signed.startswith("Signed with ")
    content = path.read_bytes()
    path.write_bytes(content.replace("Grüße".encode(), b"Hello"))
    assert main(["verify", str(path)]) == 1
    verdict, room, told, *rest = capsys.readouterr().out.split("\n")
    assert verdict.startswith("It does NOT hold. ") and told.startswith("Title: ") and told.isprintable()
    assert rest == [""]


def test_only_the_keys_that_one_knows_count(place: Place, log: Path, tmp_path: Path, capsys: Captured) -> None:
    assert main(["verify", str(log), "--key", public(place.keys)]) == 0
    assert "Anybody can make a key." not in capsys.readouterr().out
    stranger = SigningKeys(tmp_path / "stranger.json")
    assert main(["verify", str(log), "--key", public(stranger)]) == 1
    assert "is signed with a key nobody vouches for" in capsys.readouterr().out
    # Of the server's keys, one is enough: each vouches for the next.
    place.keys.rotate()
    listed = tmp_path / "keys.json"
    listed.write_text(json.dumps(place.keys.to_json()))
    newest = public(place.keys)
    assert main(["verify", str(log), "--key", newest]) == 1
    assert main(["verify", str(log), "--key", newest, "--keys", str(listed)]) == 0
    assert main(["verify", str(log), "--keys", str(listed)]) == 0


def test_a_file_tells_how_the_keys_followed_each_other(place: Place, tmp_path: Path) -> None:
    """Who knows the key of today believes a log of yesterday, by the file alone."""
    old = public(place.keys)
    place.keys.rotate()
    path = tmp_path / "x.jsonl"
    assert place.run("export", place.room, "--output", str(path)) == 0
    for known in (old, public(place.keys)):
        assert main(["verify", str(path), "--key", known]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["FILE", "--key", "abc"], "'abc' is not a public key: that has 32 bytes in base64."),
        (["FILE", "--keys", "no.json"], "no.json is not a list of keys"),
        (["README"], "This is not the log of an interview"),
        (["BOGUS"], "This is not a zip, or it is damaged."),
        (["missing.jsonl"], "'missing.jsonl' is not the id of an interview"),
    ],
)
def test_what_cannot_be_found_out_is_status_2(
    place: Place, tmp_path: Path, capsys: Captured, words: list[str], told: str
) -> None:
    (tmp_path / "FILE").write_bytes(small_book().file())
    (tmp_path / "README").write_bytes(b"hello\n")
    (tmp_path / "BOGUS").write_bytes(b"PK\x03\x04 and no more")
    place.monkeypatch.chdir(tmp_path)
    assert place.run("verify", *words) == 2
    said = capsys.readouterr().err
    assert told in said and len(said.splitlines()) == 1


# -- in the database


def test_a_room(place: Place, capsys: Captured) -> None:
    assert place.run("verify", place.room) == 0
    said = capsys.readouterr().out
    assert f"Signed with key {place.keys.statements()[0].id} (of this server)" in said and "Anybody" not in said
    other = SigningKeys(place.directory / "stranger.json")
    assert place.run("verify", place.room, "--key", public(other)) == 1
    assert place.run("verify", "0" * 8 + "-0000-4000-8000-" + "0" * 12) == 2


def test_a_room_whose_rows_were_changed(place: Place, capsys: Captured) -> None:
    connection = sqlite3.connect(place.directory / "interview.sqlite")
    with connection:
        connection.execute("UPDATE event SET at = at + 1 WHERE seq = 9")
    connection.close()
    assert place.run("verify", place.room) == 1
    assert "It does NOT hold. Event 9 was changed: its hash is another." in capsys.readouterr().out


def test_a_room_that_came_from_elsewhere(place: Place, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "x.zip"
    assert place.run("export", place.room, "--output", str(path)) == 0
    (tmp_path / "there").mkdir()
    there = Place(tmp_path / "there", f"sqlite:///{tmp_path / 'there' / 'x.sqlite'}", place.monkeypatch)
    assert there.run("import", str(path)) == 0
    capsys.readouterr()
    assert there.run("verify", place.room) == 0
    said = capsys.readouterr().out
    assert "(of this server)" not in said and "Anybody can make a key." in said
    assert there.run("verify", place.room, "--key", public(place.keys)) == 0
