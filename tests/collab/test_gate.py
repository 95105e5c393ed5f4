"""What of an update may its author not write, and does everybody have the same document afterwards?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab import fold
from jupyter_interview.collab.gate import judge
from jupyter_interview.collab.notebook import first_state, read_notebook, starting_notebook
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.rewrite import deletion, rewritten
from jupyter_interview.collab.updates import inspect, read_deletes, read_state
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.properties import UNFIT
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakePair, Pair, ran
from tests.collab.sessions import STEPS, Session
from tests.managers.house import Socket

OUTPUT = {"output_type": "stream", "name": "stdout", "text": "genuine\n"}


def outputs_of(client: Client, index: int = 0) -> Any:
    """Outputs of a cell in a client's copy."""
    return client.cells[index].to_py()["outputs"]


async def same(pair: Pair) -> None:
    """Everybody has the server's document, and the log gives it."""
    await pair.settle()
    ours = pair.document.notebook()
    for client in (pair.candidate, pair.interviewer):
        assert read_notebook(client.doc) == ours
    events = await pair.house.story(pair.live, EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
    assert json.dumps(fold([event.data or b"" for event in events])) == json.dumps(ours)
    assert pair.document.operations.state == read_state(pair.document.doc.get_state())


FORGERIES: dict[str, Callable[[Client], Any]] = {
    "an output more": lambda client: client.cells[0]["outputs"].append(Map({"output_type": "stream", "text": "x"})),
    "another text": lambda client: client.cells[0]["outputs"][0]["text"].insert(0, "forged "),
    "another field": lambda client: client.cells[0]["outputs"][0].update({"name": "stderr"}),
    "a plain output": lambda client: client.cells[0]["outputs"].append({"output_type": "error"}),
    "other outputs": lambda client: client.cells[0].update({"outputs": Array([])}),
    "another source": lambda client: client.cells[0].update({"source": Text("x")}),
    "other metadata": lambda client: client.cells[0].update({"metadata": {"trusted": True}}),
    "another id": lambda client: client.cells[0].update({"id": "x"}),
    "another type": lambda client: client.cells[0].update({"cell_type": "markdown"}),
    "a field more": lambda client: client.cells[0].update({"x": 1}),
    "notebook": lambda client: client.doc.get("meta", type=Map).update({"metadata": {}}),
    "its format": lambda client: client.doc.get("meta", type=Map).update({"nbformat": 7}),
    "no cell": lambda client: client.cells.append("x"),
    "an array as a cell": lambda client: client.cells.append(Array(["x"])),
    "a cell of no type": lambda client: client.cells.append(new_cell("n", "x", "weird")),
    "a cell without a source": lambda client: client.cells.append(Map({"id": "n", "cell_type": "code"})),
    "a long state": lambda client: client.doc.get("state", type=Map).update({"x": "y" * 2_000}),
    "a shared state": lambda client: client.doc.get("state", type=Map).update({"x": Map({})}),
    "an image in a text": lambda client: client.cells[0]["source"].insert_embed(0, {"image": 1}),
    "another end of a line": lambda client: client.cells[0]["source"].insert(0, "a\r\nb\r"),
    "a format": lambda client: client.cells[0]["source"].format(0, 1, {"bold": True}),
}


def _metadata(client: Client) -> Map[Any]:
    metadata: Map[Any] = client.doc.get("meta", type=Map)["metadata"]
    return metadata


PUTS: dict[str, Callable[[Client, str], Any]] = {
    "metadata": lambda client, name: client.cells[0]["metadata"].update({"x": [{"y": {name: 5.0}}]}),
    "attachments": lambda client, name: client.cells[0].update({"attachments": {name: {"text/plain": "x"}}}),
    "the notebook's metadata": lambda client, name: _metadata(client).update({"x": {name: {"a": 1.0}}}),
    "the state": lambda client, name: client.doc.get("state", type=Map).update({"x": {name: 1.0}}),
    "the names of metadata": lambda client, name: client.cells[0]["metadata"].update({name: 1.0}),
    "the names of the notebook's": lambda client, name: _metadata(client).update({name: 1.0}),
    "the names of the state": lambda client, name: client.doc.get("state", type=Map).update({name: 1.0}),
}


def _named(put: Callable[[Client, str], Any], name: str) -> Callable[[Client], Any]:
    return lambda client: put(client, name)


FORGERIES |= {f"{name} in {part}": _named(put, name) for name in sorted(UNFIT) for part, put in PUTS.items()}


@pytest.mark.parametrize("what", FORGERIES)
async def test_what_no_page_writes_is_left_out_and_said(ji_pair: MakePair, what: str) -> None:
    pair = await ji_pair()
    page = heard(pair)
    await ran(pair)
    before = pair.document.notebook()
    FORGERIES[what](pair.candidate)
    await pair.settle()
    assert pair.document.notebook() == read_notebook(pair.interviewer.doc) == before
    assert pair.candidate.refused == [], "the conversation goes on"
    [denied] = await pair.denied()
    assert denied["what"] == "document_update" and denied["reason"]
    assert [frame["content"]["code"] for frame in page.of("document_refused")] == ["bad_message"]
    pair.interviewer.type("on ")
    await pair.settle()
    assert pair.document.code() == "on print(1)"


@pytest.mark.parametrize("name", sorted(UNFIT))
async def test_a_new_cell_comes_without_what_no_object_can_have(ji_pair: MakePair, name: str) -> None:
    pair = await ji_pair()
    value = {"x": {name: 5.0}, name: {"a": 1.0}, "y": Map({name: 1.0, "b": 2.0}), "tags": ["t"]}
    cell = {"id": "n", "cell_type": "markdown", "source": Text("seen"), "metadata": Map(value)}
    pair.candidate.cells.append(Map({**cell, "attachments": {name: {"text/plain": "x"}}}))
    await same(pair)
    assert pair.document.notebook()["cells"][1] == {
        "id": "n",
        "cell_type": "markdown",
        "source": "seen",
        "metadata": {"tags": ["t"], "y": {"b": 2}},
    }
    assert len(await pair.denied()) == 1 and pair.candidate.refused == []


async def test_names_that_only_look_special_are_ordinary_ones(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    names = ("then", "toJSON", "toString", "valueOf", "hasOwnProperty", "length", "0", "-1", "", "_constructor", "get")
    value = {"x": dict.fromkeys(names, 1.0), **dict.fromkeys(names, 1.0)}
    pair.candidate.cells[0]["metadata"].update(value)
    await same(pair)
    assert pair.document.notebook()["cells"][0]["metadata"] == value
    assert await pair.denied() == []


def heard(pair: Pair) -> Socket:
    """The room channel of the candidate's page, which hears of refusals."""
    return pair.house.socket(pair.live, pair.candidate.member)


REMOVALS: dict[str, Callable[[Client], Any]] = {
    "part of a text": lambda client: client.cells[0]["outputs"][0]["text"].clear(),
    "a field of an output": lambda client: client.cells[0]["outputs"][0].pop("name"),
    "the source": lambda client: client.cells[0].pop("source"),
    "the outputs": lambda client: client.cells[0].pop("outputs"),
    "the type": lambda client: client.cells[0].pop("cell_type"),
    "the notebook's metadata": lambda client: client.doc.get("meta", type=Map).pop("metadata"),
    "the kernel": lambda client: client.doc.get("meta", type=Map)["metadata"].pop("kernelspec"),
}


@pytest.mark.parametrize("what", REMOVALS)
async def test_what_no_page_removes_stays(ji_pair: MakePair, what: str) -> None:
    pair = await ji_pair()
    page = heard(pair)
    await ran(pair)
    before = pair.document.notebook()
    REMOVALS[what](pair.candidate)
    await pair.settle()
    assert pair.document.notebook() == read_notebook(pair.interviewer.doc) == before
    assert len(await pair.denied()) == 1 and len(page.of("document_refused")) == 1


async def test_outputs_may_be_cleared_and_only_as_a_whole(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    cell = await ran(pair)
    pair.document.outputs_of(cell, "run").display({"output_type": "error", "ename": "E", "evalue": "", "traceback": []})
    await pair.settle()
    assert len(outputs_of(pair.candidate)) == 2
    # Without the error the run looks as if it had gone well.
    del pair.candidate.cells[0]["outputs"][1]
    await same(pair)
    assert outputs_of(pair.candidate) == [] and await pair.denied() == []
    await ran(pair)
    with pair.candidate.doc.transaction():
        pair.candidate.cells[0]["outputs"].clear()
        pair.candidate.cells[0]["execution_count"] = None
    await same(pair)
    assert outputs_of(pair.interviewer) == [] and await pair.denied() == []
    assert pair.document.notebook()["cells"][0]["execution_count"] is None


async def test_trust_is_never_taken_from_a_member(ji_pair: MakePair) -> None:
    """Stock pages say of each new cell that it is trusted: that is no fault of theirs, and is not passed on."""
    pair = await ji_pair()
    cell = new_cell("new", "x")
    pair.candidate.cells.append(cell)
    pair.candidate.cells[1]["metadata"]["trusted"] = True
    pair.candidate.cells[0]["metadata"]["trusted"] = True
    pair.candidate.cells[0]["metadata"]["tags"] = ["a"]
    whole = new_cell("whole", "x")
    with pair.candidate.doc.transaction():
        pair.candidate.cells.append(whole)
        pair.candidate.cells[2]["metadata"]["trusted"] = True
    await same(pair)
    assert "trusted" not in json.dumps(pair.interviewer.cells.to_py())
    assert pair.document.notebook()["cells"][0]["metadata"] == {"tags": ["a"]}
    assert await pair.denied() == []


def copy_of(cell: Any, cell_id: str) -> Map[Any]:
    """A cell as a page writes it that moves or copies another."""
    values = cell.to_py()
    return Map(
        {
            "id": cell_id,
            "cell_type": "code",
            "source": Text(values["source"]),
            "metadata": Map({}),
            "outputs": Array([Map({**output, "text": Text(output["text"])}) for output in values["outputs"]]),
            "execution_count": values["execution_count"],
            "execution_state": values["execution_state"],
        }
    )


async def test_a_cell_that_is_moved_keeps_what_the_server_knows_of_it(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    cell = await ran(pair)
    pair.candidate.cells.append(new_cell("second"))
    with pair.candidate.doc.transaction():
        moved = copy_of(pair.candidate.cells[0], cell)
        del pair.candidate.cells[0]
        pair.candidate.cells.append(moved)
    await same(pair)
    [first, second] = pair.document.notebook()["cells"]
    assert (first["id"], second["id"]) == ("second", cell)
    assert second["outputs"] == [OUTPUT] and second["execution_count"] == 3
    assert await pair.denied() == []


async def test_a_forged_output_does_not_come_along_with_a_cell_that_is_moved(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    cell = await ran(pair)
    pair.candidate.cells[0]["outputs"][0]["text"].insert(0, "forged ")
    with pair.candidate.doc.transaction():
        moved = copy_of(pair.candidate.cells[0], cell)
        del pair.candidate.cells[0]
        pair.candidate.cells.append(moved)
    await same(pair)
    assert pair.document.notebook()["cells"][0]["outputs"] == [OUTPUT]


async def test_a_copy_with_another_source_has_no_outputs(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    await ran(pair)
    pair.candidate.cells.append(copy_of(pair.candidate.cells[0], "copy"))
    await pair.settle()
    assert pair.document.notebook()["cells"][1]["outputs"] == [OUTPUT], "a copy of what ran"
    other = copy_of(pair.candidate.cells[0], "other")
    pair.candidate.type("x")
    await pair.settle()
    with pair.candidate.doc.transaction():
        pair.candidate.cells.append(other)
        pair.candidate.cells[2]["source"].insert(0, "print('all tests passed')  # ")
    await same(pair)
    assert pair.document.notebook()["cells"][2]["outputs"] == []
    assert pair.document.notebook()["cells"][2]["execution_count"] is None


async def test_a_removed_cell_comes_back_with_its_outputs(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    cell = await ran(pair)
    again = copy_of(pair.candidate.cells[0], cell)
    del pair.candidate.cells[0]
    await pair.settle()
    pair.candidate.cells.append(again)
    await same(pair)
    assert pair.document.notebook()["cells"][0]["outputs"] == [OUTPUT]


async def test_the_kernel_of_a_notebook_is_the_servers(ji_pair: MakePair) -> None:
    """A stock page writes it anew when a kernel answers."""
    pair = await ji_pair()
    before = pair.document.notebook()["metadata"]
    metadata = pair.candidate.doc.get("meta", type=Map)["metadata"]
    metadata["kernelspec"] = {"name": "evil", "display_name": "x"}
    metadata["title"] = "T"
    await pair.settle()
    assert pair.document.notebook()["metadata"] == {**before, "title": "T"}
    assert await pair.denied() == []


class _Judged:
    """A document whose members' updates pass the gate, without a room."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(client_id=1)
        self.operations = Operations()
        self._plan: Operations | None = None
        self.doc.observe(self._changed)
        self.doc.apply_update(first_state(starting_notebook("print(1)")))

    def _changed(self, event: Any) -> None:
        if self._plan is None:
            self.operations.learn(inspect(event.update))
        else:
            self.operations.add(self._plan)
            self.operations.remove(read_deletes(event.delete_set))

    def take(self, client: Doc[Any], update: bytes) -> None:
        """What of an update may be, and the rest taken back from its sender."""
        claims = inspect(update)
        plan = self.operations.plan(claims)
        assert plan is not None
        verdict = judge(self.operations, plan, claims)
        if verdict.rewritten:
            update = rewritten(update, claims, verdict.dropped, verdict.kept)
            plan = self.operations.plan(inspect(update))
            assert plan is not None
        self._plan = plan
        self.doc.apply_update(update)
        self._plan = None
        client.apply_update(deletion(claims, verdict.dropped))


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_is_left_out_all_copies_agree_on_what_is_a_members(steps: list[Any]) -> None:
    """Also where forged and honest edits are mixed, each standing on the other; and the sizes are those that are."""
    session = Session(starting_notebook("print(1)"))
    session.play(steps)
    client: Doc[Any] = Doc(client_id=77)
    judged = _Judged()
    client.apply_update(judged.doc.get_update())
    for number, (name, *arguments) in enumerate(steps):
        page = _page(client, number)
        if name in ("odd_cell", "odd_output", "insert", "type", "metadata", "odd_field", "turn", "remove", "delete"):
            updates: list[bytes] = []
            subscription = client.observe(lambda event: updates.append(event.update))  # noqa: B023
            getattr(page, f"_{name}")(*[0, *arguments[1:]])
            client.unobserve(subscription)
            for update in updates:
                judged.take(client, update)
    fresh: Doc[Any] = Doc()
    fresh.apply_update(judged.doc.get_update())
    assert read_notebook(fresh) == read_notebook(judged.doc)
    assert judged.operations.state == read_state(judged.doc.get_state())
    cells = [value for value in judged.doc.get("cells", type=Array) if isinstance(value, Map)]
    assert judged.operations.cells == len(judged.doc.get("cells", type=Array)) == len(cells)
    lengths = sum(len(str(cell["source"]).encode("utf-16-le")) // 2 for cell in cells)
    assert sum(judged.operations.lengths.values()) >= lengths
    client.apply_update(judged.doc.get_update(client.get_state()))
    theirs, ours = read_notebook(client)["cells"], read_notebook(judged.doc)["cells"]
    if not any(step[0] in ("odd_field", "turn") for step in steps):
        # Who forges a cell that is there spoils the own copy.
        assert [cell["source"] for cell in theirs] == [cell["source"] for cell in ours]


def _page(doc: Doc[Any], number: int) -> Session:
    """The edits of `Session`, of one client with this document."""
    session = Session.__new__(Session)
    copy: Any = type("Copy", (), {})()
    copy.doc, copy.number, copy.cells = doc, number, doc.get("cells", type=Array)
    copy.meta = doc.get("meta", type=Map)

    def at(place: int) -> Any:
        those = [value for value in copy.cells if isinstance(value, Map)]
        return those[place % len(those)] if those else None

    def text(place: int) -> Any:
        found = at(place)
        source = found.get("source") if found is not None else None
        return source if isinstance(source, Text) else None

    copy.at, copy.text = at, text
    session.clients = [copy]
    return session


def test_the_parts_below_pycrdts_surface() -> None:
    """pycrdt 0.14: what its stubs do not name, and `collab.document` reads."""
    doc: Doc[Any] = Doc(client_id=5)
    doc["t"] = text = Text("hello")
    found: list[Any] = []
    doc.observe(lambda event: found.append((event.update, event.delete_set)))
    del text[1:3]
    [(update, removed)] = found
    assert read_deletes(removed) == read_deletes(update[1:]) == {5: [(1, 3)]}


TEXTS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["a", "🎉", "é漢", "x" * 50]), st.booleans()), max_size=30
)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_the_size_is_that_of_what_stands(edits: list[tuple[int, str, bool]]) -> None:
    judged = _Judged()
    empty = judged.operations.size
    client: Doc[Any] = Doc(client_id=9)
    client.apply_update(judged.doc.get_update())
    source: Text = client.get("cells", type=Array)[0]["source"]
    before = len(str(source))
    for at, words, remove in edits:
        updates: list[bytes] = []
        subscription = client.observe(lambda event: updates.append(event.update))  # noqa: B023
        text = str(source)
        at %= len(text) + 1
        if remove and text:
            end = min(len(text), at + 3)
            if end > at:
                del source[len(text[:at].encode()) : len(text[:end].encode())]
        else:
            source.insert(len(text[:at].encode()), words)
        client.unobserve(subscription)
        for update in updates:
            judged.take(client, update)
    units = len(str(source).encode("utf-16-le")) // 2
    assert judged.operations.size - empty == units - before
    assert list(judged.operations.lengths.values()) == [units]
