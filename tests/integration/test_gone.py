"""What does the server say of a browser that went away before its answer? Nothing: people close pages."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.fixtures.server import ServerFactory
from tests.integration.clients import House, until
from tests.integration.fixtures import complaints

pytestmark = pytest.mark.integration

LATE = '''
import asyncio

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import authenticated


class Late(JupyterHandler):
    """Answers who has gone."""

    def initialize(self):
        self.gone = asyncio.Event()

    def on_connection_close(self):
        self.gone.set()

    @authenticated
    async def get(self):
        self.log.info("%s has come", self.get_argument("who"))
        await self.gone.wait()
        self.log.info("%s has gone", self.get_argument("who"))
        await self.finish("late")


def _load_jupyter_server_extension(server):
    server.web_app.add_handlers(".*", [("/late", Late)])
'''


async def _told(house: House, words: str) -> None:
    async def told() -> bool:
        return words in house.server.log

    assert await until(told)


async def test_an_answer_that_nobody_takes_is_no_fault(ji_server: ServerFactory, tmp_path: Path) -> None:
    """Whichever handler gives it: those of Jupyter would have each a traceback."""
    (tmp_path / "late.py").write_text(LATE)
    server = ji_server("--ServerApp.jpserver_extensions=late=True", PYTHONPATH=str(tmp_path))
    async with House(server) as house:
        for who in ("first", "second"):
            with socket.create_connection(("127.0.0.1", server.port)) as reader:
                head = f"GET /late?who={who} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {server.token}\r\n\r\n"
                reader.sendall(head.encode())
                # Of one that goes before it is heard tornado tells no handler.
                await _told(house, f"{who} has come")
            await _told(house, f"{who} has gone")
    assert not complaints(server.log)
