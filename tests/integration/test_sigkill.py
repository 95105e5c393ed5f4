"""Does anything get lost, or doubled, when the server is killed while people type?

Real processes, real sockets, SIGKILL. People go on without the server, as JupyterLab lets them, and come back when it
does. In the end everybody's document, the fold of the database's log and the exported notebook have to be one and the
same, with every character once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pycrdt import create_update_message
from tornado.websocket import WebSocketClosedError

from jupyter_interview.auth import load_secret
from jupyter_interview.collab import fold
from jupyter_interview.core.models import DOCUMENT_KINDS
from jupyter_interview.db import Vault
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House, Notebook, Person, Room, until
from tests.integration.fixtures import UNLIMITED, complaints

pytestmark = pytest.mark.integration

MARKS = "äöü"
"""What a person writes is told apart by a letter of one's own, and counts up: ``ä0 ä1 ä2 …``."""


@pytest.fixture
def mortal(ji_server: ServerFactory, ji_database_url: str) -> Server:
    """A server on a database of its own, to be killed."""
    return ji_server(*UNLIMITED, f"--InterviewApp.database_url={ji_database_url}")


@pytest_asyncio.fixture
async def mortal_house(mortal: Server) -> AsyncIterator[House]:
    """It, seen from outside; that it was killed is no reason to complain."""
    async with House(mortal) as house:
        yield house
    assert not (said := complaints(mortal.log)), said


