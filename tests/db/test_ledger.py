"""Is every row sealed and chained, whatever happens to the batch that it was written in?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from jupyter_interview.core.chain import GENESIS
from jupyter_interview.core.models import Event, EventKind
from jupyter_interview.db import Database, SchemaMismatch, Stream, Vault
from jupyter_interview.db.events import read_events
from jupyter_interview.db.keys import find_keys, insert_key
from jupyter_interview.db.ledger import Ledger
from jupyter_interview.db.links import read_links
from jupyter_interview.db.rooms import delete_room
from jupyter_interview.db.vault import DATA, PAYLOAD, Broken, Sealer, VaultError, new_key
from tests.db.conftest import VAULT, Writes, blocked, make_member, make_room


async def _holds(database: Database, room: int) -> int:
    """Check the chain of a room; how many events it has."""
    rows = await database.read(lambda connection: read_links(connection, room))
    digest = GENESIS
    for number, (link, event) in enumerate(rows, 1):
        assert link.seq == number and event is not None
        assert link.follows(digest) == link.hash
        digest = link.hash
    return len(rows)


async def test_nothing_is_stored_in_the_clear(ji_database: Database, ji_room: int) -> None:
    ada = await make_member(ji_database, ji_room)
    writes = Writes(ji_database, ji_room)
    writes.append(1, payload={"title": "plain words"}, data=b"plain words")
    writes.append(2, payload={"text": "plain words"}, data=b"plain words", member=ada, subject=ada)
    await writes.all(2)
    rows = await ji_database.read(lambda c: c.execute(text("SELECT payload, data, hash FROM event")).all())
    assert len(rows) == 2 and not any(b"plain" in bytes(value) for row in rows for value in row)
    keys = await ji_database.read(lambda connection: find_keys(connection, ji_room))
    assert set(keys) == {0, ada} and all(len(key) == 32 for key in keys.values()) and len(set(keys.values())) == 2
    stored = await ji_database.read(lambda c: c.execute(text("SELECT wrapped FROM member_key")).scalars().all())
    assert not any(key in bytes(wrapped) for key in keys.values() for wrapped in stored)
    assert await _holds(ji_database, ji_room) == 2


async def test_the_subject_s_key_seals_and_not_the_author_s(ji_database: Database, ji_room: int) -> None:
    ada, grace = await make_member(ji_database, ji_room), await make_member(ji_database, ji_room)
    writes = Writes(ji_database, ji_room)
    writes.append(1, data=b"output", member=grace, subject=ada)
    await writes.all(1)
    [(link, event)] = await ji_database.read(lambda connection: read_links(connection, ji_room))
    assert event is not None and (event.member, event.subject, event.data) == (grace, ada, b"output")
    assert (link.member, link.subject) == ("member-1", "member-0")
    key = (await ji_database.read(lambda connection: find_keys(connection, ji_room)))[ada]
    assert link.data is not None and Sealer(link.room, key).open(1, DATA, link.data) == b"output"


async def test_batches_of_many_rooms_are_chained_each_by_itself(ji_database: Database) -> None:
    rooms = [await make_room(ji_database) for _ in range(5)]
    writes = [Writes(ji_database, room) for room in rooms]
    for batch in range(6):
        async with blocked(ji_database):
            for seq in range(1 + 30 * batch, 31 + 30 * batch):
                for write in writes:
                    write.append(seq, data=bytes([seq]), kind=EventKind.DOCUMENT_UPDATE)
    await asyncio.gather(*(write.all(180) for write in writes))
    assert [await _holds(ji_database, room) for room in rooms] == [180] * 5
    hashes = {link.hash for room in rooms for link, _ in await ji_database.read(lambda c, r=room: read_links(c, r))}  # type: ignore[misc]
    assert len(hashes) == 900, "the room is part of what is hashed"


async def test_more_rooms_than_are_remembered(ji_database: Database) -> None:
    ji_database.ledger = Ledger(rooms=2)
    rooms = [await make_room(ji_database) for _ in range(4)]
    writes = [Writes(ji_database, room) for room in rooms]
    for seq in (1, 2, 3):
        for number, write in enumerate(writes):
            write.append(seq)
            await write.all(seq)
            assert len(ji_database.ledger._rooms) <= min(2, 4 * seq + number)
    assert [await _holds(ji_database, room) for room in rooms] == [3] * 4


@pytest.mark.parametrize(("seq", "known"), [(3, False), (1, True), (4, True)])
async def test_an_event_that_does_not_follow_is_refused(
    ji_database: Database, ji_room: int, seq: int, known: bool
) -> None:
    """A gap or a number that is taken, whether the room is remembered or not."""
    writes = Writes(ji_database, ji_room)
    writes.append(1, 2) if known else writes.append(1)
    await writes.all(2 if known else 1)
    if not known:
        ji_database.ledger.forget()
    other = Writes(ji_database, ji_room)
    other.append(seq)
    [(_, failure)] = await other.all(1)
    assert failure is not None
    again = Writes(ji_database, ji_room)
    again.append(3 if known else 2)
    assert (await again.all(1))[0][1] is None
    assert await _holds(ji_database, ji_room) == (3 if known else 2)


async def test_strangers_write_nothing(ji_database: Database, ji_room: int) -> None:
    other = await make_room(ji_database)
    stranger = await make_member(ji_database, other)
    for fields in ({"member": stranger}, {"subject": stranger}, {"member": 10**6}):
        writes = Writes(ji_database, ji_room)
        writes.append(1, **fields)
        assert (await writes.all(1))[0][1] is not None
    assert await _holds(ji_database, ji_room) == 0


async def test_a_room_that_has_the_key_of_a_deleted_one_begins_anew(ji_database: Database, ji_room: int) -> None:
    """SQLite gives the key of the last row away again, while the writer still remembers its log."""
    ada = await make_member(ji_database, ji_room)
    writes = Writes(ji_database, ji_room)
    writes.append(1, 2, member=ada, subject=ada)
    await writes.all(2)
    old = await ji_database.read(lambda connection: find_keys(connection, ji_room))
    await ji_database.write(lambda connection: delete_room(connection, ji_room))
    room = await make_room(ji_database, id="another")
    if ji_database.url.startswith("sqlite"):
        assert room == ji_room
    eve = await make_member(ji_database, room)
    again = Writes(ji_database, room)
    again.append(1, member=eve, subject=eve)
    assert (await again.all(1))[0][1] is None
    assert await _holds(ji_database, room) == 1
    new = await ji_database.read(lambda connection: find_keys(connection, room))
    assert set(new) == {eve} and not set(new.values()) & set(old.values())


@pytest.mark.parametrize("committed", [False, True])
async def test_after_a_commit_that_failed_the_log_goes_on_from_what_is_stored(
    ji_database: Database, ji_room: int, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The answer to a commit can get lost on its way: whether it happened shows when the log is read again."""
    ada = await make_member(ji_database, ji_room)
    writes = Writes(ji_database, ji_room)
    writes.append(1, member=ada, subject=ada)
    await writes.all(1)
    insert = ji_database._insert

    def lost(work: Any) -> Any:
        def fail(*arguments: Any) -> Any:
            if committed:
                work(*arguments)
            raise OperationalError("INSERT", None, RuntimeError("connection lost"))

        return fail

    lose = "alone" if ji_database.url.startswith("sqlite") else "within"
    if lose == "within" and committed:
        # There the statement is part of a transaction, whose end is what gets lost.
        real = type(ji_database)._commit

        def commit(self: Database, batch: Any) -> None:
            real(self, batch)
            raise OperationalError("COMMIT", None, RuntimeError("connection lost"))

        with monkeypatch.context() as patch:
            patch.setattr(Database, "_commit", commit)
            writes.append(2, data=b"one", member=ada, subject=ada)
            await writes.all(2)
    else:
        with monkeypatch.context() as patch:
            patch.setattr(insert, lose, lost(getattr(insert, lose)))
            writes.append(2, data=b"one", member=ada, subject=ada)
            await writes.all(2)
    assert writes.failed == [2]
    following = 3 if committed else 2
    assert await _holds(ji_database, ji_room) == following - 1
    again = Writes(ji_database, ji_room)
    again.append(following, data=b"two", member=ada, subject=ada)
    assert (await again.all(1))[0][1] is None
    assert await _holds(ji_database, ji_room) == following
    events = await ji_database.read(lambda connection: read_events(connection, ji_room))
    assert [event.data for event in events[1:]] == ([b"one", b"two"] if committed else [b"two"])


