"""Which attempts are there? All of them, theme by theme."""

from __future__ import annotations

from . import files, machine, namespaces, network, output, processes, protocol, resources, signals
from .case import Case

CASES: list[tuple[str, Case]] = [
    (module.__name__.rpartition(".")[2], case)
    for module in (network, files, processes, namespaces, machine, protocol, output, signals, resources)
    for case in module.CASES
]

#: The themes that ask what a kernel may do, not how much.
RIGHTS = ("network", "files", "processes", "namespaces", "machine")
