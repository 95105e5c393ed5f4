"""Does an erased person leave what they chose beside their texts: ids, names of values, files, names in odd forms?"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from pycrdt import Array, Map, Text

from jupyter_interview.collab import History, Redaction, fold
from jupyter_interview.core.jsontext import as_text
from jupyter_interview.core.models import DOCUMENT_KINDS, Event, EventKind, Room
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.frames import count_frames
from jupyter_interview.db.keys import derived_key
from jupyter_interview.db.redactions import store_redactions
from jupyter_interview.managers.erasure import NAME, Erasure
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.quotes import _texts
from tests.managers import exporting
from tests.managers.house import SIGNING, House

CHOSEN = "chosen_by_the_candidate"
RANDOM = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
TRACES = (CHOSEN, "x-candidate", "her_key", "her_meta", "Rénée", "CV of Renee")


def _eraser(house: House) -> Erasure:
    return Erasure(house.database, house.records, Redaction, History)


async def _events(house: House, room: Room) -> list[Event]:
    return (await house.records.events(room, after=0, kinds=None, limit=100_000))[0]


def _cell(cell_id: str) -> Map[Any]:
    output = {"output_type": "display_data", "data": {"application/x-candidate": "0"}, "metadata": {"her_key": "0"}}
    parts = {"source": Text(""), "metadata": Map({"her_key": "0"}), "outputs": Array([output])}
    return Map({"cell_type": "code", "id": cell_id, "execution_count": None, **parts})


def _acting(live: LiveRoom, member: Any) -> Any:
    document: Any = live.document
    return document.acting(member.key, 2, None), document.doc


async def _interview(house: House) -> tuple[LiveRoom, Any, Any]:
    live = await house.room(title="Interview", files=[("CV of Renee.txt", b"x"), ("a.csv", "Rénée Roux".encode())])
    grace = await house.seat(live, Role.INTERVIEWER, "Grace Hopper")
    renee = await house.seat(live, Role.CANDIDATE, "Rénée Roux")
    for member in (grace, renee):
        house.socket(live, member)
    acting, doc = _acting(live, renee)
    with acting:
        doc.get("cells", type=Array).append(_cell(CHOSEN))
        doc.get("cells", type=Array).append(_cell(RANDOM))
        doc.get("meta", type=Map)["her_meta"] = "0"
    acting, doc = _acting(live, grace)
    with acting:
        for cell in list(doc.get("cells", type=Array))[1:]:
            cell["source"].insert(0, "grace = 'wrote this line'")
    for number, cell_id in enumerate((CHOSEN, RANDOM)):
        data = json.dumps({"cell": cell_id, "anchor": number, "head": number}).encode()
        live.log.append(EventKind.CURSOR, member=grace.key, data=data)
        run = {"run": f"r{number}", "cell": cell_id, "source": "", "language": "python"}
        live.log.append(EventKind.RUN_STARTED, member=grace.key, payload=run)
    await live.log.barrier()
    return live, grace, renee


async def _ended(house: House, live: LiveRoom, by: Any) -> Room:
    await house.rooms.end(live.room.id, by)
    return await house.rooms.get(live.room.id)


async def test_nothing_that_she_chose_is_left_and_the_log_holds(house: House) -> None:
    live, grace, renee = await _interview(house)
    room = await _ended(house, live, grace)
    before = repr((await _events(house, room), room))
    assert all(trace in before for trace in ("CV of Renee", CHOSEN, "her_key"))
    await _eraser(house).member(room, renee)
    room, after = await house.rooms.get(room.id), await _events(house, room)
    shown = repr((room, after, await house.records.record(room), await house.records.members(room)))
    assert [trace for trace in TRACES if trace in shown] == []
    assert room.files == (), "one was called after her, one has her name in it"
    assert (await Evidence(house.database, SIGNING).verify(room)).damage is None
    updates = [event.data for event in after if event.kind in DOCUMENT_KINDS and event.data is not None]
    sources = [cell["source"] for cell in fold(updates)["cells"]]
    assert sources.count("grace = 'wrote this line'") == 2, "what others wrote into her cells is still there"


async def test_nothing_that_others_made_of_her_is_left(house: House) -> None:
    """Their notes that name her, invitations to her, and what was computed of the log while she was in it."""
    live, grace, renee = await _interview(house)
    for note in ("Here Renée Roux hesitates", "a good pace"):
        await house.bookmarks.add(live.room, grace, 1, note)
    for name in ("Rénée Roux", "Ada"):
        await house.invitations.create(live, grace, role=Role.SPECTATOR, name=name)
    room = await _ended(house, live, grace)
    manifest = await house.replay.manifest(room)
    await house.replay.frame(room, manifest["frames"][0]["number"])
    before = await house.database.read(lambda connection: derived_key(connection, room.key))
    assert before is not None and await house.database.read(lambda c: count_frames(c, room.key)) > 0
    await _eraser(house).member(room, renee)
    assert [item["note"] for item in await house.bookmarks.list(room)] == ["", "a good pace"]
    assert {item["name"] for item in await house.invitations.list(room.key)} == {None, "Ada", NAME}
    assert await house.database.read(lambda c: count_frames(c, room.key)) == 0
    assert await house.database.read(lambda connection: derived_key(connection, room.key)) != before


def test_a_name_in_a_value_of_json_is_read_as_the_value_says_it() -> None:
    """Its text has a letter before the name: that of an escape."""
    lying = as_text({"t": 'first\nRénée Roux, "the other"'})
    assert 'first\nRénée Roux, "the other"' in _texts([["o", 0, 0, 0, [{"data": {"application/json": lying}}]]])


async def test_what_others_did_in_a_cell_with_an_id_by_chance_stays(house: House) -> None:
    """An id that a page made says nothing; one that she made up is her words, also in others' cursors and runs."""
    live, grace, renee = await _interview(house)
    room = await _ended(house, live, grace)
    await _eraser(house).member(room, renee)
    kinds = {EventKind.CURSOR, EventKind.RUN_STARTED}
    those = [event for event in await _events(house, room) if event.kind in kinds and event.member == grace.key]
    assert [event.erased for event in those] == [True, True, False, False]


