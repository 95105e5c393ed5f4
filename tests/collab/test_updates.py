"""Does the parser say of an update what is in it, and nothing but `Malformed` of what is none?"""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.notebook import first_state, read_notebook, starting_notebook
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.updates import inspect, read_state
from jupyter_interview.collab.wire import Malformed, Reader, prefixed, varuint
from tests.collab.clients import new_cell

BASE = first_state(starting_notebook("print(1)"))
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5) | st.sampled_from(["a", "🎉", "é漢", "👩‍💻"])
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EDIT = st.one_of(
    st.tuples(st.just("insert"), st.integers(0, 20), TEXT),
    st.tuples(st.just("delete"), st.integers(0, 20), st.integers(1, 5)),
    st.tuples(st.just("cell"), st.integers(0, 5), TEXT),
    st.tuples(st.just("drop"), st.integers(0, 5)),
    st.tuples(st.just("set"), TEXT, ANY),
    st.tuples(st.just("unset"), TEXT),
    st.tuples(st.just("output"), ANY),
    st.tuples(st.just("format"), st.integers(0, 20), st.integers(1, 5)),
)
EDITS = st.lists(st.tuples(st.integers(0, 2), st.booleans(), EDIT), max_size=25)


def edit(doc: Doc[Any], kind: str, *words: Any) -> None:
    """One edit as a browser makes it."""
    cells: Array[Any] = doc.get("cells", type=Array)
    state: Map[Any] = doc.get("state", type=Map)
    if kind == "cell":
        cells.insert(words[0] % (len(cells) + 1), new_cell("c", words[1]))
    elif kind == "set":
        state[words[0]] = words[1]
    elif kind == "unset":
        if words[0] in state:
            del state[words[0]]
    elif len(cells) == 0:
        return
    elif kind == "drop":
        del cells[words[0] % len(cells)]
    elif kind == "output":
        cells[0]["outputs"].append(words[0])
    else:
        source: Text = cells[0]["source"]
        text = str(source)
        at = words[0] % (len(text) + 1)
        start, end = len(text[:at].encode()), len(text[: at + (words[1] if kind != "insert" else 0)].encode())
        if kind == "insert":
            source.insert(start, words[1])
        elif end > start and kind == "delete":
            del source[start:end]
        elif end > start:
            source.format(start, end, {"bold": True})


def known(operations: Operations | None = None) -> Operations:
    """The operations of the notebook that every test begins with."""
    found = Operations()
    plan = found.plan(inspect(BASE))
    assert plan is not None
    found.add(plan)
    return found


@settings(max_examples=60, deadline=None)
@given(EDITS)
def test_what_an_update_claims_is_what_it_does(edits: list[Any]) -> None:
    """Three clients edit, together and apart: each update adds to a document's state what it was said to add."""
    clients = [Doc[Any](client_id=number) for number in (11, 2**31 - 1, 2**53 - 1)]
    server: Doc[Any] = Doc()
    updates: list[bytes] = []
    server.apply_update(BASE)
    for client in clients:
        client.apply_update(BASE)
        client.observe(lambda event: updates.append(event.update))
    operations = known()
    for who, joined, words in edits:
        client = clients[who]
        if joined:
            client.apply_update(server.get_update(client.get_state()))
        updates.clear()
        edit(client, *words)
        # What it did alone goes out together with the rest, as after an absence.
        for update in [*updates, client.get_update(server.get_state())]:
            claims = inspect(update)
            before = read_state(server.get_state())
            assert operations.state == before
            plan = operations.plan(claims)
            if any(structs[0].start > before.get(number, 0) for number, structs in claims.structs.items()):
                assert plan is None, "it has a gap"
            if plan is None:
                twin: Doc[Any] = Doc()
                twin.apply_update(server.get_update())
                twin.apply_update(update)
                continue
            server.apply_update(update)
            operations.add(plan)
            after = read_state(server.get_state())
            assert operations.state == after
            assert set(claims.news(before)) == {number for number in after if after[number] != before.get(number, 0)}
    assert operations.state == read_state(server.get_state())


