"""How do a run's outputs get into the shared document?

Each change is a transaction of the server's own, logged with the run's id. Texts only grow: replacing a stream's text
would lose what others see of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycrdt import Array, Map, Text

from ..core.models import JSON
from .notebook import find_cell, read_outputs, yjs_value

if TYPE_CHECKING:
    from .document import NotebookDocument

RUNNING, IDLE = "running", "idle"


class DocumentOutputs:
    """The outputs of one run in one cell; the Protocol `core.ports.CellOutputs`.

    Args:
        document: where the cell is.
        cell: its id.
        run: id of the run, for the log.
        member: key of the member who asked for it: the outputs are that member's.
    """

    def __init__(self, document: NotebookDocument, cell: str, run: str, member: int) -> None:
        self._document = document
        self._id = cell
        self._run = run
        self._member = member

    def begin(self) -> None:
        """The run starts."""
        with self._document.writing(self._run, self._member):
            cell = self._cell()
            if cell is None:
                return
            self._array(cell).clear()
            cell["execution_count"] = None
            cell["execution_state"] = RUNNING

    def stream(self, name: str, text: str) -> None:
        """Append to a stream."""
        with self._document.writing(self._run, self._member):
            outputs = self._outputs()
            if outputs is None:
                return
            last = outputs[len(outputs) - 1] if len(outputs) else None
            if isinstance(last, Map) and last.get("output_type") == "stream" and last.get("name") == name:
                shared = last.get("text")
                if isinstance(shared, Text):
                    # Not `last["text"] += text`: that would set the key anew and empty the text for newcomers.
                    shared += text
                    return
            outputs.append(Map({"output_type": "stream", "name": name, "text": Text(text)}))

    def display(self, output: JSON, display_id: str | None = None) -> None:
        """Append an output."""
        with self._document.writing(self._run, self._member):
            outputs = self._outputs()
            if outputs is None:
                return
            outputs.append(Map(yjs_value(output)))
            if display_id is not None:
                self._document.displays.setdefault(display_id, []).append((self._id, len(outputs) - 1))

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        """Replace what was shown with ``display_id``."""
        with self._document.writing(self._run, self._member):
            for cell_id, index in self._document.displays.get(display_id, []):
                cell = None if self._document.frozen else find_cell(self._document.doc, cell_id)
                outputs = cell.get("outputs") if cell is not None else None
                if not isinstance(outputs, Array) or index >= len(outputs):
                    continue
                shown = outputs[index]
                if isinstance(shown, Map) and shown.get("output_type") in ("display_data", "execute_result"):
                    # A whole output again: pages watch the array, not the maps in it.
                    outputs[index] = Map(
                        {**(shown.to_py() or {}), "data": yjs_value(data), "metadata": yjs_value(metadata)}
                    )

    def clear(self) -> None:
        """Remove the outputs."""
        with self._document.writing(self._run, self._member):
            outputs = self._outputs()
            if outputs is not None:
                outputs.clear()
            self._forget()

    def finish(self, execution_count: int | None) -> None:
        """The run is over."""
        with self._document.writing(self._run, self._member):
            cell = self._cell()
            if cell is None:
                return
            cell["execution_count"] = None if execution_count is None else float(execution_count)
            cell["execution_state"] = IDLE

    def outputs(self) -> list[JSON]:
        """The outputs as they stand."""
        outputs = self._outputs()
        return [] if outputs is None else read_outputs(outputs.to_py() or [])

    def _cell(self) -> Map[Any] | None:
        # Nothing changes a frozen document, not even a late output.
        return None if self._document.frozen else find_cell(self._document.doc, self._id)

    def _outputs(self) -> Array[Any] | None:
        cell = self._cell()
        return None if cell is None else self._array(cell)

    def _array(self, cell: Map[Any]) -> Array[Any]:
        outputs = cell.get("outputs")
        if not isinstance(outputs, Array):
            cell["outputs"] = Array()
            outputs = cell["outputs"]
        if not len(outputs):
            self._forget()
        return outputs

    def _forget(self) -> None:
        """This cell's outputs are gone, and with them what they were called."""
        displays = self._document.displays
        for display_id in list(displays):
            displays[display_id] = [place for place in displays[display_id] if place[0] != self._id]
            if not displays[display_id]:
                del displays[display_id]
