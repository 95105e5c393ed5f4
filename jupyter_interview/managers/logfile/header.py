"""What may the first line of a log file say?

The chain of hashes does not cover it, only the signature over the file does, and it may come from anybody: every field
is checked.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...core.errors import BadRequest
from ...core.models import JSON, MemberState, RoomState
from ...core.permissions import SWITCHABLE, Role
from ...core.text import EMAIL_CHARS, is_file_name
from ...core.verify import Reason
from .lines import FORMAT, HEADER_KEYS, MEMBER_KEYS, ROOM_KEYS, VERSION, FileHeader, FileMember

MOMENTS = range(253_402_300_800_000_000)
"""Microseconds that have a date: until the year 9999."""
NUMBERS = range(1 << 31)
"""What a database can count."""
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ID = re.compile(r"[0-9a-f]{1,32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[A-Za-z0-9._+-]{1,50}")
_MEMBERS = 10_000
_TEXT_CHARS = 1_000
_KEY_BYTES = 32
_REASONS = [reason.value for reason in Reason]

Check = Callable[[Any], bool]


def header_of(content: JSON) -> FileHeader:
    """The header that the first line of a file is.

    Raises:
        BadRequest: it is none of ours, or one of its fields is not of its kind.
    """
    if content.get("format") != FORMAT:
        raise BadRequest("This is not the log of an interview.", line=1)
    if content.get("version") != VERSION:
        message = f"This log is of version {content.get('version')!r:.20}, and this program reads {VERSION}."
        raise BadRequest(message, line=1)
    _require(content, HEADER_KEYS, _WHOLE, "the header")
    room, people = content["room"], content["members"]
    _require(room, ROOM_KEYS, _ROOM, "room")
    for number, member in enumerate(people):
        _require(member, MEMBER_KEYS, _MEMBER, f"members.{number}")
    if len({member["id"] for member in people}) < len(people):
        raise BadRequest("Line 1: two members have one id.", field="members", line=1)
    members = tuple(FileMember(**{**member, "key": key_of(member["key"])}) for member in people)
    return FileHeader(room, members, content["last_seq"], key_of(room["key"]), tuple(content["keys"]))


def key_of(text: str | None) -> bytes | None:
    """A key from base64."""
    return None if text is None else base64.b64decode(text)


def is_base64(value: Any, size: int) -> bool:
    """Whether something is the base64 of so many bytes."""
    if not isinstance(value, str):
        return False
    try:
        content = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return len(content) == size and base64.b64encode(content).decode() == value


def _require(value: Any, keys: tuple[str, ...], checks: Mapping[str, Check], name: str) -> None:
    if not isinstance(value, dict) or tuple(value) != keys:
        raise BadRequest(f"Line 1: {name} has not the fields that it should have.", field=name, line=1)
    for key in keys:
        if key in checks and not checks[key](value[key]):
            raise BadRequest(f"Line 1: {name}.{key} is not what it should be.", field=f"{name}.{key}", line=1)


def is_number(value: Any, within: range) -> bool:
    """Whether something is a whole number of a range (and not true or false)."""
    return type(value) is int and value in within


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT_CHARS


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_moment(value: Any) -> bool:
    return is_number(value, MOMENTS)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_key(value: Any) -> bool:
    return is_base64(value, _KEY_BYTES)


def _is_file(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and tuple(value) == ("name", "size", "sha256")
        and isinstance(value["name"], str)
        and is_file_name(value["name"])
        and is_number(value["size"], range(1 << 40))
        and _matches(_SHA256)(value["sha256"])
    )


def _are_files(value: Any) -> bool:
    names = [file["name"] for file in value] if isinstance(value, list) and all(map(_is_file, value)) else None
    return names is not None and len(names) <= _TEXT_CHARS and len(set(names)) == len(names)


def _is_damage(value: Any) -> bool:
    fields = isinstance(value, dict) and tuple(value) == ("seq", "reason")
    return fields and is_number(value["seq"], NUMBERS) and value["reason"] in _REASONS


def _are_switches(value: Any) -> bool:
    known = {permission.value for permission in SWITCHABLE}
    return isinstance(value, dict) and set(value) <= known and all(isinstance(on, bool) for on in value.values())


_WHOLE: Mapping[str, Check] = {
    "room": _is_object,
    "members": lambda value: isinstance(value, list) and len(value) <= _MEMBERS,
    "last_seq": lambda value: is_number(value, NUMBERS),
    "keys": lambda value: isinstance(value, list) and len(value) <= _MEMBERS and all(map(_is_object, value)),
}
_ROOM: Mapping[str, Check] = {
    "id": _matches(_UUID4),
    "title": _is_text,
    "language": _matches(_LANGUAGE),
    "state": lambda value: value in [state.value for state in RoomState],
    "created_at": _is_moment,
    "started_at": _or_none(_is_moment),
    "ended_at": _or_none(_is_moment),
    "settings": _is_object,
    "tags": lambda value: isinstance(value, list) and len(value) <= _TEXT_CHARS and all(map(_is_text, value)),
    "files": _are_files,
    "damage": _or_none(_is_damage),
    "key": _or_none(_is_key),
}
_MEMBER: Mapping[str, Check] = {
    "id": _matches(_ID),
    "name": _is_text,
    "email": _or_none(lambda value: _is_text(value) and len(value) <= EMAIL_CHARS),
    "role": lambda value: value in [role.value for role in Role],
    "state": lambda value: value in [state.value for state in MemberState],
    "joined_at": _is_moment,
    "left_at": _or_none(_is_moment),
    "switches": _are_switches,
    "key": _or_none(_is_key),
}
