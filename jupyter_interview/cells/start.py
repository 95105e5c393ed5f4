"""How does a kernel of ours get onto its sockets? As ipykernel's application does it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from ipykernel.kernelapp import IPKernelApp

from .kernel import CellKernel
from .table import Row


class CellApplication(IPKernelApp):
    """ipykernel's application without its advice for people at a terminal."""

    def log_connection_info(self) -> None:
        """Nobody is there to read it."""


def run(row: Row, arguments: Sequence[str]) -> None:
    """Serve until the kernel is shut down.

    Args:
        row: the language.
        arguments: of ipykernel's application: ``-f CONNECTION_FILE``.
    """
    module, _, name = row.kernel.partition(":")
    kernel: type[CellKernel] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    kernel.row = row
    application = CellApplication.instance(kernel_class=kernel, capture_fd_output=False)
    application.initialize(list(arguments))  # type: ignore[no-untyped-call]
    application.start()  # type: ignore[no-untyped-call]