def _structs(client: int, start: int, *structs: bytes, deletes: bytes = b"\0") -> bytes:
    return varuint(1) + varuint(len(structs)) + varuint(client) + varuint(start) + b"".join(structs) + deletes


def _in_root(name: str, content: bytes, kind: int = 4) -> bytes:
    return bytes((kind, 1)) + prefixed(name.encode()) + content


def _after(client: int, clock: int, content: bytes, kind: int = 4) -> bytes:
    return bytes((0x80 | kind,)) + varuint(client) + varuint(clock) + content


STRING = prefixed("🎉".encode())
ANY_TRUE = b"\1\x78"


@pytest.mark.parametrize("name", ["cells", "meta", "state"])
def test_text_outside_of_a_text_is_refused(name: str) -> None:
    """A character of two UTF-16 units in an array makes pycrdt read for ever."""
    with pytest.raises(Malformed, match="outside of a text"):
        known().plan(inspect(_structs(7, 0, _in_root(name, STRING))))


def test_text_beside_what_is_not_text_is_refused() -> None:
    operations = known()
    first = inspect(_structs(7, 0, _in_root("cells", ANY_TRUE, 8)))
    plan = operations.plan(first)
    assert plan is not None
    with pytest.raises(Malformed, match="outside of a text"):
        operations.plan(inspect(_structs(7, 0, _in_root("cells", ANY_TRUE, 8), _after(7, 0, STRING))))
    operations.add(plan)
    with pytest.raises(Malformed, match="outside of a text"):
        operations.plan(inspect(_structs(7, 1, _after(7, 0, STRING))))
    with pytest.raises(Malformed, match="outside of a text"):
        operations.plan(inspect(_structs(8, 0, _after(7, 0, STRING))))


GONE = b"\0\2"
REMOVED = bytes((1, 1)) + prefixed(b"cells") + b"\2"


@pytest.mark.parametrize("content", [(4, STRING), (8, ANY_TRUE), (7, b"\2")])
@pytest.mark.parametrize("where", ["beside", "inside", "inside what was removed"])
def test_what_stands_with_something_that_is_gone_is_gone_too(where: str, content: tuple[int, bytes]) -> None:
    """Nobody sees it, and it is no mistake: its writer had not heard of the removal."""
    kind, value = content
    with_it = _after(7, 1, value, kind) if where == "beside" else bytes((kind, 0)) + varuint(7) + varuint(0) + value
    first = _structs(7, 0, REMOVED if where == "inside what was removed" else GONE)
    second, third = _structs(8, 0, with_it), _structs(9, 0, _after(8, 0, STRING))
    operations = known()
    doc: Doc[Any] = Doc()
    doc.apply_update(BASE)
    before = doc.get("cells", type=Array).to_py()
    for update in (first, second, third):
        plan = operations.plan(inspect(update))
        assert plan is not None
        operations.add(plan)
        doc.apply_update(update)
        assert operations.state == read_state(doc.get_state())
    assert doc.get("cells", type=Array).to_py() == before
    again = Operations()
    again.learn(inspect(doc.get_update()))
    assert again.state == operations.state


def test_what_is_gone_makes_no_text_of_an_array() -> None:
    """The neighbour that is there decides."""
    operations = known()
    operations.learn(inspect(_structs(7, 0, _in_root("cells", ANY_TRUE, 8), GONE)))
    between = bytes((0xC4,)) + varuint(7) + varuint(1) + varuint(7) + varuint(0) + STRING
    with pytest.raises(Malformed, match="outside of a text"):
        operations.plan(inspect(_structs(8, 0, between)))
    operations.learn(inspect(_structs(9, 0, REMOVED)))
    with pytest.raises(Malformed, match="outside of a text"):
        operations.plan(inspect(_structs(8, 0, _after(9, 0, STRING))))


def test_what_is_inside_of_nothing_is_refused() -> None:
    """pycrdt would raise in the middle of applying it."""
    inside = bytes((8, 0)) + varuint(7) + varuint(0) + ANY_TRUE
    with pytest.raises(Malformed, match="holds nothing"):
        known().plan(inspect(_structs(7, 0, _in_root("cells", ANY_TRUE, 8), inside)))


