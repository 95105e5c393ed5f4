"""Does a socket that closes under a message leave the server in peace?"""

from __future__ import annotations

import asyncio
import gc
import logging
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, websocket_connect

from jupyter_interview.core.limits import Limits
from jupyter_interview.managers.services import Services
from jupyter_interview.web.socket import InterviewSocket
from tests.integration.sockets import Socket

MORE_THAN_ANY_BUFFER = b"x" * 50_000_000


class _Told(InterviewSocket):
    """A socket for anybody, handed to the test once it is open."""

    opened: ClassVar[asyncio.Future[_Told]]
    log = logging.getLogger(__name__)
    services = cast(Services, SimpleNamespace(limits=Limits()))

    def prepare(self) -> None:
        """No gate."""

    def check_origin(self, origin: str | None = None) -> bool:
        return True

    def open(self, *args: Any, **kwargs: Any) -> None:
        super().open(*args, **kwargs)
        self.opened.set_result(self)


async def test_a_message_that_nobody_waits_for_fails_in_silence() -> None:
    """As jupyter-server sends what a kernel says: the future is thrown away, and the peer is reset meanwhile."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    _Told.opened = loop.create_future()
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/", _Told)]))
    server.add_socket(listening)
    try:
        hers = Socket(await websocket_connect(f"ws://127.0.0.1:{port}/"))
        told = await _Told.opened
        hers.fall_asleep()
        told.write_message(MORE_THAN_ANY_BUFFER, binary=True)
        awaited = told.write_message("and one that somebody waits for")
        hers.reset()
        with pytest.raises(WebSocketClosedError):
            await awaited
        await hers.close()
        gc.collect()
        assert complaints == []
    finally:
        server.stop()
