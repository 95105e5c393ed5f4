"""Does the link to a kernel hear every answer?"""

from __future__ import annotations

import asyncio
import os
import signal
from types import SimpleNamespace
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from jupyter_interview.core.models import JSON, RunStatus
from jupyter_interview.execution.kernel import KernelLink
from jupyter_interview.execution.started import start_kernel

from .conftest import MakeRoom


async def test_an_answer_in_the_moment_of_sending_is_heard() -> None:
    """jupyter_client 8.10 sends on a blocking twin of the socket, which can swallow the notice of what just came."""
    context = zmq.asyncio.Context()
    session = Session(key=b"key")
    server: Any = zmq.Context.shadow(context.underlying).socket(zmq.ROUTER)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    sockets = [context.socket(zmq.DEALER), context.socket(zmq.SUB)]
    for socket in sockets:
        socket.connect(f"tcp://127.0.0.1:{port}")
    client = SimpleNamespace(
        session=session, connect_shell=lambda identity: sockets[0], connect_iopub=lambda: sockets[1]
    )
    link = KernelLink(SimpleNamespace(client=lambda **_: client, context=context))
    try:
        connecting = asyncio.create_task(link.connect(30))
        assert await asyncio.to_thread(server.poll, 10_000)
        identity, request = session.feed_identities(server.recv_multipart())
        link._heard.set()
        session.send(server, "kernel_info_reply", {}, parent=session.deserialize(request), ident=identity)
        await connecting
        for _ in range(50):
            first = link.execute("1", _ignore)
            answer: JSON = {"msg_id": first.message_id, "msg_type": "execute_request"}
            session.send(server, "execute_reply", {"status": "ok"}, parent={"header": answer}, ident=identity)
            assert _arrived(sockets[0])
            link._send(session.msg("kernel_info_request", {}))
            assert (await asyncio.wait_for(first.reply, 10))["status"] == "ok"
    finally:
        link.close()
        server.close(linger=0)
        for socket in sockets:
            socket.close(linger=0)
        context.term()


async def test_a_kernel_that_is_killed_does_not_take_the_server_along(ji_room: MakeRoom) -> None:
    """By ``disconnect`` on a socket to which a message has just come libzmq 4.3 aborts the process, one time in two."""
    kernels = ji_room().kernels
    for _ in range(4):
        kernel = await start_kernel(kernels, "python", 30)
        assert kernel.link is not None and kernel.exit is not None
        before = dict(kernel.link._channels)
        provisioner: Any = kernel.ending
        os.kill(provisioner.target(), signal.SIGKILL)
        await kernel.exit
        async with asyncio.timeout(30):
            # They tell nobody that they were replaced.
            while any(kernel.link._channels.get(name) is channel for name, channel in before.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await kernel.end()
    assert len(kernels) == 0


async def test_a_lost_connection_is_mended(ji_room: MakeRoom) -> None:
    """The kernel hangs up by itself: it sends what is larger than a message may be."""
    room = ji_room(kernel_memory_bytes=2_000_000_000)
    await room.run("from IPython.display import *\ndisplay(HTML('x' * 40_000_000))")
    assert [await room.run(f"print({number})") for number in range(3)] == [
        (RunStatus.OK, room.cells[f"run{number + 2}"]) for number in range(3)
    ]
    assert [room.cells[f"run{number + 2}"].text for number in range(3)] == ["0\n", "1\n", "2\n"]


def _arrived(socket: Any) -> bool:
    """Wait, without the event loop and without touching the socket's events, until something came to it."""
    poller = zmq.Poller()
    poller.register(socket.FD, zmq.POLLIN)
    return bool(poller.poll(10_000))


def _ignore(kind: str, content: JSON) -> None:
    """Take no notice."""
