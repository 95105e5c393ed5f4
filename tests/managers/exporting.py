"""How does a test get an interview that is worth exporting, and take it away?"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_interview.auth.signing import TrustedKeys
from jupyter_interview.collab.frames import History
from jupyter_interview.core.models import JSON, Member, Room, RunStatus
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.bookmarks import Bookmarks
from jupyter_interview.managers.exports.exports import Exports
from jupyter_interview.managers.exports.imports import Imports
from jupyter_interview.managers.exports.offline import Page
from jupyter_interview.managers.exports.own import OwnPart
from jupyter_interview.managers.exports.package import Package, open_package
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.replay.replay import Replay
from tests.collab.clients import Client
from tests.managers.house import SIGNING, House

SCRIPT = "document.title = 'played';"


def install(directory: Path) -> None:
    """A player that needs no build."""
    parts = {"replay/file.js": SCRIPT, "replay/replay.css": "body { margin: 0 }"}
    parts |= {f"isolated/file-{kind}.js": "" for kind in ("chart", "diagram")}
    for name, content in parts.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)


@dataclass
class Post:
    """Everything that goes in and out of one house."""

    house: House
    replay: Replay
    bookmarks: Bookmarks
    exports: Exports
    imports: Imports
    own: OwnPart

    async def take(self, room: Room, form: str, at: str | None = None) -> bytes:
        """An export as a whole."""
        export = await self.exports.open(room, form, at)
        return b"".join([piece async for piece in export.pieces])

    async def own_part(self, room: Room, member: Member) -> bytes:
        """A member's part as a whole."""
        return b"".join([piece async for piece in self.own.export(room, member)])

    async def told(self, room: Room) -> JSON:
        """All that a replay shows, with every frame."""
        await self.replay.vouch(room)
        manifest = await self.replay.manifest(room)
        frames = [
            json.loads(gzip.decompress(await self.replay.frame(room, frame["number"]))) for frame in manifest["frames"]
        ]
        return {"manifest": manifest, "story": await self.replay.story(room), "frames": frames}


@contextlib.asynccontextmanager
async def post_of(house: House) -> AsyncIterator[Post]:
    """What `app.py` would build."""
    replay = Replay(house.database, house.rooms, History, house.evidence)
    bookmarks = Bookmarks(house.database)

    def page() -> Page:
        return Page(SCRIPT, "body { margin: 0 }")

    try:
        yield Post(
            house=house,
            replay=replay,
            bookmarks=bookmarks,
            exports=Exports(house.database, replay, bookmarks, SIGNING, SIGNING.to_json, page),
            imports=Imports(house.database, house.records, History, TrustedKeys(None)),
            own=OwnPart(house.database, replay),
        )
    finally:
        await replay.close()


@dataclass
class Interview:
    """An interview with something of everything in it."""

    live: LiveRoom
    ada: Member
    ivan: Member
    client: Client
    room: Room


async def interview(post: Post, title: str = "Zwei Größen </script>", *, end: bool = True, his: str = "") -> Interview:
    """One in which a candidate types, chats and runs twice, an interviewer pastes, and somebody marks a moment.

    ``his`` is what the interviewer says in the chat.
    """
    house = post.house
    live = await house.room(title=title, starter="print(1)\n", files=[("data.csv", b"a,b\n1,2\n")])
    ada, ivan = await house.seat(live, name="Ada"), await house.seat(live, Role.INTERVIEWER, "Iván")
    house.socket(live, ada), house.socket(live, ivan)
    hers, ivans = Client(house, live, ada), Client(house, live, ivan)
    await hers.connect()
    await ivans.connect()
    for number, char in enumerate("größe = 2 # 🙂"):
        hers.type(char, at=number)
        await hers.flush()
    await live.messages.post(ada, hers.socket.connection, "Fertig? </script><script>alert(1)</script>", "m1")  # type: ignore[union-attr]
    ivans.type("# a hint of two lines\nprint('</ScRiPt>')\n", at=0)
    await ivans.flush()
    if his:
        await live.messages.post(ivan, ivans.socket.connection, his, "m2")  # type: ignore[union-attr]
    kernel = house.kernels[live.room.id]
    for status in (RunStatus.OK, RunStatus.ERROR):
        await live.runs.request(ada, 0, [(None, None)])
        outputs = kernel.begin()
        outputs.stream("stdout", f"<b>{status.value}</b> </script>\n")
        kernel.end(status)
    await live.log.barrier()
    marked = live.log.seq
    hers.type("x", at=0)
    await hers.flush()
    await live.log.barrier()
    await post.bookmarks.add(live.room, OWNER, marked, "Here <it> is")
    for client in (hers, ivans):
        client.close()
    if end:
        await house.rooms.end(live.room.id, OWNER)
    return Interview(live, ada, ivan, hers, await house.rooms.get(live.room.id))


@contextlib.contextmanager
def package_of(content: bytes, directory: Path) -> Iterator[Package]:
    """A zip, opened."""
    path = directory / "export.zip"
    path.write_bytes(content)
    file, package = open_package(path)
    with file:
        yield package


def says(content: bytes, word: str) -> bool:
    """Whether a word is in a file; three letters of a random key or signature in base64 are none."""
    return re.search(rb"(?<![A-Za-z0-9+/])" + re.escape(word.encode()) + rb"(?![A-Za-z0-9+/])", content) is not None
