"""What can the title, the tags and the settings of a room be?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.errors import BadRequest, TooLarge
from ..core.models import JSON
from ..core.permissions import SWITCHABLE
from ..core.quantities import as_count
from ..core.text import shown

TITLE_CHARS = 200
_TAGS = 20
_TAG_CHARS = 50


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``given`` (``title``, ``tags``, ``settings``) as a room has them.

    Raises:
        BadRequest: one is unknown or malformed.
        TooLarge: one is too long.
    """
    if unknown := sorted(set(given) - _CHECKS.keys()):
        raise BadRequest(f"These cannot be changed: {', '.join(unknown)}.")
    return {name: _CHECKS[name](value) for name, value in given.items()}


def with_link(settings: JSON, before: Mapping[str, Any]) -> JSON:
    """New settings of a room, with the state of the bare link as before where they do not say it."""
    return {**({"link": before["link"]} if "link" in before else {}), **settings}


def plain(fields: Mapping[str, Any]) -> JSON:
    """Fields of a room as JSON."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _title(title: str) -> str:
    title = shown(title)
    if not title:
        raise BadRequest("Give the interview a title.", field="title")
    if len(title) > TITLE_CHARS:
        raise TooLarge(
            f"A title can have at most {as_count(TITLE_CHARS)} characters.", limit=TITLE_CHARS, field="title"
        )
    return title


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    cleaned = tuple(dict.fromkeys(filter(None, map(shown, tags))))
    if len(cleaned) > _TAGS or any(len(tag) > _TAG_CHARS for tag in cleaned):
        raise TooLarge(f"A room can have at most {as_count(_TAGS)} tags of {_TAG_CHARS} characters.", field="tags")
    return cleaned


def _settings(settings: JSON) -> JSON:
    """Checked settings; unknown names are refused, so that a typing error does not pass for a rule."""
    cleaned: JSON = {}
    for name, value in settings.items():
        if name == "seats" and isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 20:
            cleaned[name] = value
        elif name == "candidate" and isinstance(value, dict):
            known = {permission.value for permission in SWITCHABLE}
            if not (set(value) <= known and all(isinstance(on, bool) for on in value.values())):
                raise BadRequest("settings.candidate has edit, run and chat, each true or false.", field="settings")
            cleaned[name] = value
        elif name == "link" and value in ("open", "closed"):
            cleaned[name] = value
        else:
            raise BadRequest(f"The setting {name!r} is unknown or its value is not of its kind.", field="settings")
    return cleaned


_CHECKS: Mapping[str, Callable[[Any], Any]] = {"title": _title, "tags": _tags, "settings": _settings}
