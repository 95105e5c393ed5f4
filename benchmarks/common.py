"""What do all benchmarks need? Servers in processes of their own, figures, and a report."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import http.client
import importlib.metadata
import json
import math
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JSON = dict[str, Any]
_PACKAGES = ("jupyter-interview", "jupyterlab", "jupyter-server", "jupyter-server-ydoc", "pycrdt", "ipykernel")
_START_SECONDS = 60.0
_STOP_SECONDS = 8.0


class BenchmarkError(Exception):
    """The measurement cannot be made, or its result would mean nothing."""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` per cent of ``values`` do not exceed (nearest rank)."""
    if not values:
        raise BenchmarkError("there is nothing to take a percentile of")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(values: Sequence[float]) -> float:
    """The value in the middle."""
    return percentile(values, 50)


def machine() -> JSON:
    """What the figures were measured on."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found.group(1) if found else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine_line(facts: JSON) -> str:
    """`machine` in one line."""
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']}, "
        f"Python {facts['python']}; {packages}; {facts['at']}"
    )


@dataclass
class Report:
    """Rows of figures under a title, printed as Markdown and, on request, kept as JSON.

    Args:
        name: file name of the results, without extension.
        title: heading.
        columns: key of a row → heading of its column.
        notes: lines below the table: what was measured, and how.
    """

    name: str
    title: str
    columns: Mapping[str, str]
    notes: list[str] = field(default_factory=list)
    rows: list[JSON] = field(default_factory=list)
    facts: JSON = field(default_factory=machine)

    def markdown(self) -> str:
        """The table with its heading and notes."""
        lines = [f"## {self.title}", "", "| " + " | ".join(self.columns.values()) + " |"]
        lines.append("|" + "---|" * len(self.columns))
        lines += ["| " + " | ".join(_cell(row.get(key)) for key in self.columns) + " |" for row in self.rows]
        lines += ["", *self.notes, "", f"Measured on: {machine_line(self.facts)}", ""]
        return "\n".join(lines)

    def publish(self, folder: Path | None) -> None:
        """Print it, and write ``<name>.json`` and ``<name>.md`` into ``folder`` if one is given."""
        text = self.markdown()
        print(text, flush=True)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.name}.md").write_text(text)
            content = {"title": self.title, "notes": self.notes, "rows": self.rows, "machine": self.facts}
            (folder / f"{self.name}.json").write_text(json.dumps(content, indent=2) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def parser(text: str | None) -> argparse.ArgumentParser:
    """An argument parser with the options that every benchmark has."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--output", type=Path, help="folder for the results as JSON and Markdown")
    return made


def progress(text: str) -> None:
    """Tell whoever waits what is going on."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Server:
    """A running server: its process, its URL without a slash at the end, and its owner's token."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    folder: Path

    def request(self, method: str, path: str, body: Any = None, authorization: str | None = None) -> Any:
        """One REST call; the JSON of the answer, ``None`` if it is empty.

        Args:
            method: HTTP method.
            path: below the server's URL, with a slash in front.
            body: JSON value.
            authorization: header; without it the owner's token.

        Raises:
            BenchmarkError: the answer is not a success.
        """
        headers = {"Authorization": authorization or f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310  # loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise BenchmarkError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return json.loads(text) if text else None

    def processor_seconds(self) -> float:
        """Processor time that the server process used so far, its children not included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serve(
    command: Sequence[str], url: str, token: str, ready: str, folder: Path, environment: JSON
) -> Iterator[Server]:
    """Run ``command`` until the block ends.

    Args:
        command: the server, in the foreground.
        url: where it will be.
        token: token of its owner.
        ready: path below ``url`` that answers once it is up.
        folder: its working folder; its log is ``server.log`` there.
        environment: variables besides ours.

    Raises:
        BenchmarkError: it does not come up; the end of its log is in the message.
    """
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_up(process, url + ready, log)
        yield Server(process, url, token, folder)
    finally:
        _stop(process)


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # loopback
                return
        except urllib.error.HTTPError:
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise BenchmarkError(f"the server does not come up:\n{log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            progress("the server did not stop by itself and was killed")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder on the disk that temporary files usually are on."""
    folder = Path(tempfile.mkdtemp(prefix="interview-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def jupyter_environment(folder: Path) -> JSON:
    """Variables that keep a Jupyter server's configuration, data and runtime files below ``folder``."""
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def engine_parser(text: str | None) -> argparse.ArgumentParser:
    """The same for a benchmark that each engine can be measured with."""
    made = parser(text)
    made.add_argument("--sandbox", default="bubblewrap", choices=["bubblewrap", "docker", "none"], help="the engine")
    return made


def of_engine(name: str, sandbox: str) -> str:
    """File name of the results over one engine."""
    return f"{name}_{sandbox}"
