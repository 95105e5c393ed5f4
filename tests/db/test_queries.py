"""Do the queries find what they should, and nothing else, on both databases?"""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from sqlalchemy import delete

from jupyter_interview.core.models import DOCUMENT_KINDS, EventKind, MemberState, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database
from jupyter_interview.db import accounts as accounts_of
from jupyter_interview.db import invitations as invitations_of
from jupyter_interview.db import rooms as rooms_of
from jupyter_interview.db.events import last_seq, read_events, seq_at
from jupyter_interview.db.members import insert_member, list_members, update_member
from jupyter_interview.db.tables import event
from tests.db.conftest import VAULT, Writes, make_room


async def _titles(database: Database, **filters: Any) -> list[str]:
    found = await database.read(lambda connection: rooms_of.list_rooms(connection, **{"owner": None, **filters}))
    return [room.title for room in found]


async def test_a_room_comes_back_as_it_was_stored(ji_database: Database) -> None:
    fields: dict[str, Any] = {
        "id": "the-room",
        "title": "Ein »Titel«",
        "password_hash": "h",
        "settings": {"seats": 2, "candidate": {"edit": False}},
        "tags": ("a", 'b"c\\', "ü"),
        "created_at": 2**52,
    }
    await make_room(ji_database, **fields)
    room = await ji_database.read(lambda connection: rooms_of.get_room(connection, "the-room"))
    assert room is not None
    assert {name: getattr(room, name) for name in fields} == fields
    changes: dict[str, Any] = {
        "state": RoomState.LIVE,
        "started_at": 5,
        "tags": (),
        "settings": {},
        "password_hash": None,
    }
    await ji_database.write(lambda connection: rooms_of.update_room(connection, room.key, **changes))
    after = await ji_database.read(lambda connection: rooms_of.get_room(connection, "the-room"))
    assert after == dataclasses.replace(room, **changes)
    assert await ji_database.read(lambda connection: rooms_of.get_room(connection, "no-room")) is None


async def test_rooms_are_listed_newest_first_in_pages_without_gaps(ji_database: Database) -> None:
    moments = [3, 1, 2, 2, 2, 5]
    for number, at in enumerate(moments):
        await make_room(ji_database, title=f"r{number}", created_at=at)
    everything = await _titles(ji_database)
    assert everything == ["r5", "r0", "r4", "r3", "r2", "r1"]
    for size in (1, 2, 4, 6, 7):
        pages: list[str] = []
        before: tuple[int, int] | None = None
        while True:
            page = await ji_database.read(
                lambda c, b=before, n=size: rooms_of.list_rooms(c, owner=None, before=b, limit=n)  # type: ignore[misc]
            )
            if not page:
                break
            pages += [room.title for room in page]
            before = (page[-1].created_at, page[-1].key)
        assert pages == everything


async def test_rooms_are_found_by_owner_and_state(ji_database: Database) -> None:
    await make_room(ji_database, title="mine", owner=1, state=RoomState.LIVE)
    await make_room(ji_database, title="other", owner=2, state=RoomState.ENDED)
    assert await _titles(ji_database, owner=1) == ["mine"]
    assert await _titles(ji_database, owner=0) == []
    assert await _titles(ji_database, states=[RoomState.ENDED]) == ["other"]
    assert await _titles(ji_database, states=[RoomState.ENDED, RoomState.LIVE]) == ["other", "mine"]
    assert await _titles(ji_database, states=[]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100%", ["100% remote"]),
        ("%", ["100% remote"]),
        ("_", ["snake_case"]),
        ("e_c", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("K\\S", ["back\\slash"]),
        ("REMOTE", ["100% remote"]),
        ("Änderung", ["Änderung"]),
        ("lovelace", ["snake_case"]),
        ("Žižek", ["back\\slash"]),
        ("python", ["Änderung", "back\\slash", "snake_case", "100% remote"]),
        ("' OR 1=1 --", []),
        ("lo%ace", []),
        ("nothing", []),
    ],
)
async def test_text_is_searched_to_the_letter(ji_database: Database, text: str, expected: list[str]) -> None:
    people = {"snake_case": "Ada Lovelace", "back\\slash": "Slavoj Žižek"}
    for title in ("100% remote", "snake_case", "back\\slash", "Änderung"):
        key = await make_room(ji_database, title=title)
        if title in people:
            await _member(ji_database, key, name=people[title])
    assert await _titles(ji_database, text=text) == expected


