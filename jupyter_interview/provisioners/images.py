"""Which images does the Docker engine need, and how are they built?

One folder per language in `images/`, each with a Dockerfile on top of that of ``base``.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import KernelUnavailable
from .engine_api import EngineApi

BASE = "base"
_VERSION = "1"
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BUILD_SECONDS = 1_800.0
_LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a build: ``seconds`` is ``None`` at its beginning."""

    image: str
    number: int
    total: int
    text: str
    seconds: float | None = None


def reference(name: str) -> str:
    """How the image of a language, or ``base``, is called."""
    return f"jupyter-interview/{name}:{_VERSION}"


def build_command(language: str) -> str:
    """The command that makes an image."""
    return f"jupyter interview images build {language}"


def images_dir() -> Path:
    """The folder of our Dockerfiles: inside an installed package, beside it in a source checkout.

    Raises:
        FileNotFoundError: there is none.
    """
    package = Path(__file__).parent.parent
    for place in (package / "images", package.parent / "images"):
        if (place / BASE / "Dockerfile").is_file():
            return place
    raise FileNotFoundError("the Dockerfiles of jupyter-interview are not installed")


def buildable(folder: Path | None = None) -> list[str]:
    """The languages that have a Dockerfile."""
    places = (images_dir() if folder is None else folder).iterdir()
    return sorted(place.name for place in places if place.name != BASE and (place / "Dockerfile").is_file())


def default_images(kernels: str | Path) -> dict[str, str]:
    """The image that each kernelspec names in ``metadata.interview.image``, by language.

    Args:
        kernels: directory of the kernelspecs.
    """
    found = {}
    for path in sorted(Path(kernels).glob("*/kernel.json")):
        metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {}).get("interview", {})
        if metadata.get("image"):
            found[path.parent.name] = str(metadata["image"])
    return found


def build(
    api: EngineApi,
    languages: Sequence[str],
    *,
    base: str | None = None,
    network: str | None = None,
    arguments: Mapping[str, str] | None = None,
    fresh: bool = False,
    folder: Path | None = None,
) -> Iterator[Step]:
    """Build the base and the images of languages, in this order. Each step comes twice: when it begins and ends.

    Args:
        api: the engine.
        languages: ids, each a folder of `images/`.
        base: the image below our base; by default what its Dockerfile says.
        network: the network of build steps, for instance ``host``.
        arguments: further build arguments, for instance ``PIP_INDEX_URL``.
        fresh: take nothing from earlier builds.
        folder: another folder than `images/`.

    Raises:
        KernelUnavailable: the engine does not answer, or a step failed, with its last lines.
    """
    root = images_dir() if folder is None else folder
    for name in (BASE, *languages):
        values = dict(arguments or {})
        if name == BASE and base is not None:
            values["BASE"] = base
        elif name != BASE:
            values["BASE"] = reference(BASE)
        options: dict[str, Any] = {"buildargs": values, "network_mode": network, "nocache": fresh}
        yield from _build_one(api, name, root / name, options)


def _build_one(api: EngineApi, name: str, folder: Path, options: dict[str, Any]) -> Iterator[Step]:
    stream = api.stream(
        lambda client: client.build(
            path=str(folder), tag=reference(name), decode=True, rm=True, forcerm=True, **options
        ),
        _BUILD_SECONDS,
    )
    step: Step | None = None
    began = time.monotonic()
    lines: list[str] = []
    failure: str | None = None
    for message in stream:
        text = _COLOUR.sub("", str(message.get("stream", "")))
        if "error" in message:
            failure = _failure(name, step, [*lines, str(message["error"])])
        if (found := _STEP.match(text)) is not None:
            if step is not None:
                yield Step(name, step.number, step.total, step.text, time.monotonic() - began)
            began = time.monotonic()
            step, lines = Step(name, int(found[1]), int(found[2]), found[3].strip()), []
            yield step
        elif text.strip():
            lines = [*lines, text.rstrip()][-_LAST_LINES:]
    if failure is not None:
        raise KernelUnavailable(failure)
    if step is not None:
        yield Step(name, step.number, step.total, step.text, time.monotonic() - began)


def _failure(name: str, step: Step | None, lines: list[str]) -> str:
    where = f"step {step.number} of {step.total} ({step.text[:100]})" if step is not None else "its beginning"
    return "\n".join([f"The image of {name} could not be built: {where} failed.", *(f"  {line}" for line in lines)])
