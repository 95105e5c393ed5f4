"""REST: how do the files of a new room come in a request?

As base64 in its JSON. Decoding is work for a thread, in pieces: the decoder holds the interpreter until it is done.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Sequence

from pydantic import BaseModel

from ..core.errors import BadRequest

_PIECE = 1 << 16


class NewFile(BaseModel, extra="forbid", strict=True):
    """One file of a new room; ``data`` is base64 with the alphabet of RFC 4648, section 4."""

    name: str
    data: str


async def decoded(files: Sequence[NewFile]) -> list[tuple[str, bytes]]:
    """Names and contents.

    Raises:
        BadRequest: the data of one is not base64.
    """

    def work() -> list[tuple[str, bytes]]:
        return [(file.name, _decoded(file.data, number)) for number, file in enumerate(files)]

    return await asyncio.get_running_loop().run_in_executor(None, work) if files else []


def _decoded(data: str, number: int) -> bytes:
    pieces = []
    try:
        for start in range(0, len(data), _PIECE):
            encoded = data[start : start + _PIECE]
            piece = binascii.a2b_base64(encoded, strict_mode=True)
            padding = len(encoded) // 4 * 3 - len(piece)
            if len(encoded) % 4 or padding > 2 or (padding and start + _PIECE < len(data)):
                raise ValueError("padding where none belongs")
            pieces.append(piece)
    except ValueError as error:
        raise BadRequest(f"The data of file {number + 1} is not base64.", field=f"files.{number}.data") from error
    return b"".join(pieces)
