"""What becomes of JupyterLab's own page beside ours?

`jupyter interview` does not load stock real-time collaboration: rooms have documents of their own. Its front end is
installed all the same, because our pages use it; on the owner's own page it would look for a server that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.models import JSON
from .page import LabPage

COLLABORATION = frozenset({"@jupyter/docprovider-extension", "@jupyter/collaboration-extension"})
# What the first of them switches off in JupyterLab, because it brings its own.
_REPLACED = frozenset(
    {
        "@jupyterlab/filebrowser-extension:defaultFileBrowser",
        "@jupyterlab/notebook-extension:cell-executor",
    }
)

Hook = Callable[[Any, JSON], JSON]


def without_collaboration(following: Hook | None) -> Hook:
    """A page config hook that takes stock collaboration from all pages but ours.

    Args:
        following: the hook that was there before; it runs after this one.
    """

    def hook(handler: Any, config: JSON) -> JSON:
        if not isinstance(handler, LabPage):
            config = {
                **config,
                "federated_extensions": [
                    item for item in config.get("federated_extensions", []) if item.get("name") not in COLLABORATION
                ],
                "disabledExtensions": [name for name in config.get("disabledExtensions", []) if name not in _REPLACED],
            }
        return following(handler, config) if following is not None else config

    return hook
