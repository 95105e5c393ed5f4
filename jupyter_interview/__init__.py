"""Live technical interviews in Jupyter: shared notebook, sandboxed kernel, exact replay."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What jupyter-server loads."""
    # Not at import: the labextension's build asks for the version only.
    from .app import InterviewApp

    return [{"module": "jupyter_interview.app", "app": InterviewApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built front end is."""
    return [{"src": "labextension", "dest": "jupyter-interview"}]
