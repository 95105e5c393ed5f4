"""How does a zip become a stream? Written piece by piece into something that is read at the same time.

No member is ever in memory as a whole, and none needs a temporary file: sizes and checksums stand behind the data.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from ...core.models import JSON

_LEVEL = 6
_MODE = 0o600 << 16
"""Rights of the files when they are unpacked: these are personal data."""


class _Sink(io.RawIOBase):
    """Takes what the zip writes, until somebody fetches it. It cannot seek, and the zip does without."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """All that was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Archive:
    """A zip that is being made.

    Attributes:
        index: size and SHA-256 of each member so far, by name.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._now = time.gmtime()[:6]
        self.index: dict[str, JSON] = {}

    async def add(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Add a member; what the zip has so far, piece by piece."""
        loop = asyncio.get_running_loop()
        info = zipfile.ZipInfo(name, self._now)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = _MODE
        digest, size = hashlib.sha256(), 0
        entry: Any = self._zip.open(info, "w", force_zip64=True)
        try:
            async for piece in pieces:
                await loop.run_in_executor(None, entry.write, piece)
                digest.update(piece)
                size += len(piece)
                if data := self._sink.take():
                    yield data
        finally:
            entry.close()
        self.index[name] = {"size": size, "sha256": digest.hexdigest()}
        yield self._sink.take()

    def end(self) -> bytes:
        """The rest of the zip."""
        self._zip.close()
        return self._sink.take()
