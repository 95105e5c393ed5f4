"""Is a redacted update free of content, and does everything that comes later still apply?"""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.fold import fold
from jupyter_interview.collab.frames import History
from jupyter_interview.collab.notebook import cells_of, first_state
from jupyter_interview.collab.redact import FILLER, redact
from jupyter_interview.collab.updates import Operations, inspect
from jupyter_interview.collab.wire import Malformed
from jupyter_interview.core.models import DOCUMENT_KINDS, Event
from jupyter_interview.core.moment import units
from tests.collab.sessions import STEPS, Session
from tests.collab.test_frames import NOTEBOOK

_LEFT = set(FILLER + "\n")


def erased(events: list[Event], member: int) -> list[bytes]:
    """The document's updates, those of one member redacted."""
    return [
        redact(event.data or b"") if event.member == member else event.data or b""
        for event in events
        if event.kind in DOCUMENT_KINDS
    ]


def claims(update: bytes) -> Any:
    """Its structure, but for what its texts say."""
    found = inspect(update)
    structs = {client: [struct._replace(text=None) for struct in those] for client, those in found.structs.items()}
    return structs, found.deletes


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, member=st.integers(0, 3))
def test_all_that_comes_later_still_applies(steps: list[Any], member: int) -> None:
    """Same operations in the same places; the notebook stays valid, and each text as long as it was."""
    session = Session(NOTEBOOK)
    session.play(steps)
    updates = [event.data or b"" for event in session.events if event.kind in DOCUMENT_KINDS]
    redacted = erased(session.events, member)
    operations = Operations()
    for before, after in zip(updates, redacted, strict=True):
        assert claims(before) == claims(after)
        operations.learn(inspect(after))
    was, now = fold(updates), fold(redacted)
    nbformat.validate(nbformat.from_dict(now))  # type: ignore[no-untyped-call]
    odd = any(step[0].startswith("odd") for step in steps)
    if not odd:
        kept = [(cell["cell_type"], cell["id"], units(cell["source"])) for cell in was["cells"]]
        assert [(cell["cell_type"], cell["id"], units(cell["source"])) for cell in now["cells"]] == kept
    history = History()
    for event, data in zip([each for each in session.events if each.kind in DOCUMENT_KINDS], redacted, strict=True):
        history.add(Event(1, event.seq, event.at, event.member, 0, event.kind, event.payload, data), event.member)
    assert json.dumps(history.moment.notebook(), sort_keys=True) == json.dumps(now, sort_keys=True)


@settings(max_examples=200, deadline=None)
@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="█"), min_size=1, max_size=30))
def test_nothing_of_it_is_left(secret: str) -> None:
    """Wherever a member can write a text."""
    doc: Doc[Any] = Doc()
    state = first_state(NOTEBOOK)
    doc.apply_update(state)
    seen: list[bytes] = []
    subscription = doc.observe(lambda event: seen.append(event.update))
    marked = f"{{{secret}}}" * 3
    with doc.transaction():
        cell = cells_of(doc)[0]
        cell["source"] += marked
        cell["metadata"][marked] = [marked, {marked: marked, "deep": [marked, 12345.0, True]}]
        cell["metadata"]["map"] = Map({"text": Text(marked), "list": Array([marked])})
        cell["outputs"].append(Map({"output_type": "stream", "name": "stdout", "text": Text(marked)}))
        cell["outputs"].append({"output_type": "display_data", "data": {"text/plain": marked}, "metadata": {}})
        doc.get("meta", type=Map)["title"] = marked
        cells_of(doc)[1]["source"].insert_embed(0, {"image": marked})
        cells_of(doc)[1]["source"].format(0, 1, {marked: marked})
        cells_of(doc)[1]["id"] = marked
    doc.unobserve(subscription)
    [update] = seen
    assert marked.encode() in update
    assert marked.encode() not in redact(update)
    after = fold([state, redact(update)])
    assert set(after["cells"][0]["source"]) - set(NOTEBOOK["cells"][0]["source"]) <= _LEFT
    assert set(after["cells"][0]["outputs"][0]["text"]) <= _LEFT
    assert after["cells"][0]["outputs"][0]["output_type"] == "stream"


def test_the_first_state() -> None:
    """A notebook without its content is still one, with the same cells."""
    after = fold([redact(first_state(NOTEBOOK))])
    assert [cell["id"] for cell in after["cells"]] == ["first", "second"]
    assert [cell["cell_type"] for cell in after["cells"]] == ["code", "markdown"]
    assert after["cells"][1]["source"] == FILLER * units(NOTEBOOK["cells"][1]["source"])


@pytest.mark.parametrize("update", [b"", b"\1", b"\1\1\1\0\4", b"\0\0\0", first_state(NOTEBOOK)[:-3]])
def test_what_is_no_update(update: bytes) -> None:
    with pytest.raises(Malformed):
        redact(update)
