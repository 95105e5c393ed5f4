"""What happens in an interview that nobody sat through?

Two people who type with pauses, correct themselves, move their cursors, paste, move and remove cells, run them and
talk; from a seed, so that it is the same each time. The Yjs updates are real ones of real clients, and the script keeps
count itself of who wrote which character.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pycrdt import Array, Map, Text

from jupyter_interview.collab.notebook import first_state, starting_notebook, yjs_value
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.moment import units

from .common import JSON
from .typists import Truth, Typist, new_cell

UPDATES_AN_HOUR, RUNS_AN_HOUR, MESSAGES_AN_HOUR = 20_000, 300, 200
UPDATES_AN_HOUR_OF_MANY = 25_000
SERVER, CANDIDATE, INTERVIEWER = 0, 1, 2
START = 1_800_000_000_000_000
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
        self._at = START
        self._done = self._runs = self._said = 0
        self._image = base64.b64encode(self._dice.randbytes(24_000)).decode()

    def lines(self) -> Iterator[Line]:
        """The whole log, in order."""
        state = first_state(starting_notebook("# Write median()\n"))
        yield Line(self._at, EventKind.ROOM_CREATED, payload={"title": "Interview", "language": "python", "files": []})
        yield Line(self._at, EventKind.DOCUMENT_SNAPSHOT, payload={"source": "load"}, data=state)
        self._typists = {who: Typist(who, state) for who in (SERVER, CANDIDATE, INTERVIEWER)}
        first = self._typists[SERVER].cells[0]
        text = str(first["source"])
        self.truth = [Truth(str(first["id"]), text, [(SERVER, 2)] * len(text))]
        for who in (CANDIDATE, INTERVIEWER):
            role = "candidate" if who == CANDIDATE else "interviewer"
            yield Line(self._pass(0.4), EventKind.JOIN, who, who, {"role": role})
        yield Line(self._pass(0.5), EventKind.KERNEL_STARTED, payload={})
        while self._done < self.updates:
            yield from self._stretch()
        yield Line(max(self._pass(1), START + self.duration), EventKind.ROOM_ENDED, INTERVIEWER, payload={"by": "x"})
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
        ahead = START + self.duration * self._due() - self._at
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
        at = units(text[: typist.at])
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
                [update] = typist.taken()
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
        typist.cells.insert(index, new_cell(name, "", "markdown" if self._dice.random() < 0.1 else "code"))
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
            typist.cells.insert(to, new_cell(cell.id, cell.text, value["cell_type"]))
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
        kind = self._dice.random()
        yield from self._put_out(cell["outputs"], kind, say)
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

    def _put_out(self, outputs: Array[Any], kind: float, say: Callable[[], Iterator[Line]]) -> Iterator[Line]:
        """An image, an error, or text that comes piece by piece; ``kind`` from 0 to 1 says which."""
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

    # -- into the log

    def _splice(self, who: int, cell: Truth, at: int, removed: int, text: str, manner: int = 0) -> Iterator[Line]:
        typist = self._typists[who]
        self._edit(typist, cell, at, removed, text)
        cell.splice(at, removed, text, (who, manner))
        yield from self._told(who)

    def _edit(self, typist: Typist, cell: Truth, at: int, removed: int, text: str) -> None:
        index = next(n for n, other in enumerate(self.truth) if other.id == cell.id)
        source = typist.cells[index]["source"]
        held = str(source)
        first, last = len(held[:at].encode()), len(held[: at + removed].encode())
        with typist.doc.transaction():
            if last > first:
                del source[first:last]
            if text:
                source.insert(first, text)

    def _told(self, who: int, payload: JSON | None = None, subject: int | None = None) -> Iterator[Line]:
        """What was changed goes into the log and to the others."""
        for update in self._typists[who].taken():
            for typist in self._typists.values():
                if typist.member != who:
                    typist.receive(update)
            yield self._line(who, update, payload, subject)

    def _line(self, who: int, update: bytes, payload: JSON | None = None, subject: int | None = None) -> Line:
        self._done += 1
        self.bytes += len(update)
        return Line(self._at, EventKind.DOCUMENT_UPDATE, who, who, payload, update, subject)
