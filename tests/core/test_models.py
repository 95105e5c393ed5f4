"""Do the things of an interview show clients what they may see, and nothing else?"""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from jupyter_interview.core.models import (
    DOCUMENT_KINDS,
    Account,
    Event,
    EventKind,
    Member,
    MemberState,
    Room,
    RoomFile,
    RoomState,
)
from jupyter_interview.core.permissions import Permission, Role, allowed

ADA = Member(
    key=9,
    id="m9",
    room=1,
    role=Role.CANDIDATE,
    name="Ada King Lovelace",
    state=MemberState.SEATED,
    joined_at=0,
    email="ada@example.org",
    switches={"edit": False},
)


@pytest.mark.parametrize(("role", "state", "permission"), list(itertools.product(Role, MemberState, Permission)))
def test_only_the_seated_may_and_only_what_the_table_says(
    role: Role, state: MemberState, permission: Permission
) -> None:
    member = dataclasses.replace(ADA, role=role, state=state)
    expected = state is MemberState.SEATED and allowed(role, permission, {"edit": False})
    assert member.can(permission) is expected


def test_a_members_json_has_no_email_and_no_key() -> None:
    assert ADA.to_json() == {
        "id": "m9",
        "name": "Ada King Lovelace",
        "role": "candidate",
        "state": "seated",
        "permissions": {"view": True, "edit": False, "run": True, "chat": True, "manage": False, "review": False},
    }


@pytest.mark.parametrize(
    ("name", "initials"), [("Ada", "A"), ("ada lovelace", "AL"), ("Ada King Lovelace", "AK"), ("", "")]
)
def test_a_members_user_is_made_of_the_name(name: str, initials: str) -> None:
    user = dataclasses.replace(ADA, name=name).to_user()
    assert (user["username"], user["name"], user["display_name"], user["initials"]) == ("m9", name, name, initials)


def test_members_take_turns_with_the_colours_of_jupyterlab() -> None:
    colours = [dataclasses.replace(ADA, key=key).to_user()["color"] for key in range(1, 15)]
    assert len(set(colours)) == 7
    assert set(colours) == {f"var(--jp-collaborator-color{number})" for number in range(1, 8)}
    assert colours[:7] == colours[7:]


def test_the_stored_numbers_of_events_never_change() -> None:
    assert {kind.label: kind.value for kind in EventKind} == {
        "document_snapshot": 1,
        "document_update": 2,
        "document_resync": 3,
        "cursor": 4,
        "chat_message": 10,
        "message_hidden": 12,
        "join": 20,
        "away": 21,
        "leave": 22,
        "knock": 23,
        "admit": 24,
        "remove": 25,
        "run_started": 30,
        "run_finished": 31,
        "run_queued": 32,
        "kernel_started": 40,
        "kernel_restarted": 41,
        "kernel_died": 42,
        "interrupt": 43,
        "permission_changed": 50,
        "room_created": 51,
        "room_updated": 52,
        "room_ended": 53,
        "denied": 60,
        "clock_stepped": 61,
    }
    assert [kind.label for kind in DOCUMENT_KINDS] == ["document_snapshot", "document_update", "document_resync"]


def test_rooms_end_and_accounts_own() -> None:
    room = Room(key=1, id="r", title="t", language="python", state=RoomState.LIVE, owner=0, created_at=0)
    assert not room.ended and dataclasses.replace(room, state=RoomState.ENDED).ended
    assert Account(0, "owner", "", "Interviewer").is_owner and not Account(1, "a", "a@b", "A").is_owner


def test_values_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ADA.role = Role.INTERVIEWER  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Event(1, 1, 0, 0, 0, EventKind.JOIN).seq = 2  # type: ignore[misc]


def test_a_room_is_its_accounts_and_the_servers_own_users() -> None:
    room = Room(key=1, id="r", title="", language="python", state=RoomState.LIVE, owner=7, created_at=0)
    accounts = (None, 0, 6, 7)
    assert [room.is_owned_by(dataclasses.replace(ADA, account=key)) for key in accounts] == [False, True, False, True]
    assert not dataclasses.replace(room, owner=0).is_owned_by(ADA), "an invited interviewer has none"


def test_a_file_says_what_it_is() -> None:
    assert RoomFile("a.csv", 3, "ab").to_json() == {"name": "a.csv", "size": 3, "sha256": "ab"}
