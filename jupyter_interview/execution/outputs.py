"""How do a run's messages become outputs in the shared document?

The first output is written at once; what follows is gathered for a moment, so that a loop of prints is a few changes of
the document and not thousands. A run that writes beyond its limits is told so in one line and writes no more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable

from ..core.limits import Limits
from ..core.models import JSON
from ..core.ports import CellOutputs
from . import shapes
from .hints import Words
from .terminal import fold

_log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.05
_PENDING_BYTES = 262_144
_FLOOD = 4

_INPUT_ERROR = "StdinNotImplementedError"
_INPUT_LINE = "input() is not available in an interview. Put the value into a variable instead."

_LOST = "An output was too large and is not shown."

TOO_LARGE = "too_large"
"""What stands for a message that was larger than one may be, and so never came."""

_Step = Callable[[], None]


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
        self._elsewhere: list[_Step] = []
        self._text: tuple[str, list[str]] | None = None
        self._pending = 0
        self._last: str | None = None
        self._clear_next = False
        self._bytes = 0
        self._count = 0
        self._dropped = 0
        self._closed = False
        self._lost = False
        self._words = Words()
        self.full: str | None = None

    def begin(self) -> None:
        """The run starts."""
        self._call(self._outputs.begin)

    def finish(self, execution_count: int | None) -> str:
        """The run is over: write what is gathered, ignore what may still come. Returns the hash of the outputs."""
        self.flush()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._call(lambda: self._outputs.finish(execution_count))
        try:
            return outputs_hash(self._outputs.outputs())
        except Exception:  # as in _call
            _log.exception("outputs could not be read")
            return outputs_hash([])

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
        self._steps.append(lambda: self._outputs.stream("stderr", line.rstrip("\n") + "\n"))
        self.flush()

    def flush(self) -> None:
        """Write what is gathered now."""
        self._seal()
        steps = self._steps + self._elsewhere
        self._steps, self._elsewhere, self._pending = [], [], 0
        for step in steps:
            self._call(step)

    def _call(self, step: _Step) -> None:
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
        room = self._limits.output_bytes - self._bytes
        begins = text if shapes.size(text) <= room else text.encode("utf-8")[:room].decode("utf-8", "ignore")
        continues = self._last == name
        if begins and not self._fits(shapes.size(begins), 0 if continues else 1):
            return
        if begins:
            if self._text is None or self._text[0] != name:
                self._seal()
                self._text = (name, [])
            self._text[1].append(begins)
            self._last = name
            self._gathered()
        if begins != text:
            self._fill(f"{self._limits.output_bytes} bytes")

    def _display(self, kind: str, content: JSON) -> None:
        output = shapes.output(kind, content)
        if output is None:
            return
        transient = content.get("transient")
        display_id = shapes.name(transient.get("display_id")) if isinstance(transient, dict) else None
        if kind == "error" and output["ename"] == _INPUT_ERROR:
            output |= {"evalue": _INPUT_LINE, "traceback": [_INPUT_LINE]}
        self._before_output()
        if not self._fits(shapes.size(output), 1):
            return
        self._seal()
        self._last = None
        self._steps.append(lambda: self._outputs.display(output, display_id))
        self._gathered()

    def _update(self, content: JSON) -> None:
        transient = content.get("transient")
        display_id = shapes.name(transient.get("display_id")) if isinstance(transient, dict) else None
        data, metadata = shapes.bundle(content.get("data")), shapes.mapping(content.get("metadata"))
        if display_id is None or not data or not self._fits(shapes.size(data) + shapes.size(metadata), 0):
            return
        identity = display_id
        self._elsewhere.append(lambda: self._outputs.update_display(identity, data, metadata))
        self._gathered()

    def _clear(self, wait: bool) -> None:
        if wait:
            self._clear_next = True
            return
        self._clear_next = False
        self._text = None
        self._last = None
        self._count = 0
        self._steps = [self._outputs.clear]
        self._gathered()

    # Gathering

    def _before_output(self) -> None:
        if self._clear_next:
            self._clear(wait=False)

    def _gathered(self) -> None:
        if self._pending > _PENDING_BYTES:
            self.flush()
        elif self._timer is None:
            self.flush()
            self._timer = self._loop.call_later(_GATHER_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._steps or self._elsewhere or self._text is not None:
            self.flush()
            self._timer = self._loop.call_later(_GATHER_SECONDS, self._tick)

    def _seal(self) -> None:
        """Turn the text gathered so far into a step."""
        if self._text is None:
            return
        name, parts = self._text
        self._text = None
        text = fold("".join(parts))
        if text:
            self._steps.append(lambda: self._outputs.stream(name, text))

    # Limits

    def _fits(self, size: int, outputs: int) -> bool:
        limits = self._limits
        if self._bytes + size > limits.output_bytes:
            self._fill(f"{limits.output_bytes} bytes")
        elif self._count + outputs > limits.output_count:
            self._fill(f"{limits.output_count} outputs")
        if self.full is not None:
            return False
        self._bytes += size
        self._pending += size
        self._count += outputs
        return True

    def _fill(self, what: str) -> None:
        self.full = f"This run reached the limit of {what}. Its further output is not shown."
        self.note(self.full)

    def _drop(self, content: JSON) -> None:
        self._dropped += 1
        self._bytes += len(content.get("text", "")) if isinstance(content.get("text"), str) else 0
        limits = self._limits
        if self._bytes > _FLOOD * limits.output_bytes or self._dropped > _FLOOD * limits.output_count:
            self._flooded()


def outputs_hash(outputs: list[JSON]) -> str:
    """SHA-256, in hex, of the canonical JSON of outputs: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(outputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()
