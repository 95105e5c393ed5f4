"""Does what the documentation says about a reverse proxy hold? A real nginx, with the block of the documentation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.real import missing
from tests.fixtures.server import Server, ServerFactory, free_port
from tests.integration.clients import House

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

_DOCUMENTED = Path(__file__).parents[2] / "docs/operators/index.md"
_CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {block} }}
}}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[[Server], str]]:
    """Puts an nginx in front of a server, set up as documented; the address of its front."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        missing("nginx")
    started: list[subprocess.Popen[bytes]] = []

    def start(server: Server) -> str:
        port = free_port()
        found = re.search(r"```nginx\n(.*?)```", _DOCUMENTED.read_text(), re.DOTALL)
        assert found is not None
        block = found[1].replace("127.0.0.1:8888", f"127.0.0.1:{server.port}")
        file = tmp_path / "nginx.conf"
        file.write_text(_CONFIGURATION.format(folder=tmp_path, port=port, block=block))
        process = subprocess.Popen([program, "-c", str(file), "-p", str(tmp_path)], stderr=subprocess.PIPE)
        started.append(process)
        while process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
            except httpx.TransportError:
                continue
            return f"http://127.0.0.1:{port}{server.base_url}"
        assert process.stderr is not None
        pytest.fail(process.stderr.read().decode())

    yield start
    for process in started:
        process.terminate()
        process.communicate()


def _join(client: httpx.Client, room: str, **headers: str) -> int:
    return client.post(f"interview/{room}/join", json={"name": ""}, headers=headers).status_code


def test_a_visitor_cannot_choose_an_address(ji_server: ServerFactory, nginx: Callable[[Server], str]) -> None:
    """Whatever headers it sends through the proxy, it is one visitor; another address is another one."""
    server = ji_server(
        "--InterviewApp.trusted_proxies=127.0.0.1", "--InterviewApp.rates=join=3/minute", base_url="/interviews/"
    )
    room = server.create_room()["id"]
    with httpx.Client(base_url=nginx(server)) as client:
        for number in range(3):
            assert _join(client, room, **{"X-Real-IP": f"192.0.2.{number}"}) == 400
        for name in ("X-Real-IP", "X-Forwarded-For", "Forwarded", "X-Client-IP"):
            assert _join(client, room, **{name: "192.0.2.99"}) == 429
    other = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=nginx(server), transport=other) as client:
        assert _join(client, room) == 400
    assert "trusted_proxies" not in server.log


def test_a_proxy_that_is_not_named_is_told_of(ji_server: ServerFactory, nginx: Callable[[Server], str]) -> None:
    server = ji_server(base_url="/interviews/")
    room = server.create_room()["id"]
    with httpx.Client(base_url=nginx(server)) as client:
        assert _join(client, room) == 400
    assert "Requests come by a proxy at 127.0.0.1" in server.log


async def test_rooms_work_through_it(ji_server: ServerFactory, nginx: Callable[[Server], str]) -> None:
    """Pages, files, sockets, and cookies that know of TLS."""
    server = ji_server("--InterviewApp.trusted_proxies=127.0.0.1", base_url="/interviews/")
    async with House(server) as house:
        house.url = nginx(server)
        room = await house.room(files=[{"name": "large.bin", "data": "AAAA" * 500_000}])
        cara = await room.join()
        channel, notebook = await cara.channel(), await cara.document()
        await notebook.type("x = 1\n")
        await notebook.saved()
        assert (await channel.ask("chat_message", "hi"))["type"] == "ack"
        house.url = server.url
        made = await room.api("POST", "/invitations", {"role": "spectator"})
        body = {"name": "Dora", "invite": made["url"].partition("#invite=")[2]}
        direct = await house.client({"X-Forwarded-Proto": "https"}).post(f"{room.path}join", json=body)
        assert "Secure" in direct.headers["Set-Cookie"]
