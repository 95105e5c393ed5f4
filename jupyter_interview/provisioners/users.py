"""As whom does a kernel run?

Under a number that nobody else on the machine has, where the server may give one, and in any case under the name
``interview``, alone in the account files that it sees.
"""

from __future__ import annotations

import grp
import os
import random
from collections.abc import Collection
from pathlib import Path

#: Numbers that systemd's table of users leaves unused, and those of its short-lived services where fewer are mapped.
_USERS = range(1_900_000_000, 2_000_000_000)
_FEW_USERS = range(61_184, 65_520)

ACCOUNT_FILES = {
    "passwd": "interview:x:{user}:{user}:interview:/home/interview:/bin/sh\n",
    "group": "interview:x:{user}:\n",
    "hosts": "127.0.0.1 localhost interview\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def write_accounts(folder: Path, user: int) -> dict[str, str]:
    """Make the account files that a kernel sees; their paths by the name that they have in its /etc."""
    folder.mkdir(mode=0o755, exist_ok=True)
    for name, text in ACCOUNT_FILES.items():
        (folder / name).write_text(text.format(user=user), encoding="utf-8")
        (folder / name).chmod(0o644)
    return {name: str(folder / name) for name in ACCOUNT_FILES}


def pick_user(mapped: str | None = None) -> int:
    """A number for one kernel that this machine's user map has.

    Args:
        mapped: text of ``/proc/self/uid_map``; read when not given.
    """
    text = Path("/proc/self/uid_map").read_text(encoding="ascii") if mapped is None else mapped
    ranges = [tuple(map(int, line.split())) for line in text.splitlines()]
    last = _USERS[-1]
    wide = any(start <= last < start + count for start, _, count in ranges)
    return random.choice(_USERS if wide else _FEW_USERS)  # noqa: S311  # no secret


def kept_groups(user: int | None = None, groups: Collection[int] | None = None) -> list[str]:
    """Names of the groups that a kernel in bubblewrap keeps beside its own: Linux lets only root give them up.

    Args:
        user: effective number of whoever starts it; the server's when not given.
        groups: that user's; the server's when not given.
    """
    if (os.geteuid() if user is None else user) == 0:
        return []
    found = os.getgroups() if groups is None else groups
    return sorted(_group_name(number) for number in set(found) - {os.getegid()})


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
