"""Somebody who sends to twenty sockets of a kernel whatever they take, and opens them again when they are closed.

A process of its own, for `benchmarks.hostile`: what a flood costs its sender must not hold up who is measured. Reads
``{"url", "headers", "seconds"}``, of the sockets, from its input; prints ``{"sent", "closed", "refused"}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping

from tests.integration.bytes_of import kernel_message

from .common import BenchmarkError
from .websocket import connect

SOCKETS = 20
_PORTION = 50


async def _send(url: str, headers: Mapping[str, str], until: float, told: Counter[str]) -> None:
    message = kernel_message("kernel_info_request", "control", {}, None)
    question = message.encode() if isinstance(message, str) else message
    while time.monotonic() < until:
        try:
            socket = await connect(url, headers)
        except (BenchmarkError, OSError):
            told["refused"] += 1
            await asyncio.sleep(0.1)
            continue
        while not socket.closed and time.monotonic() < until:
            for _ in range(_PORTION):
                socket.send(question, text=True)
            told["sent"] += _PORTION
            await asyncio.sleep(0)
        told["closed"] += bool(socket.closed)
        socket.close()


async def flood(url: str, headers: Mapping[str, str], seconds: float) -> Counter[str]:
    """Send for so many seconds; how many messages were sent, sockets closed, and handshakes refused."""
    until, told = time.monotonic() + seconds, Counter[str](sent=0, closed=0, refused=0)
    await asyncio.gather(*(_send(url, headers, until, told) for _ in range(SOCKETS)))
    return told


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(asyncio.run(flood(given["url"], given["headers"], given["seconds"]))))
