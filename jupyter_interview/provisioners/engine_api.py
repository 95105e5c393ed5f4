"""How do we talk to a Docker engine that may be slow, gone, or back again?

`EngineApi` is the one door to the ``docker`` package: it connects when it is first needed and again after a loss, gives
each call its time, and turns what goes wrong into lines for people. Its methods block, except for `EngineApi.run`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import docker  # type: ignore[import-untyped]
import docker.constants  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]
import docker.utils  # type: ignore[import-untyped]
import requests
import urllib3.exceptions

from ..core.errors import KernelUnavailable

_Result = TypeVar("_Result")

_CALL_SECONDS = 10.0
_LOST = (OSError, requests.RequestException, urllib3.exceptions.HTTPError)
_START_IT = "Start it (sudo systemctl start docker), and see that this server's user may use it (group docker)"


class EngineGone(KernelUnavailable):
    """The engine cannot be reached."""


class EngineSlow(KernelUnavailable):
    """The engine did not answer in time."""


class Refused(KernelUnavailable):
    """The engine answered, with a refusal and an HTTP ``status``."""

    @property
    def missing(self) -> bool:
        """Whether what was asked about is not there."""
        return self.details.get("status") == 404

    @property
    def ended(self) -> bool:
        """Whether what was to be signalled runs no more, or is not there."""
        return self.details.get("status") in (404, 409)


class EngineApi:
    """A Docker engine on this machine.

    Args:
        url: its socket; by default ``DOCKER_HOST``, else the usual place.
        seconds: time that a call may take where it does not say another.
    """

    def __init__(self, url: str | None = None, seconds: float = _CALL_SECONDS) -> None:
        self._url = url or docker.utils.kwargs_from_env().get("base_url") or docker.constants.DEFAULT_UNIX_SOCKET
        self.seconds = seconds
        self._version = "auto"

    @property
    def local(self) -> bool:
        """Whether it is reached by a socket file, so that it sees this machine's directories."""
        return str(self._url).startswith(("unix:", "http+unix:"))

    def call(self, work: Callable[[Any], _Result], seconds: float | None = None) -> _Result:
        """Do ``work`` with a client.

        Raises:
            EngineGone: it cannot be reached.
            EngineSlow: it did not answer in ``seconds``.
            Refused: it refused.
        """
        limit = self.seconds if seconds is None else seconds
        try:
            with self._client(limit) as client:
                return work(client)
        except Exception as error:
            raise _translated(error, limit) from error

    def stream(self, work: Callable[[Any], Iterator[_Result]], seconds: float) -> Iterator[_Result]:
        """The items that ``work`` gives, ``seconds`` for each where the client waits no longer. Raises as `call`."""
        try:
            with self._client(seconds) as client:
                items = work(client)
                try:
                    yield from items
                finally:
                    _close(items)
        except Exception as error:
            raise _translated(error, seconds) from error

    async def run(self, work: Callable[[Any], _Result], seconds: float | None = None) -> _Result:
        """`call` in a thread of its own: a slow engine must hold up nobody else."""
        return await in_thread(lambda: self.call(work, seconds))

    def wait(self, container: str) -> int:
        """Wait for a container's end, however long that takes; its exit status. Raises what `call` does."""
        return int(self.call(lambda client: client.wait(container, timeout=None))["StatusCode"])

    @contextmanager
    def _client(self, seconds: float) -> Iterator[Any]:
        """A client of its own for each call, since it is no thing to share among threads."""
        self._knock(seconds)
        client = docker.APIClient(base_url=self._url, version=self._version, timeout=seconds)
        self._version = client.api_version
        try:
            yield client
        except requests.ConnectionError:
            self._version = "auto"  # another engine may come up
            raise
        finally:
            client.close()

    def _knock(self, seconds: float) -> None:
        """Whether somebody listens: the client leaves an open socket behind where nobody does."""
        if self.local:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(seconds)
                probe.connect(str(self._url).partition("://")[2])


async def in_thread(work: Callable[[], _Result]) -> _Result:
    """Await ``work`` in a thread of its own, which a program that ends does not wait for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def tell(result: _Result | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # one of the two is there

    def whole() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as problem:  # passed on
            error = problem
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, result, error)

    in_background(whole, "docker-call")
    return await future


def in_background(work: Callable[[], object], name: str) -> None:
    """Do ``work`` in a thread that a program which ends does not wait for."""
    threading.Thread(target=work, name=name, daemon=True).start()


def _close(items: Any) -> None:
    """Let go of the connection behind a stream; the client does not where it was cut off."""
    with suppress(OSError):
        items.close()


def _translated(error: Exception, seconds: float) -> Exception:
    """The line for people that fits an error of the client's; other errors as they are."""
    if isinstance(error, docker.errors.APIError):
        explanation = str(error.explanation or error)
        return Refused(f"The Docker engine refused: {explanation}", status=int(error.status_code or 500))
    if any(isinstance(cause, (requests.Timeout, TimeoutError)) for cause in _causes(error)):
        return EngineSlow(f"The Docker engine did not answer within {seconds:g} s. Try again, or restart it.")
    if isinstance(error, (*_LOST, docker.errors.DockerException)):
        return EngineGone(f"The Docker engine cannot be reached ({_innermost(error)}). {_START_IT}.")
    return error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it came from."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _innermost(error: BaseException) -> str:
    last = list(_causes(error))[-1]
    return last.strerror or str(last) if isinstance(last, OSError) else str(last) or type(last).__name__
