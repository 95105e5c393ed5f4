"""Who may do what?

One table. It decides every request, fills the join page ("what you can do here"), the documentation and the test that
tries every URL in every role. A name that is not in it fails at import, because `Permission` is an enumeration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member is in a room."""

    INTERVIEWER = "interviewer"
    CANDIDATE = "candidate"
    SPECTATOR = "spectator"


class Permission(StrEnum):
    """What can be allowed or refused in a room."""

    VIEW = "view"
    EDIT = "edit"
    RUN = "run"
    CHAT = "chat"
    MANAGE = "manage"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission: what it means to people, who has it, and for whom an interviewer may switch it live."""

    meaning: str
    roles: frozenset[Role]
    switchable: frozenset[Role] = frozenset()


_ALL = frozenset(Role)
_INTERVIEWER = frozenset({Role.INTERVIEWER})
_WRITERS = frozenset({Role.INTERVIEWER, Role.CANDIDATE})

RULES: Mapping[Permission, Rule] = MappingProxyType(
    {
        Permission.VIEW: Rule("See the notebook, its outputs, the chat and who is here", _ALL),
        Permission.EDIT: Rule("Edit the notebook", _WRITERS, switchable=_WRITERS),
        Permission.RUN: Rule("Run cells, interrupt and restart the kernel", _WRITERS, switchable=_WRITERS),
        Permission.CHAT: Rule("Write in the chat", _WRITERS, switchable=frozenset({Role.CANDIDATE, Role.SPECTATOR})),
        Permission.MANAGE: Rule(
            "Invite and admit people, remove candidates and spectators, switch what they may do, hide messages, change "
            "title, password and settings, end the interview, go on from a moment of it in a new room",
            _INTERVIEWER,
        ),
        Permission.REVIEW: Rule("See the replay, the logs and the exports, set bookmarks", _INTERVIEWER),
    }
)

OWNERS: tuple[str, ...] = (
    "Remove an interviewer, or switch what an interviewer may do",
    "Delete an ended interview with its whole record",
)
"""What no role gives: only the room's owner may (`models.Room.is_owned_by`)."""

SWITCHABLE: frozenset[Permission] = frozenset(p for p, rule in RULES.items() if rule.switchable)


def allowed(role: Role, permission: Permission, switches: Mapping[str, bool] | None = None) -> bool:
    """Whether a member of ``role`` has ``permission``, given the switches an interviewer set for that member.

    A switch counts only where the table lets it: it can give a spectator the chat, and can never give one the document.
    """
    rule = RULES[permission]
    if switches is not None and role in rule.switchable and permission.value in switches:
        return switches[permission.value]
    return permission in DEFAULTS[role]


def effective(role: Role, switches: Mapping[str, bool] | None = None) -> dict[str, bool]:
    """Every permission of a member as ``{name: allowed}``, the form that clients get."""
    return {permission.value: allowed(role, permission, switches) for permission in Permission}


DEFAULTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {role: frozenset(p for p, rule in RULES.items() if role in rule.roles) for role in Role}
)
