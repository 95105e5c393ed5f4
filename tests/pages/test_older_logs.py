"""Does a log from before, with what no server takes today, still open, verify, and hold nobody up who plays it?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.core.models import EventKind
from tests.browser.replaying import Replay
from tests.fixtures.browser import Browsers, Visitor
from tests.fixtures.server import Server
from tests.integration.clients import House
from tests.managers.logs import Book, of_book

from .cases.case import EXPONENT, FRACTION, LOGOUT, OWN_NAMES, RUNS, formula, nested
from .test_pages import REPLAY_CONTROLS
from .watch import ANSWERED, Told, Watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ADA, IVAN = 1, 2
SCRIPT = f'seen <script>{RUNS}</script><img src="{LOGOUT}" onerror="{RUNS}"><form action="{LOGOUT}">x</form>'


def _cell(kind: str, source: Any, **fields: Any) -> Map[Any]:
    rest: dict[str, Any] = {"outputs": Array([]), "execution_count": None} if kind == "code" else {}
    return Map({"id": f"cell-{kind}", "cell_type": kind, "source": source, "metadata": Map({}), **rest, **fields})


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _trusted() -> Map[Any]:
    outputs = Array([Map(_shown({"text/html": SCRIPT}))])
    return _cell("code", Text(""), outputs=outputs, execution_count=7, metadata=Map({"trusted": True}))


CELLS: dict[str, tuple[Callable[[], Any], str]] = {
    "trusted": (_trusted, "seen"),
    "fractions": (lambda: _cell("markdown", Text(formula(FRACTION, 390))), "Shown as text"),
    "exponents": (lambda: _cell("markdown", Text(formula(EXPONENT, 900))), "Shown as text"),
    "script": (lambda: _cell("markdown", Text(SCRIPT)), "seen"),
    "quotes": (lambda: _cell("markdown", Text(">" * 4_000 + "a")), "nested too deeply"),
    "a source that is no text": (lambda: _cell("code", Map({"x": 1})), ""),
    "a source that is a number": (lambda: _cell("markdown", 5), ""),
    "outputs that are none": (lambda: _cell("code", Text(""), outputs=Text("seen")), ""),
    "outputs of other shapes": (
        lambda: _cell("code", Text(""), outputs=Array([5, Array([]), Map({"output_type": {}}), Map(_shown({"a": 1}))])),
        "",
    ),
    "a count that is a map": (lambda: _cell("code", Text(""), execution_count=Map({})), ""),
    "metadata that is a list": (lambda: _cell("code", Text(""), metadata=Array([SCRIPT])), ""),
    "a cell that is a text": (lambda: Text("cell"), ""),
    "a cell of another type": (lambda: _cell(SCRIPT, Text("x")), ""),
    "metadata with names of a page's own": (
        lambda: _cell("code", Text("seen"), metadata=Map({**OWN_NAMES, "x": OWN_NAMES, "y": Map({"prototype": 1.0})})),
        "seen",
    ),
    "a map with names of a page's own": (
        lambda: _cell("markdown", Text("seen"), metadata=Map({"x": Map({**OWN_NAMES, "y": Map(OWN_NAMES)})})),
        "seen",
    ),
    "attachments with names of a page's own": (
        lambda: _cell("markdown", Text("seen"), attachments={**OWN_NAMES, "a.png": OWN_NAMES}),
        "seen",
    ),
    "outputs with names of a page's own": (
        lambda: _cell(
            "code",
            Text("x"),
            outputs=Array(
                [Map({**_shown({"text/html": "seen", "application/json": OWN_NAMES}), "metadata": OWN_NAMES})]
            ),
        ),
        "seen",
    ),
    "deep JSON": (
        lambda: _cell(
            "code",
            Text(""),
            outputs=Array([Map(_shown({"application/json": json.loads(nested("[", "]", 60).replace("x", "1"))}))]),
        ),
        "",
    ),
}
"""A cell that a member's update put in, and what is seen of it."""

ODD_CURSORS: tuple[Any, ...] = (
    {"cursors": 5},
    {"cell": 5, "anchor": "x", "head": None},
    [],
    "x",
    {"cell": "none", "anchor": 1e308},
)


def _updates(changes: list[Callable[[Doc[Any]], None]]) -> Iterator[bytes]:
    """What each of them adds to the document before."""
    doc: Doc[Any] = Doc()
    for change in changes:
        before = doc.get_state()
        with doc.transaction():
            change(doc)
        yield doc.get_update(before)


def _replaced(make: Callable[[], Any]) -> Callable[[Doc[Any]], None]:
    def change(doc: Doc[Any]) -> None:
        cells: Array[Any] = doc.get("cells", type=Array)
        if len(cells):
            del cells[0]
        cells.insert(0, make())

    return change


