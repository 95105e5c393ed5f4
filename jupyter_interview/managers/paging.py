"""Where does the next page of a list of rooms begin?"""

from __future__ import annotations

from ..core.errors import BadRequest
from ..core.models import Room


def cursor(last: Room) -> str:
    """What a client gives back to have the rooms after ``last``."""
    return f"{last.created_at}.{last.key}"


def after(cursor: str | None) -> tuple[int, int] | None:
    """``(created_at, key)`` of the last room of the page before; ``None`` for the first page.

    Raises:
        BadRequest: the cursor is not one of ours.
    """
    if cursor is None:
        return None
    created, _, key = cursor.partition(".")
    parts = ((created, 18), (key, 9))
    if not all(part.isascii() and part.isdigit() and len(part) <= most for part, most in parts):
        raise BadRequest("This cursor is not one that the server gave.", field="cursor")
    return int(created), int(key)
