"""Which name does somebody get in a room, so that nobody is taken for another, or for the server?

A name that looks like that of somebody with another role is refused: by it a candidate could speak as an interviewer.
Two of one role may be called the same, and the second gets a number. Where nobody is there to be asked for another name
(an account, or who is admitted), there is a number, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..core.errors import BadRequest, Conflict
from ..core.models import Member, MemberState
from ..core.permissions import Role
from ..core.quantities import as_count
from ..core.text import bare, shown, skeletons

NAME_CHARS = 80
_SYSTEM = ("Interview", "Jupyter-Interview", "Jupyter Interview", "Server", "The server", "System")
"""As what the room itself speaks, in the chat and in the replay."""
_NUMBER = re.compile(r"(?<=\S) \(\d{1,4}\)\Z")


def checked(name: str) -> str:
    """A name that can be seen, of at most `NAME_CHARS`.

    Raises:
        BadRequest: it is none.
    """
    name = shown(name)
    if not name:
        raise BadRequest("Enter your name.", field="name")
    if len(name) > NAME_CHARS:
        raise BadRequest(f"A name can have at most {as_count(NAME_CHARS)} characters.", field="name")
    return name


def chosen(name: str, role: Role, members: Iterable[Member], host: str | None = None) -> str:
    """The name of somebody who chose it, as it stands in the room.

    Args:
        name: the name, checked.
        role: what they will be.
        members: everybody whom the room knows.
        host: the name of whose room it is, who may not be there yet.

    Raises:
        Conflict: it looks like that of somebody with another role, or of the room itself, or says that one has
            another role (``name_taken``).
    """
    members = list(members)
    others = [other.name for other in members if other.state is MemberState.SEATED and other.role is not role]
    roles = [other.value for other in Role if other is not role]
    hosts = [host] if host and role is not Role.INTERVIEWER else []
    looks = skeletons(bare(name))
    words = {look for word in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name)) for look in skeletons(word)}
    says = any(words & skeletons(role) for role in roles)
    if says or any(looks & skeletons(bare(other)) for other in (*others, *hosts, *_SYSTEM)):
        raise Conflict(
            "In this interview somebody else has this name, or one that looks like it. Add something to yours, for "
            "instance your surname.",
            code="name_taken",
            field="name",
        )
    return numbered(name, (member for member in members if member.role is role))


def numbered(name: str, members: Iterable[Member]) -> str:
    """The name, with a number behind it where somebody of these has one that looks like it.

    Args:
        name: the name.
        members: among whom it is to be told apart; who has no place, or only had one, does not count.
    """
    there = (MemberState.SEATED, MemberState.KNOCKING)
    taken = [skeletons(member.name) for member in members if member.state in there]
    if not any(looks & skeletons(name) for looks in taken):
        return name
    plain = unnumbered(name)
    for number in range(2, 2 * len(taken) + 3):
        suffix = f" ({number})"
        tried = plain[: NAME_CHARS - len(suffix)].rstrip() + suffix
        if not any(looks & skeletons(tried) for looks in taken):
            return tried
    raise AssertionError("there are more numbers than members")


def unnumbered(name: str) -> str:
    """A name without the number that `numbered` may have put behind it."""
    return _NUMBER.sub("", name)