def _begin(doc: Doc[Any]) -> None:
    doc.get("meta", type=Map)["nbformat"] = 4
    doc.get("meta", type=Map)["metadata"] = Map({"kernelspec": [SCRIPT]})
    doc.get("state", type=Map)["path"] = Map({})


def old_book() -> tuple[Book, dict[str, int]]:
    """The log, and the event after which each cell is there alone."""
    book, after = Book(11), {}
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.add(EventKind.JOIN, {"role": "candidate", "name": "Ada"}, member=ADA)
    begun, *updates = _updates([_begin, *(_replaced(make) for make, _ in CELLS.values())])
    book.add(EventKind.DOCUMENT_SNAPSHOT, {"source": "load"}, begun)
    book.add(EventKind.CHAT_MESSAGE, {"text": formula(FRACTION, 390)}, member=ADA)
    for cursor in ODD_CURSORS:
        book.add(EventKind.CURSOR, None, json.dumps(cursor).encode(), member=ADA)
    for name, update in zip(CELLS, updates, strict=True):
        book.add(EventKind.DOCUMENT_UPDATE, None, update, member=ADA)
        after[name] = book.seq
    book.add(EventKind.ROOM_ENDED, {"by": "owner"})
    book.sign()
    return book, after


@dataclass
class Brought:
    """The old log on a server of today, and where it was."""

    zip: Path
    room: str
    after: dict[str, int]


@pytest.fixture(scope="module")
def brought(ji_pages_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    book, after = old_book()
    path = Path(tmp_path_factory.mktemp("older")) / "older.zip"
    path.write_bytes(of_book(book))
    imported = ji_pages_server.run("import", str(path))
    assert imported.returncode == 0, imported.stdout + imported.stderr
    return Brought(path, book.room.id, after)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replay(ji_pages_browser: Browsers, ji_pages_server: Server, brought: Brought) -> AsyncIterator[Watch]:
    visitor = await ji_pages_browser.open("older replay")
    await visitor.page.goto(f"{ji_pages_server.url}lab?token={ji_pages_server.token}")
    page = Replay(visitor.page, ji_pages_server, brought.room)
    await page.open(f"{ji_pages_server.url}interview/{brought.room}/replay")
    yield await Watch.over(visitor.page, *REPLAY_CONTROLS)
    assert _uncaught(visitor) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def file(ji_pages_browser: Browsers, ji_pages_house: House, brought: Brought) -> AsyncIterator[Watch]:
    answer = await ji_pages_house.owner.get(f"api/interview/rooms/{brought.room}/export?format=html")
    assert answer.status_code == 200, answer.text
    path = brought.zip.with_name("older.html")
    path.write_bytes(answer.content)
    visitor = await ji_pages_browser.open("older file")
    await Replay(visitor.page, ji_pages_house.server, brought.room).open(path.as_uri())
    yield await Watch.over(visitor.page, *REPLAY_CONTROLS, offline=True)
    assert _uncaught(visitor) == []


def _uncaught(visitor: Visitor) -> list[str]:
    """Errors of the page. Chromium tells of handlers in HTML that is only measured as well: the policy stops them."""
    return [error for error in visitor.errors if "inline event handler" not in error]


EACH = pytest.mark.parametrize("name", CELLS)


async def _holds(watch: Watch, brought: Brought, name: str) -> float:
    seq = brought.after[name]
    await watch.page.evaluate("seq => { location.hash = `seq=${seq}`; }", seq)
    return await watch.holds(
        f"""says => document.querySelector('[data-testid=interview-replay-bar]').dataset.complete === '{seq}'
            && document.querySelector('.jp-Notebook').textContent.includes(says)""",
        CELLS[name][1],
    )


@EACH
async def test_the_replay(replay: Watch, brought: Brought, name: str, record_property: Told) -> None:
    record_property(ANSWERED, await _holds(replay, brought, name))


@EACH
async def test_the_exported_file(file: Watch, brought: Brought, name: str, record_property: Told) -> None:
    record_property(ANSWERED, await _holds(file, brought, name))


async def test_it_verifies_before_and_after(ji_pages_server: Server, brought: Brought, tmp_path: Path) -> None:
    exported = tmp_path / "again.zip"
    with ji_pages_server.client() as client:
        answer = client.get(f"api/interview/rooms/{brought.room}/export?format=zip")
    exported.write_bytes(answer.content)
    for what in (str(brought.zip), brought.room, str(exported)):
        verified = ji_pages_server.run("verify", what)
        assert verified.returncode == 0, verified.stdout + verified.stderr
