"""What becomes of an update that cannot be applied?"""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.changes import apply, panicked
from jupyter_interview.collab.fold import fold
from jupyter_interview.collab.frames import History
from jupyter_interview.collab.wire import Malformed
from jupyter_interview.core.models import Event, EventKind


def unfit() -> bytes:
    """An update that can be read, in which a cell's outputs stand inside of a letter."""
    doc: Doc[Any] = Doc(client_id=1)
    cells: Array[Any] = doc.get("cells", type=Array)
    cells.append(Map({"source": Text("hello")}))
    cells[0]["outputs"] = Array([])
    update = doc.get_update()
    outside, inside = b"\x01\x00\x07outputs", b"\x01\x04\x07outputs"
    assert update.count(outside) == 1
    return update.replace(outside, inside)


def panic() -> BaseException:
    """A real one: a place is asked for that never was."""
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    try:
        del text[0:3]
    except BaseException as error:
        return error
    raise AssertionError("pycrdt does not panic here any more: is `panicked` still needed?")


def test_it_is_a_mistake_of_whoever_sent_it() -> None:
    """pycrdt raises `RuntimeError` then, which would be one of ours."""
    with pytest.raises(RuntimeError):
        Doc().apply_update(unfit())
    with pytest.raises(Malformed):
        apply(Doc(), unfit())
    with pytest.raises(Malformed):
        fold([unfit()])


def test_a_history_refuses_it() -> None:
    """An import says so, and a replay ends there."""
    event = Event(1, 1, 0, 1, 1, EventKind.DOCUMENT_UPDATE, None, unfit())
    with pytest.raises(ValueError, match="inside of what holds nothing"):
        History().add(event, 1)
    with pytest.raises(ValueError, match="inside of what holds nothing"):
        History().load([unfit()])


def test_a_panic_is_a_mistake_too() -> None:
    """pycrdt's panics are no `Exception`: they would go through everything."""
    error = panic()
    assert not isinstance(error, Exception) and panicked(error)
    doc = mock.Mock(spec=Doc)
    doc.apply_update.side_effect = error
    with pytest.raises(Malformed, match="PanicException"):
        apply(doc, b"")
    doc.apply_update.side_effect = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        apply(doc, b"")
