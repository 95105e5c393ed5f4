"""What does the document do with more than it takes, and what may a message cost?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pycrdt import Array, Doc, Text

from jupyter_interview.collab import edits, wire
from jupyter_interview.collab.notebook import first_state, read_notebook, starting_notebook
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.shares import Shares
from jupyter_interview.collab.updates import inspect
from jupyter_interview.collab.wire import TooMuch, prefixed, varuint
from jupyter_interview.core.errors import TooLarge
from jupyter_interview.core.permissions import Role
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakePair, Pair
from tests.managers.house import Socket


def page_of(pair: Pair) -> Socket:
    """The room channel of the candidate's page, which hears of refusals."""
    return pair.house.socket(pair.live, pair.candidate.member)


def paste(client: Client, text: str, index: int = 0) -> None:
    """Put a text in the place of a cell's source, in one change."""
    with client.doc.transaction():
        client.delete(0, len(client.text(index)), index)
        client.type(text, 0, index)


async def agree(pair: Pair) -> Any:
    """The notebook that everybody has."""
    await pair.settle()
    ours = pair.document.notebook()
    assert read_notebook(pair.candidate.doc) == read_notebook(pair.interviewer.doc) == ours
    return ours


LIMITS: list[tuple[dict[str, int], str]] = [
    ({"document_message_bytes": 2_000}, "A change can have at most 2 kB"),
    ({"code_bytes": 2_000}, "A cell can have at most 2,000 characters"),
    ({"document_bytes": 2_500}, "The notebook can have at most 2.5 kB"),
]


@pytest.mark.parametrize(("limits", "said"), LIMITS)
async def test_a_paste_over_a_limit_is_taken_back_and_the_rest_goes_on(
    ji_pair: MakePair, limits: dict[str, int], said: str
) -> None:
    pair = await ji_pair(**limits)
    page = page_of(pair)
    pair.candidate.type("x" * 5_000, at=5)
    pair.candidate.type("y", at=5_005)
    await pair.candidate.flush()
    assert (await agree(pair))["cells"][0]["source"] == "printy(1)"
    [refused] = page.of("document_refused")
    assert refused["content"]["code"] == "too_large" and said in refused["content"]["message"]
    assert pair.candidate.refused == [] and await pair.denied() == []
    pair.candidate.type("later ")
    pair.interviewer.type("also ")
    assert {"later", "also"} < set((await agree(pair))["cells"][0]["source"].split())


async def test_what_a_refused_paste_replaced_comes_back(ji_pair: MakePair) -> None:
    pair = await ji_pair("print('précieux 🎉')", code_bytes=2_000)
    page = page_of(pair)
    paste(pair.candidate, "x" * 5_000)
    await pair.candidate.flush()
    assert (await agree(pair))["cells"][0]["source"] == "print('précieux 🎉')"
    assert len(page.of("document_refused")) == 1
    pair.candidate.delete(0, 5)
    await pair.settle()
    assert pair.document.code() == "('précieux 🎉')"


async def test_a_cell_over_the_limit_is_taken_back_with_what_is_typed_into_it(ji_pair: MakePair) -> None:
    pair = await ji_pair(cells=3)
    page = page_of(pair)
    for number in range(4):
        pair.candidate.cells.append(new_cell(f"c{number}"))
    pair.candidate.type("too late", index=4)
    pair.candidate.type("x ")
    await pair.candidate.flush()
    assert [cell["id"] for cell in (await agree(pair))["cells"]][1:] == ["c0", "c1"]
    assert page.of("document_refused")[0]["content"]["message"].startswith("A notebook can have at most 3 cells")
    assert pair.document.code() == "x print(1)" and pair.candidate.refused == []
    with pair.candidate.doc.transaction():
        del pair.candidate.cells[1]
        pair.candidate.cells.append(new_cell("moved"))
    assert [cell["id"] for cell in (await agree(pair))["cells"]][1:] == ["c1", "moved"], "a move at the limit"


