"""Is what one member can add to a room's log bounded, in a minute and in all, and is that said?"""

from __future__ import annotations

import pytest

from jupyter_interview.core import clock
from jupyter_interview.core.errors import InterviewError, RateLimited, TooLarge
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON, EventKind, RunStatus
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.portions import sizes
from jupyter_interview.execution.outputs import RunOutputs
from jupyter_interview.managers.budgets import Budget, Window
from jupyter_interview.managers.live import LiveRoom
from tests.managers.conftest import MakeHouse
from tests.managers.house import House

SECOND = 1_000_000


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The moment that it is; one that a test may move."""
    moment = [1_700_000_000 * SECOND]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


def test_a_window_has_the_last_minute_and_says_when_there_is_place_again() -> None:
    window = Window()
    for second in range(100):
        window.add(second * SECOND, 10)
    assert window.total(99 * SECOND) == 610, "sixty seconds and the one that has begun"
    assert window.wait(99 * SECOND, 10) == 1
    assert window.total((99 + window.wait(99 * SECOND, 100)) * SECOND) <= 510
    assert window.total(1_000 * SECOND) == 0


async def test_a_member_that_wrote_enough_in_a_minute_waits(ji_house: MakeHouse, now: list[int]) -> None:
    house = await ji_house(log_minute_bytes=5_000)
    live = await house.room()
    ada, bob = await house.seat(live), await house.seat(live, Role.INTERVIEWER, "Bob")
    sockets = [house.socket(live, member) for member in (ada, bob)]
    refused: InterviewError | None = None
    for _ in range(20):
        try:
            await live.messages.post(ada, sockets[0].connection, "x" * 1_000, None)
        except RateLimited as error:
            refused = error
    assert refused is not None and refused.details["limit"] == 5_000
    assert "5 kB" in refused.message and str(refused.details["retry_after"]) in refused.message
    said = [event for event in await house.log(live) if event.kind is EventKind.CHAT_MESSAGE]
    assert 1 <= len(said) < 5
    await live.messages.post(bob, sockets[1].connection, "x" * 1_000, None)
    now[0] += refused.details["retry_after"] * SECOND
    await live.messages.post(ada, sockets[0].connection, "x" * 1_000, None)


async def test_interviewers_are_warned_before(ji_house: MakeHouse, now: list[int]) -> None:
    house = await ji_house(log_minute_bytes=5_000)
    live = await house.room()
    ada, bob = await house.seat(live), await house.seat(live, Role.INTERVIEWER, "Bob")
    mine, theirs = house.socket(live, ada), house.socket(live, bob)
    for _ in range(3):
        await live.messages.post(ada, mine.connection, "x" * 1_000, None)
    assert theirs.of("notice") == []
    await live.messages.post(ada, mine.connection, "x" * 1_000, None)
    with pytest.raises(RateLimited):
        await live.messages.post(ada, mine.connection, "x" * 1_000, None)
    assert len(theirs.of("notice")) == 1
    notice = theirs.of("notice")[0]["content"]
    assert notice["member"] == ada.id and notice["limit"] == 5_000 and notice["message"].startswith("Ada:")
    assert mine.of("notice") == []


async def test_a_full_log_takes_nothing_from_members_and_everything_of_the_server(ji_house: MakeHouse) -> None:
    house = await ji_house(log_bytes=20_000)
    live = await house.room()
    members = [await house.seat(live), await house.seat(live, Role.INTERVIEWER, "Bob")]
    sockets = [house.socket(live, member) for member in members]
    for member, socket in zip(members, sockets, strict=True):
        with pytest.raises(TooLarge) as caught:
            for _ in range(30):
                await live.messages.post(member, socket.connection, "x" * 1_000, None)
        assert caught.value.details["limit"] in (10_000, 20_000)
    with pytest.raises(TooLarge):
        await live.runs.request(members[1], 0, [(None, None)])
    notices = [frame["content"]["message"] for frame in sockets[1].of("notice")]
    assert any("will soon reach" in text for text in notices)
    assert live.joined_json(members[1])["notices"] and not live.joined_json(members[0])["notices"]
    ended = await house.rooms.end(live.room.id, members[1])
    assert ended["state"] == "ended"
    assert (await house.evidence.verify(live.room)).damage is None


async def test_one_member_leaves_half_of_the_log_to_the_others(ji_house: MakeHouse) -> None:
    house = await ji_house(log_bytes=40_000)
    live = await house.room()
    ada, bob = await house.seat(live), await house.seat(live, Role.INTERVIEWER, "Bob")
    mine, theirs = house.socket(live, ada), house.socket(live, bob)
    with pytest.raises(TooLarge, match="one person"):
        for _ in range(60):
            await live.messages.post(ada, mine.connection, "x" * 1_000, None)
    await live.messages.post(bob, theirs.connection, "x" * 1_000, None)


async def test_what_waits_in_the_queue_counts(ji_house: MakeHouse) -> None:
    """A source is logged when its run begins, and many can wait."""
    house = await ji_house(log_minute_bytes=50_000)
    live = await house.room(starter="#" * 10_000)
    ada = await house.seat(live)
    with pytest.raises(RateLimited):
        for _ in range(100):
            await live.runs.request(ada, 0, [(None, None)])
    assert 1 <= len(house.kernels[live.room.id].waiting) <= 5


async def test_a_run_that_has_begun_ends_whatever_the_budget_says(ji_house: MakeHouse) -> None:
    house = await ji_house(log_bytes=20_000, log_outputs_bytes=8_000)
    live = await house.room()
    ada = await house.seat(live)
    await live.runs.request(ada, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    outputs = kernel.begin()
    outputs.stream("stdout", "x" * 30_000)
    kernel.end(RunStatus.OK)
    assert [event.kind for event in await house.log(live)][-1] is EventKind.RUN_FINISHED
    with pytest.raises(TooLarge):
        await live.runs.request(ada, 0, [(None, None)])


async def test_the_sums_are_the_same_after_a_restart(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(starter="x = 1")
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    await live.messages.post(ada, socket.connection, "Grüße" * 100, None)
    await live.runs.request(ada, 0, [(None, None)])
    outputs = house.kernels[live.room.id].begin()
    outputs.stream("stdout", "x" * 5_000)
    house.kernels[live.room.id].end()
    live.document.set_code("y = 2", ada, 0)
    before = _sums(live.log.budget)
    assert {outputs for _, outputs in before} == {True, False}
    await house.crash()
    again = await house.again()
    try:
        opened = await again.rooms.open(live.room.id)
        found = _sums(opened.log.budget)
        assert {name: found[name] for name in before if name != (0, False)} == {
            name: size for name, size in before.items() if name != (0, False)
        }
        window = opened.log.budget._windows
        assert {(each.member, each.outputs) for each in window} >= {(ada.key, True), (ada.key, False)}
    finally:
        await again.stop()


def _sums(budget: Budget) -> dict[tuple[int, bool], int]:
    return {(account.member, account.outputs): size for account, size in budget._accounts.items()}


async def test_a_refusal_adds_nothing_to_the_log(house: House) -> None:
    live = await house.room()
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    budget = Budget(Limits.checked(log_minute_bytes=200))
    live.log.budget = budget
    before: list[JSON] = [event.payload or {} for event in await house.log(live)]
    for _ in range(100):
        with pytest.raises(InterviewError):
            await live.messages.post(ada, socket.connection, "x" * 1_000, None)
    assert [event.payload or {} for event in await house.log(live)] == before


async def test_whatever_one_member_does_for_a_minute_the_log_takes_less_than_20_mb(
    ji_house: MakeHouse, now: list[int]
) -> None:
    """At the limits' defaults: runs that print, sources that are large, edits, messages, one after the other."""
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    before = await _stored(house, live)
    kinds: set[str] = set()
    for number in range(60):
        now[0] = max(now[0], 1_700_000_000 * SECOND + number * 990_000)
        for name in ("run", "edit", "chat"):
            try:
                if name == "run":
                    await live.runs.request(ada, 0, [(None, None)])
                    kernel = house.kernels[live.room.id]
                    outputs = kernel.begin()
                    sink = RunOutputs(outputs, live.limits, lambda: None)
                    sink.message("stream", {"name": "stdout", "text": f"{number}" * 450_000})
                    sink.finish(1)
                    kernel.end()
                elif name == "edit":
                    live.document.set_code(f"{number:04d}" * 50_000, ada, socket.connection.id)
                else:
                    await live.messages.post(ada, socket.connection, "x" * 10_000, None)
            except InterviewError as error:
                kinds.add(f"{name}: {error.details['budget']}")
        await live.log.barrier()
    assert kinds >= {"edit: log_minute_bytes", "chat: log_minute_bytes"} and len(kinds) >= 3, kinds
    grown = await _stored(house, live) - before
    assert 8_000_000 < grown < 20_000_000
    assert sum(_sums(live.log.budget).values()) == before + grown


async def _stored(house: House, live: LiveRoom) -> int:
    """Bytes of a room's log in the database."""
    await house.database.write(lambda connection: None)
    return sum(item.size for item in await house.database.read(lambda connection: sizes(connection, live.room.key)))
