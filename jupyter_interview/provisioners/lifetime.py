"""How does a kernel's container begin and end?

`Lifetime` follows one container from its making to its removal, in threads of its own, whatever the engine does
meanwhile: a container that could not be removed is handed to `Leftovers`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import KernelUnavailable
from .engine_api import EngineApi, EngineGone, EngineSlow, Refused, in_background
from .leftovers import Leftovers, discard

KILLED = 128 + 9
_AGAIN_SECONDS = 0.5
_LAST_LINES = 40
_LAST_CHARS = 4_000
_ENGINE_ENDED = "The Docker engine ended, and the kernel with it."


class Lifetime:
    """One container. All methods may be called from any thread.

    ``pid`` is its first process, where that can be known; ``reason`` why it ended; ``words`` what it said at its end.

    Args:
        api: the engine.
        name: the container's.
        body: what it is made of.
        leftovers: who gets it when it cannot be removed.
        ended: is told the exit status, once or more.
        alive: whether the kernel can be heard, for when the engine cannot.
        memory: the line for people when its memory was used up.
    """

    def __init__(
        self,
        api: EngineApi,
        name: str,
        body: dict[str, Any],
        leftovers: Leftovers,
        *,
        ended: Callable[[int], None],
        alive: Callable[[], bool],
        memory: str,
    ) -> None:
        self._api = api
        self.name = name
        self._body = body
        self._leftovers = leftovers
        self._ended = ended
        self._alive = alive
        self._memory = memory
        self._ending = False
        self._made = False
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self.pid: int | None = None
        self.reason: str | None = None
        self.words = ""

    def begin(self, seconds: float) -> None:
        """Make it and start it, each within ``seconds``. Blocks.

        Raises:
            KernelUnavailable: that did not work, or `end` was called meanwhile; then nothing is left.
        """
        try:
            self._step(lambda client: client.create_container_from_config(self._body, self.name), seconds)
            self._step(lambda client: client.start(self.name), seconds)
        except BaseException:
            self.end()
            self._remove()
            raise
        in_background(self._follow, "kernel-exit")
        self.pid = self._first_process()

    def end(self) -> None:
        """Kill and remove it, without waiting; what begins is not begun."""
        with self._lock:
            first, self._ending = not self._ending, True
            made = self._made
        if first and made:
            in_background(self._remove, "kernel-end")

    def wait_gone(self, seconds: float) -> bool:
        """Wait until it was removed, or handed to the leftovers; whether that came in time."""
        return self._gone.wait(seconds)

    def _step(self, work: Callable[[Any], Any], seconds: float) -> None:
        with self._lock:
            if self._ending:
                raise KernelUnavailable("The kernel was ended before it was ready.")
            self._made = True
        self._api.call(work, seconds)

    def _first_process(self) -> int | None:
        """Number of the container's first process, where this server sees the engine's processes as its own."""
        try:
            found = self._api.call(lambda client: client.inspect_container(self.name))
            groups = Path(f"/proc/{found['State']['Pid']}/cgroup").read_text(encoding="ascii", errors="replace")
        except (KernelUnavailable, OSError):
            return None
        return int(found["State"]["Pid"]) if found["Id"] in groups else None

    def _follow(self) -> None:
        code = self._wait()
        if not self._ending:
            self._learn(code)
        self._ended(code)
        self._remove()

    def _wait(self) -> int:
        while True:
            try:
                return self._api.wait(self.name)
            except Refused:
                return KILLED
            except KernelUnavailable:
                if self._ending:
                    return KILLED
                if not self._alive():
                    self.reason = _ENGINE_ENDED
                    return KILLED
                time.sleep(_AGAIN_SECONDS)

    def _learn(self, code: int) -> None:
        """Why it ended, as far as that can be known."""
        try:
            state = self._api.call(lambda client: client.inspect_container(self.name))["State"]
            text = self._api.call(lambda client: client.logs(self.name, tail=_LAST_LINES))
        except KernelUnavailable:
            return
        if state.get("OOMKilled") and code == KILLED:
            self.reason = self._memory
        self.words = text.decode("utf-8", "replace").strip()[-_LAST_CHARS:]

    def _remove(self) -> None:
        try:
            discard(self._api, self.name)
        except (EngineGone, EngineSlow, Refused):
            self._leftovers.add(self.name)
            self._ended(KILLED)  # whether it is or not: nobody can use it any more
        self._gone.set()
