"""Is it a member's own work to be told all of a room anew?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.errors import Forbidden
from jupyter_interview.core.permissions import Role
from jupyter_interview.handlers.channel import ChannelSocket
from jupyter_interview.managers.live import LiveRoom
from tests.managers.house import House


class Socket(ChannelSocket):
    """A socket of the channel, without a connection; it keeps what it is told when it joins."""

    def __init__(self) -> None:
        self.initialize()
        self.ws_connection: Any = object()
        self.frames: list[str] = []

    def send(self, frame: str) -> None:
        if (kind := json.loads(frame)["type"]) == "joined":
            self.frames.append(kind)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.ws_connection = None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """All managers."""
    house = await House(f"sqlite:///{tmp_path / 'interview.db'}").start()
    yield house
    await house.stop()


@pytest.fixture
async def live(house: House, monkeypatch: pytest.MonkeyPatch) -> LiveRoom:
    """A room in which the work of a member takes more than a member's share, as it is counted."""
    live = await house.room()
    ticks = iter(range(1_000_000))
    monkeypatch.setattr(live.document._sockets.shares, "_work", lambda: float(next(ticks)))  # type: ignore[attr-defined]
    return live


def _wait(live: LiveRoom, member: int) -> float:
    wait: float = live.document._sockets.shares.wait(member)  # type: ignore[attr-defined]
    return wait


async def test_joining_counts_on_the_members_share(house: House, live: LiveRoom) -> None:
    member, other = await house.seat(live), await house.seat(live, Role.INTERVIEWER)
    socket = Socket()
    await socket.enter(live, member)
    assert socket.frames == ["joined"]
    assert _wait(live, member.key) > 0 and _wait(live, other.key) == 0


async def test_what_it_is_told_weighs_as_much_as_it_is(
    house: House, live: LiveRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is copied until it is sent, when nobody looks any more."""
    member = await house.seat(live)
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(live.document, "sent", lambda key, size: sent.append((key, size)))
    await Socket().enter(live, member)
    ((key, size),) = sent
    assert key == member.key and size > len(json.dumps(live.joined_json(member))) // 2


async def test_who_used_up_the_share_joins_later(house: House, live: LiveRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await house.seat(live)
    socket = Socket()
    seen: list[list[str]] = []

    async def turn(key: int) -> None:
        seen.append(list(socket.frames))
        assert key == member.key

    monkeypatch.setattr(live.document, "turn", turn)
    await socket.enter(live, member)
    await socket.enter(live, member)
    assert seen == [[], ["joined"]] and socket.frames == ["joined"] * 2


async def test_what_happened_while_it_waited_is_heeded(
    house: House, live: LiveRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was removed, or its page closed."""
    member, other = await house.seat(live), await house.seat(live, Role.INTERVIEWER)
    removed, gone = Socket(), Socket()

    async def turn(key: int) -> None:
        if key == member.key:
            await house.members.remove(live, None, member.id)
        gone.ws_connection = None

    monkeypatch.setattr(live.document, "turn", turn)
    with pytest.raises(Forbidden):
        await removed.enter(live, member)
    await gone.enter(live, other)
    assert removed.frames == gone.frames == [] and live.peers.members() == set()
