"""Is somebody who was removed out at once, and with all by which they would be back?"""

from __future__ import annotations

import asyncio

import pytest

from jupyter_interview.core.errors import Conflict, Forbidden, NotFound, Unauthorized
from jupyter_interview.core.models import EventKind, MemberState
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.channel import REMOVED
from tests.managers.conftest import MakeHouse
from tests.managers.house import secret_of


async def test_who_is_removed_while_being_switched_stays_removed(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    await asyncio.gather(
        house.members.remove(live, None, member.id),
        house.members.switch(live, None, member.id, {"edit": False}),
        return_exceptions=True,
    )
    assert live.members[member.id].state is MemberState.REMOVED


async def test_a_removed_member_is_out_at_once(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    interviewer = await house.seat(live, Role.INTERVIEWER)
    watching = house.socket(live, interviewer)
    member, token = await house.members.join(live.room.id, name="Ada")
    sockets = [house.socket(live, member, kind) for kind in ("channel", "document", "kernel")]
    with pytest.raises(Conflict):
        await house.members.remove(live, interviewer, interviewer.id)
    await house.members.remove(live, interviewer, member.id)
    assert [socket.closed for socket in sockets] == [REMOVED] * 3
    assert watching.of("leave")[-1]["content"]["reason"] == "removed"
    for socket in sockets:
        live.presence.leave(socket.connection)
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, token)
    with pytest.raises(NotFound):
        await house.members.switch(live, interviewer, member.id, {"edit": True})
    kinds = [event.kind for event in await house.story(live, EventKind.REMOVE, EventKind.LEAVE, EventKind.AWAY)]
    assert kinds == [EventKind.REMOVE, EventKind.LEAVE]


@pytest.mark.parametrize("role", list(Role))
async def test_a_removal_closes_the_invitation_by_which_somebody_came(ji_house: MakeHouse, role: Role) -> None:
    """Of whatever role and number of uses; who else came by it stays, and other invitations let in."""
    house = await ji_house()
    live = await house.room()
    interviewer = await house.seat(live, Role.INTERVIEWER)
    many, other = [await house.invitations.create(live, None, role=role, max_uses=uses) for uses in (None, 1)]
    member, _ = await house.members.join(live.room.id, name="Eve", invite=secret_of(many))
    beside, token = await house.members.join(live.room.id, name="Bob", invite=secret_of(many))
    await house.members.remove(live, None, member.id)
    with pytest.raises(Forbidden) as refusal:
        await house.members.join(live.room.id, name="Eve again", invite=secret_of(many))
    assert refusal.value.error_code == "invitation_invalid"
    assert await house.members.resolve(live.room.id, token) == beside
    await house.members.join(live.room.id, name="Ada", invite=secret_of(other))
    revoked = {each["id"] for each in await house.invitations.list(live.room.key) if each["revoked"]}
    assert revoked == {many["id"]}
    told = [event.payload for event in await house.story(live, EventKind.ROOM_UPDATED)]
    assert {"invitation": many["id"], "revoked": True} in told
    assert interviewer.state is MemberState.SEATED


async def test_a_removal_holds_when_the_room_was_opened_anew(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    made = await house.invitations.create(live, None, role=Role.SPECTATOR, max_uses=5)
    member, _ = await house.members.join(live.room.id, name="Eve", invite=secret_of(made))
    house = await house.again()
    live = await house.rooms.open(live.room.id)
    await house.members.remove(live, None, member.id)
    with pytest.raises(Forbidden):
        await house.members.join(live.room.id, name="Eve again", invite=secret_of(made))


async def test_a_removal_closes_the_invitations_that_somebody_made(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    grace, mary = [await house.seat(live, Role.INTERVIEWER, name) for name in ("Grace", "Mary")]
    theirs, others = [await house.invitations.create(live, by, role=Role.INTERVIEWER) for by in (grace, mary)]
    await house.members.remove(live, None, grace.id)
    with pytest.raises(Forbidden):
        await house.members.join(live.room.id, name="Grace again", invite=secret_of(theirs))
    await house.members.join(live.room.id, name="Ada", invite=secret_of(others))
