"""Does anything get lost, or doubled, when the server is killed while people type?

Real processes, real sockets, SIGKILL. People go on without the server, as JupyterLab lets them, and come back when it
does. In the end everybody's document, the fold of the database's log and the exported notebook have to be one and the
same, with every character once.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House, until
from tests.integration.fixtures import UNLIMITED, complaints
from tests.integration.typists import MARKS, Typist, agreement, logged_notebook, words_of

pytestmark = pytest.mark.integration


@pytest.fixture
def mortal(ji_server: ServerFactory, ji_database_url: str) -> Server:
    """A server on a database of its own, to be killed."""
    return ji_server(*UNLIMITED, f"--InterviewApp.database_url={ji_database_url}")


@pytest_asyncio.fixture
async def mortal_house(mortal: Server) -> AsyncIterator[House]:
    """It, seen from outside; that it was killed is no reason to complain."""
    async with House(mortal) as house:
        yield house
    assert not (said := complaints(mortal.log)), said


async def test_sigkill_in_mid_typing_loses_and_doubles_nothing(
    mortal: Server, mortal_house: House, ji_database_url: str
) -> None:
    """Two people type, the server is killed three times; they go on without it and come back to it."""
    room = await mortal_house.room()
    typists = [
        Typist(await room.join("Cara"), MARKS[0]),
        Typist(await room.invite("interviewer"), MARKS[1]),
    ]
    for typist in typists:
        await typist.come()
    for _ in range(3):
        stop = asyncio.Event()
        typing = [asyncio.create_task(typist.write_until(stop)) for typist in typists]
        # Killed in mid-typing: once both know that something of theirs is safe, and on their way to more.
        goal = [typist.durable + 20 for typist in typists]

        async def reached(goal: list[int] = goal) -> bool:
            return all(typist.durable >= least for typist, least in zip(typists, goal, strict=True))

        await until(reached)
        mortal.kill()
        stop.set()
        await asyncio.gather(*typing)
        for typist in typists:
            await typist.notebook.until_closed()
            for _ in range(5):
                await typist.write()
        # What was said to be safe is in the database, whoever comes back or not.
        stored = words_of(logged_notebook(ji_database_url, room)["cells"][0]["source"])
        for typist in typists:
            assert all(stored[f"{typist.mark}{number}"] == 1 for number in range(typist.durable))
        mortal.start()
        # The offline edits of both are merged, whoever comes first.
        for typist in reversed(typists):
            await typist.come()
        await agreement(typists, room, ji_database_url)
    newcomer = Typist(await room.invite("spectator"), MARKS[2])
    await newcomer.come()
    await agreement([*typists, newcomer], room, ji_database_url)
    await room.end()
    assert logged_notebook(ji_database_url, room) == await room.notebook()


async def test_messages_sent_again_after_sigkill_are_one(mortal: Server, mortal_house: House) -> None:
    """A client that did not hear the ack sends the message again, with the same id: it is there once."""
    room = await mortal_house.room()
    cara, ivan = await room.join(), await room.invite("interviewer")
    channel = await cara.channel()
    for number in itertools.count():
        # Every message is on its way when the server dies; of the first some are known to be stored.
        await channel.send(json.dumps({"type": "chat_message", "id": f"m{number}", "content": f"message {number}"}))
        if number == 20:
            await channel.answer("m10")
        if number == 40:
            break
    mortal.kill()
    await channel.until_closed()
    mortal.start()
    channel, other = await cara.channel(), await ivan.channel()
    before = [message["content"] for message in channel.joined["messages"]]
    assert len(before) >= 11 and before == [f"message {number}" for number in range(len(before))]
    for _ in range(2):
        for number in range(41):
            await channel.send(json.dumps({"type": "chat_message", "id": f"m{number}", "content": f"message {number}"}))
        acks = [await channel.answer(f"m{number}") for number in range(41)]
        assert [ack["type"] for ack in acks] == ["ack"] * 41
    heard = [frame["content"] for frame in await other.pending("chat_message")]
    assert before + heard == [f"message {number}" for number in range(41)]
    stored = (await room.api("GET", "/messages"))["messages"]
    assert [message["content"] for message in stored] == [f"message {number}" for number in range(41)]
    assert [message["seq"] for message in stored] == [ack["seq"] for ack in acks]


async def test_a_run_cut_off_by_sigkill_is_settled(mortal: Server, mortal_house: House) -> None:
    """A cell that ran when the server died runs no more: its run ended as ``died``, the cell is idle."""
    room = await mortal_house.room()
    cara = await room.join()
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source("print('begun', flush=True)\nimport time\ntime.sleep(600)")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "begun\n", "the first output")
    mortal.kill()
    await channel.until_closed()
    mortal.start()
    channel = await cara.channel()
    line = (
        "The server was restarted during this run. The kernel is a new one, without the variables: run the cells again."
    )
    assert [(run["status"], run["message"]) for run in channel.joined["runs"]] == [("died", line)]
    notebook = await cara.document(notebook.doc)
    await notebook.until(lambda: notebook.cells[0].get("execution_state") == "idle", "an idle cell")
    assert notebook.printed() == "begun\n" and notebook.outputs()[-1]["text"] == f"\n{line}\n"
    await notebook.set_source("print('again')")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "again\n", "the new output")


async def test_a_second_server_leaves_the_firsts_runs_alone(ji_server: ServerFactory) -> None:
    """Somebody starts it twice on one directory: it says so, and takes nobody's run for one of a dead server."""
    first = ji_server(*UNLIMITED)
    async with House(first) as house:
        room = await house.room()
        cara = await room.join()
        notebook, channel = await cara.document(), await cara.channel()
        await notebook.set_source("import time\nprint('begun', flush=True)\ntime.sleep(600)")
        await cara.run(notebook.cell())
        await notebook.until(lambda: notebook.printed() == "begun\n", "the first output")
        second = Server(first.directory, list(UNLIMITED))
        second.start()
        assert second.log.count("Another server uses") == 1
        second.stop()
        assert [run["status"] for run in (await room.api("GET", "/runs"))["runs"]] == ["running"]
        assert not channel.closed.is_set() and not notebook.closed.is_set()
        await room.end()


async def test_people_keep_their_seats_over_sigkill(mortal: Server, mortal_house: House) -> None:
    """Cookies, invitations and switches outlive the process; so does that somebody was removed."""
    room = await mortal_house.room(password="open sesame")
    cara = await room.join(password="open sesame")
    ivan = await room.invite("interviewer")
    gone = await room.invite("spectator")
    await room.api("PATCH", f"/members/{cara.id}", {"permissions": {"run": False}})
    await room.api("DELETE", f"/members/{gone.id}")
    mortal.kill()
    mortal.start()
    channel = await cara.channel()
    assert channel.joined["you"]["permissions"]["run"] is False
    assert {member["id"]: member["state"] for member in channel.joined["members"]} == {
        cara.id: "seated",
        ivan.id: "seated",
        gone.id: "removed",
    }
    assert (await gone.rest.get("api/me")).status_code == 401
    with pytest.raises(AssertionError, match="link_closed"):
        await room.join("Eve")
    await room.api("PATCH", "", {"settings": {"link": "open"}})
    with pytest.raises(AssertionError, match="password_required"):
        await room.join("Eve")