@pytest.mark.parametrize("text", ["ÄNDERUNG", "änderung"])
async def test_letter_case_is_ignored_beyond_english_on_sqlite(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """On PostgreSQL it is the server's locale that says what a small letter is."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('d') / 'db'}", VAULT)
    database.prepare()
    database.start()
    await make_room(database, title="Große Änderung")
    assert await _titles(database, text=text) == ["Große Änderung"]
    await database.close()


@pytest.mark.parametrize("tag", ["go", "Go", "c++", 'q"uote', "per%cent", "under_score", "back\\slash", "ü", "a,b"])
async def test_a_tag_is_found_exactly(ji_database: Database, tag: str) -> None:
    tags = ["go", "Go", "c++", 'q"uote', "per%cent", "under_score", "back\\slash", "ü", "a,b"]
    tags += ["golang", "perXcent", "underXscore", "a", "b"]
    for name in tags:
        await make_room(ji_database, title=name, tags=("x", name, "y"))
    assert await _titles(ji_database, tag=tag) == [tag]
    assert await _titles(ji_database, tag="nothing") == []


async def _member(database: Database, room: int, **fields: Any) -> Any:
    values: dict[str, Any] = {
        "id": f"m-{fields.get('name')}",
        "room": room,
        "role": Role.CANDIDATE,
        "name": "Ada",
        "email": None,
        "account": None,
        "state": MemberState.SEATED,
        "switches": {"edit": False},
        "joined_at": 7,
        **fields,
    }
    return await database.write(lambda connection: insert_member(connection, **values))


async def test_members_come_back_in_order_of_arrival(ji_database: Database, ji_room: int) -> None:
    ada = await _member(ji_database, ji_room, name="Ada")
    bob = await _member(ji_database, ji_room, name="Bob", email="b@example.org", account=3, role=Role.INTERVIEWER)
    await _member(ji_database, await make_room(ji_database), name="Else")
    assert await ji_database.read(lambda connection: list_members(connection, ji_room)) == [ada, bob]
    changes: dict[str, Any] = {"state": MemberState.REMOVED, "left_at": 9, "switches": {}, "role": Role.SPECTATOR}
    await ji_database.write(lambda connection: update_member(connection, ada.key, **changes))
    found = await ji_database.read(lambda connection: list_members(connection, ji_room))
    assert found == [dataclasses.replace(ada, **changes), bob]


async def test_events_are_read_by_range_kind_and_count(ji_database: Database, ji_room: int) -> None:
    kinds = [EventKind.DOCUMENT_SNAPSHOT, EventKind.JOIN, EventKind.DOCUMENT_UPDATE, EventKind.CHAT_MESSAGE] * 5
    writes = Writes(ji_database, ji_room)
    for seq, kind in enumerate(kinds, start=1):
        writes.append(seq, kind=kind)
    other = Writes(ji_database, await make_room(ji_database))
    other.append(1, 2)
    await writes.all(20)
    await other.all(2)

    async def seqs(**filters: Any) -> list[int]:
        return [event.seq for event in await ji_database.read(lambda c: read_events(c, ji_room, **filters))]

    assert await seqs() == list(range(1, 21))
    assert await seqs(after=18) == [19, 20]
    assert await seqs(until=2) == [1, 2]
    assert await seqs(after=3, until=5) == [4, 5]
    assert await seqs(kinds=[EventKind.CHAT_MESSAGE]) == [4, 8, 12, 16, 20]
    assert await seqs(kinds=DOCUMENT_KINDS, limit=3) == [1, 3, 5]
    assert await seqs(kinds=[EventKind.CHAT_MESSAGE], limit=2, newest=True) == [16, 20]
    assert await seqs(kinds=[EventKind.CHAT_MESSAGE], after=4, until=16, limit=9) == [8, 12, 16]
    assert await seqs(kinds=[]) == []


async def test_a_moment_has_its_last_event(ji_database: Database, ji_room: int) -> None:
    writes = Writes(ji_database, ji_room)
    for seq, at in enumerate((10, 20, 20, 30), start=1):
        writes.append(seq, at=at)
    await writes.all(4)
    found = [await ji_database.read(lambda c, at=at: seq_at(c, ji_room, at)) for at in (9, 10, 19, 20, 29, 30, 2**60)]  # type: ignore[misc]
    assert found == [0, 1, 1, 3, 3, 4, 4]
    dice = random.Random(1)
    times = [10, 20, 20, 30, *sorted(dice.randint(30, 90) for _ in range(60))]
    for seq, at in enumerate(times[4:], start=5):
        writes.append(seq, at=at)
    await writes.all(len(times))
    lost = {7, 8, 9, 30, 31, 50, len(times)}
    await ji_database.write(lambda c: c.execute(delete(event).where(event.c.room == ji_room, event.c.seq.in_(lost))))
    for at in range(9, 92):
        wanted = max((seq for seq, time in enumerate(times, 1) if time <= at and seq not in lost), default=0)
        assert await ji_database.read(lambda c, at=at: seq_at(c, ji_room, at)) == wanted, at  # type: ignore[misc]
    assert await ji_database.read(lambda connection: last_seq(connection, ji_room)) == len(times) - 1
    assert await ji_database.read(lambda connection: last_seq(connection, ji_room + 1)) == 0


async def test_an_invitation_is_used_up_expires_and_is_revoked(ji_database: Database, ji_room: int) -> None:
    def make(secret: str, **fields: Any) -> Any:
        values: dict[str, Any] = {
            "id": f"i-{secret}",
            "room": ji_room,
            "role": Role.SPECTATOR,
            "name": None,
            "secret_hash": secret,
            "created_at": 1,
            "expires_at": None,
            "max_uses": None,
            "uses": 0,
            **fields,
        }
        return ji_database.write(lambda connection: invitations_of.insert_invitation(connection, **values))

    async def use(secret: str, now: int = 1, room: int = ji_room) -> bool:
        found = await ji_database.write(lambda c: invitations_of.use_invitation(c, room, secret, now))
        assert found is None or found.role is Role.SPECTATOR
        return found is not None

    await make("twice", max_uses=2)
    await make("soon", expires_at=5)
    await make("free")
    assert [await use("twice") for _ in range(3)] == [True, True, False]
    assert [await use("soon", now) for now in (4, 5, 6)] == [True, False, False]
    assert not await use("unknown") and not await use("free", room=ji_room + 1)
    assert await use("free")
    revoke = invitations_of.revoke_invitation
    assert not await ji_database.write(lambda c: revoke(c, ji_room + 1, "i-free", 9)), "not that room's"
    assert await ji_database.write(lambda c: revoke(c, ji_room, "i-free", 9))
    assert not await use("free")
    listed = await ji_database.read(lambda c: invitations_of.list_invitations(c, ji_room))
    assert [(found.id, found.uses, found.revoked_at) for found in listed] == [
        ("i-twice", 2, None),
        ("i-soon", 1, None),
        ("i-free", 1, 9),
    ]


async def test_accounts_and_dead_tokens(ji_database: Database) -> None:
    values = {"id": "a1", "email": "a@example.org", "name": "A", "password_hash": "h", "created_at": 1}
    account = await ji_database.write(lambda c: accounts_of.insert_account(c, **values))
    assert account.key > 0, "0 is the server's own user"
    assert await ji_database.read(lambda c: accounts_of.find_account(c, "a@example.org")) == (account, "h", False)
    assert await ji_database.read(lambda c: accounts_of.find_account(c, "b@example.org")) is None
    assert await ji_database.write(lambda c: accounts_of.update_account(c, "a@example.org", disabled=True))
    assert not await ji_database.write(lambda c: accounts_of.update_account(c, "b@example.org", disabled=True))
    assert await ji_database.read(lambda c: accounts_of.get_account(c, "a1")) is None
    assert await ji_database.read(accounts_of.list_accounts) == [(account, True)]
    for jti, expires in (("old", 5), ("new", 50), ("new", 50)):
        await ji_database.write(lambda c, j=jti, e=expires: accounts_of.revoke_token(c, j, e, 4))  # type: ignore[misc]
    assert await ji_database.read(lambda c: accounts_of.revoked_tokens(c, 4)) == {"old", "new"}
    later = 10 + accounts_of.REVOKED_SECONDS
    assert await ji_database.read(lambda c: accounts_of.revoked_tokens(c, later)) == {"new"}
    await ji_database.write(lambda c: accounts_of.revoke_token(c, "third", 60, 10))
    back = await ji_database.read(lambda c: accounts_of.revoked_tokens(c, 4))
    assert back == {"old", "new", "third"}, "the clock was a day ahead: nobody is logged in again"
    await ji_database.write(lambda c: accounts_of.revoke_token(c, "fourth", later + 9, later))
    left = await ji_database.read(lambda c: accounts_of.revoked_tokens(c, 0))
    assert left == {"new", "third", "fourth"}, "forgotten in time"


async def test_a_room_is_deleted_with_all_that_is_its_own(ji_database: Database, ji_room: int) -> None:
    other = await make_room(ji_database)
    writes = [Writes(ji_database, room) for room in (ji_room, other)]
    for write in writes:
        write.append(1)
        await write.all(1)
        await _member(ji_database, write.room, name=f"m{write.room}")
    record: dict[str, Any] = {
        "language": "python",
        "started_at": None,
        "ended_at": 9,
        "duration": 8,
        "notebook": {"ü": [1.5]},
        "messages": [],
        "members": [{"id": "m"}],
        "runs": [],
    }
    for room in (ji_room, other):
        await ji_database.write(lambda c, r=room: rooms_of.insert_record(c, r, **record))  # type: ignore[misc]
    await ji_database.write(lambda c: rooms_of.delete_room(c, ji_room))

    def left(connection: Any) -> list[Any]:
        return [
            rooms_of.get_record(connection, ji_room),
            read_events(connection, ji_room),
            list_members(connection, ji_room),
            rooms_of.get_record(connection, other),
            len(read_events(connection, other)),
            len(list_members(connection, other)),
        ]

    assert await ji_database.read(left) == [None, [], [], record, 1, 1]
