"""How does a document come about that many people, and a stranger with developer tools, edit at once?

A `Session` has a server's document and those of its clients, as Yjs has them: each edits its own copy and hands over
updates, at once or, being offline, later. It records what a room's log would hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, TransactionEvent, UndoManager

from jupyter_interview.collab.notebook import change_text, first_state, yjs_value
from jupyter_interview.core.models import JSON, Event, EventKind

CLIENTS = 3
SERVER = 3
_START = 1_700_000_000_000_000
_MOVED = "a long line of code that somebody wrote = 1  # and which is moved\n"

TEXTS = ["", "x", "x = 1\n", "漢字", "🎉👩‍💻", "é\0\u2028", "for i in range(10):\n    print(i)\n", _MOVED, "ab" * 40]
TEXT = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(TEXTS)
CLIENT = st.integers(0, CLIENTS - 1)
PLACE = st.integers(0, 40)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
KIND = st.sampled_from(["code", "markdown", "raw"])
STREAM = {"output_type": "stream", "name": "stdout", "text": "plain"}
IMAGE = {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "<Figure>"}, "metadata": {}}
ERROR = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]}

ORDINARY = [
    st.tuples(st.just("type"), CLIENT, PLACE, PLACE, TEXT),
    st.tuples(st.just("delete"), CLIENT, PLACE, PLACE, PLACE),
    st.tuples(st.just("replace"), CLIENT, PLACE, PLACE, PLACE, TEXT),
    st.tuples(st.just("move_text"), CLIENT, PLACE, PLACE, PLACE, PLACE),
    st.tuples(st.just("undo"), CLIENT),
    st.tuples(st.just("redo"), CLIENT),
    st.tuples(st.just("insert"), CLIENT, PLACE, TEXT, KIND),
    st.tuples(st.just("remove"), CLIENT, PLACE),
    st.tuples(st.just("move"), CLIENT, PLACE, PLACE),
    st.tuples(st.just("split"), CLIENT, PLACE, PLACE),
    st.tuples(st.just("turn"), CLIENT, PLACE, KIND),
    st.tuples(st.just("metadata"), CLIENT, PLACE, TEXT, VALUE),
    st.tuples(st.just("notebook"), CLIENT, TEXT, VALUE),
    st.tuples(st.just("begin"), PLACE),
    st.tuples(st.just("stream"), PLACE, TEXT),
    st.tuples(st.just("print_over"), PLACE, TEXT, PLACE),
    st.tuples(st.just("display"), PLACE, st.sampled_from([IMAGE, ERROR])),
    st.tuples(st.just("clear"), PLACE),
    st.tuples(st.just("finish"), PLACE),
    st.tuples(st.just("code"), CLIENT, TEXT),
    st.tuples(st.just("cursor"), CLIENT, PLACE, PLACE, PLACE),
    st.tuples(st.just("leave"), CLIENT),
    st.tuples(st.just("offline"), CLIENT),
    st.tuples(st.just("online"), CLIENT),
]
STRANGE = [
    st.tuples(st.just("odd_cell"), CLIENT, PLACE, VALUE),
    st.tuples(st.just("odd_shared_cell"), CLIENT, PLACE),
    st.tuples(st.just("odd_field"), CLIENT, PLACE, st.sampled_from(["source", "outputs", "id", "cell_type"]), VALUE),
    st.tuples(st.just("odd_shared_field"), CLIENT, PLACE, st.sampled_from(["source", "outputs", "metadata"])),
    st.tuples(st.just("odd_output"), CLIENT, PLACE, PLACE, VALUE | st.sampled_from([STREAM, IMAGE])),
    st.tuples(st.just("odd_output_field"), CLIENT, PLACE, PLACE, st.sampled_from(["text", "name", "data"]), VALUE),
    st.tuples(st.just("odd_text"), CLIENT, PLACE, PLACE),
    st.tuples(st.just("odd_attribute"), CLIENT),
    st.tuples(st.just("much"), CLIENT, st.lists(st.tuples(PLACE, PLACE, TEXT), max_size=6)),
]
STEPS = st.lists(st.one_of(*ORDINARY, *ORDINARY, *STRANGE), min_size=3, max_size=30)
PLAIN_STEPS = st.lists(st.one_of(*ORDINARY), min_size=3, max_size=40)


def cell(cell_id: str, source: str, kind: str = "code") -> Map[Any]:
    """A cell as JupyterLab makes it."""
    values: dict[str, Any] = {"id": cell_id, "cell_type": kind, "source": Text(source), "metadata": Map({})}
    if kind == "code":
        values |= {"outputs": Array([]), "execution_count": None, "execution_state": "idle"}
    return Map(values)


class _Copy:
    """The document of one client, or of the server."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.doc: Doc[Any] = Doc(client_id=number + 100)
        self.online = True
        self.waiting: list[bytes] = []
        self.remote = False
        self.cells: Array[Any] = self.doc.get("cells", type=Array)
        self.meta: Map[Any] = self.doc.get("meta", type=Map)
        self.undo: UndoManager | None = None
        self._subscription = self.doc.observe(self._changed)

    def _changed(self, event: TransactionEvent) -> None:
        if not self.remote:
            self.waiting.append(event.update)

    def receive(self, update: bytes) -> None:
        self.remote = True
        try:
            # With an origin of its own it is nothing that undo takes back.
            with self.doc.transaction(origin="remote"):
                self.doc.apply_update(update)
        finally:
            self.remote = False

    def at(self, place: int) -> Any:
        """A cell that has what a cell has."""
        those = [value for value in self.cells if isinstance(value, Map)]
        return those[place % len(those)] if those else None

    def text(self, place: int) -> Text | None:
        found = self.at(place)
        source = found.get("source") if found is not None else None
        # pycrdt 0.14 cannot delete in a text that holds something else.
        return source if isinstance(source, Text) and len(source) == len(str(source).encode()) else None


