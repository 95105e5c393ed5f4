"""Which kernels in Docker met their memory limit?

The machine then kills one process of the container, which need not be the kernel. The engine tells of it as an event;
the kernel as a whole is ended, as in the other sandboxes, so that people learn why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..core.errors import KernelUnavailable
from .engine_api import EngineApi, in_background

_AGAIN_SECONDS = 1.0
_WINDOW_SECONDS = 10


class MemoryEvents:
    """Listens in one thread while there are kernels, and again after a loss of the engine."""

    def __init__(self, api: EngineApi, label: str) -> None:
        self._api = api
        self._filters = {"type": "container", "event": "oom", "label": label}
        self._kernels: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._listening = False

    def add(self, name: str, tell: Callable[[], None]) -> None:
        """From now on ``tell`` is called, from any thread, when the container ``name`` meets its limit."""
        with self._lock:
            self._kernels[name] = tell
            if not self._listening:
                self._listening = True
                in_background(self._listen, "docker-memory")

    def remove(self, name: str) -> None:
        """No longer. Unknown names are ignored."""
        with self._lock:
            self._kernels.pop(name, None)

    def _listen(self) -> None:
        since = int(time.time())
        while self._wanted():
            until = int(time.time()) + _WINDOW_SECONDS
            try:
                for event in self._api.stream(partial(self._ask, since, until), _WINDOW_SECONDS):
                    self._pass_on(str(event.get("Actor", {}).get("Attributes", {}).get("name", "")))
                since = until
            except KernelUnavailable:
                time.sleep(_AGAIN_SECONDS)

    def _ask(self, since: int, until: int, client: Any) -> Iterator[dict[str, Any]]:
        events: Iterator[dict[str, Any]] = client.events(since=since, until=until, filters=self._filters, decode=True)
        return events

    def _wanted(self) -> bool:
        with self._lock:
            self._listening = bool(self._kernels)
            return self._listening

    def _pass_on(self, name: str) -> None:
        with self._lock:
            tell = self._kernels.get(name)
        if tell is not None:
            tell()
