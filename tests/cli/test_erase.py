"""Does ``jupyter interview erase`` ask first, and erase what it is told to?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_interview.cli import main
from jupyter_interview.cli.command import configured
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database
from jupyter_interview.db.events import read_events
from jupyter_interview.db.members import list_members
from jupyter_interview.db.rooms import get_room
from tests.managers import house as houses
from tests.managers.house import House

SAID = "what the candidate said"


@dataclass
class Interview:
    """One that has ended, and how to run the command."""

    room: str
    member: str
    live: str
    run: Callable[..., int]
    look: Callable[[], tuple[str, list[str], int]]


@pytest.fixture
def interview(ji_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Interview:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", f"{tmp_path}/config")
    monkeypatch.setenv("JUPYTER_DATA_DIR", f"{tmp_path}/data")
    setting = f"--InterviewApp.database_url={ji_database_url}"
    app = configured([setting])
    monkeypatch.setattr(houses, "VAULT", app.open_vault())
    monkeypatch.setattr(houses, "SIGNING", app.open_keys())

    async def make() -> tuple[str, str, str]:
        house = await House(app.database_url).start()
        live = await house.room()
        ada = await house.seat(live)
        house.socket(live, ada)
        await live.messages.post(ada, live.peers.of(ada.id)[0], SAID, None)
        await house.rooms.end(live.room.id, await house.seat(live, Role.INTERVIEWER, "Grace"))
        other = await house.room()
        await house.stop()
        return live.room.id, ada.id, other.room.id

    room, member, live = asyncio.run(make())

    async def look() -> tuple[str, list[str], int]:
        database = Database(app.database_url, app.open_vault())
        found = await database.read(lambda connection: get_room(connection, room))
        assert found is not None
        key = found.key
        events = await database.read(lambda connection: read_events(connection, key))
        members = await database.read(lambda connection: list_members(connection, key))
        await database.close()
        return found.title, [item.name for item in members], sum(event.erased for event in events)

    return Interview(room, member, live, lambda *words: main(["erase", *words, setting]), lambda: asyncio.run(look()))


def test_a_member_is_erased_after_a_yes(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def answering(answer: str) -> Callable[[str], str]:
        def ask(question: str) -> str:
            asked.append(question)
            return answer

        return ask

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answering("no"))
    assert interview.run(interview.member) == 1
    assert "Nothing was erased" in capsys.readouterr().out
    assert interview.look() == ("Interview", ["Ada", "Grace"], 0)
    monkeypatch.setattr("builtins.input", answering(" Yes "))
    assert interview.run(interview.member) == 0
    said = capsys.readouterr().out
    assert 'Erase Ada (candidate) from the interview "Interview"' in said
    assert "cannot be undone" in asked[0]
    title, names, erased = interview.look()
    assert (title, names) == ("Interview", ["Erased member", "Grace"]) and erased > 0
    assert f"The contents of {erased} events are erased" in said


def test_a_room_is_erased_without_asking_when_told_so(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert interview.run(interview.room) == 1
    assert "say --yes" in capsys.readouterr().err
    assert interview.run(interview.room, "--yes") == 0
    title, names, erased = interview.look()
    assert (title, names) == ("Erased interview", ["Erased member", "Erased member"]) and erased > 0


@pytest.mark.parametrize(("what", "said"), [("live", "End the interview"), ("nothing", "no interview and no member")])
def test_refusals_are_one_line(interview: Interview, capsys: pytest.CaptureFixture[str], what: str, said: str) -> None:
    assert interview.run(interview.live if what == "live" else what, "--yes") == 1
    shown = capsys.readouterr().err
    assert said in shown and len(shown.splitlines()) == 1
