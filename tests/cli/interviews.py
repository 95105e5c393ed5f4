"""How does a test of a command get a server's data with an interview in it, without the server?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_interview.auth.secrets import load_secret
from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.cli import main
from jupyter_interview.db import Vault
from jupyter_interview.managers.exports import offline
from tests.managers import exporting, house

Use = Callable[[exporting.Post], object]


@dataclass
class Place:
    """The data of one server, and its commands.

    Attributes:
        database: URL of its database.
        room: id of its interview.
    """

    directory: Path
    database: str
    monkeypatch: pytest.MonkeyPatch
    room: str = ""
    said: list[str] = field(default_factory=list)

    def run(self, *words: str) -> int:
        """Run a command on this server's data; its exit status."""
        self.monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(self.directory / "config"))
        self.monkeypatch.setenv("JUPYTER_DATA_DIR", str(self.directory))
        return main([*words, f"--InterviewApp.database_url={self.database}"])

    @property
    def keys(self) -> SigningKeys:
        """The keys that it signs with."""
        return SigningKeys(self._data / "signing.json")

    @property
    def _data(self) -> Path:
        folder = self.directory / "interview"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def hold(self, *, title: str = "Zwei Größen", end: bool = True) -> None:
        """Let an interview happen."""

        async def work() -> str:
            with self.monkeypatch.context() as patch:
                patch.setattr(house, "VAULT", Vault(load_secret(self._data / "vault")))
                patch.setattr(house, "SIGNING", self.keys)
                made = await house.House(self.database).start()
            async with exporting.post_of(made) as post:
                held = await exporting.interview(post, title, end=end)
            await made.stop()
            return held.room.id

        self.room = asyncio.run(work())


def player(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A player that needs no build."""
    exporting.install(directory)
    monkeypatch.setattr(offline, "BUNDLE", directory)
