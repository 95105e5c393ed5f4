"""How is a line of text that people wrote made fit to be stored and shown, and what is it?"""

from __future__ import annotations

import unicodedata

EMAIL_CHARS = 254
FILE_NAME_BYTES = 200
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def shown(text: str) -> str:
    """One line, composed (NFC), without control, direction-changing or unassigned characters, with single spaces."""
    kept = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in kept if unicodedata.category(char) not in _UNSHOWN)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def is_email(text: str) -> bool:
    """Whether a text has the form of an email address: printable, with something on both sides of an ``@``.

    It may have `EMAIL_CHARS` characters (RFC 5321, 4.5.3.1.3).
    """
    local, at, domain = text.rpartition("@")
    visible = text.isprintable() and not any(char.isspace() for char in text)
    return bool(local and at and domain) and visible and len(text) <= EMAIL_CHARS


def is_file_name(text: str) -> bool:
    """Whether a text can name a file in a directory of its own, leads nowhere else, and shows all that is in it.

    It may have `FILE_NAME_BYTES` bytes of UTF-8, no slashes of either kind, no ``..`` at its beginning, and of white
    space the space alone.
    """
    plain = text.isprintable() and not text.startswith("..") and not any(char in "/\\" for char in text)
    return plain and text not in ("", ".") and len(text.encode()) <= FILE_NAME_BYTES
