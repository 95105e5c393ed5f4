"""What can be taken away of an interview, and in which form?

The notebook at a moment (``ipynb``), the whole log (``jsonl``), the replay as a page that needs no server (``html``),
and a zip of all of them. Each is made piece by piece while it is fetched: memory does not grow with the interview.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from ...core import clock
from ...core.errors import BadRequest
from ...core.models import JSON, RUN_KINDS, Room
from ...core.ports import Signer
from ...db import Database
from ...db.events import read_events
from ...db.files import read_file
from ...db.members import list_members
from ..bookmarks import Bookmarks
from ..logfile.writer import LogWriter, Progress, Statements
from ..replay.replay import Replay
from .annotated import Changed, annotated
from .archive import Archive
from .edited import EditedOutputs
from .offline import Page, asked_for, element, gzipped, load_page, packed

FORMATS = {
    "ipynb": "application/x-ipynb+json",
    "jsonl": "application/x-ndjson",
    "html": "text/html; charset=utf-8",
    "zip": "application/zip",
}
ARCHIVE = "jupyter-interview export"
LOG, NOTEBOOK, REPLAY, MARKS, README, MANIFEST = (
    "log.jsonl",
    "notebook.ipynb",
    "replay.html",
    "bookmarks.json",
    "README.txt",
    "manifest.json",
)
FILES = "files/"
_VERSION = 1
_SLUG_CHARS = 60
_README = """\
{title}

This is an interview, exported from Jupyter Interview on {now}.

log.jsonl       everything that was recorded, one event a line, chained and signed
notebook.ipynb  the notebook as it stood at the end
replay.html     the replay: open it in a browser, no network needed
bookmarks.json  the moments that interviewers marked
files/          the files that the interview had for its kernels
manifest.json   size and SHA-256 of each of these

    jupyter interview verify FILE.zip    says whether anything was changed since
    jupyter interview import FILE.zip    brings it to another server