class Typist:
    """Somebody who types on, whether the server is there or not."""

    def __init__(self, person: Person, mark: str) -> None:
        self.person = person
        self.mark = mark
        self.written = 0
        self.durable = 0
        self.notebook: Notebook

    async def come(self) -> None:
        """Come, or come back with all that was written meanwhile."""
        doc = self.notebook.doc if self.written else None
        self.notebook = await self.person.document(doc)

    async def write(self) -> None:
        """One word, sent if somebody listens."""
        word = f"{self.mark}{self.written} "
        self.written += 1
        update = self.notebook.edit(lambda: self.notebook.text().__iadd__(word))
        with contextlib.suppress(WebSocketClosedError):
            await self.notebook.send(create_update_message(update))

    async def write_until(self, stop: asyncio.Event) -> None:
        """Type as fast as the loop turns, remembering how much the server said is safe."""
        while not stop.is_set():
            await self.write()
            if self.written % 10 == 0 and not self.notebook.closed.is_set():
                written = self.written
                saving = asyncio.create_task(self.notebook.saved())
                stopped = asyncio.create_task(stop.wait())
                await asyncio.wait({saving, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if saving.done() and not saving.cancelled() and saving.exception() is None:
                    self.durable = written
                for task in (saving, stopped):
                    task.cancel()
                await asyncio.gather(saving, stopped, return_exceptions=True)
            await asyncio.sleep(0)


def words_of(text: str) -> Counter[str]:
    """Every word that somebody wrote, with how often it is there."""
    return Counter(word for word in text.split() if word[0] in MARKS)


def expected(typists: list[Typist]) -> Counter[str]:
    """Every word once."""
    return Counter(f"{typist.mark}{number}" for typist in typists for number in range(typist.written))


def logged_notebook(database_url: str, room: Room) -> dict[str, Any]:
    """The fold of the log, read from the database without the server, with the key from its vault file."""
    vault = Path(room.house.server.environ()["JUPYTER_DATA_DIR"]) / "interview" / "vault"
    engine = open_engine(database_url, writer=False, vault=Vault(load_secret(vault)))
    try:
        with engine.connect() as connection:
            key = connection.exec_driver_sql(f"SELECT key FROM room WHERE id = '{room.id}'").scalar_one()  # noqa: S608
            events = read_events(connection, key)
    finally:
        engine.dispose()
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), "the log has a gap"
    return fold(event.data or b"" for event in events if event.kind in DOCUMENT_KINDS)


async def agreement(typists: list[Typist], room: Room, database_url: str) -> None:
    """Wait until everybody has everybody's words, then compare everything with everything."""
    wanted = expected(typists)
    for typist in typists:
        await typist.notebook.saved()
        await typist.notebook.until(
            lambda typist=typist: words_of(typist.notebook.sources()[0]) == wanted,  # type: ignore[misc]
            "everybody's words",
        )
    texts = {typist.notebook.sources()[0] for typist in typists}
    assert len(texts) == 1, texts
    exported = await room.notebook()
    assert exported["cells"][0]["source"] == texts.pop()
    assert logged_notebook(database_url, room) == exported
    shown = (await typists[0].person.rest.get("api/contents/Interview.ipynb")).json()["content"]
    assert json.dumps(shown, sort_keys=True) == json.dumps(exported, sort_keys=True)


async def test_sigkill_in_mid_typing_loses_and_doubles_nothing(
    mortal: Server, mortal_house: House, ji_database_url: str
) -> None:
    """Two people type, the server is killed three times; they go on without it and come back to it."""
    room = await mortal_house.room()
    typists = [
        Typist(await room.join("Cara"), MARKS[0]),
        Typist(await room.invite("interviewer"), MARKS[1]),
    ]
    for typist in typists:
        await typist.come()
    for _ in range(3):
        stop = asyncio.Event()
        typing = [asyncio.create_task(typist.write_until(stop)) for typist in typists]
        # Killed in mid-typing: once both know that something of theirs is safe, and on their way to more.
        goal = [typist.durable + 20 for typist in typists]

        async def reached(goal: list[int] = goal) -> bool:
            return all(typist.durable >= least for typist, least in zip(typists, goal, strict=True))

        await until(reached)
        mortal.kill()
        stop.set()
        await asyncio.gather(*typing)
        for typist in typists:
            await typist.notebook.until_closed()
            for _ in range(5):
                await typist.write()
        # What was said to be safe is in the database, whoever comes back or not.
        stored = words_of(logged_notebook(ji_database_url, room)["cells"][0]["source"])
        for typist in typists:
            assert all(stored[f"{typist.mark}{number}"] == 1 for number in range(typist.durable))
        mortal.start()
        # The offline edits of both are merged, whoever comes first.
        for typist in reversed(typists):
            await typist.come()
        await agreement(typists, room, ji_database_url)
    newcomer = Typist(await room.invite("spectator"), MARKS[2])
    await newcomer.come()
    await agreement([*typists, newcomer], room, ji_database_url)
    await room.end()
    assert logged_notebook(ji_database_url, room) == await room.notebook()


async def test_messages_sent_again_after_sigkill_are_one(mortal: Server, mortal_house: House) -> None:
    """A client that did not hear the ack sends the message again, with the same id: it is there once."""
    room = await mortal_house.room()
    cara, ivan = await room.join(), await room.invite("interviewer")
    channel = await cara.channel()
    for number in itertools.count():
        # Every message is on its way when the server dies; of the first some are known to be stored.
        await channel.send(json.dumps({"type": "chat_message", "id": f"m{number}", "content": f"message {number}"}))
        if number == 20:
            await channel.answer("m10")
        if number == 40:
            break
    mortal.kill()
    await channel.until_closed()
    mortal.start()
    channel, other = await cara.channel(), await ivan.channel()
    before = [message["content"] for message in channel.joined["messages"]]
    assert len(before) >= 11 and before == [f"message {number}" for number in range(len(before))]
    for _ in range(2):
        for number in range(41):
            await channel.send(json.dumps({"type": "chat_message", "id": f"m{number}", "content": f"message {number}"}))
        acks = [await channel.answer(f"m{number}") for number in range(41)]
        assert [ack["type"] for ack in acks] == ["ack"] * 41
    heard = [frame["content"] for frame in await other.pending("chat_message")]
    assert before + heard == [f"message {number}" for number in range(41)]
    stored = (await room.api("GET", "/messages"))["messages"]
    assert [message["content"] for message in stored] == [f"message {number}" for number in range(41)]
    assert [message["seq"] for message in stored] == [ack["seq"] for ack in acks]


async def test_a_run_cut_off_by_sigkill_is_settled(mortal: Server, mortal_house: House) -> None:
    """A cell that ran when the server died runs no more: its run ended as ``died``, the cell is idle."""
    room = await mortal_house.room()
    cara = await room.join()
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source("print('begun', flush=True)\nimport time\ntime.sleep(600)")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "begun\n", "the first output")
    mortal.kill()
    await channel.until_closed()
    mortal.start()
    channel = await cara.channel()
    assert [(run["status"], run["message"]) for run in channel.joined["runs"]] == [
        ("died", "The server was restarted during this run.")
    ]
    notebook = await cara.document(notebook.doc)
    await notebook.until(lambda: notebook.cells[0].get("execution_state") == "idle", "an idle cell")
    assert notebook.printed() == "begun\n"
    await notebook.set_source("print('again')")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "again\n", "the new output")


async def test_people_keep_their_seats_over_sigkill(mortal: Server, mortal_house: House) -> None:
    """Cookies, invitations and switches outlive the process; so does that somebody was removed."""
    room = await mortal_house.room(password="open sesame")
    cara = await room.join(password="open sesame")
    ivan = await room.invite("interviewer")
    gone = await room.invite("spectator")
    await room.api("PATCH", f"/members/{cara.id}", {"permissions": {"run": False}})
    await room.api("DELETE", f"/members/{gone.id}")
    mortal.kill()
    mortal.start()
    channel = await cara.channel()
    assert channel.joined["you"]["permissions"]["run"] is False
    assert {member["id"]: member["state"] for member in channel.joined["members"]} == {
        cara.id: "seated",
        ivan.id: "seated",
        gone.id: "removed",
    }
    assert (await gone.rest.get("api/me")).status_code == 401
    with pytest.raises(AssertionError, match="password_required"):
        await room.join("Eve")
