"""Is the log the truth? Folding it gives the notebook that everybody saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jupyter_interview.collab import fold
from jupyter_interview.collab.notebook import read_notebook
from jupyter_interview.collab.updates import read_state
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import schema
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from jupyter_interview.managers.live import LiveRoom
from tests.collab.clients import Client, new_cell
from tests.managers.house import House

CLIENTS = 3
TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", "x = 1\n", "漢字", "🎉👩‍💻", "é\0\u2028"]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
CLIENT = st.integers(0, CLIENTS - 1)
PLACE = st.integers(0, 30)
RUN = st.sampled_from(
    [
        ("begin",),
        ("stream", "stdout", "out 🎉\n"),
        ("stream", "stderr", "err\n"),
        (
            "display",
            {
                "output_type": "display_data",
                "data": {"text/plain": "1", "application/json": {"b": 1, "a": 2.5}},
                "metadata": {},
            },
        ),
        (
            "display",
            {"output_type": "execute_result", "data": {"text/plain": "é"}, "metadata": {}, "execution_count": 3},
        ),
        ("display", {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]}),
        ("update", {"text/plain": "new"}),
        ("clear",),
        ("finish", 7),
        ("finish", None),
    ]
)
STEP = st.one_of(
    st.tuples(st.just("type"), CLIENT, PLACE, PLACE, TEXT),
    st.tuples(st.just("delete"), CLIENT, PLACE, PLACE, PLACE),
    st.tuples(st.just("insert"), CLIENT, PLACE, TEXT, st.sampled_from(["code", "markdown", "raw"])),
    st.tuples(st.just("remove"), CLIENT, PLACE),
    st.tuples(st.just("move"), CLIENT, PLACE, PLACE),
    st.tuples(st.just("metadata"), CLIENT, PLACE, TEXT, VALUE),
    st.tuples(st.just("code"), CLIENT, TEXT),
    st.tuples(st.just("run"), PLACE, RUN),
    st.tuples(st.just("offline"), CLIENT),
    st.tuples(st.just("online"), CLIENT),
    st.tuples(st.just("reopen")),
)


# Who has not heard yet that a cell was taken away writes in it, before and after the room was opened anew: the log has
# what they wrote first as something that is gone, and what they write next stands beside that.
AFTER_A_REMOVAL = [("move", 0, 0, 0), ("type", 2, 0, 8, "ab"), ("reopen",), ("type", 2, 0, 8, "c")]


def canonical(notebook: JSON) -> str:
    """One text for one notebook; its keys stand in an order of their own already."""
    return json.dumps(notebook, ensure_ascii=False, separators=(",", ":"))


class Session:
    """Several people at work in one room, as the steps say."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reopened = 0

    async def play(self, steps: list[Any]) -> None:
        self.house = House(self.url, grace_seconds=600.0)
        # The schema is there already: the database is one for all examples.
        self.house.database.start()
        try:
            self.live = await self.house.room(starter="print(1)")
            roles = [Role.CANDIDATE, Role.INTERVIEWER, Role.INTERVIEWER]
            self.clients = []
            for number, role in enumerate(roles):
                member = await self.house.seat(self.live, role, f"p{number}")
                self.clients.append(Client(self.house, self.live, member))
                await self.clients[-1].connect()
            for step in steps:
                await getattr(self, f"_{step[0]}")(*step[1:])
            await self._check()
        finally:
            await self.house.stop()

    async def _check(self) -> None:
        for client in self.clients:
            await self._online(self.clients.index(client))
            assert client.refused == []
        await self.live.log.barrier()
        live = self.live.document.notebook()
        updates = [event.data or b"" for event in await self.house.story(self.live, *DOCUMENT_KINDS)]
        assert canonical(fold(updates)) == canonical(live)
        stored, seq = await self.house.records.notebook(self.live.room)
        assert canonical(stored) == canonical(live) and seq == self.live.log.seq
        numbers = [event.seq for event in await self.house.log(self.live)]
        assert numbers == list(range(1, self.live.log.seq + 1)), "a log has no gap"
        state = dict(self.live.document.operations.state)  # type: ignore[attr-defined]
        for client in self.clients:
            assert read_state(client.doc.get_state()) == state
            assert canonical(read_notebook(client.doc)) == canonical(live), "everybody sees the same"
        await self._reopen()
        assert canonical(self.live.document.notebook()) == canonical(live), "and so after a restart"
        known = self.live.document.operations.state  # type: ignore[attr-defined]
        assert state.items() <= known.items()

    # -- the steps

    def _cell(self, client: Client, place: int) -> int | None:
        return place % len(client.cells) if len(client.cells) else None

    async def _type(self, who: int, cell: int, at: int, text: str) -> None:
        client = self.clients[who]
        if text and (index := self._cell(client, cell)) is not None:
            client.type(text, at % (len(client.text(index)) + 1), index)
            await client.flush()

    async def _delete(self, who: int, cell: int, start: int, end: int) -> None:
        client = self.clients[who]
        if (index := self._cell(client, cell)) is not None:
            client.delete(min(start, end), max(start, end), index)
            await client.flush()

    async def _insert(self, who: int, place: int, source: str, kind: str) -> None:
        client = self.clients[who]
        # Ids may clash: a copied cell keeps its id in some front ends.
        client.cells.insert(place % (len(client.cells) + 1), new_cell(f"c{place}", source, kind))
        await client.flush()

    async def _remove(self, who: int, place: int) -> None:
        client = self.clients[who]
        if (index := self._cell(client, place)) is not None:
            del client.cells[index]
            await client.flush()

    async def _move(self, who: int, place: int, to: int) -> None:
        """As JupyterLab does it: delete here, insert a copy there, in one transaction."""
        client = self.clients[who]
        if (index := self._cell(client, place)) is not None:
            values = client.cells[index].to_py()
            with client.doc.transaction():
                del client.cells[index]
                copy = new_cell(values["id"], values["source"], values["cell_type"])
                client.cells.insert(to % (len(client.cells) + 1), copy)
            await client.flush()

    async def _metadata(self, who: int, place: int, key: str, value: Any) -> None:
        client = self.clients[who]
        if (index := self._cell(client, place)) is not None:
            client.cells[index]["metadata"][key] = value
            await client.flush()

    async def _code(self, who: int, text: str) -> None:
        """A plain websocket client's ``code_update``."""
        member = self.clients[who].member
        if self.live.document.code_cells():
            self.live.document.set_code(text, member, 1)

    async def _run(self, place: int, call: Any) -> None:
        cells = self.live.document.code_cells()
        outputs = self.live.document.outputs_of(cells[place % len(cells)] if cells else "gone", "run")
        name, *words = call
        if name == "display":
            outputs.display(words[0], "d")
        elif name == "update":
            outputs.update_display("d", words[0], {})
        else:
            getattr(outputs, name)(*words)

    async def _offline(self, who: int) -> None:
        self.clients[who].disconnect()

    async def _online(self, who: int) -> None:
        client = self.clients[who]
        if client.socket is None:
            await client.connect()
        await client.flush()

    async def _reopen(self) -> None:
        """The room leaves the memory with everybody's sockets, and is opened from its log."""
        for client in self.clients:
            client.disconnect()
        before: LiveRoom = self.live
        self.house.rooms._discard(before)
        self.live = await self.house.rooms.open(before.room.id)
        assert self.live is not before
        for client in self.clients:
            client.live = self.live
        self.reopened += 1


