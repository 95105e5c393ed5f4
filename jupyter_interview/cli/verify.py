"""``jupyter interview verify``: is a log still what was recorded?

A file (a log, or a zip with one in it) needs no server, no configuration and no network. The exit status is 0 when the
log holds, 1 when it does not, 2 when that cannot be found out.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..app import InterviewApp
from ..auth.secrets import SecretFileError
from ..auth.signing import BadKeys, SigningKeys, Statement, TrustedKeys, key_id, read_statements, vouched
from ..core import clock
from ..core.errors import BadRequest, InterviewError, LogDamaged
from ..core.models import Head
from ..core.ports import Signatures
from ..db import Database, SchemaMismatch
from ..managers.evidence import Evidence
from ..managers.exports.exports import LOG
from ..managers.exports.package import Package
from ..managers.logfile.lines import FileHeader
from ..managers.logfile.reader import LogReader
from . import command
from .output import Progress, brief, page, say, tell
from .parts import find_room, parts_of

HOLDS, BROKEN, UNKNOWN = 0, 1, 2
_ZIP = b"PK\x03\x04"
_KEY_BYTES = 32


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter interview verify", description="Whether a log is still what was recorded"
    )
    parser.add_argument("what", metavar="FILE|ROOM", help="an exported log or zip; or the id of an interview here")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="PUBLIC",
        help="a public key that you know to be the server's (`jupyter interview keys show`): only signatures count "
        "that it made, or vouches for",
    )
    parser.add_argument(
        "--keys", metavar="FILE", type=Path, help="the server's keys, from `jupyter interview keys show --json`"
    )
    return parser


def _known(options: argparse.Namespace) -> tuple[list[bytes], list[Statement]]:
    """The keys that somebody trusts, and what keys say of each other."""
    known = [_public(text) for text in options.key]
    if options.keys is None:
        return known, []
    try:
        statements = read_statements(json.loads(options.keys.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise BadRequest(f"{options.keys} is not a list of keys: {error}.") from error
    return known or [statement.public_key for statement in statements], statements


def _public(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadRequest(f"{text!r} is not a public key: that has {_KEY_BYTES} bytes in base64.")
    return key


def signers(heads: Sequence[Head], own: SigningKeys | None = None) -> Iterator[str]:
    """With which keys a log is signed, a line each, and how to find out whose they are."""
    for public in dict.fromkeys(head.public_key for head in heads):
        whose = " (of this server)" if own is not None and own.trusts(public) else ""
        events = ", ".join(f"{head.seq} on {clock.iso(head.at)}" for head in heads if head.public_key == public)
        yield f"Signed with key {key_id(public)}{whose}: {base64.b64encode(public).decode()}, up to event {events}"


_COMPARE = (
    "Anybody can make a key. Whether this one is the server's is known by comparing it with what\n"
    "`jupyter interview keys show` prints there, or with what was published; --key does so."
)


def _say_which(room: str, title: str) -> None:
    """Of which interview the verdict is: behind it, for a file says of itself what it likes."""
    say(f"Interview: {room}")
    say(f"Title: {brief(title)}")


class _File:
    """A file, and the keys that count."""

    def __init__(self, path: Path, known: list[bytes], statements: list[Statement]) -> None:
        self.path, self.known, self.statements = path, known, statements

    def check(self) -> int:
        """Read it to its end; the exit status."""
        with self.path.open("rb") as file:
            if file.read(len(_ZIP)) != _ZIP:
                file.seek(0)
                return self._log(LogReader(file, self._trust))
            package = Package(file)
            problems = package.problems()
            for problem in problems.values():
                say(f"It does NOT hold. {problem}")
            with package.stream(LOG) as log:
                status = self._log(LogReader(log, self._trust))
            return BROKEN if problems else status

    def _trust(self, header: FileHeader) -> Signatures:
        if not self.known:
            return TrustedKeys(None)
        # The file says how the server's keys followed each other: that needs no trust, it is signed by both.
        with contextlib.suppress(BadKeys):
            return TrustedKeys(vouched([*self.statements, *read_statements(header.statements)], self.known))
        return TrustedKeys(self.known)

    def _log(self, reader: LogReader) -> int:
        progress = Progress("Checked")
        try:
            for _ in reader.events():
                progress(reader.seq, reader.header.last_seq)
        except LogDamaged as damage:
            progress.close()
            say(f"It does NOT hold. {damage.message}")
            _say_which(reader.header.room_id, reader.header.room["title"])
            return BROKEN
        progress.close()
        verdict = reader.verdict
        erased = f" {reader.erased:,} of them were erased: their content is gone." if reader.erased else ""
        say(f"All {verdict.events:,} events hold.{erased}")
        _say_which(reader.header.room_id, reader.header.room["title"])
        for line in signers(verdict.heads):
            say(line)
        if not self.known:
            page(_COMPARE)
        return HOLDS


async def _check_room(options: argparse.Namespace, app: InterviewApp, database: Database) -> int:
    known, statements = _known(options)
    own = app.open_keys()
    async with parts_of(app, database) as parts:
        room = await find_room(parts, options.what)
        trusted = TrustedKeys(vouched(statements, known) if known else None)
        verdict = await Evidence(database, trusted).verify(room)
    if verdict.damage is not None:
        say(f"It does NOT hold. {verdict.damage.message}")
        _say_which(room.id, room.title)
        return BROKEN
    say(f"All {verdict.events:,} events hold.")
    _say_which(room.id, room.title)
    for line in signers(verdict.heads, own):
        say(line)
    if not verdict.heads:
        say("It is signed when the interview ends.")
    elif not known and not all(own.trusts(head.public_key) for head in verdict.heads):
        page(_COMPARE)
    return HOLDS


def main(arguments: Sequence[str]) -> int:
    """Check; the exit status."""
    own, settings = command.split(arguments)
    options = _parser().parse_args(own)
    path = Path(options.what)
    try:
        known, statements = _known(options)
        if path.is_file():
            return _File(path, known, statements).check()
        app = command.configured(settings)
        return command.with_database(app, lambda database: _check_room(options, app, database))
    except InterviewError as refusal:
        say(refusal.message, error=True)
    except (BadKeys, ValueError, OSError, SchemaMismatch, SecretFileError) as problem:
        tell(str(problem), error=True)
    return UNKNOWN
