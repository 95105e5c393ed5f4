"""How does a kernel of ours get onto its sockets? As ipykernel's application does it."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import json_packer

from .table import Row


class CellApplication(IPKernelApp):
    """ipykernel's application without its advice for people at a terminal."""

    def log_connection_info(self) -> None:
        """Nobody is there to read it."""

    def init_io(self) -> None:
        """Messages of any text can be sent, and what upstream logs is no cell's output."""
        self.session.pack = packed
        super().init_io()  # type: ignore[no-untyped-call]
        aside = getattr(sys.stderr, "_original_stdstream_copy", None)
        if aside is not None:
            file = open(aside, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115  # as long as we live
            for handler in logging.getLogger("tornado").handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(file)

    def start(self) -> None:
        """Serve until the kernel is shut down, whatever a task or a signal's handler of a cell raises meanwhile."""
        serve = super().start
        while True:
            try:
                serve()  # type: ignore[no-untyped-call]
            except (Exception, SystemExit):  # it went through the event loop, which can go on
                traceback.print_exc(file=sys.stderr)
            if self.kernel.ended:
                return
            serve = self.io_loop.start


def packed(message: Any) -> bytes:
    """JSON in UTF-8, with ``NaN`` and ``Infinity``, which Jupyter would make texts.

    A half of a surrogate pair, which has no UTF-8, is written as Python's ``repr`` would.
    """
    try:
        return json.dumps(message, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError):
        plain = _plain(message)
    try:
        return json.dumps(plain, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError):
        return json_packer(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def run(row: Row, arguments: Sequence[str]) -> None:
    """Serve until the kernel is shut down.

    Args:
        row: the language.
        arguments: of ipykernel's application: ``-f CONNECTION_FILE``.
    """
    module, _, name = row.kernel.partition(":")
    kernel: Any = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    kernel.row = row
    options = {"outstream_class": row.streams} if row.streams else {}
    application = CellApplication.instance(kernel_class=kernel, capture_fd_output=False, **options)
    application.initialize(list(arguments))  # type: ignore[no-untyped-call]
    application.start()
