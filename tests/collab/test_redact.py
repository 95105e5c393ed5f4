"""Is a redacted update free of content, and does everything that comes later still apply?"""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.fold import fold
from jupyter_interview.collab.frames import History
from jupyter_interview.collab.notebook import cells_of, first_state
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.redact import FILLER, Redaction
from jupyter_interview.collab.updates import inspect
from jupyter_interview.collab.wire import Malformed
from jupyter_interview.core.models import DOCUMENT_KINDS, Event
from jupyter_interview.core.moment import units
from tests.collab.sessions import STEPS, Session
from tests.collab.test_frames import NOTEBOOK

_LEFT = set(FILLER + "\n")


def redact(update: bytes) -> bytes:
    """Alone, of a log that has no other update."""
    return Redaction().redact(update)


def erased(events: list[Event], member: int) -> list[bytes]:
    """The document's updates, those of one member redacted."""
    redaction, updates = Redaction(), list[bytes]()
    for event in events:
        if event.kind in DOCUMENT_KINDS:
            update = event.data or b""
            if event.member == member:
                updates.append(redaction.redact(update))
            else:
                redaction.keep(update)
                updates.append(update)
    return updates


def claims(update: bytes) -> Any:
    """Its structure, but for what its texts say."""
    found = inspect(update)
    said: Any = {"text": None, "word": None, "key": None, "at": 0, "content": 0, "until": 0}
    structs = {client: [struct._replace(**said) for struct in those] for client, those in found.structs.items()}
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
        kept = [(cell["cell_type"], units(cell["source"])) for cell in was["cells"]]
        assert [(cell["cell_type"], units(cell["source"])) for cell in now["cells"]] == kept
        ids = zip(was["cells"], now["cells"], strict=True)
        assert all(new["id"] in (old["id"], "cell") or new["id"].startswith(("erased-", "cell-")) for old, new in ids)
    history = History()
    for event, data in zip([each for each in session.events if each.kind in DOCUMENT_KINDS], redacted, strict=True):
        history.add(Event(1, event.seq, event.at, event.member, 0, event.kind, event.payload, data), event.member)
    assert json.dumps(history.moment.notebook(), sort_keys=True) == json.dumps(now, sort_keys=True)


@settings(max_examples=200, deadline=None)
@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="█"), min_size=1, max_size=30))
def test_nothing_of_it_is_left(secret: str) -> None:
    """Wherever a member can write a text."""
    assume("her" not in secret)
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
        cells_of(doc).append(Map({"cell_type": "raw", "id": "chosen-by-her", "source": Text(), "metadata": Map({})}))
        cell["outputs"].append({"output_type": "display_data", "data": {"application/x-hers": marked}, "metadata": {}})
        cell["metadata"]["her_key"] = {"her_inner_key": 1.0}
        cells_of(doc)[1]["attachments"] = Map({"her.png": {"image/x-hers": marked}})
        doc.get("meta", type=Map)["her_meta"] = Map({"her_deep": True})
    doc.unobserve(subscription)
    [update] = seen
    assert marked.encode() in update
    assert marked.encode() not in redact(update)
    assert update.count(b"her") == 8 and b"her" not in redact(update)
    after = fold([state, redact(update)])
    assert set(after["cells"][0]["source"]) - set(NOTEBOOK["cells"][0]["source"]) <= _LEFT
    assert set(after["cells"][0]["outputs"][0]["text"]) <= _LEFT
    assert after["cells"][0]["outputs"][0]["output_type"] == "stream"


def test_the_first_state() -> None:
    """A notebook without its content is still one, with the same cells."""
    after = fold([redact(first_state(NOTEBOOK))])
    assert not {cell["id"] for cell in after["cells"]} & {"first", "second"}
    assert [cell["cell_type"] for cell in after["cells"]] == ["code", "markdown"]
    assert after["cells"][1]["source"] == FILLER * units(NOTEBOOK["cells"][1]["source"])


def made(cell_id: str, **metadata: Any) -> bytes:
    """An update that makes a cell."""
    doc: Doc[Any] = Doc()
    cells_of(doc).append(Map({"cell_type": "raw", "id": cell_id, "source": Text(), "metadata": Map(metadata)}))
    return doc.get_update()


def test_what_somebody_chose_has_one_other_name_in_a_whole_log() -> None:
    """An id that was another's before stays; nothing can be told from what stands in a name's place."""
    redaction = Redaction()
    redaction.keep(made("others"))
    [one, two, three] = [redaction.redact(made(name, key=1.0)) for name in ("hers", "hers", "others")]
    ids = [fold([update])["cells"][0]["id"] for update in (one, two, three)]
    assert ids[0] == ids[1] and ids[0].startswith("erased-") and ids[2] == "others"
    keys = [set(fold([update])["cells"][0]["metadata"]) for update in (one, two, three)]
    assert keys[0] == keys[1] == keys[2] and "key" not in keys[0]
    assert fold([Redaction().redact(made("hers"))])["cells"][0]["id"] != ids[0], "no hash, which could be guessed"


def test_redacting_again_changes_nothing() -> None:
    once = Redaction().redact(made("hers", key={"inner": "text"}))
    assert Redaction().redact(once) == once


def test_what_an_older_version_left_goes_at_the_next_time() -> None:
    """It kept ids and MIME types, and hashes of other names."""
    old = made("hers", **{f"{FILLER}{'0123456789abcdef'}": "█", "application/x-hers": "█"})
    again = redact(old)
    assert b"hers" not in again and b"0123456789abcdef" not in again


@pytest.mark.parametrize("update", [b"", b"\1", b"\1\1\1\0\4", b"\0\0\0", first_state(NOTEBOOK)[:-3]])
def test_what_is_no_update(update: bytes) -> None:
    with pytest.raises(Malformed):
        redact(update)
