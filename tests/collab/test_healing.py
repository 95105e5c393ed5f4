"""Is what a large update leaves open put right with work that grows as the update does, and not at once?"""

from __future__ import annotations

import asyncio

import pytest
from pycrdt import Map

from jupyter_interview.collab import healing
from jupyter_interview.collab.shares import Shares
from jupyter_interview.core.models import JSON
from tests.collab.clients import new_cell
from tests.collab.conftest import MakePair, Pair
from tests.collab.counting import reads
from tests.collab.test_gate import copy_of

OUTPUT: JSON = {"output_type": "stream", "name": "stdout", "text": "1\n"}
PORTION = healing._PORTION_CELLS


async def _ran(pair: Pair, cell: str) -> None:
    outputs = pair.document.outputs_of(cell, "run", pair.candidate.member.key)
    outputs.begin()
    outputs.stream("stdout", "1\n")
    outputs.finish(3)
    await pair.settle()


def _send(pair: Pair) -> None:
    """Hand the candidate's one change to the server, and nothing else happens in this turn of the loop.

    What came before is on nobody's account: on a busy machine it could be so much that this one has to wait.
    """
    pair.document._sockets.shares = Shares(work=lambda: 0)
    (message,) = pair.candidate._pending
    pair.candidate._pending.clear()
    assert pair.candidate.socket is not None
    assert pair.document.receive(pair.candidate.socket.connection.id, message) is None


def _filled(pair: Pair) -> list[str]:
    """Ids of the cells that have outputs."""
    return [cell["id"] for cell in pair.document.notebook()["cells"] if cell["outputs"]]


async def _copied(pair: Pair, number: int) -> list[str]:
    """The first cell, which ran, is copied so often."""
    names = [f"copy{index}" for index in range(number)]
    first = pair.candidate.cells[0]
    with pair.candidate.doc.transaction():
        pair.candidate.cells.extend([copy_of(first, name) for name in names])
    _send(pair)
    return names


@pytest.mark.parametrize("length", [20, 80])
async def test_sources_are_read_once_for_an_update(ji_pair: MakePair, length: int) -> None:
    """The cells that there are, and those that come; none of them once for each of the others."""
    pair = await ji_pair()
    (cell,) = pair.document.code_cells()
    await _ran(pair, cell)
    pair.candidate.cells.extend([new_cell(f"c{number}", f"{number}") for number in range(length)])
    await pair.settle()
    with pair.candidate.doc.transaction():
        for number in range(length):
            unknown: Map[object] = new_cell(f"u{number}", f"unknown {number}")
            pair.candidate.cells.append(unknown)
            unknown["execution_count"] = 5.0
    with reads() as counted:
        _send(pair)
    assert len(pair.document.code_cells()) == 2 * length + 1
    assert counted["Map"] <= 10 * (2 * length + 1) and counted["Array"] <= 2
    await pair.settle()


async def test_what_is_given_back_comes_in_portions(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    (cell,) = pair.document.code_cells()
    await _ran(pair, cell)
    names = await _copied(pair, 3 * PORTION)
    assert _filled(pair) == [cell, *names[:PORTION]]
    await asyncio.sleep(0)
    assert _filled(pair) == [cell, *names[: 2 * PORTION]]
    await pair.settle()
    assert _filled(pair) == [cell, *names]
    assert pair.document.notebook()["cells"][-1]["outputs"] == [OUTPUT]


async def test_what_happens_in_between_is_heeded(ji_pair: MakePair) -> None:
    """A cell that goes comes back with its outputs; one that is run keeps what it put out."""
    pair = await ji_pair()
    (cell,) = pair.document.code_cells()
    await _ran(pair, cell)
    names = await _copied(pair, 2 * PORTION)
    outputs = pair.document.outputs_of(names[-2], "other", pair.candidate.member.key)
    outputs.begin()
    outputs.stream("stdout", "another\n")
    last = copy_of(pair.candidate.cells[0], names[-1])
    del pair.candidate.cells[-1]
    _send(pair)
    await pair.settle()
    pair.candidate.cells.append(last)
    await pair.settle()
    *_, other, back = pair.document.notebook()["cells"]
    assert (other["id"], back["id"]) == (names[-2], names[-1])
    assert other["outputs"] == [{**OUTPUT, "text": "another\n"}] and back["outputs"] == [OUTPUT]


@pytest.mark.parametrize("end", ["freeze", "close"])
async def test_what_is_due_is_written_before_the_end(ji_pair: MakePair, end: str) -> None:
    pair = await ji_pair()
    (cell,) = pair.document.code_cells()
    await _ran(pair, cell)
    names = await _copied(pair, 3 * PORTION)
    if end == "freeze":
        pair.document.freeze()
    else:
        await pair.document.close()
    assert _filled(pair) == [cell, *names]
    await asyncio.sleep(0)


async def test_of_a_cell_that_runs_nothing_is_put_off(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.candidate.cells.extend([new_cell(f"c{number}", str(number)) for number in range(2 * PORTION)])
    await pair.settle()
    names = pair.document.code_cells()
    for name in names[:-1]:
        await _ran(pair, name)
    running = pair.document.outputs_of(names[-1], "run", pair.candidate.member.key)
    running.begin()
    running.stream("stdout", "begun\n")
    await pair.settle()
    with pair.candidate.doc.transaction():
        copies = [copy_of(each, each["id"]) for each in pair.candidate.cells]
        del pair.candidate.cells[0 : len(names)]
        pair.candidate.cells.extend(copies)
    _send(pair)
    running.stream("stdout", "more\n")
    await pair.settle()
    assert _filled(pair) == names
    assert pair.document.notebook()["cells"][-1]["outputs"] == [{**OUTPUT, "text": "begun\nmore\n"}]
