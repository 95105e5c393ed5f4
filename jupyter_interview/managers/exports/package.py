"""Is a zip one of our exports, and is everything in it as its manifest says?

It may come from anybody. What is not expected in it is refused by its name, and no member becomes a file of its own:
members are read as streams, and none can give more than the size that was checked before.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...core.errors import BadRequest, TooLarge
from ...core.limits import Limits
from ...core.models import JSON
from ...core.quantities import as_count, as_size
from ...core.text import is_file_name, shown
from .exports import ARCHIVE, FILES, LOG, MANIFEST, MARKS, NOTEBOOK, README, REPLAY

Progress = Callable[[int, int], None]
WHOLE_BYTES = 16 * 1024**3
"""All members together, unpacked."""
SMALL_BYTES = 64 * 1024**2
"""A member that is read as a whole: manifest and bookmarks."""
_HIGHEST = {limit.name: limit.metadata["maximum"] for limit in fields(Limits)}
DATA_FILES: int = _HIGHEST["data_files"]
DATA_BYTES: int = _HIGHEST["data_bytes"]
"""The files that an interview had for its kernels, together: what no server can be told to exceed."""
_MEMBERS = 1_000
_VERSION = 1
_PIECE = 1024 * 1024
_KNOWN = frozenset({LOG, NOTEBOOK, REPLAY, MARKS, README, MANIFEST})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
# What a damaged or forged zip makes the library raise.
_BROKEN = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error)


class Package:
    """An opened export.

    Args:
        file: the zip, seekable.

    Attributes:
        manifest: its list of members with sizes and hashes.

    Raises:
        BadRequest: it is no zip, not one of ours, or has something in it that does not belong there.
        TooLarge: it is a giant when it is unpacked.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise BadRequest("This is not a zip, or it is damaged.") from error
        self._members = _checked(self._zip.infolist())
        self.manifest = _manifest(self.small(MANIFEST))
        listed: JSON = self.manifest["files"]
        if listed.keys() != self._members.keys() - {MANIFEST}:
            raise BadRequest("The zip does not hold exactly what its manifest lists.")

    def names(self) -> list[str]:
        """Names of the files that the interview had for its kernels."""
        return [name.removeprefix(FILES) for name in self._members if name.startswith(FILES)]

    def size(self, name: str) -> int:
        """Bytes of a member, unpacked."""
        return self._members[name].file_size

    def stream(self, name: str) -> BinaryIO:
        """A member, from its beginning. Where the zip is damaged, it ends.

        Raises:
            BadRequest: there is none of this name.
        """
        if name not in self._members:
            raise BadRequest(f"There is no {name} in the zip.")
        return cast(BinaryIO, io.BufferedReader(_Member(self._zip, self._members[name]), _PIECE))

    def small(self, name: str) -> bytes:
        """A member as a whole.

        Raises:
            BadRequest: there is none of this name.
            TooLarge: it is too large for that.
        """
        if name not in self._members:
            raise BadRequest(f"There is no {name} in the zip.")
        return self.whole(name, SMALL_BYTES)

    def whole(self, name: str, most: int) -> bytes:
        """A member in memory, of at most so many bytes.

        Raises:
            TooLarge: it has more.
        """
        if self.size(name) > most:
            raise TooLarge(f"{shown(name)} in the zip is too large.", limit=most)
        with self.stream(name) as stream:
            return stream.read(self.size(name) + 1)

    def problems(self, progress: Progress | None = None) -> dict[str, str]:
        """The members that are not what the manifest says, with a line about each."""
        total, done = sum(info.file_size for info in self._members.values()), 0
        found = {}
        for name, said in self.manifest["files"].items():
            digest, size = hashlib.sha256(), 0
            with self.stream(name) as stream:
                while piece := stream.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    if progress is not None:
                        progress(done + size, total)
            done += self.size(name)
            if said != {"size": size, "sha256": digest.hexdigest()}:
                found[name] = f"{shown(name)} in the zip is not what it was when it was exported."
        return found


class _Member(io.RawIOBase):
    """The bytes of a member, as far as they can be read."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info
        self._entry: Any = None
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._over:
            return 0
        try:
            if self._entry is None:
                self._entry = self._archive.open(self._info)
            piece: bytes = self._entry.read(len(buffer))
        except _BROKEN:
            piece = b""
        self._over = not piece
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if self._entry is not None:
            self._entry.close()
        super().close()


def _checked(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > _MEMBERS:
        raise TooLarge(f"An export has at most {as_count(_MEMBERS)} files in it.", limit=_MEMBERS)
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        if not (name in _KNOWN or (name.startswith(FILES) and is_file_name(name.removeprefix(FILES)))):
            raise BadRequest(f"{shown(name)[:100]!r} does not belong into an export.")
        if name in members:
            raise BadRequest(f"{name} is twice in the zip.")
        kind = info.external_attr >> 16
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS or stat.S_ISLNK(kind):
            raise BadRequest(f"{name} is not stored in the zip as an export does it.")
        members[name] = info
    if sum(info.file_size for info in infos) > WHOLE_BYTES:
        raise TooLarge(f"Unpacked, the zip has more than {as_size(WHOLE_BYTES)}.", limit=WHOLE_BYTES)
    check_sizes([info.file_size for info in infos if info.filename.startswith(FILES)])
    return members


def check_sizes(sizes: Sequence[int]) -> None:
    """Whether an interview can have had files of these sizes.

    Args:
        sizes: bytes of each, as somebody says.

    Raises:
        BadRequest: they are too many, or together too large, for any server. Its code is ``too_large``.
    """
    if len(sizes) > DATA_FILES:
        raise BadRequest(
            f"An interview has at most {as_count(DATA_FILES)} files.", code=TooLarge.code, limit=DATA_FILES
        )
    if sum(sizes) > DATA_BYTES:
        message = f"The files of an interview have at most {as_size(DATA_BYTES)} together."
        raise BadRequest(message, code=TooLarge.code, limit=DATA_BYTES)


def _manifest(content: bytes) -> JSON:
    try:
        manifest: Any = json.loads(content)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != ARCHIVE:
        raise BadRequest(f"{MANIFEST} in the zip is not that of an export.")
    if manifest.get("version") != _VERSION:
        raise BadRequest(f"The export is of version {manifest.get('version')!r:.20}; this program reads {_VERSION}.")
    if not isinstance(manifest.get("files"), dict):
        raise BadRequest(f"{MANIFEST} in the zip lists no files.")
    return manifest


def open_package(path: Path) -> tuple[BinaryIO, Package]:
    """A file and the export in it.

    Raises:
        BadRequest: it cannot be opened, or as `Package`.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return file, Package(file)
    except BaseException:
        file.close()
        raise
