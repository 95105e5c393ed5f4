"""As whom does a kernel run, and what of the server's user does it keep?"""

from __future__ import annotations

import os

from jupyter_interview.provisioners.users import kept_groups


def test_an_ordinary_users_groups_are_kept_and_named() -> None:
    """All but its own, which the sandbox shows as the kernel's."""
    own = os.getegid()
    assert kept_groups(1000, [own, 4_000_000_001]) == ["4000000001"]
    assert kept_groups(1000, [own]) == []
    assert "root" in kept_groups(1000, [0]) or own == 0


def test_root_gives_them_up() -> None:
    assert kept_groups(0, [4_000_000_001]) == []