async def test_who_lets_go_of_cells_in_a_refused_change_has_to_ask_anew(ji_pair: MakePair) -> None:
    pair = await ji_pair(code_bytes=2_000)
    with pair.candidate.doc.transaction():
        del pair.candidate.cells[0]
        pair.candidate.cells.append(new_cell("big", "x" * 5_000))
    await pair.candidate.flush()
    assert [type(error) for error in pair.candidate.refused] == [TooLarge]
    assert pair.document.code() == "print(1)"


async def test_the_document_is_measured_as_it_stands_and_outputs_are_none_of_it(ji_pair: MakePair) -> None:
    """Nine runs of much output, or an hour of typing and deleting, do not end the editing."""
    pair = await ji_pair(document_bytes=3_000)
    outputs = pair.document.outputs_of(pair.document.code_cells()[0], "run")
    for _ in range(9):
        outputs.begin()
        outputs.stream("stdout", "x" * 9_000)
    for _ in range(9):
        pair.candidate.type("y" * 900)
        pair.candidate.delete(0, 900)
    pair.candidate.type("still ")
    assert (await agree(pair))["cells"][0]["source"] == "still print(1)"
    assert pair.candidate.refused == []


def contending(count: int, client: int = 77) -> tuple[bytes, bytes]:
    """A notebook, and an update of items that all want to be at the end of its first cell's beginning."""
    base = first_state(starting_notebook("ab"))
    [(author, structs)] = inspect(base).structs.items()
    source = next(struct for struct in structs if struct.key == "source")
    head = b"\4\0" + varuint(author) + varuint(source.start)
    items = [head + prefixed(b"x")] * count
    return base, varuint(1) + varuint(count) + varuint(client) + varuint(0) + b"".join(items) + b"\0"