It holds personal data. Who erases the interview on its server does not erase this copy.
"""


@dataclass(frozen=True, slots=True)
class Export:
    """Something to be taken away: a safe name for the file, its media type, and its content."""

    name: str
    content_type: str
    pieces: AsyncGenerator[bytes, None]


class Exports:
    """Makes exports.

    Args:
        database: where logs and files are.
        replay: the frames, and what is told about them.
        bookmarks: the marked moments.
        signer: the server's signature.
        statements: what its keys say of each other.
        page: gives the page of the offline replay.
    """

    def __init__(
        self,
        database: Database,
        replay: Replay,
        bookmarks: Bookmarks,
        signer: Signer,
        statements: Statements,
        page: Callable[[], Page] = load_page,
    ) -> None:
        self._database = database
        self._replay = replay
        self._bookmarks = bookmarks
        self._log = LogWriter(database, signer, statements)
        self._page = page

    async def open(self, room: Room, form: str, at: str | None = None, progress: Progress | None = None) -> Export:
        """An export that is about to be made.

        Args:
            room: which interview.
            form: a name of `FORMATS`.
            at: for ``ipynb``, an event's number or an ISO 8601 time; now, or the end, by default.
            progress: told how many of how many events are done.

        Raises:
            BadRequest: there is no such form, or ``at`` is not one.
            NotFound: there was no notebook at that moment, or the player is not installed.
        """
        if form not in FORMATS:
            raise BadRequest(f"format is one of {', '.join(FORMATS)}.", field="format")
        if at is not None and form != "ipynb":
            raise BadRequest("at goes with the format ipynb: the others hold the whole interview.", field="at")
        if form == "ipynb":
            pieces = _once(await self._notebook(room, at))
        elif form == "jsonl":
            pieces = self._log.write(room, progress)
        elif form == "html":
            pieces = await self._html(room, progress)
        else:
            pieces = await self._zip(room, progress)
        return Export(f"{_slug(room)}.{form}", FORMATS[form], pieces)

    # -- the notebook

    async def _notebook(self, room: Room, at: str | None) -> bytes:
        await self._replay.vouch(room)
        moment, seq = await self._replay.moment(room, at)
        changed = Changed(await self._edited(room, seq), await self._replay.replaced(room, seq))

        def read(connection: Any) -> JSON:
            runs = read_events(connection, room.key, until=seq, kinds=RUN_KINDS)
            last = read_events(connection, room.key, after=seq - 1, until=seq)
            return annotated(moment, room, list_members(connection, room.key), runs, seq, last[-1].at, changed)

        notebook = await self._database.read(read)
        encode = asyncio.get_running_loop().run_in_executor
        return await encode(None, lambda: _dumps(notebook, indent=1) + b"\n")

    async def _edited(self, room: Room, until: int) -> dict[str, set[int]]:
        """Cell → members who edited the outputs that it has at an event."""
        found, thread = EditedOutputs(), asyncio.get_running_loop().run_in_executor
        for frame in (await self._replay.manifest(room))["frames"]:
            if frame["first_seq"] <= until:
                await thread(None, found.add, await self._replay.frame(room, frame["number"]), until)
        return found.cells

    # -- the page

    async def _html(self, room: Room, progress: Progress | None) -> AsyncGenerator[bytes, None]:
        page = await asyncio.get_running_loop().run_in_executor(None, self._page)
        await self._replay.vouch(room, progress)
        manifest = {**await self._replay.manifest(room), "live": False}
        return self._html_pieces(room, page, manifest)

    async def _html_pieces(self, room: Room, page: Page, manifest: JSON) -> AsyncGenerator[bytes, None]:
        pack = asyncio.get_running_loop().run_in_executor
        story = await self._story(room, manifest)
        told = await pack(None, gzipped, story)
        drawn = await pack(None, asked_for, told)
        yield page.head(room.title)
        yield await pack(None, element, "manifest", manifest)
        yield await pack(None, packed, "story", told)
        yield await pack(None, element, "bookmarks", {"bookmarks": await self._bookmarks.list(room)})
        for frame in manifest["frames"]:
            number = frame["number"]
            content = await self._replay.frame(room, number)
            drawn |= await pack(None, asked_for, content)
            yield await pack(None, packed, f"frame-{number}", content)
        for kind in sorted(drawn):
            yield await pack(None, page.isolated, kind)
        yield page.tail()

    async def _story(self, room: Room, manifest: JSON) -> JSON:
        """The story, with who edited the outputs of a run's cell after it."""
        story = await self._replay.story(room)
        last = manifest["frames"][-1]["last_seq"] if manifest["frames"] else 0
        edited = await self._edited(room, last)
        newest = {run["cell"]: run for run in story["runs"]}
        for cell, members in edited.items():
            if cell in newest:
                newest[cell]["outputs_edited_by"] = sorted(members)
        return story

    # -- all of it

    async def _zip(self, room: Room, progress: Progress | None) -> AsyncGenerator[bytes, None]:
        html = await self._html(room, progress)
        notebook = await self._notebook(room, None)
        return self._zip_pieces(room, html, notebook, progress)

    async def _zip_pieces(
        self, room: Room, html: AsyncGenerator[bytes, None], notebook: bytes, progress: Progress | None
    ) -> AsyncGenerator[bytes, None]:
        archive = Archive()
        readme = _README.format(title=room.title, now=clock.iso(clock.now())).encode()
        marks = _dumps({"bookmarks": await self._bookmarks.list(room)}, indent=1) + b"\n"
        members = [
            (README, _once(readme)),
            (LOG, self._log.write(room, progress)),
            (NOTEBOOK, _once(notebook)),
            (REPLAY, html),
            (MARKS, _once(marks)),
        ]
        members += [(FILES + file.name, self._file(room, file.name)) for file in room.files]
        for name, pieces in members:
            async for piece in archive.add(name, pieces):
                yield piece
        manifest = {
            "format": ARCHIVE,
            "version": _VERSION,
            "room": room.id,
            "title": room.title,
            "exported_at": clock.iso(clock.now()),
            "files": archive.index,
        }
        async for piece in archive.add(MANIFEST, _once(_dumps(manifest, indent=1) + b"\n")):
            yield piece
        yield archive.end()

    async def _file(self, room: Room, name: str) -> AsyncGenerator[bytes, None]:
        content = await self._database.read(lambda connection: read_file(connection, room.key, name))
        yield content or b""


async def _once(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content


def _dumps(value: Any, **options: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, **options).encode("utf-8", "replace")


def _slug(room: Room) -> str:
    """A name for a file that every system takes and no header can be broken with."""
    plain = unicodedata.normalize("NFKD", room.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARS].rstrip("-")
    return "-".join(filter(None, ("interview", words, room.id[:8])))
