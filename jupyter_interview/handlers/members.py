"""REST: members and invitations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field

from ..core import clock
from ..core.errors import BadRequest
from ..core.permissions import Permission, Role
from .base import RoomResource


class MemberChanges(BaseModel, extra="forbid", strict=True):
    """Body of a change to a member."""

    permissions: dict[str, bool] | None = None
    admitted: bool | None = None
    role: Role | None = None


class NewInvitation(BaseModel, extra="forbid", strict=True):
    """Body of a new invitation."""

    role: Role
    name: str | None = Field(default=None, max_length=1_000)
    expires_in: int | None = None
    # One person's, unless somebody decides otherwise; null is any number.
    max_uses: int | None = 1


class MembersHandler(RoomResource):
    """``GET /api/interview/rooms/<room>/members``."""

    needs: ClassVar = {"GET": Permission.REVIEW}

    async def get(self, target: str) -> None:
        """Everybody who had or asked for a seat, with email."""
        room = await self.room(target)
        # Not the open room's own: that forgets who knocked long ago.
        found = await self.services.records.members(room)
        live = self.services.rooms.opened(room.id)
        self.answer(
            {
                "members": [
                    {
                        **(
                            live.member_json(member)
                            if live is not None
                            else {
                                **member.to_json(),
                                "presence": "left",
                                "joined_at": clock.iso(member.joined_at),
                                "left_at": clock.iso(member.left_at),
                            }
                        ),
                        "email": member.email,
                    }
                    for member in found
                ]
            }
        )


class MemberHandler(RoomResource):
    """``/api/interview/rooms/<room>/members/<member>``."""

    needs: ClassVar = {"PATCH": Permission.MANAGE, "DELETE": Permission.MANAGE}

    async def patch(self, target: str, member_id: str) -> None:
        """Switch permissions, or answer a knock."""
        body = self.body(MemberChanges)
        live = await self.open_room(target)
        if body.admitted is not None:
            member = await self.services.members.admit(live, self.by, member_id, body.role, admitted=body.admitted)
        elif body.permissions:
            member = await self.services.members.switch(live, self.by, member_id, body.permissions)
        else:
            raise BadRequest("Give permissions or admitted.")
        self.answer(live.member_json(member))

    async def delete(self, target: str, member_id: str) -> None:
        """Take the seat away."""
        live = await self.open_room(target)
        await self.services.members.remove(live, self.by, member_id)
        self.set_status(204)
        self.finish()


class InvitationsHandler(RoomResource):
    """``/api/interview/rooms/<room>/invitations``."""

    needs: ClassVar = {"GET": Permission.MANAGE, "POST": Permission.MANAGE}

    async def get(self, target: str) -> None:
        """All of them, without secrets."""
        room = await self.room(target)
        self.answer({"invitations": await self.services.invitations.list(room.key)})

    async def post(self, target: str) -> None:
        """A new one."""
        body = self.body(NewInvitation)
        live = await self.open_room(target)
        invitation = await self.services.invitations.create(
            live, self.by, role=body.role, name=body.name, expires_in=body.expires_in, max_uses=body.max_uses
        )
        self.answer(invitation, 201)


class InvitationHandler(RoomResource):
    """``DELETE /api/interview/rooms/<room>/invitations/<invitation>``."""

    needs: ClassVar = {"DELETE": Permission.MANAGE}

    async def delete(self, target: str, invitation_id: str) -> None:
        """Revoke it."""
        live = await self.open_room(target)
        await self.services.invitations.revoke(live, self.by, invitation_id)
        self.set_status(204)
        self.finish()
