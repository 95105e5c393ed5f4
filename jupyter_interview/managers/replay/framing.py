"""How is a room's history cut into frames, and what does a manifest need to know of each?

A `Framer` takes the events of a log one by one and makes a frame of every piece (docs/developers/frames.md). It runs in
a thread, and holds no more than the frame that is open.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ...core.encoding import json_bytes
from ...core.models import DOCUMENT_KINDS, JSON, Event, EventKind, Frame
from ...core.moment import Moment, Operation, units
from ...core.ports import History

ENTRIES = 1_000
BYTES = 262_144
MOST_ENTRIES = 16_000
STATE_PER_ENTRY = 512
IDLE_US = 5_000_000
BIN_MS = 5_000
PEOPLE = {
    EventKind.JOIN: "join",
    EventKind.AWAY: "away",
    EventKind.LEAVE: "leave",
    EventKind.KNOCK: "knock",
    EventKind.ADMIT: "admit",
    EventKind.REMOVE: "remove",
}
# How `Draft` writes a frame.
_STATE, _ENTRIES = '{"state":', ',"entries":['
_decode = json.JSONDecoder().raw_decode
_SHOWN = ("display_data", "execute_result")
_KERNEL = (EventKind.KERNEL_STARTED, EventKind.KERNEL_RESTARTED, EventKind.KERNEL_DIED, EventKind.INTERRUPT)


@dataclass(slots=True)
class People:
    """The members of a room as frames name them: 0 is the server, then everybody in the order in which they came.

    Args:
        keys: of the members, ascending.
        ids: of the same ones.
    """

    keys: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def of_key(self, key: int) -> int:
        """The index of a member by its key in the database; 0 for nobody."""
        return self.keys.index(key) + 1 if key in self.keys else 0

    def of_id(self, member_id: Any) -> int:
        """The index of a member by its id."""
        return self.ids.index(member_id) + 1 if member_id in self.ids else 0


@dataclass(slots=True)
class Clock:
    """Milliseconds since the room's first event.

    Args:
        first: the moment of that, in microseconds.
    """

    first: int

    def ms(self, at: int) -> int:
        """Of a moment."""
        return (at - self.first) // 1000


@dataclass(frozen=True, slots=True)
class Framed:
    """A frame that is complete.

    Attributes:
        frame: what the manifest says of it.
        content: what is in it, as it is stored and sent: gzip of JSON.
        trace: what a history needs to go on from its beginning, likewise. It grows with what was removed from the
            notebook, and no reader needs it.
    """

    frame: Frame
    content: bytes
    trace: bytes


@dataclass(slots=True)
class Draft:
    """A frame that is being made."""

    number: int
    first_seq: int
    first_at: int
    state: str
    trace: str
    last_seq: int = 0
    last_at: int = 0
    hash: bytes = b""
    entries: list[str] = field(default_factory=list)
    size: int = 0
    document: int | None = None
    typed: dict[int, dict[int, int]] = field(default_factory=dict)
    idle: list[list[int]] = field(default_factory=list)
    markers: list[JSON] = field(default_factory=list)
    replaced: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def text(self) -> str:
        """Its content as JSON."""
        return f"{_STATE}{self.state}{_ENTRIES}{','.join(self.entries)}]}}"

    def packed(self) -> bytes:
        """Its content as it is stored and sent."""
        return packed(self.text().encode())

    def frame(self, room: int) -> Frame:
        """It without its content."""
        summary: JSON = {
            "document": self.document,
            "typed": {
                str(who): {str(number): size for number, size in bins.items()} for who, bins in self.typed.items()
            },
            "idle": self.idle,
            "markers": self.markers,
            "replaced": [[*when, *runs] for runs, when in self.replaced.items()],
        }
        text = json_bytes(summary)
        return Frame(room, self.number, self.first_seq, self.last_seq, self.first_at, self.last_at, self.hash, text)


class Framer:
    """Cuts a log into frames.

    Args:
        room: key of the room.
        history: what its events do; it stands where the frame that comes next begins.
        people: its members; may grow.
        clock: its time.
        number: of the frame that comes next.
        entries: how many a frame has at most; `ENTRIES` by default.
    """

    def __init__(
        self, room: int, history: History, people: People, clock: Clock, number: int = 1, entries: int | None = None
    ) -> None:
        self._room = room
        self._history = history
        self._people = people
        self._clock = clock
        self._number = number
        self._entries = entries or ENTRIES
        self._before: int | None = None
        self._next = self._here()
        self.draft: Draft | None = None

    @property
    def history(self) -> History:
        """Where it is."""
        return self._history

    def add(self, event: Event) -> Framed | None:
        """Take the next event; the frame that it completes.

        Raises:
            ValueError: the event cannot follow. What came before it is as it was.
        """
        operations = self._history.add(event, self._people.of_key(event.member))
        draft = self.draft
        if draft is None:
            state, trace = self._next
            draft = self.draft = Draft(self._number, event.seq, event.at, state, trace)
        draft.last_seq, draft.last_at, draft.hash = event.seq, event.at, event.hash
        if self._before is not None and event.at - self._before >= IDLE_US:
            draft.idle.append([self._clock.ms(self._before), self._clock.ms(event.at)])
        self._before = event.at
        self._mark(draft, event, operations)
        if operations:
            member = self._people.of_key(event.member)
            text = compact([event.seq, self._clock.ms(event.at), member, operations])
            draft.entries.append(text)
            draft.size += len(text.encode())
        return self.close() if self._is_full(draft) else None

    def _is_full(self, draft: Draft) -> bool:
        """Whether a frame ends here. Each begins with the whole notebook: of a large one there are fewer."""
        entries = max(self._entries, min(MOST_ENTRIES, len(draft.state) // STATE_PER_ENTRY))
        return len(draft.entries) >= entries or draft.size >= max(BYTES, len(draft.state) // 2)

    def close(self) -> Framed | None:
        """End the open frame; ``None`` when there is none."""
        draft, self.draft = self.draft, None
        if draft is None:
            return None
        self._next = self._here()
        self._number += 1
        return Framed(draft.frame(self._room), draft.packed(), packed(draft.trace.encode()))

    def resume(self, before: int | None) -> None:
        """The event before the next one was at ``before`` (microseconds)."""
        self._before = before

    def _here(self) -> tuple[str, str]:
        return compact(self._history.moment.state()), compact(self._history.trace())

    def _mark(self, draft: Draft, event: Event, operations: list[Operation]) -> None:
        """What the manifest says of an event."""
        who, payload = self._people.of_key(event.member), event.payload or {}
        if event.kind in DOCUMENT_KINDS:
            if draft.document is None:
                draft.document = event.seq
            size = sum(each[3] + units(each[4]) for each in operations if each[0] == "t")
            if who and size:
                bins = draft.typed.setdefault(who, {})
                number = self._clock.ms(event.at) // BIN_MS
                bins[number] = bins.get(number, 0) + size
            for pasted, cell in self._history.pastes:
                self._marker(draft, event, "paste", size=pasted, cell=cell)
            for earlier in outputs_of_others(self._history.moment, operations, payload.get("run")):
                draft.replaced.setdefault((earlier, payload["run"]), [event.seq, self._clock.ms(event.at)])
        elif event.kind is EventKind.RUN_STARTED:
            self._marker(draft, event, "run_started", run=payload.get("run"), cell=payload.get("cell"))
        elif event.kind is EventKind.RUN_FINISHED:
            duration = payload.get("duration")
            self._marker(
                draft,
                event,
                "run_finished",
                run=payload.get("run"),
                cell=payload.get("cell"),
                status=payload.get("status"),
                duration_ms=None if duration is None else round(duration / 1000, 3),
            )
        elif event.kind is EventKind.CHAT_MESSAGE:
            self._marker(draft, event, "message")
        elif event.kind in PEOPLE:
            self._marker(draft, event, PEOPLE[event.kind], who=whom(event, self._people))
        elif event.kind is EventKind.PERMISSION_CHANGED:
            permissions = payload.get("permissions")
            self._marker(draft, event, "permission", who=whom(event, self._people), permissions=permissions)
        elif event.kind in _KERNEL:
            self._marker(draft, event, event.kind.label)
        elif event.kind is EventKind.CLOCK_STEPPED:
            self._marker(draft, event, event.kind.label, by_ms=round(payload.get("by", 0) / 1000))
        elif event.kind is EventKind.ROOM_ENDED:
            self._marker(draft, event, "end")

    def _marker(self, draft: Draft, event: Event, kind: str, **fields: Any) -> None:
        member = self._people.of_key(event.member)
        marker = {"ms": self._clock.ms(event.at), "seq": event.seq, "kind": kind, "member": member}
        draft.markers.append(marker | fields)


def outputs_of_others(moment: Moment, operations: Iterable[Operation], run: str | None) -> Iterator[str]:
    """The earlier runs of which a run replaced an output, by its update of what they show.

    What gives way for the outputs of a run has a line of its own in its place.

    Args:
        moment: after the operations.
        operations: what the run wrote in one event.
        run: its id; ``None`` where it was no run.
    """
    for operation in operations if run is not None else ():
        if operation[0] == "o" and any(output.get("output_type") in _SHOWN for output in operation[4]):
            earlier = moment.cells[operation[1]].get("run")
            if earlier is not None and earlier != run:
                yield earlier


def whom(event: Event, people: People) -> int:
    """The index of the member that an event is about."""
    named = (event.payload or {}).get("member")
    return people.of_key(event.member) if named is None else people.of_id(named)


def density(frames: Iterable[JSON], duration_ms: int, bins: int = 600) -> JSON:
    """How much each member typed and removed over the time; ``frames`` are summaries."""
    each = BIN_MS * max(1, -(-(duration_ms // BIN_MS + 1) // bins))
    count = duration_ms // each + 1
    members: dict[str, list[int]] = {}
    for summary in frames:
        for who, typed in summary["typed"].items():
            strip = members.setdefault(who, [0] * count)
            for number, size in typed.items():
                strip[min(int(number) * BIN_MS // each, count - 1)] += size
    return {"bin_ms": each, "members": members}


def compact(value: Any) -> str:
    """A value as the JSON of a frame."""
    return json_bytes(value).decode()


def packed(content: bytes) -> bytes:
    """gzip of JSON. Equal contents are equal bytes."""
    return gzip.compress(content, 6, mtime=0)


def unpacked(content: bytes) -> JSON:
    """What was `packed`: of a frame ``{state, entries}``."""
    value: JSON = json.loads(gzip.decompress(content))
    return value


def shortened(frame: Frame, content: bytes, seq: int) -> tuple[Frame, bytes]:
    """A frame and its content without the events from ``seq`` on."""
    held = unpacked(content)
    held["entries"] = [entry for entry in held["entries"] if entry[0] < seq]
    summary = json.loads(frame.summary)
    summary["markers"] = [each for each in summary["markers"] if each["seq"] < seq]
    summary["replaced"] = [each for each in summary["replaced"] if each[0] < seq]
    return replace(frame, last_seq=seq - 1, summary=json_bytes(summary)), packed(json_bytes(held))


def folded(content: bytes, seq: int, *, plain: bool = False) -> Moment:
    """How the notebook stood after an event; ``content`` is that of its frame, ``plain`` as for `Moment`. For a thread.

    Entries are decoded one by one: what is after the event is not decoded at all, and what is before it is gone again
    before Python's collector begins to count it, which costs a server more than the fold.
    """
    text = gzip.decompress(content).decode()
    if not text.startswith(_STATE):
        raise ValueError("this is no frame")
    state, at = _decode(text, len(_STATE))
    if not text.startswith(_ENTRIES, at):
        raise ValueError("this is no frame")
    moment = Moment(state, plain=plain)
    moment.fold(_entries(text, at + len(_ENTRIES)), until=seq)
    return moment


def _entries(text: str, at: int) -> Iterator[list[Any]]:
    while text[at] != "]":
        entry, at = _decode(text, at)
        yield entry
        if text[at] == ",":
            at += 1