async def test_exports_and_replay_have_nothing_of_it_either(house: House) -> None:
    async with exporting.post_of(house) as post:
        live, grace, renee = await _interview(house)
        room = await _ended(house, live, grace)
        await _eraser(house).member(room, renee)
        room = await house.rooms.get(room.id)
        told = json.dumps(await post.told(room), ensure_ascii=False)
        for form in ("ipynb", "jsonl"):
            told += (await post.take(room, form)).decode()
        assert [trace for trace in TRACES if trace in told] == []


async def test_a_name_in_another_composition_is_the_same_name(house: House) -> None:
    live, grace, renee = await _interview(house)
    peer = live.peers.of(grace.id)[0]
    for text in ("Hello " + unicodedata.normalize("NFD", "Rénée") + "!", 'see "Rénée_Roux.txt"', "nobody"):
        await live.messages.post(grace, peer, text, None)
    room = await _ended(house, live, grace)
    await _eraser(house).member(room, renee)
    said = [event for event in await _events(house, room) if event.kind is EventKind.CHAT_MESSAGE]
    assert [event.erased for event in said] == [True, True, False]


async def test_what_an_older_version_left_opens_and_goes_when_it_is_erased_again(house: House) -> None:
    live, grace, renee = await _interview(house)
    room = await _ended(house, live, grace)
    before = {event.seq: event.data for event in await _events(house, room) if event.kind in DOCUMENT_KINDS}
    await _eraser(house).member(room, renee)
    gone = [event.seq for event in await _events(house, room) if event.erased and event.seq in before]
    # It kept all names; its texts do not matter here.
    old = {seq: before[seq] or b"" for seq in gone}
    await house.database.write(lambda connection: store_redactions(connection, room.key, old))
    assert CHOSEN in repr(await _events(house, room))
    verdict = await Evidence(house.database, SIGNING).verify(await house.rooms.get(room.id))
    assert verdict.damage is None
    assert await _eraser(house).member(await house.rooms.get(room.id), renee) == 0, "no event more"
    assert CHOSEN not in repr((await _events(house, room), await house.records.record(room)))
