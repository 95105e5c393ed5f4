"""Are a language's programs on this machine, where its kernel can see them?

A kernelspec names in ``metadata.interview`` the programs that it ``needs`` and the Debian ``packages`` that bring them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any


def missing_programs(
    metadata: Mapping[str, Any], path: str, visible: Sequence[str] | None = None, hidden: Sequence[str] = ()
) -> str | None:
    """The line for people about programs that are missing; ``None`` when all are there.

    Args:
        metadata: the kernelspec's ``metadata.interview``.
        path: the kernel's ``PATH``.
        visible: directories and files that the kernel sees; ``None`` for everything.
        hidden: what it does not see of them.
    """
    missing = [
        program
        for program in _words(metadata.get("needs"))
        if not any(_there(program, folder, visible, hidden) for folder in path.split(os.pathsep))
    ]
    if not missing:
        return None
    programs = " and ".join(missing)
    verb = "is" if len(missing) == 1 else "are"
    seen = " where a sandboxed kernel can see it" if visible is not None and any(map(shutil.which, missing)) else ""
    packages = _words(metadata.get("packages"))
    remedy = f"Install it: sudo apt-get install {' '.join(packages)}" if packages else "Install it below /usr"
    return f"{programs} {verb} not installed{seen}. {remedy}."


def _there(program: str, folder: str, visible: Sequence[str] | None, hidden: Sequence[str]) -> bool:
    candidate = os.path.join(folder, program)
    if not (os.path.isfile(candidate) and os.access(candidate, os.X_OK)):
        return False
    places = {candidate, os.path.realpath(candidate)}
    return (visible is None or all(_within(place, visible) for place in places)) and not any(
        _within(place, hidden) for place in places
    )


def _within(path: str, above: Sequence[str]) -> bool:
    return any(path == parent or path.startswith(parent.rstrip("/") + "/") for parent in above)


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