@pytest.mark.parametrize("order", [(7, 8), (8, 7)])
def test_operations_that_wait_for_each_other_do_not_fit(order: tuple[int, int]) -> None:
    """Both are in the update, and neither can come first: pycrdt would keep them for later."""
    parts = []
    for client, other in (order, order[::-1]):
        parts.append(varuint(1) + varuint(client) + b"\0" + _after(other, 0, ANY_TRUE, 8))
    assert known().plan(inspect(b"\2" + b"".join(parts) + b"\0")) is None
    itself = _structs(7, 0, _after(7, 0, ANY_TRUE, 8))
    assert known().plan(inspect(itself)) is None


def test_operations_in_any_order_of_clients_fit() -> None:
    """An update lists clients, not causes: what comes first may need what comes last."""
    chain = []
    for client in range(50, 0, -1):
        content = _after(client - 1, 0, ANY_TRUE, 8) if client > 1 else _in_root("cells", ANY_TRUE, 8)
        chain.append(varuint(1) + varuint(client) + b"\0" + content)
    for parts in (chain, chain[::-1]):
        plan = known().plan(inspect(varuint(50) + b"".join(parts) + b"\0"))
        assert plan is not None and plan.state == dict.fromkeys(range(1, 51), 1)
    assert known().plan(inspect(varuint(49) + b"".join(chain[:-1]) + b"\0")) is None


def test_things_inside_of_things_come_to_an_end() -> None:
    """Neither Python nor pycrdt reads what is nested without end."""
    first = _in_root("cells", b"\1", 7)
    chain = [bytes((7, 0)) + varuint(7) + varuint(clock) + b"\1" for clock in range(31)]
    deep = bytes((0x27, 0)) + varuint(7) + varuint(31) + prefixed(b"key") + b"\1"
    assert known().plan(inspect(_structs(7, 0, first, *chain))) is not None
    for last in (deep, bytes((0x87,)) + varuint(7) + varuint(31) + b"\1" + b""):
        with pytest.raises(Malformed, match="too deeply"):
            more = [bytes((7, 0)) + varuint(7) + varuint(31) + b"\1", bytes((7, 0)) + varuint(7) + varuint(32) + b"\1"]
            known().plan(inspect(_structs(7, 0, first, *chain, *more, last)))


def test_new_cells_are_counted() -> None:
    cells = [_in_root("cells", b"\1", 7), _after(7, 0, b"\1", 7), _after(7, 1, b"\3\x78\x78\x78", 8)]
    other = [
        _in_root("meta", ANY_TRUE, 0x28 & ~0x20),
        bytes((7, 0)) + varuint(7) + varuint(0) + b"\0",
        _after(7, 1, b"\5", 1),
    ]
    plan = known().plan(inspect(_structs(7, 0, *cells, *other)))
    assert plan is not None and plan.cells == 5 and known().cells == 1


