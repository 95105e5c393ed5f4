"""What does it cost the log to be chained, and to be sealed?

The writer is fed in a few rooms by turns, with events that a real `RoomLog` numbers, until all are durable in a SQLite
file: document updates of a keystroke's size, or what happens in an interview of an hour (`script`). They come all at
once, as sockets bring them, or one by one (`Pace`). It is measured as it is, and with one part left out: the hash with
its encoding, the sealing, both. The variants take turns in one process and one file, in an order that changes, and the
turns are short, so that whatever else the machine does meets all of them alike; each is compared with its neighbour.

    python -m benchmarks.chain --events 500 --turns 1000
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from jupyter_interview.cli.serve import set_interpreter
from jupyter_interview.core.models import EventKind, MemberState, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database, Vault, ledger
from jupyter_interview.db.members import insert_member
from jupyter_interview.db.rooms import insert_room
from jupyter_interview.managers.events import RoomLog

from .common import JSON, BenchmarkError, Report, median, parser, percentile, progress
from .script import SERVER, Line, Script

GOAL = 5.0
_ROOMS = 4
_WARM = 3
_KEYSTROKE = Line(0, EventKind.DOCUMENT_UPDATE, member=1, connection=7, data=bytes(range(26)))
VARIANTS = ("whole", "unchained", "unsealed", "neither")
# A median's standard error is so many times a mean's; a normal distribution's quartiles are so many deviations apart.
_OF_MEDIAN, _OF_QUARTILES = 1.2533, 1.349


class Pace(StrEnum):
    """How events come."""

    AT_ONCE = "all at once"
    BY_SOCKETS = "as sockets bring them"
    ONE_BY_ONE = "one by one"


_MEANINGS = {
    Pace.AT_ONCE: "in one turn of the event loop, as nothing in the server does",
    Pace.BY_SOCKETS: "each in a turn of the event loop, as fast as the log takes them",
    Pace.ONE_BY_ONE: "each when the one before is durable",
}


class Took(NamedTuple):
    """What an event of a turn took, in microseconds: by the clock, and of the processor."""

    clock: float
    processor: float


def _unlinked(*_event: Any) -> bytes:
    return b""


def _no_linker(*_who: str) -> Any:
    """In the place of `chain.linker`."""
    return _unlinked


class _Open:
    """In the place of a `vault.Sealer` and of an event's: everything stays as it is."""

    def event(self, _seq: int) -> _Open:
        return self

    def seal(self, _field: int, content: bytes) -> bytes:
        return content


def _sealer(_room: str, _key: bytes) -> _Open:
    return _Open()


def _room_and_member(connection: Any, number: int) -> tuple[int, int]:
    room = insert_room(
        connection,
        id=f"00000000-0000-4000-8000-{number:012}",
        title="Benchmark",
        language="python",
        state=RoomState.LIVE,
        owner=0,
        created_at=1,
        settings={},
        tags=(),
    )
    member = insert_member(
        connection,
        id=f"{number:016x}",
        room=room.key,
        role=Role.CANDIDATE,
        name="Ada",
        state=MemberState.SEATED,
        switches={},
        joined_at=1,
    )
    return room.key, member.key


async def _turn(logs: Sequence[tuple[RoomLog, int]], lines: Sequence[Line], pace: Pace) -> Took:
    """Write the events; how long it took until all are durable."""
    began, used = time.perf_counter(), time.process_time()
    for number, line in enumerate(lines):
        log, member = logs[number % _ROOMS]
        author = 0 if line.member == SERVER else member
        log.append(line.kind, member=author, connection=line.connection, payload=line.payload, data=line.data)
        if pace is Pace.ONE_BY_ONE:
            await log.barrier()
        elif log.behind:
            await log.capacity()
        elif pace is Pace.BY_SOCKETS:
            await asyncio.sleep(0)
    for log, _ in logs:
        await log.barrier()
    clock, processor = time.perf_counter() - began, time.process_time() - used
    return Took(1e6 * clock / len(lines), 1e6 * processor / len(lines))


def _failed(failure: Exception) -> None:
    raise BenchmarkError("an event could not be stored") from failure


@contextlib.contextmanager
def _without(variant: str) -> Iterator[None]:
    """The log without what the variant leaves out."""
    with contextlib.ExitStack() as stack:
        if variant in ("unchained", "neither"):
            stack.enter_context(mock.patch.object(ledger, "linker", _no_linker))
        if variant in ("unsealed", "neither"):
            stack.enter_context(mock.patch.object(ledger, "Sealer", _sealer))
        yield


def _keystrokes(events: int) -> Iterator[list[Line]]:
    """So many for each turn."""
    return itertools.repeat([_KEYSTROKE] * events)


def _interviews(events: int) -> Iterator[list[Line]]:
    """For each turn the next so many of an interview of an hour, over and over."""
    lines = [line for line in Script(1).lines() if line.kind is not EventKind.ROOM_ENDED]
    for first in itertools.cycle(range(0, len(lines) - events, events)):
        yield lines[first : first + events]


