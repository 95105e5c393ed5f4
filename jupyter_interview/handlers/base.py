"""What do the handlers of one room have in common?

The same class serves an account at ``/api/interview/rooms/<target>/…`` and a member at the same path below the room's
own prefix, where ``room`` is pinned and ``target`` must be the same.
"""

from __future__ import annotations

from typing import ClassVar

from ..core.errors import NotFound, Unauthorized
from ..core.models import Account, Member, Room
from ..core.permissions import Permission
from ..managers.live import LiveRoom
from ..web import Gate


class RoomResource(Gate):
    """Something of one room."""

    after_end: ClassVar[Permission | None] = Permission.VIEW

    async def room(self, target: str) -> Room:
        """The room, if whoever asks may know of it.

        Raises:
            NotFound: there is none, or it is another's.
        """
        if self.room_id is not None:
            if target != self.room_id:
                raise NotFound("There is no such interview here.")
            return await self.services.rooms.get(target)
        if self.account is None:
            raise Unauthorized("Log in first.")
        return await self.services.rooms.owned(self.account, target)

    async def open_room(self, target: str) -> LiveRoom:
        """The open room.

        Raises:
            NotFound, RoomEnded: as `room` and `Rooms.open`.
        """
        room = await self.room(target)
        return await self.services.rooms.open(room.id)

    @property
    def by(self) -> Member | None:
        """The member who asks; ``None`` for an account outside of the room."""
        return self.member if self.member is not None and self.member.key else None

    @property
    def author(self) -> Member | Account:
        """Who asks."""
        author = self.by or self.account
        if author is None:
            raise Unauthorized("Log in first.")
        return author
