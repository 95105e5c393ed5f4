"""Who types while the server comes and goes, and how is it told that nothing of it is lost or doubled?"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from pycrdt import create_update_message
from tornado.websocket import WebSocketClosedError

from jupyter_interview.auth import load_secret
from jupyter_interview.collab import fold
from jupyter_interview.core.models import DOCUMENT_KINDS
from jupyter_interview.db import Vault
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from tests.integration.clients import Notebook, Person, Room

MARKS = "äöü"
"""What a person writes is told apart by a letter of one's own, and counts up: ``ä0 ä1 ä2 …``."""


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
