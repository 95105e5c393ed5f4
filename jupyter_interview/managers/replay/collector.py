"""What did a run put out, where no cell is there to take it, and is it the same as what another one did?"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from ...core.jsontext import values_of
from ...core.models import JSON
from ...core.ports import DISPLAY_PLACES

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_COUNT = re.compile(r"(?<=In\[)\d+(?=\])|(?<=In \[)\d+(?=\])|(?<=ipython-input-)\d+-[0-9a-f]+")


class Collector:
    """Keeps the outputs of one run; the Protocol `core.ports.CellOutputs`."""

    def __init__(self) -> None:
        self._outputs: list[JSON] = []
        self._displays: dict[str, deque[JSON]] = {}

    def begin(self) -> None:
        """The run starts."""
        self.clear()

    def stream(self, name: str, text: str, removed: str = "") -> None:
        """Append to a stream, in the place of what it ends with."""
        last = self._outputs[-1] if self._outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] = last["text"].removesuffix(removed) + text
        else:
            self._outputs.append({"output_type": "stream", "name": name, "text": text})

    def display(self, output: JSON, display_id: str | None = None) -> None:
        """Append an output."""
        self._outputs.append(dict(output))
        if display_id is not None:
            self._displays.setdefault(display_id, deque(maxlen=DISPLAY_PLACES)).append(self._outputs[-1])

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        """Replace what was shown with ``display_id``."""
        for output in self._displays.get(display_id, []):
            output.update(data=data, metadata=metadata)

    def clear(self) -> None:
        """Remove the outputs."""
        self._outputs.clear()
        self._displays.clear()

    def finish(self, execution_count: int | None) -> None:
        """The run is over."""

    def outputs(self) -> list[JSON]:
        """The outputs so far."""
        return [values_of(output) for output in self._outputs]

    def shown(self, display_id: str) -> int:
        """How many outputs follow it."""
        return len(self._displays.get(display_id, []))

    def refusal(self, size: int) -> str | None:
        """Nothing of it is logged."""
        return None


def comparable(outputs: list[JSON]) -> list[Any]:
    """Outputs without what differs from run to run and means nothing.

    That is: counts, colours, addresses in memory, and into how many pieces a stream was cut.
    """
    found: list[Any] = []
    texts: dict[str, list[str]] = {}
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            name = str(output.get("name"))
            if name not in texts:
                texts[name] = []
                found.append((kind, name, texts[name]))
            texts[name].append(str(output.get("text")))
        elif kind == "error":
            trace = [_plain(line) for line in output.get("traceback", [])]
            found.append((kind, output.get("ename"), _plain(output.get("evalue")), trace))
        else:
            found.append(("data", {name: _plain(value) for name, value in output.get("data", {}).items()}))
    return [(*item[:2], _plain("".join(item[2]))) if item[0] == "stream" else item for item in found]


def _plain(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return value
    return _COUNT.sub("#", _ADDRESS.sub("0x", _ANSI.sub("", value)))