async def test_keys_that_a_failed_batch_made_are_not_remembered(ji_database: Database, ji_room: int) -> None:
    """A row that is refused takes its batch along, and with it the key that was made for a neighbour."""
    ada = await make_member(ji_database, ji_room)
    good, bad = Writes(ji_database, ji_room), Writes(ji_database, ji_room + 1_000)
    async with blocked(ji_database):
        good.append(1, data=b"one", member=ada, subject=ada)
        bad.append(1)
        good.append(2, data=b"two", member=ada, subject=ada)
    await asyncio.gather(good.all(2), bad.all(1))
    assert good.stored == [1, 2] and bad.failed == [1]
    events = await ji_database.read(lambda connection: read_events(connection, ji_room))
    assert [event.data for event in events] == [b"one", b"two"]


async def test_the_same_number_sealed_twice_gives_nothing_away() -> None:
    """What a failed batch leaves behind: two contents under one key and nonce differ in all of their bytes."""
    sealer = Sealer("room", new_key())
    one, two = (sealer.seal(7, DATA, bytes([letter]) * 64) for letter in b"ab")
    difference = bytes(first ^ second for first, second in zip(one, two, strict=True))
    assert len(set(difference[:64])) > 20, "with GCM it would be 64 times the same byte"
    assert sealer.seal(7, DATA, b"a" * 64) == one, "and the same content is sealed the same way"


