"""In which languages can an interview be held here, and what stands in its first cell?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.models import JSON
from .manager import InterviewKernelManager


@dataclass(frozen=True, slots=True)
class Language:
    """A language as the clients see it. ``message`` says what to do when it is not available."""

    name: str
    display_name: str
    available: bool
    message: str
    starter: str

    def to_json(self) -> JSON:
        """``{name, display_name, available, message, starter}``."""
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
    """All languages, by name."""
    problem = kernels.engine.problem
    result = []
    for name, entry in sorted(kernels.specs.get_all_specs().items()):
        spec = entry["spec"]
        starter = spec.get("metadata", {}).get("interview", {}).get("starter", "")
        result.append(
            Language(
                name=name,
                display_name=str(spec["display_name"]),
                available=problem is None,
                message=problem or "",
                starter=str(starter),
            )
        )
    return result
