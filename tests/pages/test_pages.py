"""Does any page run, freeze or deceive by what a member made: in the room, in the replay, in an exported file?

Each case is put into two rooms: one that an interviewer looks at meanwhile, and one whose replay, and exported file,
are played afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.people import SECONDS, Person
from tests.browser.replaying import Replay
from tests.fixtures.browser import Browsers
from tests.fixtures.server import Server
from tests.integration.clients import House, Room

from .attacker import Attacker
from .cases import CASES, NAME, TITLE
from .cases.case import Case, Place
from .cases.texts import HEAVY_MESSAGES, MANY_MESSAGES
from .watch import ANSWERED, FROZEN_SECONDS, Told, Watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ROOM_CONTROLS = (
    "[data-testid=interview-state]",
    ".jp-Interview-bar button",
    ".jp-Interview-chat textarea",
    "[data-testid=interview-people]",
)
REPLAY_CONTROLS = ("[data-testid=interview-replay-bar] button", "[role=slider]", "[role=tab]")

SHOWN = """([place, says, mark]) => {
    const notebook = document.querySelector('.jp-Notebook').textContent;
    const messages = [...document.querySelectorAll('.jp-chat-message, .jp-Interview-message')];
    const body = place === 'message' ? messages.at(-1)?.textContent ?? '' : notebook;
    return notebook.includes(mark) && (!says || body.includes(says));
}"""
"""All of a case is on the page, and in its place, for a message the newest, what is to be seen of it."""


RENDERED = """count => [...document.querySelectorAll('.jp-chat-rendered-message')]
    .filter(each => each.textContent.trim()).length >= count"""
"""So many messages are on the page."""

ADDRESSED = """() => {
    const { moment } = document.querySelector('[data-testid=interview-replay-bar]').dataset;
    return location.hash === '' || location.hash === moment;
}"""
"""The address names the moment that the page has gone to, so that it will not be written over ours."""


@dataclass
class Played:
    """An interview with all cases, and the event after each."""

    room: Room
    after: dict[str, int]
    marks: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(ji_pages_house: House) -> Played:
    """Everything was put in and taken out again, and the interview has ended."""
    room = await ji_pages_house.room(TITLE)
    attacker = await Attacker.join(room, NAME)
    after, marks = {}, {}
    for case in CASES:
        await attacker.clear()
        await attacker.put(case)
        after[case.name] = await _last(room)
        marks[case.name] = attacker.mark
    await room.end()
    return Played(room, after, marks)


async def _last(room: Room) -> int:
    """The number of the last event."""
    answer = await room.house.owner.get(f"api/interview/rooms/{room.id}/notebook")
    return int(answer.headers["X-Interview-Seq"])


@dataclass
class Live:
    """A room that an interviewer looks at, and who attacks it."""

    watch: Watch
    attacker: Attacker


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(ji_pages_house: House, ji_pages_browser: Browsers, ji_pages_server: Server) -> AsyncIterator[Live]:
    room = await ji_pages_house.room(TITLE)
    attacker = await Attacker.join(room, NAME)
    visitor = await ji_pages_browser.open("interviewer")
    person = Person(visitor)
    invitation = await room.api("POST", "/invitations", {"role": "interviewer"})
    base = ji_pages_server.url.rstrip("/")
    await person.join(base + invitation["url"].removeprefix(ji_pages_server.base_url.rstrip("/")), "Ivan Interviewer")
    await expect(person.chat).to_be_visible(timeout=SECONDS)
    yield Live(await Watch.over(person.page, *ROOM_CONTROLS), attacker)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replay(ji_pages_browser: Browsers, ji_pages_server: Server, played: Played) -> Watch:
    visitor = await ji_pages_browser.open("replay")
    server = ji_pages_server
    await visitor.page.goto(f"{server.url}lab?token={server.token}")
    page = Replay(visitor.page, server, played.room.id)
    await page.open(f"{server.url}interview/{played.room.id}/replay")
    return await Watch.over(visitor.page, *REPLAY_CONTROLS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def file(
    ji_pages_browser: Browsers, ji_pages_server: Server, played: Played, tmp_path_factory: pytest.TempPathFactory
) -> Watch:
    house, room = played.room.house, played.room
    answer = await house.owner.get(f"api/interview/rooms/{room.id}/export?format=html")
    assert answer.status_code == 200, answer.text
    path = Path(tmp_path_factory.mktemp("file")) / "replay.html"
    path.write_bytes(answer.content)
    visitor = await ji_pages_browser.open("file")
    await Replay(visitor.page, ji_pages_server, room.id).open(path.as_uri())
    return await Watch.over(visitor.page, *REPLAY_CONTROLS, offline=True)


ALL = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@ALL
async def test_the_room(live: Live, case: Case, record_property: Told) -> None:
    await live.attacker.clear()
    await live.attacker.put(case)
    longest = await live.watch.holds(SHOWN, [case.place.value, case.says, live.attacker.mark])
    record_property(ANSWERED, longest)


async def _at(watch: Watch, played: Played, case: Case) -> float:
    seq = played.after[case.name]
    await watch.page.wait_for_function(ADDRESSED, timeout=SECONDS)
    await watch.page.evaluate("seq => { location.hash = `seq=${seq}`; }", seq)
    return await watch.holds(
        f"""given => document.querySelector('[data-testid=interview-replay-bar]').dataset.complete === '{seq}'
            && ({SHOWN})(given)""",
        [case.place.value, case.says, played.marks[case.name]],
    )


@ALL
async def test_the_replay(replay: Watch, played: Played, case: Case, record_property: Told) -> None:
    record_property(ANSWERED, await _at(replay, played, case))


@ALL
async def test_the_exported_file(file: Watch, played: Played, case: Case, record_property: Told) -> None:
    record_property(ANSWERED, await _at(file, played, case))


@pytest.mark.parametrize("kind", HEAVY_MESSAGES)
async def test_a_room_that_is_opened_with_many_messages(
    ji_pages_house: House, ji_pages_browser: Browsers, ji_pages_server: Server, kind: str, record_property: Told
) -> None:
    room = await ji_pages_house.room(kind)
    attacker = await Attacker.join(room, "Ada")
    await attacker.put(Case(kind, Place.MESSAGE, (HEAVY_MESSAGES[kind], MANY_MESSAGES)))
    person = Person(await ji_pages_browser.open(f"opens {kind}"))
    invitation = await room.api("POST", "/invitations", {"role": "interviewer"})
    base = ji_pages_server.url.rstrip("/")
    await person.join(base + invitation["url"].removeprefix(ji_pages_server.base_url.rstrip("/")), "Ivan Interviewer")
    await person.page.reload(wait_until="commit")
    watch = await Watch.over(person.page, *ROOM_CONTROLS)
    # A page that is being opened is covered by JupyterLab's own words for a while: only its answers count here.
    longest = await watch.until(RENDERED, MANY_MESSAGES)
    record_property(ANSWERED, longest)
    assert longest <= FROZEN_SECONDS


async def test_each_place_is_tried() -> None:
    assert {case.place for case in CASES} == set(Place)