def test_what_is_sealed_opens_in_its_place_only() -> None:
    key = new_key()
    sealer = Sealer("room", key)
    sealed = sealer.seal(5, PAYLOAD, b"content")
    assert sealer.open(5, PAYLOAD, sealed) == b"content" and len(sealed) == 7 + 16
    flipped = bytes([sealed[0] ^ 1]) + sealed[1:]
    places = [(sealer, 6, PAYLOAD, sealed), (sealer, 5, DATA, sealed), (sealer, 5, PAYLOAD, flipped)]
    places += [(Sealer("other", key), 5, PAYLOAD, sealed), (Sealer("room", new_key()), 5, PAYLOAD, sealed)]
    places += [(sealer, 5, PAYLOAD, b""), (sealer, 5, PAYLOAD, sealed[:10])]
    for other, seq, field, content in places:
        with pytest.raises(Broken):
            other.open(seq, field, content)


def test_a_vault_opens_its_own_keys_only() -> None:
    key = new_key()
    wrapped = VAULT.wrap(key)
    assert VAULT.unwrap(wrapped) == key and len(wrapped) == 40 and key not in wrapped
    for vault, content in ((Vault(b"w" * 32), wrapped), (VAULT, wrapped[:-1] + b"\0"), (VAULT, b"")):
        with pytest.raises(VaultError):
            vault.unwrap(content)
    with pytest.raises(ValueError, match="at least 32"):
        Vault(b"short")


async def test_a_database_with_another_vault_is_refused(ji_database: Database, ji_room: int) -> None:
    other = Database(ji_database.url, Vault(b"w" * 32))
    other.prepare()
    await other.close()
    await ji_database.write(lambda connection: insert_key(connection, ji_room, 0))
    with pytest.raises(SchemaMismatch, match="'vault' that belongs to this database"):
        Database(ji_database.url, Vault(b"w" * 32)).prepare()


async def test_a_failed_stream_seals_nothing_more(ji_database: Database, ji_room: int) -> None:
    stream = Stream()
    stream.failure = RuntimeError("lost")
    told: list[Any] = []
    event = Event(ji_room, 1, 0, 0, 0, EventKind.JOIN)
    ji_database.append(event, stream, told.append)
    await ji_database.write(lambda connection: None)
    assert told == [stream.failure] and await _holds(ji_database, ji_room) == 0
