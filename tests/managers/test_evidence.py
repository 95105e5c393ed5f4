"""Does a stored log hold, is whatever was done to it named, and does an ended one bear the server's signature?"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.core.errors import LogDamaged, RoomEnded, StorageUnavailable
from jupyter_interview.core.models import Event, EventKind, Room
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.events import read_events
from jupyter_interview.db.rooms import get_room, update_room
from jupyter_interview.managers.evidence import Evidence, sign_ended
from tests.managers.house import SIGNING, House


async def _interview(house: House, title: str = "Interview") -> Room:
    """A short interview that has ended."""
    live = await house.room(title=title)
    grace = await house.seat(live, Role.INTERVIEWER, "Grace")
    ada = await house.seat(live)
    for member in (grace, ada):
        house.socket(live, member)
    for number in range(20):
        live.document.set_code(f"x = {number}", ada if number % 3 else grace, 1)
    await live.messages.post(ada, live.peers.of(ada.id)[0], "Hello", None)
    await house.rooms.end(live.room.id, grace)
    return await house.rooms.get(live.room.id)


async def _said(house: House, room: Room) -> tuple[int, str] | None:
    verdict = await Evidence(house.database, SIGNING).verify(room)
    return None if verdict.damage is None else (verdict.damage.seq, verdict.damage.reason.value)


async def _sql(house: House, statement: str, **values: Any) -> list[Any]:
    def work(connection: Any) -> list[Any]:
        result = connection.execute(text(statement), values)
        return list(result) if result.returns_rows else []

    return await house.database.write(work)


async def _events(house: House, room: Room) -> list[Event]:
    return await house.database.read(lambda connection: read_events(connection, room.key))


async def test_an_ended_log_holds_and_is_signed_up_to_its_last_event(house: House) -> None:
    room = await _interview(house)
    events = await _events(house, room)
    assert events[-1].kind is EventKind.ROOM_ENDED, "people leaving are no part of it"
    verdict = await Evidence(house.database, SIGNING).verify(room)
    assert (verdict.damage, verdict.events, verdict.hash) == (None, len(events), events[-1].hash)
    [head] = await Evidence(house.database, SIGNING).heads(room)
    assert (head.room, head.seq, head.hash) == (room.id, len(events), events[-1].hash)
    assert head.key_id == SIGNING.statements()[-1].id


async def test_nothing_is_logged_after_the_end(house: House) -> None:
    """Sockets close, refusals are counted: that is no part of the interview, and not covered by the signature."""
    live = await house.room()
    ada = await house.seat(live)
    connection = house.socket(live, ada).connection
    end = await live.log.end(0, {"by": "owner"})
    live.presence.leave(connection, "left")
    live.log.append(EventKind.DENIED, member=ada.key)
    await live.log.barrier()
    assert (await house.log(live))[-1].seq == end.seq == live.log.seq


async def test_a_live_log_holds_as_far_as_it_goes(house: House) -> None:
    live = await house.room()
    ada = await house.seat(live)
    live.document.set_code("x = 1", ada, 1)
    await live.log.barrier()
    verdict = await Evidence(house.database, SIGNING).verify(live.room)
    assert verdict.damage is None and verdict.events == live.log.seq and verdict.signed == 0
    live.document.set_code("x = 2", ada, 1)
    await live.log.barrier()
    again = await house.rooms.get(live.room.id)
    assert (await Evidence(house.database, SIGNING).verify(again)).events == live.log.seq


_FIELDS = ("at", "kind", "connection", "member", "subject", "payload", "data", "hash")


@pytest.mark.parametrize("field", _FIELDS)
async def test_one_changed_column_is_named(house: House, field: str) -> None:
    room = await _interview(house)
    chance = random.Random(field)
    for _ in range(5):
        rows = await _sql(house, f'SELECT seq, "{field}" AS value FROM event WHERE room = :r', r=room.key)  # noqa: S608
        row = chance.choice([row for row in rows if row.value is not None])
        value: Any = row.value
        if isinstance(value, int):
            other = value + 1 if field != "subject" else 0 if value else next(r.value for r in rows if r.value)
        else:
            flipped = bytearray(value)
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            other = bytes(flipped)
        change = f'UPDATE event SET "{field}" = :value WHERE room = :r AND seq = :seq'  # noqa: S608
        await _sql(house, change, value=other, r=room.key, seq=row.seq)
        assert await _said(house, room) == (row.seq, "hash")
        await _sql(house, change, value=value, r=room.key, seq=row.seq)
        assert await _said(house, room) is None


async def test_dropped_swapped_and_foreign_rows_are_named(house: House) -> None:
    room, other = await _interview(house), await _interview(house)
    last = (await _events(house, room))[-1].seq
    swap = "UPDATE event SET seq = :to WHERE room = :r AND seq = :seq"

    async def exchange(one: int, two: int) -> None:
        for seq, to in ((one, 0), (two, one), (0, two)):
            await _sql(house, swap, r=room.key, seq=seq, to=to)

    await exchange(7, 8)
    assert await _said(house, room) == (7, "hash")
    await exchange(7, 8)
    await _sql(house, swap, r=room.key, seq=9, to=900)
    assert await _said(house, room) == (9, "gap"), "it is under another number"
    await _sql(house, swap, r=room.key, seq=900, to=9)
    assert await _said(house, room) is None
    await _sql(house, "DELETE FROM event WHERE room = :r AND seq = :seq", r=room.key, seq=last)
    assert await _said(house, room) == (last, "truncated")
    copy = (
        'INSERT INTO event (room, seq, at, member, subject, connection, kind, payload, data, "hash") '
        'SELECT :r, seq, at, 0, 0, connection, kind, payload, data, "hash" FROM event WHERE room = :o AND seq = :seq'
    )
    await _sql(house, copy, r=room.key, o=other.key, seq=last)
    assert await _said(house, room) == (last, "hash")
    await _sql(house, "DELETE FROM event WHERE room = :r AND seq IN (10, :seq)", r=room.key, seq=last)
    assert await _said(house, room) == (10, "gap")
    assert await _said(house, other) is None


async def test_a_key_that_was_replaced_is_named_by_the_first_event_that_it_does_not_open(house: House) -> None:
    room = await _interview(house)
    events = await _events(house, room)
    subject = next(event.subject for event in events if event.subject)
    first = next(event.seq for event in events if event.subject == subject and event.payload is not None)
    keys = await _sql(house, "SELECT member, wrapped FROM member_key WHERE room = :r", r=room.key)
    other = next(row.wrapped for row in keys if row.member == 0)
    replace = "UPDATE member_key SET wrapped = :w WHERE room = :r AND member = :m"
    await _sql(house, replace, w=other, r=room.key, m=subject)
    assert await _said(house, room) == (first, "content")
    page, following = await house.records.events(room, after=0, kinds=None, limit=1_000)
    assert page == events[: first - 1], "up to the damage it is as it was"
    assert following == first - 1
    with pytest.raises(LogDamaged) as refusal:
        await house.records.events(room, after=following, kinds=None, limit=1_000)
    assert refusal.value.details == {"seq": first, "reason": "content"}


async def test_a_renamed_member_is_named(house: House) -> None:
    room = await _interview(house)
    joined = next(event for event in await _events(house, room) if (event.payload or {}).get("name") == "Ada")
    await _sql(house, "UPDATE member SET name = 'Eve' WHERE key = :k", k=joined.member)
    assert await _said(house, room) == (joined.seq, "author")


async def test_heads_that_were_tampered_with_are_named(house: House, tmp_path: Path) -> None:
    room = await _interview(house)
    last = (await _events(house, room))[-1].seq
    await _sql(house, "UPDATE head SET at = at + 1")
    assert await _said(house, room) == (last, "signature")
    await _sql(house, "DELETE FROM head")
    assert await _said(house, room) == (last, "unsigned")
    await _sql(house, "DELETE FROM record")
    assert await sign_ended(house.database, SigningKeys(tmp_path / "forger.json")) == 1
    assert await _said(house, room) == (last, "unknown_key")


async def test_after_a_rotation_old_and_new_signatures_count(house: House) -> None:
    first = await _interview(house)
    SIGNING.rotate()
    second = await _interview(house)
    assert await _said(house, first) is None and await _said(house, second) is None
    ids = [(await Evidence(house.database, SIGNING).heads(room))[0].key_id for room in (first, second)]
    assert ids == [statement.id for statement in SIGNING.statements()[-2:]]


async def test_an_end_without_its_signature_is_mended_when_the_room_is_opened(house: House) -> None:
    """Killed between the event and the transaction with record, state and head."""
    live = await house.room()
    await house.seat(live)
    await live.log.end(0, {"by": "owner"})
    await house.crash()
    again = await house.again()
    room = await again.rooms.get(live.room.id)
    assert not room.ended and await _said(again, room) == ((await _events(again, room))[-1].seq, "unsigned")
    with pytest.raises(RoomEnded):
        await again.rooms.open(room.id)
    room = await again.rooms.get(live.room.id)
    assert room.ended and await _said(again, room) is None
    assert await again.records.record(room) is not None
    await again.stop()


async def test_an_interview_whose_log_cannot_be_signed_does_not_end(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = await house.room()
    await house.seat(live)
    broken = SigningKeys(tmp_path / "signing.json")
    (tmp_path / "signing.json").write_text("{}")
    (tmp_path / "signing.json").chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setattr(house.records, "_signer", broken)
        with pytest.raises(StorageUnavailable, match="cannot sign"):
            await house.rooms.end(live.room.id, await house.seat(live, Role.INTERVIEWER, "Grace"))
    assert "is damaged" in caplog.text
    with pytest.raises(RoomEnded):
        await house.rooms.open(live.room.id)
    room = await house.rooms.get(live.room.id)
    assert room.ended and await _said(house, room) is None


async def test_logs_from_before_are_signed_once_and_imported_ones_not(house: House) -> None:
    rooms = [await _interview(house) for _ in range(3)]
    await _sql(house, "DELETE FROM head")
    damage = {"seq": 3, "reason": "hash"}
    await house.database.write(lambda connection: update_room(connection, rooms[2].key, damage=damage))
    assert await sign_ended(house.database, SIGNING) == 2
    assert await sign_ended(house.database, SIGNING) == 0
    assert [await _said(house, room) for room in rooms[:2]] == [None, None]
    kept = await house.database.read(lambda connection: get_room(connection, rooms[2].id))
    assert kept is not None and kept.damage == damage
