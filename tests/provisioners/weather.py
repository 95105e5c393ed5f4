"""How does one get bad weather between the server and a real Docker engine?

A socket that passes everything on to the engine's own, and that can be cut, opened again, and slowed down.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from contextlib import suppress

ENGINE = "/var/run/docker.sock"


class Weather:
    """A way to the engine.

    Attributes:
        url: its address.
        held: set once something is held back.
        calls: how many connections were made so far.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.url = f"unix://{path}"
        self._clear = threading.Event()
        self._clear.set()
        self.held = threading.Event()
        self.calls = 0
        self._server: socket.socket | None = None
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Let calls through."""
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self._path)
        self._server.listen()
        self._spawn(self._accept, self._server)

    def cut(self) -> None:
        """End all connections and take no new ones, as an engine that was killed."""
        if self._server is not None:
            os.unlink(self._path)
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None
        self._clear.set()
        for pair in list(self._pairs):
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def hold(self) -> None:
        """Take calls and let nothing through, as an engine that hangs."""
        self.held.clear()
        self._clear.clear()

    def release(self) -> None:
        """Let through what was held, and what comes."""
        self._clear.set()

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(ENGINE)
            self._pairs.add((near, far))
            self.calls += 1
            self._spawn(self._pass, near, far)

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        """Both directions, until either end is closed."""
        other = {near: far, far: near}
        with near, far, suppress(OSError):
            while True:
                for end in select.select([near, far], [], [])[0]:
                    data = end.recv(65_536)
                    if not data:
                        self._pairs.discard((near, far))
                        return
                    if not self._clear.is_set():
                        self.held.set()
                    self._clear.wait()
                    other[end].sendall(data)
        self._pairs.discard((near, far))
