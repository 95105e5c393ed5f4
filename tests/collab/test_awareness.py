"""Whose cursor is where, and can one speak for another?"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.collab.awareness import STATE_BYTES, Awareness, Forged
from jupyter_interview.collab.wire import AWARENESS, QUERY_AWARENESS, SYNC, Malformed, Reader, prefixed, varuint
from jupyter_interview.core.errors import BadMessage
from jupyter_interview.core.models import Member, MemberState
from jupyter_interview.core.permissions import Role
from tests.collab.conftest import MakePair
from tests.db.conftest import blocked


def member(key: int, name: str = "Ada") -> Member:
    return Member(key, f"m{key}", 1, Role.CANDIDATE, name, MemberState.SEATED, 0)


ADA, BOB = member(1, "Ada Žižek 漢字 🎉"), member(2, "Bob")


def cursor(clock: int) -> Any:
    """A cursor as JupyterLab shares it."""
    place = {"type": {"client": 5, "clock": 1}, "tname": None, "item": {"client": 5, "clock": clock}, "assoc": 0}
    return {"anchor": place, "head": place, "primary": True, "empty": True}


def states(*entries: tuple[int, int, Any]) -> bytes:
    """An awareness message: (client, clock, state) each."""
    parts = [varuint(len(entries))]
    for client, clock, state in entries:
        parts.append(varuint(client) + varuint(clock) + prefixed(json.dumps(state).encode()))
    return b"".join(parts)


def read(message: bytes | None) -> list[tuple[int, int, Any]]:
    assert message is not None
    outer = Reader(message)
    assert outer.byte() == AWARENESS
    reader = Reader(outer.bytes())
    assert outer.done
    found = [(reader.varuint(), reader.varuint(), json.loads(reader.bytes())) for _ in range(reader.varuint())]
    assert reader.done
    return found


def test_the_server_says_who_it_is() -> None:
    awareness = Awareness()
    sent = read(awareness.receive(ADA, 10, states((7, 1, {"cursors": [cursor(1)], "user": {"name": "x"}}))))
    assert sent == [(7, 1, {"user": ADA.to_user(), "cursors": [cursor(1)]})]
    assert read(awareness.everybody()) == sent
    bare = read(awareness.receive(ADA, 10, states((7, 2, {}))))
    assert bare == [(7, 2, {"user": ADA.to_user()})]


@pytest.mark.parametrize("part", ({"name": "Grace"}, {"role": "interviewer"}, {"color": "red"}, {"avatar_url": "x"}))
def test_nothing_else_is_said_of_a_member_beside_its_own_username(part: dict[str, str]) -> None:
    own = ADA.to_user()
    said = {"user": {**own, **part}, **part}
    assert read(Awareness().receive(ADA, 10, states((7, 1, said)))) == [(7, 1, {"user": own})]


MALFORMED: list[Any] = [
    5,
    "x",
    {"0": 1},
    [5],
    [None],
    [[]],
    [{}],
    [{"anchor": 1, "head": 1}],
    [{**cursor(1), "head": None}],
    [{**cursor(1), "anchor": {"item": {"client": 5, "clock": 1}}}],
    [{**cursor(1), "anchor": {"tname": "cells"}}],
    [{**cursor(1), "anchor": {"type": {"client": 5, "clock": -1}}}],
    [{**cursor(1), "anchor": {"type": {"client": 5.5, "clock": 1}}}],
    [{**cursor(1), "anchor": {"type": {"client": True, "clock": 1}}}],
    [{**cursor(1), "anchor": {"type": {"client": 1 << 53, "clock": 1}}}],
    [{**cursor(1), "anchor": {"type": {"clock": 1}}}],
]


@pytest.mark.parametrize("cursors", MALFORMED)
def test_no_cursor_is_passed_on_that_a_page_could_stumble_over(cursors: Any) -> None:
    awareness = Awareness()
    own = {"user": ADA.to_user()}
    more = [*cursors, cursor(3)] if isinstance(cursors, list) else cursors
    sent = read(awareness.receive(ADA, 10, states((7, 1, {"cursors": more, "current": {"x": 1}, "autosave": 1}))))
    assert sent == [(7, 1, own | ({"cursors": [cursor(3)]} if isinstance(cursors, list) else {}))]


def test_what_a_cursor_has_besides_is_left_out() -> None:
    odd = {**cursor(1), "primary": "yes", "style": "position: fixed", "anchor": {**cursor(1)["anchor"], "assoc": 1e9}}
    odd["head"] = {**cursor(1)["head"], "item": {"client": 5, "clock": "1"}, "assoc": -1, "tname": "x"}
    sent = read(Awareness().receive(ADA, 10, states((7, 1, {"cursors": [odd], "autosave": True}))))
    head = {"type": {"client": 5, "clock": 1}, "tname": None, "item": None, "assoc": -1}
    anchor = {**cursor(1)["anchor"], "assoc": 0}
    assert sent[0][2]["cursors"] == [{"anchor": anchor, "head": head, "primary": False, "empty": True}]
    assert sent[0][2]["autosave"] is True and set(sent[0][2]) == {"user", "cursors", "autosave"}


def test_a_position_has_all_that_a_page_reads() -> None:
    """Yjs in the page takes a field that is missing for one that is not null."""
    bare = {"anchor": {"type": {"client": 5, "clock": 1}}, "head": {"type": {"client": 5, "clock": 1}}}
    sent = read(Awareness().receive(ADA, 10, states((7, 1, {"cursors": [bare]}))))
    place = {"type": {"client": 5, "clock": 1}, "tname": None, "item": None, "assoc": 0}
    assert sent[0][2]["cursors"] == [{"anchor": place, "head": place, "primary": False, "empty": False}]


def test_a_member_has_a_hundred_cursors_at_most() -> None:
    sent = read(Awareness().receive(ADA, 10, states((7, 1, {"cursors": [cursor(1)] * 60}))))
    assert len(sent[0][2]["cursors"]) == 60
    many = json.dumps(
        [{"anchor": {"type": {"client": 1, "clock": 1}}, "head": {"type": {"client": 1, "clock": 1}}}] * 140
    )
    sent = read(Awareness().receive(ADA, 10, b"\1\7\1" + prefixed(b'{"cursors":' + many.encode() + b"}")))
    assert len(sent[0][2]["cursors"]) == 100


def test_a_state_that_names_another_is_forged() -> None:
    awareness = Awareness()
    with pytest.raises(Forged):
        awareness.receive(ADA, 10, states((7, 1, {"user": BOB.to_user()})))
    assert awareness.everybody() is None


def test_nobody_speaks_for_the_cursor_of_another() -> None:
    awareness = Awareness()
    awareness.receive(ADA, 10, states((7, 5, {"cursors": [cursor(1)]})))
    with pytest.raises(Forged):
        awareness.receive(BOB, 20, states((7, 6, {"cursors": [cursor(2)]})))
    assert awareness.receive(BOB, 20, states((7, 9, None))) is None, "nor takes it away"
    assert read(awareness.everybody())[0][2]["cursors"] == [cursor(1)]


def test_what_others_said_may_be_repeated() -> None:
    """Stock clients echo what they heard: it passes silently, while their own news goes on."""
    awareness = Awareness()
    ada = read(awareness.receive(ADA, 10, states((7, 5, {"cursors": [cursor(1)]}))))
    assert awareness.receive(BOB, 20, states(*ada)) is None
    assert awareness.receive(BOB, 20, states((7, 4, {"user": ADA.to_user()}))) is None
    assert awareness.receive(BOB, 20, states((99, 4, None))) is None, "of somebody long gone"
    both = read(awareness.receive(BOB, 20, states(*ada, (8, 1, {"cursors": [cursor(2)]}))))
    assert [entry[0] for entry in both] == [8]
    assert sorted(entry[0] for entry in read(awareness.everybody())) == [7, 8]


def test_a_closed_sockets_cursors_vanish_and_can_come_back() -> None:
    awareness = Awareness()
    awareness.receive(ADA, 10, states((7, 5, {"cursors": [cursor(1)]})))
    awareness.receive(BOB, 20, states((8, 1, {})))
    gone = read(awareness.leave(10))
    assert [(client, state) for client, _, state in gone] == [(7, None)] and gone[0][1] >= 5
    assert awareness.leave(10) is None
    assert [entry[0] for entry in read(awareness.everybody())] == [8]
    with pytest.raises(Forged):
        awareness.receive(BOB, 20, states((7, 50, {})))
    back = read(awareness.receive(ADA, 11, states((7, gone[0][1] + 1, {"cursors": [cursor(2)]}))))
    assert back[0][:2] == (7, gone[0][1] + 1)
    assert awareness.leave(10) is None, "the old socket has nothing to say about it"
    assert len(read(awareness.everybody())) == 2


def test_a_client_can_take_its_own_cursor_away() -> None:
    awareness = Awareness()
    awareness.receive(ADA, 10, states((7, 5, {})))
    assert read(awareness.receive(ADA, 10, states((7, 6, None)))) == [(7, 6, None)]
    assert awareness.everybody() is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        states((7, 1, {})) + b"\0",
        states((7, 1, [])),
        states((7, 1, "text")),
        b"\1\7\1" + prefixed(b"{"),
        b"\1\7\1" + prefixed(b"[" * 100_00 + b"]" * 100_00),
        b"\1\7\1" + prefixed(b"\xff"),
        states((7, 1, {"x": "y" * STATE_BYTES})),
        states(*((client, 1, {}) for client in range(9))),
        varuint(100_000),
        states((7, 1, {}))[:-1],
    ],
)
def test_what_is_no_awareness_is_refused(data: bytes) -> None:
    awareness = Awareness()
    with pytest.raises(Malformed):
        awareness.receive(ADA, 10, data)
    assert awareness.everybody() is None, "and leaves nothing behind"


def test_one_socket_cannot_collect_cursors() -> None:
    awareness = Awareness()
    for client in range(8):
        awareness.receive(ADA, 10, states((client, 1, {})))
    with pytest.raises(Malformed, match="too many"):
        awareness.receive(ADA, 10, states((8, 1, {})))


@given(st.binary(max_size=50))
def test_any_bytes_are_awareness_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        Awareness().receive(ADA, 10, data)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.text(st.characters(codec="utf-8"))))
def test_nothing_that_people_make_up_is_passed_on(state: dict[str, str]) -> None:
    state.pop("user", None)
    ((_, _, found),) = read(Awareness().receive(ADA, 10, states((7, 1, state))))
    assert found == {"user": ADA.to_user()}


def test_half_a_character_does_no_harm() -> None:
    message = Awareness().receive(ADA, 10, b"\1\7\1" + prefixed(b'{"x":"\\ud800","cursors":["\\ud800"]}'))
    assert read(message)[0][2] == {"user": ADA.to_user(), "cursors": []}


def test_memory_of_those_who_left_is_bounded() -> None:
    awareness = Awareness()
    for client in range(10_500):
        awareness.receive(ADA, client, states((client, 1, {})))
        awareness.leave(client)
    assert len(awareness._entries) <= 10_001 and not awareness._of


async def test_forged_awareness_is_refused_and_logged(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    state = json.dumps({"user": pair.interviewer.member.to_user()}).encode()
    await pair.candidate.send(b"\1" + prefixed(b"\1\7\1" + prefixed(state)))
    assert [type(error) for error in pair.candidate.refused] == [BadMessage]
    (entry,) = await pair.denied()
    assert entry["what"] == "awareness"
    own = json.dumps({"user": pair.candidate.member.to_user()}).encode()
    await pair.candidate.send(b"\1" + prefixed(b"\1\7\1" + prefixed(own)))
    assert len(pair.interviewer.awareness) == 1 and pair.candidate.awareness == []
    pair.candidate.disconnect()
    assert b"null" in pair.interviewer.awareness[-1]
    await pair.interviewer.send(bytes((QUERY_AWARENESS,)))
    assert len(pair.interviewer.awareness) == 2, "nobody is there any more"


async def test_a_cursor_comes_behind_the_character_that_it_stands_beside(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    before = len(pair.interviewer.received)
    own = json.dumps({"user": pair.candidate.member.to_user()}).encode()
    moving: asyncio.Task[None]
    async with blocked(pair.house.database):
        pair.candidate.type("x")
        await pair.candidate.flush()
        moving = asyncio.ensure_future(pair.candidate.send(b"\1" + prefixed(b"\1\7\1" + prefixed(own))))
        await asyncio.wait([moving], timeout=0.05)
        assert len(pair.interviewer.received) == before
    await moving
    assert [message[0] for message in pair.interviewer.received[before:]] == [SYNC, AWARENESS]


async def test_a_cursor_whose_socket_closed_meanwhile_stays_away(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    own = json.dumps({"user": pair.candidate.member.to_user()}).encode()
    async with blocked(pair.house.database):
        pair.candidate.type("x")
        await pair.candidate.flush()
        moving = asyncio.ensure_future(pair.candidate.send(b"\1" + prefixed(b"\1\7\1" + prefixed(own))))
        await asyncio.wait([moving], timeout=0.05)
        pair.candidate.disconnect()
    await moving
    assert pair.interviewer.awareness == []
