"""How do a run's messages become outputs in the shared document?

The first output is written at once; what follows is gathered for a moment, so that a loop of prints is a few changes of
the document and not thousands. What *replaces* an output (cleared and shown anew, updated, printed over) is not written
more often than its size allows, since the log keeps every version; the last one is always written. Much is written in
portions, so that others are served in between. A run that writes beyond its limits, or beyond what the log takes, is
told so in one line and writes no more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..core.encoding import size_of
from ..core.limits import Limits
from ..core.models import JSON
from ..core.ports import DISPLAY_PLACES, CellOutputs
from ..core.quantities import as_count, as_size
from ..core.terminal import Terminal
from . import shapes
from .hints import Words

_log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.05
_PENDING_BYTES = 262_144
_FLOOD = 4
# What is replaced goes to the log at this pace, and counts for so little of a run's limit.
_REPLACING_BYTES_PER_S = 131_072
_REPLACED_PART = 16
# What the log's budget counts for a change besides its content.
_STEP_BYTES = 4_000
# What each place where an output is replaced counts at that pace besides its content: that it is work.
_PLACE_BYTES = 1_000
# Places that are written in one turn of the event loop; all that is no replacement is one.
_PORTION = 20

_INPUT_ERROR = "StdinNotImplementedError"
_INPUT_LINE = "input() is not available in an interview. Put the value into a variable instead."

_LOST = "An output was too large and is not shown."

TOO_LARGE = "too_large"
"""What stands for a message that was larger than one may be, and so never came."""


class _Step(NamedTuple):
    """Something that is to be written, and in how many places."""

    write: Callable[[], None]
    places: int = 1


class _Update(NamedTuple):
    """What is shown with a display id is to be replaced: bytes, and how."""

    size: int
    step: _Step

    @property
    def weight(self) -> int:
        """What it counts of what is gathered."""
        return self.size + self.besides

    @property
    def besides(self) -> int:
        """The same without its content."""
        return _STEP_BYTES + self.step.places * _PLACE_BYTES


@dataclass(slots=True)
class _Text:
    """The stream that is written to: its name, what it shows, and whether something of it is gathered."""

    name: str
    terminal: Terminal = field(default_factory=Terminal)
    gathered: bool = False


class RunOutputs:
    """Writes the outputs of one run.

    Args:
        outputs: the cell.
        limits: of which ``output_bytes`` and ``output_count`` count.
        flooded: called once when the run goes on and on beyond its limits.
    """

    def __init__(self, outputs: CellOutputs, limits: Limits, flooded: Callable[[], None]) -> None:
        self._outputs = outputs
        self._limits = limits
        self._flooded = flooded
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._steps: list[_Step] = []
        self._leaving: deque[_Step] = deque()
        self._clears = False
        self._updates: dict[str, _Update] = {}
        self._earlier: dict[str, _Step] = {}
        self._displayed: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._text: _Text | None = None
        self._pending = 0
        self._replace_at = 0.0
        self._clear_next = False
        self._bytes = 0
        self._replaced = 0
        self._count = 0
        self._dropped = 0
        self._dropped_bytes = 0
        self._closed = False
        self._lost = False
        self._words = Words()
        self.full: str | None = None

    def begin(self) -> None:
        """The run starts."""
        self._call(self._outputs.begin)

    def finish(self, execution_count: int | None) -> str:
        """The run is over: write what is gathered. Returns the hash of the outputs so far.

        What still comes, until `close`, is written as before and within the same limits.
        """
        self.flush()
        self._call(lambda: self._outputs.finish(execution_count))
        try:
            return outputs_hash(self._outputs.outputs())
        except Exception:  # as in _call
            _log.exception("outputs could not be read")
            return outputs_hash([])

    def close(self) -> None:
        """Write what is gathered, ignore what may still come. Idempotent."""
        if self._closed:
            return
        self.flush()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def message(self, kind: str, content: JSON) -> None:
        """Take one iopub message of this run. Never raises for what a kernel sent."""
        if self._closed:
            return
        self._words.hear(kind, content)
        if self.full is not None:
            self._drop(content)
        elif kind == "stream":
            self._stream(content)
        elif kind in ("display_data", "execute_result", "error"):
            self._display(kind, content)
        elif kind == "update_display_data":
            self._update(content)
        elif kind == "clear_output":
            self._clear(content.get("wait") is True)
        elif kind == TOO_LARGE:
            if self._lost:
                self._flooded()
            self._lost = True

    def limit_met(self) -> str | None:
        """The line about the limit of the kernel that a failed run met, as far as its words tell."""
        return self._words.limit(self._limits)

    @property
    def kernel_broke(self) -> bool:
        """Whether it met that limit in the kernel's own work and not in the cell's."""
        return self._words.kernel_broke

    def note_lost(self) -> None:
        """Say so if an output never came. Not before the run's end: a kernel that is being killed looks the same."""
        if self._lost:
            self.note(_LOST)

    def note(self, line: str) -> None:
        """Write a line of ours to stderr, whatever the limits say."""
        self._seal()
        self._text = None
        self._steps.append(_Step(lambda: self._outputs.stream("stderr", line.rstrip("\n") + "\n")))
        self._hand_over()
        self._portion()
        if self._leaving and self._timer is None:
            self._timer = self._loop.call_later(_GATHER_SECONDS, self._tick)

    def flush(self) -> None:
        """Write what is gathered now."""
        self._hand_over()
        while self._leaving:
            self._portion()

    async def drain(self) -> None:
        """Write what is gathered, and let others be served in between."""
        self._hand_over()
        self._portion()
        while self._leaving:
            await asyncio.sleep(0)
            self._portion()

    def _hand_over(self) -> None:
        """What is gathered is to be written, after what is being written."""
        self._seal()
        replacing = self._clears or bool(self._updates) or bool(self._earlier)
        steps = self._steps + [update.step for update in self._updates.values()]
        size, self._pending = self._pending, 0
        self._steps, self._updates, self._earlier, self._clears, self._displayed = [], {}, {}, False, {}
        self._leaving.extend(steps)
        if replacing:
            self._replace_at = self._loop.time() + size / _REPLACING_BYTES_PER_S

    def _portion(self) -> None:
        """Write as much as may be in one turn of the loop."""
        left = _PORTION
        while self._leaving and left > 0:
            step = self._leaving.popleft()
            left -= step.places
            self._call(step.write)

    def _write(self) -> None:
        """Write a portion of what is gathered, but nothing that replaces something too soon."""
        replaces = self._clears or self._updates or self._earlier or self._overwrites()
        if not self._leaving and (not replaces or self._loop.time() >= self._replace_at):
            self._hand_over()
        self._portion()

    def _overwrites(self) -> bool:
        """Whether all that is gathered is text which takes the place of other text."""
        return not self._steps and self._text is not None and self._text.terminal.rewrites

    def _call(self, step: Callable[[], None]) -> None:
        """A document that does not take an output (closed, frozen) must not stop the queue."""
        try:
            step()
        except Exception:
            _log.exception("an output could not be written")

    # Messages

    def _stream(self, content: JSON) -> None:
        name = content.get("name")
        text = shapes.text(content.get("text"))
        if name not in ("stdout", "stderr") or not text:
            return
        self._before_output()
        room = self._limits.output_bytes - self._used
        begins = text if size_of(text) <= room else text.encode("utf-8")[:room].decode("utf-8", "ignore")
        written = self._text if self._text is not None and self._text.name == name else None
        besides = 0 if written is not None and written.gathered else _STEP_BYTES
        if begins and not self._fits(size_of(begins), 1 if written is None else 0, besides=besides):
            return
        if begins:
            self._print(name, begins)
            self._gathered()
        if begins != text:
            self._fill(f"This run reached the limit of {as_size(self._limits.output_bytes)}.")

    def _print(self, name: str, text: str) -> None:
        if self._text is None or self._text.name != name:
            self._seal()
            self._text = _Text(name)
        self._text.gathered = True
        gone = size_of(text) - self._text.terminal.feed(text)
        self._replace(gone)
        self._pending -= gone

    def _display(self, kind: str, content: JSON) -> None:
        output = shapes.output(kind, content)
        if output is None:
            return
        transient = content.get("transient")
        display_id = shapes.name(transient.get("display_id")) if isinstance(transient, dict) else None
        if kind == "error" and output["ename"] == _INPUT_ERROR:
            output |= {"evalue": _INPUT_LINE, "traceback": [_INPUT_LINE]}
        self._before_output()
        size = size_of(output)
        if not self._fits(size, 1):
            return
        self._seal()
        self._text = None
        if display_id is not None:
            if (update := self._updates.pop(display_id, None)) is not None:
                # It replaces what was shown before this one.
                self._earlier[display_id] = update.step
                self._steps.append(update.step)
            self._displayed[display_id] = self._displayed.get(display_id, 0) + 1
            self._sizes[display_id] = self._sizes.get(display_id, 0) + size
        self._steps.append(_Step(lambda: self._outputs.display(output, display_id)))
        self._gathered()

    def _update(self, content: JSON) -> None:
        transient = content.get("transient")
        display_id = shapes.name(transient.get("display_id")) if isinstance(transient, dict) else None
        data, metadata = shapes.bundle(content.get("data")), shapes.mapping(content.get("metadata"))
        if display_id is None or not data:
            return
        # It is written in each place where it is shown, as far as they follow.
        shown = self._outputs.shown(display_id) + self._displayed.get(display_id, 0)
        places = max(1, min(shown, DISPLAY_PLACES))
        size = places * (size_of(data) + size_of(metadata))
        self._replace(self._sizes.pop(display_id, 0))
        if (before := self._updates.get(display_id)) is not None:
            self._pending -= before.weight
        identity = display_id
        step = _Step(lambda: self._outputs.update_display(identity, data, metadata), places)
        update = _Update(size, step)
        if not self._fits(size, 0, besides=update.besides):
            return
        self._sizes[display_id] = size
        self._updates[display_id] = update
        self._gathered()

    def _clear(self, wait: bool) -> None:
        if wait:
            self._clear_next = True
            return
        self._clear_next = False
        self._text = None
        self._count = 0
        self._replace(self._bytes)
        updates = sum(update.weight for update in self._updates.values())
        self._pending = updates + _STEP_BYTES * (len(self._earlier) + 1)
        self._steps, self._clears = [*self._earlier.values(), _Step(self._outputs.clear)], True
        self._displayed, self._sizes = {}, {}
        self._gathered()

    def _replace(self, size: int) -> None:
        """So many bytes of what was put out do not stand any more."""
        self._bytes -= size
        self._replaced += size

    # Gathering

    def _before_output(self) -> None:
        if self._clear_next:
            self._clear(wait=False)

    def _gathered(self) -> None:
        if self._timer is None:
            self._write()
            self._timer = self._loop.call_later(_GATHER_SECONDS, self._tick)
        elif self._pending > _PENDING_BYTES and not self._leaving:
            self._write()

    def _tick(self) -> None:
        self._timer = None
        if self._steps or self._updates or self._leaving or (self._text is not None and self._text.gathered):
            self._write()
            self._timer = self._loop.call_later(_GATHER_SECONDS, self._tick)

    def _seal(self) -> None:
        """Turn the text gathered so far into a step."""
        if self._text is None or not self._text.gathered:
            return
        name, (removed, added) = self._text.name, self._text.terminal.take()
        self._text.gathered = False
        if removed:
            self._replace_at = self._loop.time() + size_of(added) / _REPLACING_BYTES_PER_S
        if removed or added:
            self._steps.append(_Step(lambda: self._outputs.stream(name, added, removed)))

    # Limits

    @property
    def _used(self) -> int:
        """What of the limit in bytes is used."""
        return self._bytes + self._replaced // _REPLACED_PART

    def _fits(self, size: int, outputs: int, *, besides: int = _STEP_BYTES) -> bool:
        limits = self._limits
        if self._used + size > limits.output_bytes:
            self._fill(f"This run reached the limit of {as_size(limits.output_bytes)}.")
        elif self._count + outputs > limits.output_count:
            self._fill(f"This run reached the limit of {as_count(limits.output_count)} outputs.")
        elif (refusal := self._outputs.refusal(self._pending + size + max(besides, _STEP_BYTES))) is not None:
            self._fill(refusal)
        if self.full is not None:
            return False
        self._bytes += size
        self._pending += size + besides
        self._count += outputs
        return True

    def _fill(self, why: str) -> None:
        self.full = f"{why} Its further output is not shown."
        self.note(self.full)

    def _drop(self, content: JSON) -> None:
        self._dropped += 1
        self._dropped_bytes += len(content.get("text", "")) if isinstance(content.get("text"), str) else 0
        limits = self._limits
        if self._dropped_bytes > (_FLOOD - 1) * limits.output_bytes or self._dropped > _FLOOD * limits.output_count:
            self._flooded()


def outputs_hash(outputs: list[JSON]) -> str:
    """SHA-256, in hex, of the canonical JSON of outputs: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(outputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()
