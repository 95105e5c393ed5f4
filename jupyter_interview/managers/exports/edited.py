"""Which outputs are not what a run gave?

A later run may have replaced some, as a program goes on with what it showed: frames tell of it. Today members' updates
cannot write outputs. In a log from before, a member with a forged client could: it is logged as that member's edit, and
nothing of the notebook itself tells. An export says both.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.models import JSON
from ...core.moment import Moment

# Runs that a line names.
_NAMED = 3
_WRITES = frozenset({"o", "a", "+"})


class EditedOutputs:
    """Follows the frames of a replay, in their order.

    Attributes:
        cells: cell → indices of the members who edited the outputs that it has.
    """

    def __init__(self) -> None:
        self.cells: dict[str, set[int]] = {}

    def add(self, content: bytes, until: int) -> None:
        """Take the next frame (gzip of JSON), up to event ``until``. Runs in a thread."""
        frame = json.loads(gzip.decompress(content))
        entries = [entry for entry in frame["entries"] if entry[0] <= until]
        if not self.cells and not any(_writes(entry) for entry in entries):
            return
        moment = Moment(frame["state"], plain=True)
        for entry in entries:
            stood = _stood(moment, entry)
            for operation in entry[3]:
                self._before(moment, operation)
                moment.apply(operation)
                if entry[2]:
                    self._note(moment, operation, entry[2], stood)
            if any(operation[0] == "-" for operation in entry[3]):
                there = {cell["id"] for cell in moment.cells}
                self.cells = {cell: members for cell, members in self.cells.items() if cell in there}

    def _before(self, moment: Moment, operation: Sequence[Any]) -> None:
        if operation[0] == "o" and operation[2] == 0 and operation[3] >= len(_outputs(moment, operation[1])):
            # All outputs go: what is written then is as good as new.
            self.cells.pop(moment.cells[operation[1]]["id"], None)

    def _note(self, moment: Moment, operation: Sequence[Any], member: int, stood: Mapping[str, str]) -> None:
        # Who takes away some, as the line of an error, edits what the others say.
        if operation[0] == "a" or (operation[0] == "o" and (operation[4] or _outputs(moment, operation[1]))):
            self.cells.setdefault(moment.cells[operation[1]]["id"], set()).add(member)
        elif operation[0] == "+":
            for cell in operation[2]:
                if not cell.get("outputs"):
                    self.cells.pop(cell["id"], None)
                elif cell.get("run") is None or _text(cell) != stood.get(cell["id"]):
                    # A cell that was moved is of the run that it was of, and has what it had.
                    self.cells.setdefault(cell["id"], set()).add(member)


def said_edited(names: Sequence[str]) -> str:
    """What an export says of outputs that members edited."""
    return f"Outputs edited by {', '.join(names)} after the run."


def said_replaced(runs: Sequence[JSON]) -> str:
    """What an export says of outputs that later runs, ``{name, execution_count}``, replaced."""
    told = [_run_name(run) for run in runs[-_NAMED:]]
    more = [f"{len(runs) - _NAMED} more"] if len(runs) > _NAMED else []
    return f"Output replaced by {', '.join([*told, *more])} after the run."


def _run_name(run: JSON) -> str:
    count = run["execution_count"]
    which = "a run" if count is None else f"run {count}"
    return f"{which} of {run['name']}" if run["name"] else which


def marked(cell: Mapping[str, Any], lines: Sequence[str]) -> JSON:
    """A cell (nbformat) that says so in an output of its own."""
    note = {"output_type": "stream", "name": "stderr", "text": "".join(f"{line}\n" for line in lines)}
    return {**cell, "outputs": [*cell["outputs"], note]}


def _writes(entry: Sequence[Any]) -> bool:
    return bool(entry[2]) and any(operation[0] in _WRITES for operation in entry[3])


def _stood(moment: Moment, entry: Sequence[Any]) -> dict[str, str]:
    """The outputs before an event of the cells that come in by it with some."""
    came = {cell["id"] for operation in entry[3] if operation[0] == "+" for cell in operation[2] if cell.get("outputs")}
    return {cell["id"]: _text(cell) for cell in moment.cells if cell["id"] in came}


def _text(cell: Mapping[str, Any]) -> str:
    return json.dumps(cell["outputs"], sort_keys=True)


def _outputs(moment: Moment, index: int) -> list[JSON]:
    outputs: list[JSON] = moment.cells[index].get("outputs") or []
    return outputs
