"""Does the table say what the protocol says, for every role, permission and switch?"""

from __future__ import annotations

import itertools

import pytest

from jupyter_interview.core.permissions import DEFAULTS, RULES, SWITCHABLE, Permission, Role, allowed, effective

# The protocol's table. "+": has it, "-": has not; "s": an interviewer can switch it.
PROTOCOL = {
    Permission.VIEW: {"interviewer": "+", "candidate": "+", "spectator": "+"},
    Permission.EDIT: {"interviewer": "+s", "candidate": "+s", "spectator": "-"},
    Permission.RUN: {"interviewer": "+s", "candidate": "+s", "spectator": "-"},
    Permission.CHAT: {"interviewer": "+", "candidate": "+s", "spectator": "-s"},
    Permission.MANAGE: {"interviewer": "+", "candidate": "-", "spectator": "-"},
    Permission.REVIEW: {"interviewer": "+", "candidate": "-", "spectator": "-"},
}
EVERYTHING = list(itertools.product(Role, Permission))


@pytest.mark.parametrize(("role", "permission"), EVERYTHING)
def test_defaults_are_the_protocols(role: Role, permission: Permission) -> None:
    has = PROTOCOL[permission][role.value].startswith("+")
    assert allowed(role, permission) is has
    assert allowed(role, permission, {}) is has
    assert (permission in DEFAULTS[role]) is has


@pytest.mark.parametrize("switched", [True, False])
@pytest.mark.parametrize(("role", "permission"), EVERYTHING)
def test_a_switch_counts_where_the_protocol_lets_it(role: Role, permission: Permission, switched: bool) -> None:
    entry = PROTOCOL[permission][role.value]
    expected = switched if "s" in entry else entry.startswith("+")
    assert allowed(role, permission, {permission.value: switched}) is expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("on", [True, False])
def test_all_switches_at_once_give_no_one_the_keys(role: Role, on: bool) -> None:
    switches = {permission.value: on for permission in Permission}
    found = effective(role, switches)
    assert found["manage"] is found["review"] is (role is Role.INTERVIEWER)
    assert found["view"] is True
    if role is Role.SPECTATOR:
        assert found["edit"] is found["run"] is False


def test_a_switch_for_one_permission_moves_no_other() -> None:
    assert effective(Role.CANDIDATE, {"edit": False}) == effective(Role.CANDIDATE) | {"edit": False}


def test_unknown_names_fail() -> None:
    with pytest.raises(AttributeError):
        _ = Permission.SUDO  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="sudo"):
        Permission("sudo")
    with pytest.raises(KeyError):
        allowed(Role.CANDIDATE, "sudo")  # type: ignore[arg-type]
    assert effective(Role.CANDIDATE, {"sudo": True}) == effective(Role.CANDIDATE)


def test_the_table_is_complete_and_cannot_be_changed() -> None:
    assert set(RULES) == set(Permission)
    assert {Permission.EDIT, Permission.RUN, Permission.CHAT} == SWITCHABLE
    with pytest.raises(TypeError):
        RULES[Permission.VIEW] = RULES[Permission.EDIT]  # type: ignore[index]
    with pytest.raises(TypeError):
        DEFAULTS[Role.SPECTATOR] = frozenset(Permission)  # type: ignore[index]
    assert all(rule.meaning and rule.meaning[0].isupper() for rule in RULES.values())
