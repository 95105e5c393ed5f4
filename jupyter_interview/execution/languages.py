"""In which languages can an interview be held here, and what stands in its first cell?"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from ..core.models import JSON
from .manager import InterviewKernelManager

_KEEP_SECONDS = 5.0

#: As they are offered: the most used first.
_ORDER = ("python", "javascript", "typescript", "java", "cpp", "c", "go", "rust", "sql", "bash")


@dataclass(frozen=True, slots=True)
class Language:
    """A language as the clients see it. ``message`` says what to do when it is not available."""

    name: str
    display_name: str
    available: bool
    message: str
    starter: str
    language_info: JSON

    def to_json(self) -> JSON:
        """``{name, display_name, available, message, starter, language_info}``, the last as nbformat has it."""
        return asdict(self)


def kernels_dir() -> str:
    """The folder of our kernelspecs: inside an installed package, beside it in a source checkout.

    Raises:
        FileNotFoundError: there is none.
    """
    package = Path(__file__).parent.parent
    for place in (package / "kernels", package.parent / "kernels"):
        if (place / "python" / "kernel.json").is_file():
            return str(place)
    raise FileNotFoundError("the kernelspecs of jupyter-interview are not installed")


def languages(kernels: InterviewKernelManager) -> list[Language]:
    """All languages, the most used first; what is not in our own order comes last, by name.

    What an engine says about each is kept for a few seconds, so that it costs nothing to ask.
    """
    problem = kernels.engine.problem
    kept = _kept.get(kernels)
    if kept is None or kept.problem != problem or time.monotonic() > kept.until:
        found = [_language(kernels, name, problem) for name in sorted(kernels.specs.find_kernel_specs(), key=_place)]
        kept = _kept[kernels] = _Kept(problem, time.monotonic() + _KEEP_SECONDS, tuple(found))
    return list(kept.languages)


@dataclass(frozen=True, slots=True)
class _Kept:
    problem: str | None
    until: float
    languages: tuple[Language, ...]


_kept: WeakKeyDictionary[InterviewKernelManager, _Kept] = WeakKeyDictionary()


def _language(kernels: InterviewKernelManager, name: str, problem: str | None) -> Language:
    spec = kernels.specs.get_kernel_spec(name)
    message = problem or kernels.engine.language_problem(spec)
    known = spec.metadata.get("interview", {})
    info = {
        "codemirror_mode": known.get("codemirror"),
        "mimetype": known.get("mime"),
        "file_extension": known.get("extension"),
    }
    return Language(
        name=name,
        display_name=str(spec.display_name),
        available=message is None,
        message=message or "",
        starter=str(known.get("starter", "")),
        language_info={"name": name, **{key: value for key, value in info.items() if isinstance(value, str)}},
    )


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)
