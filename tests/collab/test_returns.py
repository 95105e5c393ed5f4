"""Is what undo brought back told from what was typed?"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text, UndoManager

from jupyter_interview.collab.ids import Ids, alike, ids_of
from jupyter_interview.collab.returns import Removed, parts_of
from jupyter_interview.collab.updates import Claims, inspect
from jupyter_interview.core.moment import TYPED, Runs, units

MINE: Runs = [[3, 1, TYPED], [8, 2, TYPED]]


class Author:
    """A document with a text, and what each edit sends."""

    def __init__(self, client: int, update: bytes | None = None) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text: Text = self.doc.get("state", type=Text)
        if update is not None:
            self.doc.apply_update(update)
        self.undo = UndoManager(scopes=[self.text], capture_timeout_millis=0)
        self.sent: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.sent.append(event.update))

    def claims(self) -> Claims:
        """Of all edits since the last time, as one update."""
        sent, self.sent = self.sent, []
        assert len(sent) == 1
        return inspect(sent[0])


def written() -> tuple[Author, Ids]:
    """A text of two people, of which the second one is at work."""
    first = Author(1)
    first.text += "hello world"
    return Author(2, first.doc.get_update()), Ids([[1, 0, 11]])


def test_the_copy_of_what_was_removed() -> None:
    """Brought back with its writers, also where another text came into its midst; typed again it is new."""
    author, ids = written()
    del author.text[1:8]
    author.sent.clear()
    removed = Removed()
    gone = ids.splice(1, 7, Ids())
    removed.add(gone, "ello wo", [[2, 1, TYPED], [5, 2, TYPED]])
    assert gone.runs == [[1, 1, 7]] and ids.runs == [[1, 0, 1], [1, 8, 3]]
    author.undo.undo()
    claims = author.claims()
    back = ids_of(author.text, "ello wo", 1, claims)
    [part] = parts_of("ello wo", back, claims, Removed(removed.to_json()))
    assert part == ("ello wo", [[2, 1, TYPED], [5, 2, TYPED]])
    author, _ = written()
    del author.text[1:8]
    author.sent.clear()
    author.text.insert(1, "ello wo")
    claims = author.claims()
    [part] = parts_of("ello wo", ids_of(author.text, "ello wo", 1, claims), claims, removed)
    assert part == ("ello wo", None)


def test_what_came_into_the_midst_of_a_copy() -> None:
    """In one update, as from somebody who was offline: the copy is split, and both parts are its own."""
    author, ids = written()
    before = author.doc.get_state()
    del author.text[1:8]
    author.undo.undo()
    author.text.insert(4, "XY")
    claims = inspect(author.doc.get_update(before))
    removed = Removed()
    removed.add(ids.splice(1, 7, Ids()), "ello wo", [[7, 1, TYPED]])
    assert str(author.text) == "hellXYo world"
    now = str(author.text)[1:10]
    parts = parts_of(now, ids_of(author.text, now, 1, claims), claims, removed)
    assert [(part.text, part.runs) for part in parts] == [
        ("ell", [[3, 1, TYPED]]),
        ("XY", None),
        ("o wo", [[4, 1, TYPED]]),
    ]


def test_memory_is_bounded() -> None:
    """The oldest is forgotten first; what is unknown is not kept."""
    removed = Removed()
    for number in range(60):
        removed.add(Ids([[7, number * 1000, 1000]]), "x" * 1000, [[1000, 1, TYPED]])
    removed.add(Ids.unknown(3), "abc", [[3, 1, TYPED]])
    assert removed.writers(7, 9_000, "x") is None and removed.writers(7, 10_000, "x") == [[1, 1, TYPED]]
    assert removed.writers(7, 59_999, "xx") is None and removed.writers(8, 0, "x") is None
    assert len(removed.to_json()) == 50
    assert removed.writers(7, 10_500, "x" * 1000) == [[500, 1, TYPED], [500, 1, TYPED]]
    assert removed.writers(7, 10_500, "x" * 999 + "y") is None


@settings(max_examples=60, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 99), st.integers(0, 4), st.sampled_from(["a", "bc", "abc"])),
        max_size=25,
    )
)
def test_the_operations_of_a_text(edits: list[tuple[int, int, int, str]]) -> None:
    """Whatever came at once: each unit's operation says what stands there."""
    author = Author(1)
    other = Author(2)
    for who, at, count, text in edits:
        one = (author, other)[who]
        chars = str(one.text)
        start = len(chars[: at % (len(chars) + 1)].encode())
        gone = len(chars[at % (len(chars) + 1) :][:count].encode())
        if gone:
            del one.text[start : start + gone]
        one.text.insert(start, text)
    author.doc.apply_update(other.doc.get_update())
    claims = inspect(author.doc.get_update())
    now = str(author.text)
    if not now:
        return
    ids = ids_of(author.text, now, 0, claims)
    said = {
        (client, struct.start + n): unit
        for client, structs in claims.structs.items()
        for struct in structs
        if struct.text is not None
        for n, unit in enumerate(_units(struct.text))
    }
    told = [said[client, clock + n] for client, clock, count in ids.runs for n in range(count)]
    assert ids.known and told == _units(now) and sum(run[2] for run in ids.runs) == units(now)


def _units(text: str) -> list[int]:
    return list(memoryview(text.encode("utf-16-le")).cast("H"))


def test_what_pycrdt_cannot_tell() -> None:
    """Of text beyond ASCII that came in pieces; one piece is plain."""
    author = Author(1)
    author.text.insert(0, "é🎉")
    claims = author.claims()
    assert ids_of(author.text, "é🎉", 0, claims).runs == [[1, 0, 3]]
    author.text.insert(2, "x")
    now = str(author.text)
    ids = ids_of(author.text, now, 0, inspect(author.doc.get_update()))
    assert not ids.known and ids.runs == Ids.unknown(units(now)).runs


def test_alike() -> None:
    """The start counts first."""
    assert alike("abab", "ab") == (2, 0) and alike("xa", "ya") == (0, 1) and alike("", "a") == (0, 0)