@pytest.fixture(scope="module")
def ji_prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a prepared database for all examples."""
    url = f"sqlite:///{tmp_path_factory.mktemp('fold') / 'fold.db'}"
    engine = open_engine(url, writer=True)
    schema.prepare(engine)
    engine.dispose()
    yield url


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=5, max_size=40))
@example(steps=AFTER_A_REMOVAL)
@example(steps=[*AFTER_A_REMOVAL[:2], ("metadata", 2, 0, "a", {"b": {}}), ("reopen",), ("metadata", 2, 0, "c", [[1]])])
async def test_fold_of_the_log_is_the_live_notebook_byte_for_byte(ji_prepared: str, steps: list[Any]) -> None:
    await Session(ji_prepared).play(steps)


async def test_the_session_can_see_a_difference(ji_prepared: str) -> None:
    """The proof above is worth something: with one event of the log left out it fails."""
    session = Session(ji_prepared)
    await session.play(
        [("type", 0, 0, 0, "a = 1\n"), ("insert", 1, 1, "b", "code"), ("reopen",), ("code", 1, "a = 1\nprint(1)漢字")]
    )
    house = await session.house.again()
    events = await house.database.read(
        lambda connection: read_events(connection, session.live.room.key, kinds=DOCUMENT_KINDS)
    )
    updates = [event.data or b"" for event in events]
    everything = canonical(fold(updates))
    assert all(canonical(fold(updates[:gap] + updates[gap + 1 :])) != everything for gap in range(len(updates)))
    await house.stop()
