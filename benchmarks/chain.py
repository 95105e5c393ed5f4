"""What does it cost the log to be chained, and to be sealed?

The writer is fed in a few rooms by turns, with events that a real `RoomLog` numbers, until all are durable in a SQLite
file: document updates of a keystroke's size as fast as it takes them, the same event by event, and what happens in an
interview of an hour (`script`) as fast as it takes it. It is measured as it is, and with one part left out: the hash
with its encoding, the sealing, both. The variants take turns in one process and one file, in an order that changes, so
that whatever else the machine does meets all of them alike. Loop and writer share one interpreter: what bounds the log
is the processor time of the process, and that is compared.

    python -m benchmarks.chain --events 2000 --turns 60
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from jupyter_interview.cli.serve import _SWITCH_SECONDS
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
_QUICKEST = 10
_KEYSTROKE = Line(0, EventKind.DOCUMENT_UPDATE, member=1, connection=7, data=bytes(range(26)))
VARIANTS = ("whole", "unchained", "unsealed", "neither")


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


async def _turn(logs: Sequence[tuple[RoomLog, int]], lines: Sequence[Line], *, flood: bool) -> tuple[float, float]:
    """Write the events; microseconds an event until all are durable: by the clock, and of the processor."""
    began, used = time.perf_counter(), time.process_time()
    for number, line in enumerate(lines):
        log, member = logs[number % _ROOMS]
        author = 0 if line.member == SERVER else member
        log.append(line.kind, member=author, connection=line.connection, payload=line.payload, data=line.data)
        if not flood:
            await log.barrier()
        elif log.behind:
            await log.capacity()
    for log, _ in logs:
        await log.barrier()
    return 1e6 * (time.perf_counter() - began) / len(lines), 1e6 * (time.process_time() - used) / len(lines)


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


async def measure(
    url: str, portions: Iterator[list[Line]], turns: int, *, flood: bool
) -> dict[str, list[tuple[float, float]]]:
    """What each turn of each variant took: `_turn`."""
    database = Database(url, Vault(bytes(32)))
    database.prepare()
    database.start()
    logs: list[tuple[RoomLog, int]] = []
    for number in range(_ROOMS):
        room, member = await database.write(lambda connection, n=number: _room_and_member(connection, n))  # type: ignore[misc]
        logs.append((RoomLog(database, room, 0, 0, _failed), member))
    found: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
    dice = random.Random(1)  # nothing secret
    for number, lines in zip(range(turns + _WARM), portions, strict=False):
        for variant in dice.sample(VARIANTS, len(VARIANTS)):
            with _without(variant):
                await database.write(lambda _: database.ledger.forget())
                took = await _turn(logs, lines, flood=flood)
            if number >= _WARM:
                found[variant].append(took)
    await database.close()
    return found


def row(way: str, variant: str, own: Sequence[tuple[float, float]], whole: Sequence[tuple[float, float]]) -> JSON:
    """A row of the report, from the turns of a variant and those of the log as it is."""
    quick, all_ = (percentile([processor for _, processor in turns], _QUICKEST) for turns in (own, whole))
    made: JSON = {
        "way": way,
        "variant": variant,
        "rate": f"{1e6 / median([clock for clock, _ in own]):,.0f}",
        "processor": quick,
    }
    if variant != "whole":
        made["saved"] = all_ - quick
        made["part"] = f"{100 * (1 - quick / all_):.1f} %"
        for name, index in (("by_processor", 1), ("by_clock", 0)):
            parts = [100 * (1 - mine[index] / both[index]) for mine, both in zip(own, whole, strict=True)]
            made[name] = f"{median(parts):.1f} % ({percentile(parts, 25):.1f} … {percentile(parts, 75):.1f})"
        made["goal"] = f"{100 * (1 - quick / all_) / GOAL:.2f}" if variant == "unchained" else None
    return made


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--events", type=int, default=2_000, help="of a turn")
    options.add_argument("--turns", type=int, default=60, help="of each variant")
    chosen = options.parse_args()
    columns = {
        "way": "events come", "variant": "the log", "rate": "events a second",
        "processor": "µs of the processor an event", "saved": "less than whole", "part": "of the whole",
        "goal": f"÷ goal of {GOAL:g} %", "by_processor": "turn by turn (quartiles)",
        "by_clock": "less events a second, turn by turn (quartiles)",
    }  # fmt: skip
    notes = [
        f"{_ROOMS} rooms by turns, {chosen.turns} turns of {chosen.events} events, as fast as the writer takes them, "
        f"up to 64 in a statement. Keystrokes: updates of {len(_KEYSTROKE.data or b'')} bytes. An interview: the "
        "updates, cursors, runs with their outputs and messages of an hour, each turn the next ones. One by one: "
        f"{chosen.events // 10} keystrokes a turn, of which each waits until the one before is durable.",
        "Processor time is that of the quickest tenth of the turns: what else the machine does can only add to it. "
        "Events a second and the last two columns are medians of all turns, each beside its neighbour; the last one is "
        "by the clock, the one before by the processor.",
        "whole: sealed and chained, as it is. unchained: without encoding, SHA-256 and the hash in its row. unsealed: "
        "without the event's key and AES-256-GCM-SIV. neither: as it was before both.",
    ]
    report = Report("chain", "What chaining and sealing cost the log", columns, notes)
    sys.setswitchinterval(_SWITCH_SECONDS)
    ways = {
        "keystrokes, flooding": _keystrokes(chosen.events),
        "an interview, flooding": _interviews(chosen.events),
        "keystrokes, one by one": _keystrokes(chosen.events // 10),
    }
    for way, portions in ways.items():
        progress(way)
        with tempfile.TemporaryDirectory(prefix="ji-chain-") as folder:
            url = f"sqlite:///{Path(folder) / 'db'}"
            found = asyncio.run(measure(url, portions, chosen.turns, flood="flooding" in way))
        report.rows += [row(way, variant, found[variant], found["whole"]) for variant in VARIANTS]
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
