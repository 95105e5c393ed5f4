"""What of the machine does an attacker try to reach?

Real things of this test's own, made as a server has them: a listening port, sockets, a database, secrets, a process.
The kernel is told where they are. Afterwards the world says whether anybody came.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

SECRET = "s3cret-of-the-server"


class World:
    """Things to attack, below ``directory``; `close` removes what lies elsewhere."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.data.mkdir()
        for name in ("cookie_secret", "secret"):
            (self.data / name).write_text(SECRET, encoding="utf-8")
        with sqlite3.connect(self.data / "interview.sqlite") as database:
            database.execute("create table secrets (text)")
        database.close()
        share = Path(sys.prefix) / "share"  # a server's data may lie in its virtual environment
        self.hidden = (share if os.access(share, os.W_OK) else self.data) / f"interview-escape-{os.getpid()}"
        self.hidden.mkdir()
        (self.hidden / "cookie_secret").write_text(SECRET, encoding="utf-8")
        self._listening = [
            self._listen(socket.AF_INET, ("0.0.0.0", 0)),  # noqa: S104  # as a server that candidates reach
            self._listen(socket.AF_UNIX, f"\0interview-escape-{os.getpid()}"),
            self._listen(socket.AF_UNIX, str(self.data / "s")),
        ]
        self._sleeper = subprocess.Popen(["sleep", "987654"])
        os.environ["INTERVIEW_SECRET"] = SECRET

    def told(self) -> dict[str, Any]:
        """What the attacker knows."""
        return {
            "database": str(self.data / "interview.sqlite"),
            "cookie_secret": str(self.data / "cookie_secret"),
            "secret": str(self.data / "secret"),
            "data": str(self.data),
            "hidden": str(self.hidden),
            "secret value": SECRET,
            "port": self._listening[0].getsockname()[1],
            "addresses": sorted(_addresses()),
            "host": socket.gethostname(),
            "abstract": f"interview-escape-{os.getpid()}",
            "unix": str(self.data / "s"),
            "server": os.getpid(),
            "sleeper": self._sleeper.pid,
            "home": str(Path.home()),
            "test": __file__,
            "site": str(Path(sys.prefix) / "lib"),
            "connection": "/run/interview/connection.json",
        }

    def visitors(self) -> int:
        """How many connections came."""
        found = 0
        for listener in self._listening:
            try:
                listener.accept()[0].close()
                found += 1
            except BlockingIOError:
                continue
        return found

    def untouched(self) -> bool:
        """Whether all is as it was."""
        secrets = {(self.data / name).read_text(encoding="utf-8") for name in ("cookie_secret", "secret")}
        return secrets == {SECRET} and self._sleeper.poll() is None and self.visitors() == 0

    def close(self) -> None:
        """Remove it."""
        self._sleeper.kill()
        self._sleeper.wait()
        for listener in self._listening:
            listener.close()
        (self.hidden / "cookie_secret").unlink()
        self.hidden.rmdir()
        os.environ.pop("INTERVIEW_SECRET")

    @staticmethod
    def _listen(family: int, address: Any) -> socket.socket:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        listener.setblocking(False)
        return listener


def _addresses() -> set[str]:
    """This machine's own addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return {"127.0.0.2"}
        return {str(probe.getsockname()[0])}
