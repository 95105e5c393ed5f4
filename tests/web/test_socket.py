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


class _Slow(_Told):
    """Who may come in is known only when the test says so."""

    knows: ClassVar[asyncio.Event]
    asked: ClassVar[asyncio.Event]
    left: ClassVar[asyncio.Event]
    answered: ClassVar[asyncio.Event]

    async def get(self, *args: Any, **kwargs: Any) -> None:
        self.asked.set()
        await self.knows.wait()
        await super().get(*args, **kwargs)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.left.set()

    def on_finish(self) -> None:
        self.answered.set()


async def test_who_left_before_it_was_let_in_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """A page that is closed while it opens: nothing would say afterwards that it is gone."""
    _Slow.knows, _Slow.asked, _Slow.left, _Slow.answered = (asyncio.Event() for _ in range(4))
    _Slow.opened = asyncio.get_running_loop().create_future()
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/", _Slow)]))
    server.add_socket(listening)
    try:
        hers = asyncio.ensure_future(websocket_connect(f"ws://127.0.0.1:{port}/"))
        await _Slow.asked.wait()
        hers.cancel()
        await server.close_all_connections()
        await _Slow.left.wait()
        _Slow.knows.set()
        await _Slow.answered.wait()
        assert not _Slow.opened.done()
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    finally:
        server.stop()


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


@pytest.mark.parametrize(("patience", "code"), [(60.0, 4413), (0.0, None)], ids=["in time", "too late"])
async def test_a_client_that_is_too_far_behind_is_told_or_cut(
    monkeypatch: pytest.MonkeyPatch, patience: float, code: int | None
) -> None:
    """It has a moment to read what waits, and the code after it; then the connection is reset."""
    monkeypatch.setattr("jupyter_interview.web.socket._CUT_SECONDS", patience)
    _Told.opened = asyncio.get_running_loop().create_future()
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/", _Told)]))
    server.add_socket(listening)
    try:
        # Tornado's client reads one message ahead, and no more until that is taken.
        hers = await websocket_connect(f"ws://127.0.0.1:{port}/", max_message_size=100_000_000)
        told = await _Told.opened
        told.transmit(MORE_THAN_ANY_BUFFER)
        assert told.unsent > len(MORE_THAN_ANY_BUFFER), "one message may be larger than the limit"
        told.transmit(b"x" * 9_000_000)
        with pytest.raises(WebSocketClosedError):
            await told.write_message("no more is written")
        if code is None:
            await told.drained()
        sizes = []
        while (message := await hers.read_message()) is not None:
            sizes.append(len(message))
        assert sizes == ([len(MORE_THAN_ANY_BUFFER)] if code else [])
        assert hers.close_code == code
        hers.close()
        await told.drained()
        assert told.unsent == 0
    finally:
        server.stop()
