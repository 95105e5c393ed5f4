"""Does every key that people know from JupyterLab's menus work in a room, or is it one that has no place there?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from jupyterlab.commands import get_app_dir  # type: ignore[import-untyped]

import jupyter_interview
from jupyter_interview.facade.plugins import DISABLED

SCHEMAS = Path(get_app_dir()) / "schemas"
OURS = Path(jupyter_interview.__file__).parents[1] / "labextension/src/plugins/keys.ts"
#: Menus whose commands a room left in the notebook's own hands.
MENUS = re.compile(r"^(?:edit|file|kernel|run|view|tabs|recent)menu:")
#: One tab, one document, one kernel that nobody closes.
NEEDLESS = {"Ctrl Shift Q", "Accel Shift '", "Accel Shift T"}


def of_left_out_plugins() -> Iterator[tuple[str, str]]:
    """Keys and commands that a room's page knows only by a plugin that it leaves out."""
    for path in SCHEMAS.glob("@*/*/*.json"):
        package = f"{path.parent.parent.name}/{path.parent.name}"
        plugin = f"{package}:{path.stem}"
        left_out = package in DISABLED["room"] or plugin in DISABLED["room"]
        for binding in json.loads(path.read_text(encoding="utf-8")).get("jupyter.lab.shortcuts", []):
            keys = " ".join(binding["keys"])
            if keys and (MENUS.match(binding["command"]) or (left_out and "notebook:" in binding["command"])):
                yield keys, binding["command"]


def test_every_key_of_a_menu_is_ours_or_needless() -> None:
    ours = {
        " ".join(re.findall(r"'([^']+)'", keys))
        for keys in re.findall(r"keys: \[([^\]]+)\]", OURS.read_text(encoding="utf-8"))
    }
    known = dict(of_left_out_plugins())
    assert {"Accel Z", "Shift Enter", "I I", "Shift L"} <= set(known), "the schemas are where they were"
    assert {keys: command for keys, command in known.items() if keys not in ours | NEEDLESS} == {}
