"""How do a run's outputs get into the shared document?

Each change is a transaction of the server's own, logged with the run's id. Texts change at their end only: that is all
that JupyterLab's pages follow.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pycrdt import Array, Map, Text

from ..core.encoding import size_of
from ..core.errors import InterviewError
from ..core.jsontext import values_of
from ..core.models import JSON
from .notebook import read_outputs, yjs_value
from .standing import Output

if TYPE_CHECKING:
    from .document import NotebookDocument

RUNNING, IDLE = "running", "idle"
_SHOWN = ("display_data", "execute_result")


class DocumentOutputs:
    """The outputs of one run in one cell; the Protocol `core.ports.CellOutputs`.

    It keeps its own account of what it wrote: what stands in the document may be somebody else's by now.

    Args:
        document: where the cell is.
        cell: its id.
        run: id of the run, for the log.
        member: key of the member who asked for it: the outputs are that member's.
    """

    def __init__(self, document: NotebookDocument, cell: str, run: str, member: int) -> None:
        self._document = document
        self._standing = document.standing
        self._id = cell
        self._run = run
        self._member = member
        self._written: list[Output] = []

    def begin(self) -> None:
        """The run starts."""
        with self._document.writing(self._run, self._member):
            cell = self._cell()
            if cell is None:
                return
            self._array(cell).clear()
            self._emptied()
            cell["execution_count"] = None
            cell["execution_state"] = RUNNING

    def stream(self, name: str, text: str, removed: str = "") -> None:
        """Append to a stream, in the place of what it ends with."""
        with self._writing(size_of(text) - size_of(removed)) as outputs:
            if outputs is None:
                return
            self._streamed(name, text, removed)
            last = outputs[len(outputs) - 1] if len(outputs) else None
            if isinstance(last, Map) and last.get("output_type") == "stream" and last.get("name") == name:
                shared = last.get("text")
                if isinstance(shared, Text):
                    # Not `last["text"] += text`: that would set the key anew and empty the text for newcomers.
                    end, gone = len(shared), len(removed.encode())
                    if 0 < gone <= end:
                        del shared[end - gone : end]
                    shared += text
                    return
            outputs.append(Map({"output_type": "stream", "name": name, "text": Text(text)}))

    def display(self, output: JSON, display_id: str | None = None) -> None:
        """Append an output."""
        with self._writing(size_of(output)) as outputs:
            if outputs is None:
                return
            outputs.append(Map(yjs_value(output)))
            written = Output(dict(output))
            self._written.append(written)
            if display_id is not None:
                self._standing.shown(display_id, written, self._id, len(outputs) - 1)

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        """Replace what was shown with ``display_id``."""
        size = size_of(data) + size_of(metadata)
        with self._document.writing(self._run, self._member):
            for place in self._standing.places(display_id):
                cell = None if self._document.frozen else self._document.cells.find(place.cell)
                outputs = cell.get("outputs") if cell is not None else None
                if not isinstance(outputs, Array) or place.index >= len(outputs):
                    continue
                shown = outputs[place.index]
                if isinstance(shown, Map) and shown.get("output_type") in _SHOWN:
                    before = shown.to_py() or {}
                    # A whole output again: pages watch the array, not the maps in it.
                    outputs[place.index] = Map({**before, "data": yjs_value(data), "metadata": yjs_value(metadata)})
                    self._standing.grew(place.cell, size - size_of([before.get("data"), before.get("metadata")]))
                    if (written := place.output()) is not None:
                        written.value = {**written.value, "data": data, "metadata": metadata}
        self._make_place(0)

    def clear(self) -> None:
        """Remove the outputs."""
        with self._writing() as outputs:
            if outputs is not None:
                outputs.clear()
                self._emptied()

    def finish(self, execution_count: int | None) -> None:
        """The run is over."""
        with self._document.writing(self._run, self._member):
            cell = self._cell()
            if cell is None:
                return
            cell["execution_count"] = None if execution_count is None else float(execution_count)
            cell["execution_state"] = IDLE

    def outputs(self) -> list[JSON]:
        """The outputs that this run wrote, without those that it cleared; none when the cell is gone."""
        if self._cell() is None:
            return []
        # As they come out of a document: numbers are floats in it.
        read = read_outputs([yjs_value(_joined(output.value)) for output in self._written])
        return [values_of(output) for output in read]

    def shown(self, display_id: str) -> int:
        """How many outputs follow it."""
        return len(self._standing.places(display_id))

    def refusal(self, size: int) -> str | None:
        """Why the log takes no more."""
        try:
            self._standing.budget.check_outputs(self._member, size)
        except InterviewError as error:
            return error.message
        return None

    # -- inside

    @contextmanager
    def _writing(self, size: int = 0) -> Generator[Array[Any] | None]:
        """One transaction that adds so many bytes to the outputs of the cell, which it gives; fewer, if negative."""
        if size > 0:
            self._make_place(size)
        with self._document.writing(self._run, self._member):
            cell = self._cell()
            outputs = None if cell is None else self._array(cell)
            if outputs is not None and size:
                self._standing.grew(self._id, size)
            yield outputs

    def _make_place(self, size: int) -> None:
        """The outputs of the oldest runs give way."""
        if not self._document.frozen:
            for cell in self._standing.giving_way(size, self._id):
                self._give_way(cell)

    def _give_way(self, cell_id: str) -> None:
        """The outputs of another cell make place."""
        cell = self._document.cells.find(cell_id)
        outputs = cell.get("outputs") if cell is not None else None
        if not isinstance(outputs, Array) or not len(outputs):
            return
        limit = self._standing.limit
        text = f"Outputs removed: the interview's outputs reached {limit / 1e6:g} MB. Run the cell again.\n"
        with self._document.writing(self._run, self._member):
            outputs.clear()
            outputs.append(Map({"output_type": "stream", "name": "stderr", "text": Text(text)}))

    def _emptied(self) -> None:
        self._standing.emptied(self._id)
        self._written.clear()

    def _streamed(self, name: str, text: str, removed: str) -> None:
        last = self._written[-1].value if self._written else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            pieces, gone = last["text"], len(removed)
            while pieces and gone:
                piece = pieces.pop()
                if len(piece) > gone:
                    pieces.append(piece[:-gone])
                gone -= min(gone, len(piece))
            pieces.append(text)
        else:
            self._written.append(Output({"output_type": "stream", "name": name, "text": [text]}))

    def _cell(self) -> Map[Any] | None:
        # Nothing changes a frozen document, not even a late output.
        return None if self._document.frozen else self._document.cells.find(self._id)

    def _array(self, cell: Map[Any]) -> Array[Any]:
        outputs = cell.get("outputs")
        if not isinstance(outputs, Array):
            cell["outputs"] = Array()
            outputs = cell["outputs"]
        if not len(outputs):
            self._standing.emptied(self._id)
        return outputs


def _joined(output: JSON) -> JSON:
    """An output whose text is one, and not the list of its pieces."""
    return {**output, "text": "".join(output["text"])} if output["output_type"] == "stream" else output
