"""What does a start leave for later?

jsonschema, which all of Jupyter imports, loads whatever checks of formats are installed with it, and the one of
internationalised addresses builds a grammar at its import: two seconds of each start, for a format that no schema of
Jupyter's or ours has.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

NAME = "rfc3987_syntax"


def put_off() -> None:
    """Let the check be imported by its first use. Before anything imports jsonschema; later it changes nothing."""
    if NAME not in sys.modules and find_spec(NAME) is not None:
        later = ModuleType(NAME, __doc__)
        later.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
        sys.modules[NAME] = later


def import_lab() -> None:
    """Import JupyterLab's server.

    Its import asks yarn for an address, with half a second of Node.js, that is of use when somebody builds JupyterLab.
    Then it is asked for again.
    """
    commands = importlib.import_module("jupyterlab.commands")
    asked = commands._yarn_config
    commands._yarn_config = lambda _: {"yarn config": {}, "npm config": {}}  # type: ignore[attr-defined]
    try:
        importlib.import_module("jupyterlab.labapp")
    finally:
        commands._yarn_config = asked  # type: ignore[attr-defined]


@contextmanager
def collecting_later() -> Iterator[None]:
    """While what is made stays: to look for garbage in it meanwhile takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _is_valid_syntax(term: str, value: str) -> bool:
    """The real one's answer."""
    if getattr(sys.modules.get(NAME), "is_valid_syntax", None) is _is_valid_syntax:
        del sys.modules[NAME]
    return bool(importlib.import_module(NAME).is_valid_syntax(term, value))
