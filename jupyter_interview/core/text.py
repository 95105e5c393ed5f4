"""How is a line of text that people wrote made fit to be stored and shown?"""

from __future__ import annotations

import unicodedata

_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def shown(text: str) -> str:
    """One line, composed (NFC), without control, direction-changing or unassigned characters, with single spaces."""
    kept = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in kept if unicodedata.category(char) not in _UNSHOWN)
    return " ".join(unicodedata.normalize("NFC", kept).split())