class Session:
    """Several people at work.

    Args:
        notebook: what they begin with.
        changed: told of each event.
    """

    def __init__(self, notebook: JSON, changed: Callable[[Event], None] = lambda _: None) -> None:
        self.events: list[Event] = []
        self._changed = changed
        self._seq = 0
        self.clients = [_Copy(number) for number in range(CLIENTS)]
        self.server = _Copy(SERVER)
        state = first_state(notebook)
        self.server.receive(state)
        for client in self.clients:
            client.receive(state)
            client.undo = UndoManager(scopes=[client.cells], capture_timeout_millis=0)
        self._log(EventKind.DOCUMENT_SNAPSHOT, 0, state, {"source": "load"})

    def play(self, steps: Sequence[Any]) -> None:
        """Do what they do, then bring everybody online."""
        for name, *arguments in steps:
            getattr(self, f"_{name}")(*arguments)
            self._deliver()
        for client in self.clients:
            client.online = True
        self._deliver()

    def _log(self, kind: EventKind, member: int, data: bytes | None, payload: JSON | None, connection: int = 0) -> None:
        self._seq += 1
        event = Event(1, self._seq, _START + 40_000 * self._seq, member, connection, kind, payload, data)
        self.events.append(event)
        self._changed(event)

    def _deliver(self, payload: JSON | None = None, member: int | None = None) -> None:
        """What was edited reaches the server, and from there everybody who is online."""
        for copy in [self.server, *self.clients]:
            if not copy.online:
                continue
            updates, copy.waiting = copy.waiting, []
            for update in updates:
                if copy is not self.server:
                    self.server.receive(update)
                who = 0 if copy is self.server else copy.number + 1
                self._log(EventKind.DOCUMENT_UPDATE, who if member is None else member, update, payload, copy.number)
        for client in self.clients:
            if client.online:
                client.receive(self.server.doc.get_update(client.doc.get_state()))

    # -- what people do

    def _type(self, who: int, place: int, at: int, text: str) -> None:
        source = self.clients[who].text(place)
        if source is not None and text:
            held = str(source)
            source.insert(_bytes(held, at), text)

    def _delete(self, who: int, place: int, start: int, end: int) -> None:
        source = self.clients[who].text(place)
        if source is not None:
            first, last = sorted((_bytes(str(source), start), _bytes(str(source), end)))
            if first < last:
                del source[first:last]

    def _replace(self, who: int, place: int, start: int, end: int, text: str) -> None:
        with self.clients[who].doc.transaction():
            self._delete(who, place, start, end)
            self._type(who, place, min(start, end), text)

    def _move_text(self, who: int, place: int, start: int, end: int, to: int) -> None:
        source = self.clients[who].text(place)
        if source is not None:
            first, last = sorted((_bytes(str(source), start), _bytes(str(source), end)))
            text = str(source).encode()[first:last].decode()
            with self.clients[who].doc.transaction():
                if first < last:
                    del source[first:last]
                    source.insert(_bytes(str(source), to), text)

    def _undo(self, who: int) -> None:
        undo = self.clients[who].undo
        assert undo is not None
        undo.undo()

    def _redo(self, who: int) -> None:
        undo = self.clients[who].undo
        assert undo is not None
        undo.redo()

    def _insert(self, who: int, place: int, source: str, kind: str) -> None:
        cells = self.clients[who].cells
        cells.insert(place % (len(cells) + 1), cell(f"c{place}", source, kind))

    def _remove(self, who: int, place: int) -> None:
        cells = self.clients[who].cells
        if len(cells):
            del cells[place % len(cells)]

    def _move(self, who: int, place: int, to: int) -> None:
        """As JupyterLab does it: delete here, insert a copy there, in one transaction."""
        client = self.clients[who]
        index = place % len(client.cells) if len(client.cells) else 0
        value = client.cells[index].to_py() if len(client.cells) and isinstance(client.cells[index], Map) else None
        if value is not None:
            with client.doc.transaction():
                del client.cells[index]
                source = value.get("source")
                name = value.get("id")
                copy = cell(name if isinstance(name, str) else "", source if isinstance(source, str) else "")
                client.cells.insert(to % (len(client.cells) + 1), copy)

    def _split(self, who: int, place: int, at: int) -> None:
        client = self.clients[who]
        index = place % len(client.cells) if len(client.cells) else 0
        value = client.cells[index].to_py() if len(client.cells) and isinstance(client.cells[index], Map) else None
        if value is not None and isinstance(value.get("source"), str):
            source = value["source"]
            middle = at % (len(source) + 1)
            with client.doc.transaction():
                del client.cells[index]
                client.cells.insert(index, cell("split", source[:middle]))
                client.cells.insert(index + 1, cell("rest", source[middle:]))

    def _turn(self, who: int, place: int, kind: str) -> None:
        found = self.clients[who].at(place)
        if found is not None:
            found["cell_type"] = kind

    def _metadata(self, who: int, place: int, key: str, value: Any) -> None:
        found = self.clients[who].at(place)
        metadata = found.get("metadata") if found is not None else None
        if isinstance(metadata, Map):
            metadata[key] = yjs_value(value)

    def _notebook(self, who: int, key: str, value: Any) -> None:
        self.clients[who].meta["metadata"] = Map({key: yjs_value(value)})

    def _cursor(self, who: int, place: int, anchor: int, head: int) -> None:
        found = self.clients[who].at(place)
        value = None if found is None else {"cell": found.get("id"), "anchor": anchor, "head": head}
        self._log(EventKind.CURSOR, who + 1, json.dumps(value).encode(), None, who)

    def _leave(self, who: int) -> None:
        self._log(EventKind.LEAVE, who + 1, None, {"role": "candidate", "reason": "closed"})

    def _offline(self, who: int) -> None:
        self.clients[who].online = False

    def _online(self, who: int) -> None:
        self.clients[who].online = True

    # -- what the server does

    def _outputs(self, place: int) -> tuple[Map[Any], Array[Any]] | None:
        found = self.server.at(place)
        outputs = found.get("outputs") if found is not None else None
        return (found, outputs) if isinstance(outputs, Array) else None

    def _begin(self, place: int) -> None:
        if (found := self._outputs(place)) is not None:
            with self.server.doc.transaction():
                found[1].clear()
                found[0]["execution_count"] = None
                found[0]["execution_state"] = "running"
            self._deliver({"source": "kernel", "run": f"run{self._seq}"}, 0)

    def _stream(self, place: int, text: str) -> None:
        if text and (found := self._outputs(place)) is not None:
            outputs = found[1]
            last = outputs[len(outputs) - 1] if len(outputs) else None
            shared = last.get("text") if isinstance(last, Map) and last.get("output_type") == "stream" else None
            if isinstance(shared, Text):
                shared += text
            else:
                outputs.append(Map({"output_type": "stream", "name": "stdout", "text": Text(text)}))

    def _print_over(self, place: int, text: str, most: int) -> None:
        if (found := self._outputs(place)) is not None and len(found[1]):
            last = found[1][len(found[1]) - 1]
            shared = last.get("text") if isinstance(last, Map) and last.get("output_type") == "stream" else None
            if isinstance(shared, Text) and len(shared) == len(str(shared).encode()):
                kept = str(shared)[:-most] if most else str(shared)
                with self.server.doc.transaction():
                    if len(kept.encode()) < len(shared):
                        del shared[len(kept.encode()) : len(shared)]
                    shared += text

    def _display(self, place: int, output: JSON) -> None:
        if (found := self._outputs(place)) is not None:
            found[1].append(Map(yjs_value(output)))

    def _clear(self, place: int) -> None:
        if (found := self._outputs(place)) is not None:
            found[1].clear()

    def _finish(self, place: int) -> None:
        if (found := self._outputs(place)) is not None:
            with self.server.doc.transaction():
                found[0]["execution_count"] = 7.0
                found[0]["execution_state"] = "idle"

    def _code(self, who: int, text: str) -> None:
        source = self.server.text(0)
        if source is not None:
            with self.server.doc.transaction():
                change_text(source, text)
            self._deliver({"source": "code_update"}, who + 1)

    # -- what a stranger does

    def _odd_cell(self, who: int, place: int, value: Any) -> None:
        cells = self.clients[who].cells
        cells.insert(place % (len(cells) + 1), yjs_value(value))

    def _odd_shared_cell(self, who: int, place: int) -> None:
        cells = self.clients[who].cells
        cells.insert(place % (len(cells) + 1), Array([1.0, Text("a"), Map({"b": Array([])})]))

    def _odd_field(self, who: int, place: int, name: str, value: Any) -> None:
        found = self.clients[who].at(place)
        if found is not None:
            found[name] = yjs_value(value)

    def _odd_shared_field(self, who: int, place: int, name: str) -> None:
        found = self.clients[who].at(place)
        if found is not None:
            found[name] = Map({"output_type": "stream", "text": Text("t")}) if place % 2 else Array([Text("t"), 1.0])

    def _odd_output(self, who: int, place: int, at: int, value: Any) -> None:
        found = self.clients[who].at(place)
        outputs = found.get("outputs") if found is not None else None
        if isinstance(outputs, Array):
            outputs.insert(at % (len(outputs) + 1), yjs_value(value))

    def _odd_output_field(self, who: int, place: int, at: int, name: str, value: Any) -> None:
        found = self.clients[who].at(place)
        outputs = found.get("outputs") if found is not None else None
        if isinstance(outputs, Array) and len(outputs) and isinstance(outputs[at % len(outputs)], Map):
            outputs[at % len(outputs)][name] = yjs_value(value)

    def _odd_text(self, who: int, place: int, at: int) -> None:
        source = self.clients[who].text(place)
        if source is None:
            return
        if at % 2 and len(source):
            source.format(0, _bytes(str(source), 1), {"bold": True})
        else:
            source.insert_embed(0, {"image": 1})

    def _odd_attribute(self, who: int) -> None:
        self.clients[who].meta["nbformat"] = "four"

    def _much(self, who: int, edits: list[tuple[int, int, str]]) -> None:
        """Many things in one transaction."""
        with self.clients[who].doc.transaction():
            for place, at, text in edits:
                [
                    lambda: self._type(who, place, at, text),  # noqa: B023  # called at once
                    lambda: self._insert(who, place, text, "code"),  # noqa: B023
                    lambda: self._remove(who, place),  # noqa: B023
                    lambda: self._delete(who, place, 0, at),  # noqa: B023
                    lambda: self._metadata(who, place, "k", at),  # noqa: B023
                    lambda: self._turn(who, place, "markdown"),  # noqa: B023
                ][(place + at) % 6]()


def _bytes(text: str, at: int) -> int:
    """A position as pycrdt counts, between two characters."""
    return len(text[: at % (len(text) + 1)].encode())