async def measure(url: str, portions: Sequence[list[Line]], pace: Pace) -> dict[str, list[Took]]:
    """What each turn of each variant took, after some to get warm; a turn has one of the portions."""
    database = Database(url, Vault(bytes(32)))
    database.prepare()
    database.start()
    logs: list[tuple[RoomLog, int]] = []
    for number in range(_ROOMS):
        room, member = await database.write(lambda connection, n=number: _room_and_member(connection, n))  # type: ignore[misc]
        logs.append((RoomLog(database, room, 0, 0, _failed), member))
    found: dict[str, list[Took]] = {variant: [] for variant in VARIANTS}
    dice = random.Random(1)  # nothing secret
    for number, lines in enumerate(portions):
        for variant in dice.sample(VARIANTS, len(VARIANTS)):
            with _without(variant):
                await database.write(lambda _: database.ledger.forget())
                took = await _turn(logs, lines, pace)
            if number >= _WARM:
                found[variant].append(took)
    await database.close()
    return found


def row(what: str, pace: Pace, variant: str, own: Sequence[Took], whole: Sequence[Took]) -> JSON:
    """A row of the report, from the turns of a variant and those of the log as it is."""
    made: JSON = {
        "what": what,
        "pace": pace,
        "variant": variant,
        "rate": f"{1e6 / median([turn.clock for turn in own]):,.0f}",
        "processor": median([turn.processor for turn in own]),
    }
    if variant != "whole":
        part, error = _part([turn.clock for turn in own], [turn.clock for turn in whole])
        made["saved"] = median([both.processor - mine.processor for mine, both in zip(own, whole, strict=True)])
        made["part"] = f"{part:.1f} % ± {error:.1f}"
        part_of_processor = _part([turn.processor for turn in own], [turn.processor for turn in whole])
        made["part_of_processor"] = "{:.1f} % ± {:.1f}".format(*part_of_processor)
        made["goal"] = f"{part / GOAL:.2f}" if variant == "unchained" else None
    return made


def _part(own: Sequence[float], whole: Sequence[float]) -> tuple[float, float]:
    """How much less the one took than the other, in per cent: median of the pairs, and its standard error."""
    parts = [100 * (1 - mine / both) for mine, both in zip(own, whole, strict=True)]
    deviation = (percentile(parts, 75) - percentile(parts, 25)) / _OF_QUARTILES
    return median(parts), _OF_MEDIAN * deviation / math.sqrt(len(parts))


def _report(events: int, turns: int) -> Report:
    columns = {
        "what": "events", "pace": "come", "variant": "the log", "rate": "events a second",
        "processor": "µs of the processor an event", "saved": "µs saved",
        "part": "less time than whole", "goal": f"÷ goal of {GOAL:g} %",
        "part_of_processor": "less of the processor than whole",
    }  # fmt: skip
    notes = [
        f"{_ROOMS} rooms by turns, {turns} turns of {events} events. Keystrokes: updates of "
        f"{len(_KEYSTROKE.data or b'')} bytes. An interview: the updates, cursors, runs with outputs and messages of "
        "an hour, each turn the next ones. "
        + " ".join(f"{pace.capitalize()}: {meaning}." for pace, meaning in _MEANINGS.items())
        + f" One by one a turn has {events // 10}.",
        "All figures are medians of the turns; the percentages are of each turn beside its neighbour, with the "
        "standard error of their median. The goal is compared with what is lost by the clock.",
        "whole: sealed and chained, as it is. unchained: without encoding, SHA-256 and the hash in its row. unsealed: "
        "without the event's key and AES-256-GCM-SIV. neither: as it was before both.",
        "The interpreter is set as the server sets it: what was loaded before is none of the collector's work.",
    ]
    return Report("chain", "What chaining and sealing cost the log", columns, notes)


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--events", type=int, default=500, help="of a turn")
    options.add_argument("--turns", type=int, default=1_000, help="of each variant")
    chosen = options.parse_args()
    report = _report(chosen.events, chosen.turns)
    contents: dict[str, Callable[[int], Iterator[list[Line]]]] = {
        "keystrokes": _keystrokes,
        "an interview": _interviews,
    }
    for pace, (what, content) in itertools.product(Pace, contents.items()):
        progress(f"{what}, {pace}")
        events = chosen.events // 10 if pace is Pace.ONE_BY_ONE else chosen.events
        portions = list(itertools.islice(content(events), chosen.turns + _WARM))
        set_interpreter()
        with tempfile.TemporaryDirectory(prefix="ji-chain-") as folder:
            url = f"sqlite:///{Path(folder) / 'db'}"
            found = asyncio.run(measure(url, portions, pace))
        report.rows += [row(what, pace, variant, found[variant], found["whole"]) for variant in VARIANTS]
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
