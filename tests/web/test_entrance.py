"""What does a request have to pass before anybody looks at it?"""

from __future__ import annotations

import base64
import itertools
import json
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import _HTTPRequestContext

from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

LARGE = 5_000_000


def _connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 20)


def _head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def _all(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    heard = b""
    try:
        while piece := connection.recv(65_536):
            heard += piece
    except ConnectionResetError:
        pass
    return heard


async def test_a_large_body_of_a_stranger_is_refused_by_its_head(house: House) -> None:
    """Not a byte of it has to come, whatever the address; a seat in a room is no login."""
    room = await house.room()
    cara = await room.join()
    for path, *headers in (
        ("/api/interview/rooms",),
        (f"/interview/{room.id}/join",),
        ("/api/contents/x",),
        ("/login",),
        ("/nowhere", "Expect: 100-continue"),
        (f"/interview/{room.id}/api/runs", f"Authorization: Bearer {cara.token}"),
        ("/api/interview/rooms", "Authorization: token wrong", "Cookie: interview-account=x"),
    ):
        with _connect(house.server) as connection:
            connection.sendall(_head("POST", path, "Content-Length: 60000000", *headers))
            heard = b""
            while not heard.endswith(b"}}"):
                heard += connection.recv(65_536)
            head, _, body = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 "), (path, head)
        assert json.loads(body)["error"]["code"] == "too_large"


async def test_a_body_in_chunks_is_cut_when_it_gets_large(house: House) -> None:
    """Its head does not say how long it gets."""
    with _connect(house.server) as connection:
        connection.sendall(_head("POST", "/api/interview/login", "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
        try:
            for _ in range(200):
                connection.sendall(chunk)
        except OSError:
            return
        assert b" 400 " in _all(connection)[:20]


async def test_who_is_logged_in_sends_large_bodies(house: House) -> None:
    """The server's own user uploads as ever, an account opens a room with files; also in chunks."""
    content = base64.b64encode(bytes(LARGE)).decode()
    upload = {"type": "file", "format": "base64", "content": content}
    answer = await house.owner.put("api/contents/large.bin", json=upload)
    assert answer.status_code == 201, answer.text
    text = json.dumps({**upload, "content": content}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield text[:100_000]
        yield text[100_000:]

    answer = await house.owner.put("api/contents/chunks.bin", content=pieces())
    assert answer.status_code == 201, answer.text
    room = await house.room(files=[{"name": "large.bin", "data": content}])
    assert (await room.api("GET"))["files"][0]["size"] == LARGE
    added = house.server.run("user", "add", "large@example.org", stdin="correct horse battery\n")
    assert added.returncode == 0, added.stderr
    login = {"email": "large@example.org", "password": "correct horse battery"}
    token = (await house.nobody.post("api/interview/login", json=login)).json()["token"]
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"interview-account={token}; _xsrf=x"}):
        answer = await house.client({**headers, "X-XSRFToken": "x"}).post(
            "api/interview/rooms", json={"title": "Large", "files": [{"name": "large.bin", "data": content}]}
        )
        assert answer.status_code == 201, answer.text


def test_who_is_slow_is_cut_off(ji_server: ServerFactory) -> None:
    """Half a head, half a body, and a connection that nobody uses."""
    server = ji_server("--InterviewApp.limits=body_seconds=0.5", "--InterviewApp.limits=idle_seconds=1")
    with _connect(server) as head, _connect(server) as body, _connect(server) as idle:
        head.sendall(b"POST /api/interview/login HTTP/1.1\r\nHost")
        body.sendall(_head("POST", "/api/interview/login", "Content-Length: 1000") + b"{")
        idle.sendall(_head("GET", "/interview/login"))
        assert _all(body) == b""
        assert _all(head) == b""
        assert _all(idle).startswith(b"HTTP/1.1 200 ")


def test_bodies_that_strangers_send_at_a_time_are_bounded(ji_server: ServerFactory) -> None:
    """What is over the bound is refused by its head; logins and accounts pass, and what has come leaves its place."""
    server = ji_server("--InterviewApp.limits=network_bodies_bytes=200000")
    half = _head("POST", "/api/interview/login", "Content-Length: 100000") + b"{"
    login = {"email": "eve@example.org", "password": "wrong"}
    with _connect(server) as first, _connect(server) as second, httpx.Client(base_url=server.url) as client:
        # A length that is said twice counts as the longest.
        chunks = [_connect(server), _connect(server)]
        for connection in (first, second):
            connection.sendall(half)
            _until_read(client)
        for connection, announced in zip(
            chunks, ("Content-Length: 20000, 20000", "Transfer-Encoding: chunked"), strict=True
        ):
            with connection:
                connection.sendall(_head("POST", "/api/interview/login", announced))
                heard = b""
                while not heard.endswith(b"}}"):
                    heard += connection.recv(65_536)
            assert heard.startswith(b"HTTP/1.1 429 ") and b"rate_limited" in heard
        # The pages gave this browser a cookie: it would have to send a token with each form.
        client.cookies.clear()
        assert client.post("api/interview/login", json=login).status_code == 401
        known = {"Authorization": f"token {server.token}"}
        large = {"title": "Large", "language": "python", "files": [{"name": "x", "data": "eHh4" * 25_000}]}
        assert client.post("api/interview/rooms", json=large, headers=known).status_code == 201
        second.sendall(bytes(99_999))
        assert second.recv(65_536).startswith(b"HTTP/1.1 4")
        client.cookies.clear()
        answer = client.post("api/interview/login", content=bytes(50_000))
        assert answer.status_code == 400, answer.text


def _until_read(client: httpx.Client) -> None:
    """What was sent before on another connection has been read: the server answers in the order of what came."""
    for _ in range(2):
        assert client.get("interview/login").status_code == 200


_NUMBERS = itertools.count()


def _try(client: httpx.Client, **headers: str) -> int:
    """The status of a login in vain, each with an email of its own."""
    login = {"email": f"{next(_NUMBERS)}@example.org", "password": "wrong"}
    return client.post("api/interview/login", json=login, headers=headers).status_code


def test_nobody_is_believed_who_is_no_proxy(ji_server: ServerFactory) -> None:
    """A visitor that names another address each time is one visitor; the operator hears that there may be a proxy."""
    server = ji_server("--InterviewApp.rates=login=3/minute")
    with httpx.Client(base_url=server.url) as client:
        for number in range(3):
            assert _try(client, **{"X-Real-IP": f"192.0.2.{number}"}) == 401
        for name in ("X-Real-IP", "X-Forwarded-For"):
            assert _try(client, **{name: "192.0.2.99"}) == 429
    assert server.log.count("not in c.InterviewApp.trusted_proxies") == 1


def test_of_a_named_proxy_one_header_counts(ji_server: ServerFactory) -> None:
    """The address that it saw last; what it passes on of the visitor's own making does not."""
    server = ji_server("--InterviewApp.rates=login=3/minute", "--InterviewApp.trusted_proxies=127.0.0.1")
    with httpx.Client(base_url=server.url) as client:
        for number in range(4):
            said = {"X-Real-IP": f"192.0.2.{number}", "X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7"}
            assert _try(client, **said) == (401 if number < 3 else 429)
        assert _try(client, **{"X-Forwarded-For": "198.51.100.8"}) == 401
        answer = client.get("interview/login", headers={"X-Forwarded-Proto": "https"})
        assert answer.status_code == 200
    assert "trusted_proxies" not in server.log


def test_trust_without_names_is_for_this_machine_and_said(ji_server: ServerFactory) -> None:
    server = ji_server("--InterviewApp.rates=login=1/minute", "--ServerApp.trust_xheaders=True")
    with httpx.Client(base_url=server.url) as client:
        assert _try(client, **{"X-Real-IP": "192.0.2.1", "X-Forwarded-For": "198.51.100.7"}) == 401
        assert _try(client, **{"X-Real-IP": "192.0.2.2", "X-Forwarded-For": "198.51.100.7"}) == 429
    assert "trust_xheaders believes proxies on this machine" in server.log


def test_a_server_for_others_without_a_proxy_says_what_that_means(ji_server: ServerFactory) -> None:
    server = ji_server("--ServerApp.allow_remote_access=True")
    assert "behind one, all visitors count as one address" in server.log


def test_a_proxy_that_is_none_stops_the_server(ji_server: ServerFactory) -> None:
    server = ji_server("--InterviewApp.trusted_proxies=nonsense", start=False)
    with pytest.raises(pytest.fail.Exception, match="trusted_proxies"):
        server.start()


def test_what_we_use_of_tornado_is_there() -> None:
    """Read at 6.6: the context of a connection has the address of its other end; limits are set for each request."""
    assert "remote_ip" in _HTTPRequestContext.__init__.__code__.co_names
    assert {"set_max_body_size", "set_body_timeout"} <= set(dir(HTTP1Connection))