def test_a_deletion_of_what_is_not_there_does_not_fit() -> None:
    assert known().plan(inspect(b"\0\1" + varuint(7) + b"\1\0\1")) is None
    (client, count), *_ = known().state.items()
    ranges = varuint(client) + b"\1" + varuint(count - 1)
    assert known().plan(inspect(b"\0\1" + ranges + b"\1")) is not None
    assert known().plan(inspect(b"\0\1" + ranges + b"\2")) is None


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        (b"", "too early"),
        (b"\0", "too early"),
        (b"\0\0\0", "behind"),
        (b"\1\0\1\0\0", "without operations"),
        (_structs(7, 0, _in_root("secrets", ANY_TRUE, 8)), "no such part"),
        (_structs(7, 0, _in_root("cells", b"\0", 8)), "empty"),
        (_structs(7, 0, _in_root("cells", b"\0", 11)), "unknown kind"),
        (_structs(7, 0, _in_root("cells", b"\0", 9)), "unknown kind"),
        (_structs(7, 0, bytes((10, 5))), "leaves operations out"),
        (_structs(7, 0, bytes((0, 0))), "empty"),
        (_structs(7, 0, _in_root("cells", b"\4", 7)), "no such shared type"),
        (_structs(7, 0, _in_root("cells", b"\1" + b"\x75\1" * 100 + b"\x78", 8)), "nested"),
        (_structs(7, 0, _in_root("cells", b"\1\x50", 8)), "unknown kind"),
        (_structs(7, 0, b"\x08\1\5cell\xff" + ANY_TRUE), "UTF-8"),
        (_structs(7, (1 << 31) - 1, b"\0\2"), "clock"),
        (b"\xff" * 9, "integer"),
        (b"\2" + _structs(7, 0, b"\0\1")[1:-1] * 2 + b"\0", "twice"),
    ],
)
def test_what_is_no_update_of_a_notebook_is_refused(update: bytes, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        inspect(update)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_update_or_malformed(data: bytes) -> None:
    for read in (inspect, read_state, lambda data: Reader(data).skip_any()):
        with contextlib.suppress(Malformed):
            read(data)


@settings(max_examples=150, deadline=None)
@given(EDITS, st.randoms(use_true_random=False))
def test_a_garbled_update_is_refused_or_does_what_it_says(edits: list[Any], chance: random.Random) -> None:
    """Whatever passes the parser can be applied, read and applied again from the log: never a hang, never a half."""
    client: Doc[Any] = Doc(client_id=9)
    client.apply_update(BASE)
    updates: list[bytes] = []
    client.observe(lambda event: updates.append(event.update))
    for _, _, words in edits:
        edit(client, *words)
    if not updates:
        return
    update = bytearray(chance.choice([*updates, client.get_update(read_vector())]))
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(update))
        update[at] = chance.choice([chance.randrange(256), 0, 1, 4, 7, 8, 0x27, 0x28, 0x44, 0x84, 0xC4])
    server: Doc[Any] = Doc()
    server.apply_update(BASE)
    operations = known()
    try:
        plan = operations.plan(inspect(bytes(update)))
    except Malformed:
        return
    if plan is None:
        return
    before, logged = server.get_update(), []
    server.observe(lambda event: logged.append(event.update))
    try:
        server.apply_update(bytes(update))
    except (ValueError, RuntimeError):
        assert server.get_update() == before and logged == []
        return
    operations.add(plan)
    assert operations.state == read_state(server.get_state())
    again: Doc[Any] = Doc()
    for data in (before, *logged):
        again.apply_update(data)
    assert read_notebook(again) == read_notebook(server)


def read_vector() -> bytes:
    """The state vector of the notebook that every test begins with."""
    doc: Doc[Any] = Doc()
    doc.apply_update(BASE)
    return doc.get_state()


def test_large_and_twisted_updates_take_no_time() -> None:
    """A second for a megabyte is far above what it takes, and far below what a loop within a loop would."""
    many = 100_000
    long = _structs(7, 0, *([_in_root("cells", ANY_TRUE, 8)] * many))
    count = 5_000
    waiting = [varuint(1) + varuint(client + 100) + b"\0" + _after(7, client, ANY_TRUE, 8) for client in range(count)]
    blocked = varuint(count) + varuint(count) + varuint(7) + b"\0"
    blocked = varuint(count + 1) + b"".join(waiting) + blocked[len(varuint(count)) :]
    blocked += b"".join([_in_root("cells", ANY_TRUE, 8)] * count) + b"\0"
    cut = b"\xff\xff\xff\xff\xff\xff\xff\x0f" * 10, b"\0" + b"\xff" * 7 + b"\x0f"
    for update in (long, blocked, *cut):
        begin = time.process_time()
        try:
            planned = known().plan(inspect(update))
        except Malformed:
            assert update in cut
        else:
            assert planned is not None and planned.known(7) == (many if update is long else count)
        assert time.process_time() - begin < 5


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\xed\xa0\x80"], ids=["bytes", "half a pair"])
@pytest.mark.parametrize("head", [b"\x77", b"\x75\x01\x77", b"\x76\x01"], ids=["a text", "in a list", "a name"])
def test_what_is_no_text_is_no_value(head: bytes, text: bytes) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        Reader(head + prefixed(text) + b"\x7e").skip_any()
