"""Does the link to a kernel hear every answer?"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from jupyter_interview.core.models import JSON
from jupyter_interview.execution.kernel import KernelLink


async def test_an_answer_in_the_moment_of_sending_is_heard() -> None:
    """jupyter_client 8.10 sends on a blocking twin of the socket, which can swallow the notice of what just came."""
    context = zmq.asyncio.Context()
    session = Session(key=b"key")
    server: Any = zmq.Context.shadow(context.underlying).socket(zmq.ROUTER)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    sockets = [context.socket(zmq.DEALER), context.socket(zmq.SUB)]
    for socket in sockets:
        socket.connect(f"tcp://127.0.0.1:{port}")
    shell, iopub = (SimpleNamespace(socket=socket) for socket in sockets)
    client = SimpleNamespace(
        session=session,
        shell_channel=shell,
        iopub_channel=iopub,
        start_channels=lambda **_: None,
        stop_channels=lambda: None,
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


def _arrived(socket: Any) -> bool:
    """Wait, without the event loop and without touching the socket's events, until something came to it."""
    poller = zmq.Poller()
    poller.register(socket.FD, zmq.POLLIN)
    return bool(poller.poll(10_000))


def _ignore(kind: str, content: JSON) -> None:
    """Take no notice."""
