"""How does an interview of any length come into a database without anybody sitting through it?

`Script` writes one: two people who type with pauses, correct themselves, move their cursors, paste, move and remove
cells, run them and talk; from a seed, so that it is the same each time. Its Yjs updates are real ones of real clients,
and it keeps count itself of who wrote which character. `store` puts it into a database by the server's own writer:
sealed, chained and signed like any other. ``python -m benchmarks.interviews --data-dir DIR --hours 8`` makes one for a
server that is started with ``--InterviewApp.data_dir=DIR``, and prints the room's id.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pycrdt import Array, Doc, Map, Text, TransactionEvent

from jupyter_interview.auth import load_secret
from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.collab import fold
from jupyter_interview.collab.notebook import first_state, starting_notebook, yjs_value
from jupyter_interview.core import clock
from jupyter_interview.core.models import Event, EventKind, MemberState, Room, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database, Vault
from jupyter_interview.db.database import Stream
from jupyter_interview.db.members import insert_member
from jupyter_interview.db.rooms import insert_room
from jupyter_interview.managers.records import Records

from .common import JSON, progress

UPDATES_AN_HOUR, RUNS_AN_HOUR, MESSAGES_AN_HOUR = 20_000, 300, 200
UPDATES_AN_HOUR_OF_MANY = 25_000
SERVER, CANDIDATE, INTERVIEWER = 0, 1, 2
_START = 1_800_000_000_000_000
_CELLS = 24
_CELL_UNITS = 900
_LINES = [
    "def median(values):",
    "    ordered = sorted(values)",
    "    middle = len(ordered) // 2",
    "    return ordered[middle]",
    "for name, row in table.items():",
    "    print(f'{name}: {row!r}')",
    "import math",
    "total = sum(x * x for x in range(100))",
    "# Überprüfen, ob die Größe stimmt",
    "assert total == 328350, 'не то'",
    "class Node:",
    "    def __init__(self, value, left=None, right=None):",
    "        self.value, self.left, self.right = value, left, right",
    "result = {k: v for k, v in pairs if v is not None}",
    "print('done 🎉')",
    "while queue:",
    "    node = queue.popleft()",
    "    seen.add(node)",
]
_TALK = ["How would you test that?", "What is its complexity?", "Let me think.", "O(n log n), because of the sort."]


@dataclass(frozen=True, slots=True)
class Line:
    """An event before it is stored: members are `SERVER`, `CANDIDATE` and `INTERVIEWER`, ``at`` is in microseconds."""

    at: int
    kind: EventKind
    member: int = SERVER
    connection: int = 0
    payload: JSON | None = None
    data: bytes | None = None
    subject: int | None = None


@dataclass(slots=True)
class Truth:
    """A cell as the script knows it: its text, and who wrote each of its characters how."""

    id: str
    text: str = ""
    writers: list[tuple[int, int]] = field(default_factory=list)

    def splice(self, at: int, removed: int, inserted: str, writer: tuple[int, int]) -> None:
        """Characters go and come."""
        self.text = self.text[:at] + inserted + self.text[at + removed :]
        self.writers[at : at + removed] = [writer] * len(inserted)


class _Typist:
    """One browser: a copy of the document whose changes are collected."""

    def __init__(self, member: int, state: bytes) -> None:
        self.member = member
        self.doc: Doc[Any] = Doc(client_id=1_000 + member)
        self.doc.apply_update(state)
        self.updates: list[bytes] = []
        self.cell = ""
        self.at = 0
        self._remote = False
        self._subscription = self.doc.observe(self._changed)

    def _changed(self, event: TransactionEvent) -> None:
        if not self._remote:
            self.updates.append(event.update)

    def receive(self, update: bytes) -> None:
        self._remote = True
        self.doc.apply_update(update)
        self._remote = False

    @property
    def cells(self) -> Array[Any]:
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return cells

    def close(self) -> None:
        self.doc.unobserve(self._subscription)


class Script:
    """One interview.

    Args:
        hours: how long it is; updates, runs and messages are in proportion.
        seed: another one makes another interview.
        scale: a part of all that, for tests.

    Attributes:
        truth: the cells with their writers, as they are after the lines that were taken so far.
    """

    def __init__(self, hours: float = 1.0, seed: int = 1, scale: float = 1.0) -> None:
        self.duration = round(hours * scale * 3_600e6)
        self.updates = round((UPDATES_AN_HOUR if hours <= 1 else UPDATES_AN_HOUR_OF_MANY) * hours * scale)
        self.runs = round(RUNS_AN_HOUR * hours * scale)
        self.messages = round(MESSAGES_AN_HOUR * hours * scale)
        self.bytes = 0
        self.truth: list[Truth] = []
        self._dice = random.Random(seed)  # nothing secret
        self._at = _START
        self._done = self._runs = self._said = 0
        self._image = base64.b64encode(self._dice.randbytes(24_000)).decode()

    def lines(self) -> Iterator[Line]:
        """The whole log, in order."""
        state = first_state(starting_notebook("# Write median()\n", "python"))
        yield Line(self._at, EventKind.ROOM_CREATED, payload={"title": "Interview", "language": "python", "files": []})
        yield Line(self._at, EventKind.DOCUMENT_SNAPSHOT, payload={"source": "load"}, data=state)
        self._typists = {who: _Typist(who, state) for who in (SERVER, CANDIDATE, INTERVIEWER)}
        first = self._typists[SERVER].cells[0]
        text = str(first["source"])
        self.truth = [Truth(str(first["id"]), text, [(SERVER, 2)] * len(text))]
        for who in (CANDIDATE, INTERVIEWER):
            role = "candidate" if who == CANDIDATE else "interviewer"
            yield Line(self._pass(0.4), EventKind.JOIN, who, who, {"role": role})
        yield Line(self._pass(0.5), EventKind.KERNEL_STARTED, payload={})
        while self._done < self.updates:
            yield from self._stretch()
        yield Line(max(self._pass(1), _START + self.duration), EventKind.ROOM_ENDED, INTERVIEWER, payload={"by": "x"})
        for typist in self._typists.values():
            typist.close()

    # -- time

    def _pass(self, seconds: float) -> int:
        self._at += round(seconds * 1e6)
        return self._at

    def _due(self) -> float:
        return self._done / self.updates

    def _stretch(self) -> Iterator[Line]:
        """Some work, then a pause if they are ahead of their time."""
        yield from self._work()
        if self._runs < self.runs * self._due():
            yield from self._run()
        if self._said < self.messages * self._due():
            self._said += 1
            text = {"text": self._dice.choice(_TALK)}
            yield Line(self._pass(0.7), EventKind.CHAT_MESSAGE, self._who(), 1, text)
        ahead = _START + self.duration * self._due() - self._at
        if ahead > 0:
            self._pass(ahead / 1e6)

    def _who(self) -> int:
        return CANDIDATE if self._dice.random() < 0.75 else INTERVIEWER

    # -- what they do

    def _work(self) -> Iterator[Line]:
        number = self._dice.random()
        who = self._who()
        if number < 0.05 and len(self.truth) < _CELLS:
            yield from self._new_cell(who)
        elif number < 0.07 and len(self.truth) > 1:
            yield from self._move_cell(who)
        elif number < 0.085 and len(self.truth) > 4:
            yield from self._remove_cell(who)
        elif number < 0.12:
            yield from self._paste(who)
        elif number < 0.3:
            yield from self._together()
        else:
            yield from self._type(who, self._choose(who))

    def _choose(self, who: int) -> Truth:
        """A cell to work in; whoever goes to another one takes the cursor there."""
        typist = self._typists[who]
        cell = self._cell(typist.cell) if self._dice.random() < 0.7 else None
        if cell is None:
            cell = self._dice.choice(self.truth)
            typist.at = self._dice.randrange(len(cell.text) + 1)
        typist.cell, typist.at = cell.id, min(typist.at, len(cell.text))
        return cell

    def _cell(self, name: str) -> Truth | None:
        return next((cell for cell in self.truth if cell.id == name), None)

    def _look(self, who: int) -> Line:
        """The cursor went where it is now."""
        typist = self._typists[who]
        cell = self._cell(typist.cell)
        text = "" if cell is None else cell.text
        at = _units(text[: typist.at])
        data = json.dumps({"cell": typist.cell, "anchor": at, "head": at}, separators=(",", ":")).encode()
        return Line(self._pass(0.3), EventKind.CURSOR, who, who, None, data)

    def _type(self, who: int, cell: Truth) -> Iterator[Line]:
        yield self._look(who)
        if len(cell.text) > _CELL_UNITS:
            half = len(cell.text) // 2
            yield from self._splice(who, cell, 0, half, "")
            self._typists[who].at = 0
        for char in self._dice.choice(_LINES) + "\n":
            if self._dice.random() < 0.06:
                yield from self._key(who, cell, self._dice.choice("asdfjk"))
                yield from self._key(who, cell, "")
            yield from self._key(who, cell, char)

    def _key(self, who: int, cell: Truth, char: str) -> Iterator[Line]:
        """A character, or the one before the cursor removed."""
        typist = self._typists[who]
        self._pass(self._dice.uniform(0.05, 0.2))
        if char:
            at = typist.at
            typist.at += 1
            yield from self._splice(who, cell, at, 0, char)
        elif typist.at:
            typist.at -= 1
            yield from self._splice(who, cell, typist.at, 1, "")

    def _together(self) -> Iterator[Line]:
        """Both type at the same time, each in a cell: what one writes reaches the other later."""
        if len(self.truth) < 2:
            return
        mine, yours = self._dice.sample(self.truth, 2)
        for who, cell in ((CANDIDATE, mine), (INTERVIEWER, yours)):
            typist = self._typists[who]
            typist.cell, typist.at = cell.id, self._dice.randrange(len(cell.text) + 1)
            yield self._look(who)
        sent: list[tuple[int, bytes]] = []
        for one, other in zip(self._dice.choice(_LINES)[:20], self._dice.choice(_LINES)[:20], strict=False):
            for who, cell, char in ((CANDIDATE, mine, one), (INTERVIEWER, yours, other)):
                typist = self._typists[who]
                self._pass(self._dice.uniform(0.03, 0.1))
                cell.splice(typist.at, 0, char, (who, 0))
                self._edit(typist, cell, typist.at, 0, char)
                typist.at += 1
                [update] = self._taken(typist)
                sent.append((who, update))
                yield self._line(who, update)
        for who, update in sent:
            for typist in self._typists.values():
                if typist.member != who:
                    typist.receive(update)

    def _paste(self, who: int) -> Iterator[Line]:
        cell = self._choose(who)
        yield self._look(who)
        start = self._dice.randrange(len(_LINES) - 4)
        text = "\n".join(_LINES[start : start + self._dice.randrange(2, 5)]) + "\n"
        at = self._typists[who].at
        yield from self._splice(who, cell, at, 0, text, 1)
        self._typists[who].at = at + len(text)

    def _new_cell(self, who: int) -> Iterator[Line]:
        typist = self._typists[who]
        name = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        index = self._dice.randrange(len(self.truth) + 1)
        typist.cells.insert(index, _new_cell(name, "", "markdown" if self._dice.random() < 0.1 else "code"))
        self.truth.insert(index, Truth(name))
        typist.cell, typist.at = name, 0
        yield from self._told(who)

    def _move_cell(self, who: int) -> Iterator[Line]:
        """As JupyterLab does it: out here, a copy in there."""
        typist = self._typists[who]
        index = self._dice.randrange(len(self.truth))
        to = self._dice.randrange(len(self.truth))
        cell = self.truth.pop(index)
        value = typist.cells[index].to_py()
        with typist.doc.transaction():
            del typist.cells[index]
            typist.cells.insert(to, _new_cell(cell.id, cell.text, value["cell_type"]))
        self.truth.insert(to, cell)
        yield from self._told(who)

    def _remove_cell(self, who: int) -> Iterator[Line]:
        typist = self._typists[who]
        index = self._dice.randrange(len(self.truth))
        del typist.cells[index]
        del self.truth[index]
        yield from self._told(who)

    def _run(self) -> Iterator[Line]:
        """A run of some cell with what it puts out."""
        typist = self._typists[SERVER]
        code = [n for n, cell in enumerate(self.truth) if typist.cells[n]["cell_type"] == "code"]
        if not code:
            return
        self._runs += 1
        who = self._who()
        index = self._dice.choice(code)
        source = self.truth[index].text
        run = f"{self._dice.getrandbits(64):016x}"
        payload: JSON = {"run": run, "cell": self.truth[index].id, "source": source, "language": "python"}
        yield Line(self._pass(0.4), EventKind.RUN_STARTED, who, 0, payload)
        began = self._at
        cell = typist.cells[index]
        say: Callable[[], Iterator[Line]] = lambda: self._told(SERVER, {"source": "kernel", "run": run}, who)  # noqa: E731
        with typist.doc.transaction():
            cell["outputs"].clear()
            cell["execution_count"] = None
            cell["execution_state"] = "running"
        yield from say()
        outputs = cell["outputs"]
        kind = self._dice.random()
        if kind < 0.1:
            image = {
                "output_type": "display_data",
                "metadata": {},
                "data": {"image/png": self._image, "text/plain": "f"},
            }
            outputs.append(Map(yjs_value(image)))
            self._pass(0.3)
            yield from say()
        elif kind < 0.15:
            error = {
                "output_type": "error",
                "ename": "KeyError",
                "evalue": "'x'",
                "traceback": ["Traceback", "KeyError"],
            }
            outputs.append(Map(yjs_value(error)))
            yield from say()
        else:
            shared: Text | None = None
            for part in range(12 if kind > 0.95 else 2):
                text = "".join(f"line {part * 50 + n}: {n * n}\n" for n in range(50 if kind > 0.95 else 2))
                if shared is None:
                    outputs.append(Map({"output_type": "stream", "name": "stdout", "text": Text(text)}))
                    shared = outputs[0]["text"]
                else:
                    shared += text
                self._pass(0.05)
                yield from say()
        with typist.doc.transaction():
            cell["execution_count"] = float(self._runs)
            cell["execution_state"] = "idle"
        yield from say()
        ended = {
            "run": run,
            "cell": self.truth[index].id,
            "status": "error" if 0.1 <= kind < 0.15 else "ok",
            "duration": self._at - began,
            "execution_count": self._runs,
            "outputs_hash": hashlib.sha256(run.encode()).hexdigest(),
        }
        yield Line(self._pass(0.01), EventKind.RUN_FINISHED, who, 0, ended)

    # -- into the log

    def _splice(self, who: int, cell: Truth, at: int, removed: int, text: str, manner: int = 0) -> Iterator[Line]:
        typist = self._typists[who]
        self._edit(typist, cell, at, removed, text)
        cell.splice(at, removed, text, (who, manner))
        yield from self._told(who)

    def _edit(self, typist: _Typist, cell: Truth, at: int, removed: int, text: str) -> None:
        index = next(n for n, other in enumerate(self.truth) if other.id == cell.id)
        source = typist.cells[index]["source"]
        held = str(source)
        first, last = len(held[:at].encode()), len(held[: at + removed].encode())
        with typist.doc.transaction():
            if last > first:
                del source[first:last]
            if text:
                source.insert(first, text)

    def _taken(self, typist: _Typist) -> list[bytes]:
        updates, typist.updates = typist.updates, []
        return updates

    def _told(self, who: int, payload: JSON | None = None, subject: int | None = None) -> Iterator[Line]:
        """What was changed goes into the log and to the others."""
        for update in self._taken(self._typists[who]):
            for typist in self._typists.values():
                if typist.member != who:
                    typist.receive(update)
            yield self._line(who, update, payload, subject)

    def _line(self, who: int, update: bytes, payload: JSON | None = None, subject: int | None = None) -> Line:
        self._done += 1
        self.bytes += len(update)
        return Line(self._at, EventKind.DOCUMENT_UPDATE, who, who, payload, update, subject)


def _new_cell(name: str, source: str, kind: str) -> Map[Any]:
    values: dict[str, Any] = {"id": name, "cell_type": kind, "source": Text(source), "metadata": Map({})}
    if kind == "code":
        values |= {"outputs": Array([]), "execution_count": None, "execution_state": "idle"}
    return Map(values)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


async def store(database: Database, records: Records, script: Script, *, ended: bool = True) -> Room:
    """Put an interview into a database that was prepared and started.

    Args:
        database: which one.
        records: ends it.
        script: what is in it.
        ended: end it; otherwise it goes on, and the last line is left out.

    Returns:
        The room, as it is then.
    """
    people = [("Ada", Role.CANDIDATE), ("Grace", Role.INTERVIEWER)]

    def begin(connection: Any) -> tuple[Room, list[int]]:
        room = insert_room(
            connection,
            id=str(uuid.uuid4()),
            title="Interview",
            language="python",
            state=RoomState.LIVE,
            owner=0,
            created_at=_START,
            started_at=_START,
            password_hash=None,
            settings={},
            tags=(),
        )
        keys = [
            insert_member(
                connection,
                id=uuid.uuid4().hex[:16],
                room=room.key,
                role=role,
                name=name,
                state=MemberState.SEATED,
                joined_at=_START,
                switches={},
            ).key
            for name, role in people
        ]
        return room, keys

    room, keys = await database.write(begin)
    names = [0, *keys]
    stream = Stream()
    failures: list[Exception] = []

    def settled(failure: Exception | None) -> None:
        if failure is not None:
            failures.append(failure)

    for seq, line in enumerate(script.lines(), 1):
        if line.kind is EventKind.ROOM_ENDED and not ended:
            break
        subject = line.member if line.subject is None else line.subject
        event = Event(
            room.key,
            seq,
            line.at,
            names[line.member],
            line.connection,
            line.kind,
            line.payload,
            line.data,
            names[subject],
        )
        database.append(event, stream, settled)
        if seq % 500 == 0:
            await database.capacity()
            await asyncio.sleep(0)
    await database.write(lambda connection: None)
    if failures:
        raise failures[0]
    return await records.store(room) if ended else replace(room)


async def make(
    data_dir: Path, hours: float, *, seed: int = 1, ended: bool = True, scale: float = 1.0
) -> tuple[Room, Script]:
    """An interview in the database of a server that does not run, whose ``InterviewApp.data_dir`` is ``data_dir``."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(f"sqlite:///{data_dir / 'interview.sqlite'}", Vault(load_secret(data_dir / "vault")))
    database.prepare()
    database.start()
    script = Script(hours, seed, scale)
    try:
        records = Records(database, fold, SigningKeys(data_dir / "signing.json"))
        return await store(database, records, script, ended=ended), script
    finally:
        await database.close()


def main() -> None:
    """Make one."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data-dir", type=Path, required=True)
    options.add_argument("--hours", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--live", action="store_true", help="it has not ended")
    chosen = options.parse_args()
    started = clock.now()
    room, script = asyncio.run(make(chosen.data_dir, chosen.hours, seed=chosen.seed, ended=not chosen.live))
    progress(f"{script.updates} updates, {script.bytes} bytes of Yjs, {(clock.now() - started) / 1e6:.0f} s")
    print(room.id)


if __name__ == "__main__":
    main()
