"""How does a member put something into a room? By real sockets, and by programs that really run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pycrdt import Array, Map, Text, create_update_message

from tests.integration.bytes_of import awareness_message
from tests.integration.clients import Channel, Notebook, Person, Room

from .cases.case import Case, Place, shows


class Attacker:
    """A candidate with a program instead of a browser.

    Attributes:
        case: index of the cell that the next input comes into; there is one other, for `mark`.
    """

    def __init__(self, person: Person, channel: Channel, notebook: Notebook) -> None:
        self.person, self.channel, self.notebook = person, channel, notebook
        self._number = 0

    @classmethod
    async def join(cls, room: Room, name: str) -> Attacker:
        """Take the candidate's seat."""
        person = await room.join(name)
        attacker = cls(person, await person.channel(), await person.document())
        await attacker.notebook.add_cells("")
        return attacker

    async def put(self, case: Case) -> None:
        """Put a case's content into its place, and a line behind it which says that all of it is there."""
        await _WAYS[case.place](self, case.content)
        await self._run(1, f"print({self.mark!r})")

    @property
    def mark(self) -> str:
        """What is printed after the last content."""
        return f"<mark {self._number}>"

    async def clear(self) -> None:
        """Take away what is in the first cell, and begin with the next case."""
        self._number += 1
        await self._cell("code", "")

    async def _cell(self, kind: str, source: str, metadata: dict[str, Any] | None = None, **more: Any) -> None:
        """A new first cell instead of the old one."""

        def change() -> None:
            cells = self.notebook.cells
            del cells[0]
            cell = {"id": f"case-{self._number}-{kind}", "cell_type": kind, "source": Text(source)}
            outputs: dict[str, Any] = {"outputs": Array(), "execution_count": None} if kind == "code" else {}
            cells.insert(0, Map({**cell, **outputs, "metadata": Map(metadata or {}), **more}))

        await self.notebook.send(create_update_message(self.notebook.edit(change)))
        await self.notebook.saved()

    async def _run(self, index: int, source: str) -> None:
        await self.notebook.set_source(source, index)
        [run] = await self.person.run(self.notebook.cell(index))
        await self.channel.expect("run_finished", lambda frame: frame["content"]["id"] == run["id"])

    async def _output(self, source: str) -> None:
        await self._run(0, source)

    async def _message(self, text: str | tuple[str, int]) -> None:
        text, times = (text, 1) if isinstance(text, str) else text
        for _ in range(times):
            assert (await self.channel.ask("chat_message", text))["type"] == "ack"

    async def _markdown(self, text: str) -> None:
        await self._cell("markdown", text)

    async def _source(self, text: str) -> None:
        await self._cell("code", text)

    async def _metadata(self, metadata: dict[str, Any]) -> None:
        metadata = dict(metadata)
        then = metadata.pop("then", None) or shows("text/html", "<b>seen</b>")
        await self._cell("code", "", metadata)
        await self._run(0, then)

    async def _attachments(self, attachments: dict[str, Any]) -> None:
        await self._cell("markdown", "seen", attachments=attachments)

    async def _awareness(self, state: Any) -> None:
        """A state of a client that nobody has, and of the own one. Whether the server passes it on is its to say."""
        await self.notebook.send(awareness_message(7, 1, state))
        await self.notebook.send(awareness_message(self.notebook.doc.client_id, 1_000 + self._number, state))
        await self.notebook.saved()


_WAYS: dict[Place, Callable[[Attacker, Any], Awaitable[None]]] = {
    Place.OUTPUT: Attacker._output,
    Place.MESSAGE: Attacker._message,
    Place.MARKDOWN: Attacker._markdown,
    Place.SOURCE: Attacker._source,
    Place.METADATA: Attacker._metadata,
    Place.ATTACHMENTS: Attacker._attachments,
    Place.AWARENESS: Attacker._awareness,
}