def test_contention_is_foretold() -> None:
    """Items that pass each other cost the square of their number; who types passes nobody."""
    costs = []
    for count in (10, 100, 1_000):
        base, update = contending(count)
        operations = Operations()
        operations.learn(inspect(base))
        plan = operations.plan(inspect(update))
        assert plan is not None
        costs.append(plan.cost)
    assert [cost // count**2 for cost, count in zip(costs, (10, 100, 1_000), strict=True)] == [0, 0, 0]
    assert all(cost > count**2 / 3 for cost, count in zip(costs, (10, 100, 1_000), strict=True))


def honest() -> Iterator[Any]:
    """Ways to edit, each many times."""
    yield lambda source, n: source.insert(0, "x")
    yield lambda source, n: source.insert(len(source), "x")
    yield lambda source, n: source.insert(len(source) // 2, "x")
    yield lambda source, n: source.insert(n % 7, "x\n")
    yield lambda source, n: source.__delitem__(slice(n % 3, n % 3 + 1)) if n % 2 else source.insert(n % 5, "abc")


@pytest.mark.parametrize("number", range(5))
def test_who_types_alone_passes_nobody(number: int) -> None:
    edit = list(honest())[number]
    doc: Doc[Any] = Doc(client_id=3)
    doc.apply_update(first_state(starting_notebook("print(1)")))
    operations = Operations()
    operations.learn(inspect(doc.get_update()))
    doc.observe(lambda event: operations.learn(inspect(event.update)))
    source: Text = doc.get("cells", type=Array)[0]["source"]
    for n in range(200):
        edit(source, n)
    assert operations.cost == 0


async def test_contention_is_refused_before_it_costs_anything(ji_pair: MakePair) -> None:
    pair = await ji_pair("ab")
    [(author, structs)] = inspect(pair.document.doc.get_update()).structs.items()
    source = next(struct for struct in structs if struct.key == "source")
    item = b"\4\0" + varuint(author) + varuint(source.start) + prefixed(b"x")
    update = varuint(1) + varuint(2_000) + varuint(9) + varuint(0) + item * 2_000 + b"\0"
    await pair.candidate.send(wire.sync(wire.UPDATE, update))
    assert [type(error) for error in pair.candidate.refused] == [TooLarge]
    assert pair.document.code() == "ab"


async def test_contention_adds_up(ji_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is paid at each reopening has a limit in all."""
    monkeypatch.setattr(edits, "_CONTENTION_IN_ALL", 1_000)
    pair = await ji_pair("ab")
    [(author, structs)] = inspect(pair.document.doc.get_update()).structs.items()
    source = next(struct for struct in structs if struct.key == "source")
    item = b"\4\0" + varuint(author) + varuint(source.start) + prefixed(b"x")
    for start in range(0, 400, 10):
        update = varuint(1) + varuint(10) + varuint(9) + varuint(start) + item * 10 + b"\0"
        await pair.candidate.send(wire.sync(wire.UPDATE, update))
    assert {type(error) for error in pair.candidate.refused} == {TooLarge}
    assert pair.document.operations.cost <= 1_000


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.SPECTATOR])
async def test_a_change_of_many_parts_is_refused_while_it_is_read(ji_pair: MakePair, role: Role) -> None:
    pair = await ji_pair()
    client = pair.candidate
    if role is Role.SPECTATOR:
        client = Client(pair.house, pair.live, await pair.house.seat(pair.live, Role.SPECTATOR))
        await client.connect()
    many = [
        varuint(1) + varuint(300_000) + varuint(9) + varuint(0) + b"\0\1" * 300_000 + b"\0",
        varuint(0) + varuint(1) + varuint(9) + varuint(300_000) + b"\1\1" * 300_000,
        varuint(0) + varuint(300_000) + b"\1\0" * 300_000,
        varuint(1) + varuint(1) + varuint(9) + varuint(0) + b"\x28\1\5state\1x" + varuint(300_000) + b"\x7e" * 300_000,
    ]
    for update in many:
        await client.send(wire.sync(wire.UPDATE, update))
    assert [type(error) for error in client.refused] == [TooLarge] * 4
    if role is Role.SPECTATOR:
        client.close()


def test_reading_stops_at_the_limit() -> None:
    with pytest.raises(TooMuch):
        inspect(varuint(1) + varuint(101) + varuint(9) + varuint(0) + b"\0\1" * 101 + b"\0", 100)
    assert len(inspect(varuint(1) + varuint(100) + varuint(9) + varuint(0) + b"\0\1" * 100 + b"\0", 100).structs) == 1


async def test_who_used_up_the_share_is_heard_later(ji_pair: MakePair) -> None:
    """Nothing is lost and nothing overtakes: the next message is read when it is its sender's turn."""
    pair = await ji_pair("")
    now = [100.0]
    pair.document._sockets.shares = Shares(lambda: now[0], lambda: now[0])
    pair.document._sockets.shares.charge(pair.candidate.member.key, 0.2504)
    pair.candidate.type("late ")
    [message] = pair.candidate._pending
    assert pair.candidate.socket is not None
    waiting = pair.document.receive(pair.candidate.socket.connection.id, message)
    assert waiting is not None and pair.document.code() == ""
    pair.candidate._pending.clear()
    pair.interviewer.type("first ")
    await pair.interviewer.flush()
    assert pair.document.code() == "first "
    now[0] += 1
    await waiting
    assert "late" in pair.document.code()


async def test_an_answer_costs_what_it_weighs(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(pair.document.code_cells()[0], "run")
    outputs.begin()
    outputs.stream("stdout", "x" * 1_000_000)
    await pair.settle()
    shares = pair.document._sockets.shares
    for _ in range(30):
        if shares.wait(pair.candidate.member.key):
            break
        await pair.candidate.send(wire.sync(wire.STEP1, b"\0"))
    assert shares.wait(pair.candidate.member.key) > 0
    assert shares.wait(pair.interviewer.member.key) == 0


async def test_a_state_vector_has_no_more_clients_than_a_document(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    await pair.candidate.send(wire.sync(wire.STEP1, varuint(200_000) + b"\1\1" * 200_000))
    assert len(pair.candidate.refused) == 1 and len(await pair.denied()) == 1
