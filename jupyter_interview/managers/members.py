"""Who has a seat in a room, and how does one get it?"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, Conflict, Forbidden, NotFound, PasswordRequired, SeatTaken, Unauthorized
from ..core.limits import Limits
from ..core.models import Account, EventKind, Member, MemberState, RoomState
from ..core.permissions import RULES, SWITCHABLE, Role
from ..core.ports import Passwords, Tokens
from ..core.text import is_email, shown
from ..db import Database
from ..db.members import insert_member, update_member
from ..db.rooms import update_room
from .channel import REMOVED
from .invitations import Invitations
from .live import LiveRoom
from .records import Records
from .rooms import Rooms

NAME_CHARS = 80
TOKEN_SECONDS = 7 * 24 * 3600
_KNOCK_SECONDS = 3600
_KNOCKING = 20


class Members:
    """Seats.

    Args:
        database: where they are kept.
        rooms: the rooms.
        records: the members of rooms that are not open.
        invitations: the links.
        passwords: checks the rooms' passwords.
        tokens: signs the proof of a seat.
        limits: the limits in force.
    """

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        records: Records,
        invitations: Invitations,
        passwords: Passwords,
        tokens: Tokens,
        limits: Limits,
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._records = records
        self._invitations = invitations
        self._passwords = passwords
        self._tokens = tokens
        self._limits = limits

    # -- coming in

    async def join(
        self,
        room_id: str,
        *,
        name: str,
        email: str | None = None,
        password: str | None = None,
        invite: str | None = None,
    ) -> tuple[Member, str]:
        """A seat for whoever comes by a link, and the token that proves it.

        By an invitation one gets its role. By the bare link one gets a candidate's seat while one is free, and else
        knocks.

        Raises:
            BadRequest: the name is unusable.
            PasswordRequired: the room has a password; none or a wrong one came.
            SeatTaken: no seat is free; ``details["knock"]`` is for `knock`.
            Forbidden: the invitation is over, or the room is full.
            NotFound, RoomEnded: as `Rooms.open`.
        """
        live = await self._rooms.open(room_id)
        name, email = _name(name), _email(email)
        if invite is None:
            await self._check_password(live, password)
        async with live.seats:
            seated = sum(member.state is MemberState.SEATED for member in live.members.values())
            if seated >= self._limits.members:
                raise Forbidden("The interview is full.", code="room_full", limit=self._limits.members)
            if invite is not None:
                invitation = await self._invitations.use(live.room.key, invite)
                if invitation is None:
                    live.deny(0, 0, "join", reason="invitation")
                    raise Forbidden(
                        "This invitation is not valid any more. Ask for a new one.", code="invitation_invalid"
                    )
                member = await self._seat(live, invitation.role, name, email)
            elif self._seat_free(live):
                member = await self._seat(live, Role.CANDIDATE, name, email)
            else:
                raise await self._knocking(live, name, email)
        return member, self._token(live, member)

    async def knock(self, room_id: str, token: str) -> tuple[Member, str]:
        """Ask again after `SeatTaken`.

        Raises:
            SeatTaken: not admitted yet.
            Forbidden: an interviewer said no.
            Unauthorized: the token is not one of a knock at this room.
        """
        claims = self._tokens.read(token)
        if claims.get("use") != "knock" or claims.get("room") != room_id:
            raise Unauthorized("Ask to be admitted anew.")
        live = await self._rooms.open(room_id)
        member = live.members.get(str(claims.get("member")))
        if member is None or member.state is MemberState.REMOVED:
            raise Forbidden("The interviewer did not admit you.")
        if member.state is MemberState.KNOCKING:
            raise SeatTaken("Waiting for the interviewer to admit you.", knock=token)
        return member, self._token(live, member)

    async def seat_interviewer(self, live: LiveRoom, account: Account) -> tuple[Member, str]:
        """The seat of the room's interviewer, the same one each time."""
        async with live.seats:
            for member in live.members.values():
                if member.account == account.key and member.state is MemberState.SEATED:
                    return member, self._token(live, member)
            member = await self._seat(live, Role.INTERVIEWER, account.name, account.email or None, account.key)
        return member, self._token(live, member)

    async def resolve(self, room_id: str, token: str) -> Member:
        """The seated member that a token proves, as it stands now.

        Raises:
            Unauthorized: the token is invalid, of another room, or its member has no seat any more.
            NotFound: there is no such room.
        """
        claims = self._tokens.read(token)
        if claims.get("use") != "member" or claims.get("room") != room_id:
            raise Unauthorized("This is the key of another interview.")
        wanted = str(claims.get("member"))
        live = self._rooms.opened(room_id)
        if live is not None:
            member = live.members.get(wanted)
        else:
            room = await self._rooms.get(room_id)
            member = next((member for member in await self._records.members(room) if member.id == wanted), None)
        if member is None or member.state is not MemberState.SEATED:
            raise Unauthorized("You have no seat in this interview any more.")
        return member

    # -- what interviewers do

    async def switch(self, live: LiveRoom, by: Member | None, member_id: str, permissions: dict[str, bool]) -> Member:
        """Set permissions of a member away from its role's defaults.

        Raises:
            BadRequest: a permission that cannot be switched for this role.
            NotFound: no such member.
        """
        async with live.seats:
            return await self._switch(live, by, self._member(live, member_id), permissions)

    async def _switch(self, live: LiveRoom, by: Member | None, member: Member, permissions: dict[str, bool]) -> Member:
        switchable = {permission.value for permission in SWITCHABLE if member.role in RULES[permission].switchable}
        for name in permissions:
            if name not in switchable:
                raise BadRequest(f"{name!r} cannot be switched for a {member.role.value}.", field="permissions")
        switches = {**member.switches, **permissions}
        await self._database.write(lambda connection: update_member(connection, member.key, switches=switches))
        changed = replace(member, switches=switches)
        live.log.append(
            EventKind.PERMISSION_CHANGED,
            member=by.key if by else 0,
            payload={"member": member.id, "permissions": permissions},
        )
        live.put_member(changed)
        return changed

    async def admit(
        self, live: LiveRoom, by: Member | None, member_id: str, role: Role | None, *, admitted: bool
    ) -> Member:
        """Answer a knock.

        Raises:
            Conflict: this member does not knock.
            NotFound: no such member.
        """
        async with live.seats:
            member = self._member(live, member_id)
            if member.state is not MemberState.KNOCKING:
                raise Conflict("Nobody of this name waits to be admitted.")
            return await (self._admit(live, by, member, role) if admitted else self._remove(live, by, member))

    async def _admit(self, live: LiveRoom, by: Member | None, member: Member, role: Role | None) -> Member:
        changed = replace(member, state=MemberState.SEATED, role=role or member.role, joined_at=clock.now())
        await self._database.write(
            lambda connection: update_member(
                connection, member.key, state=changed.state, role=changed.role, joined_at=changed.joined_at
            )
        )
        payload = {"member": member.id, "role": changed.role.value}
        live.log.append(EventKind.ADMIT, member=by.key if by else 0, payload=payload)
        live.put_member(changed)
        return changed

    async def remove(self, live: LiveRoom, by: Member | None, member_id: str) -> Member:
        """Take a member's seat; its sockets are closed at once.

        Raises:
            Conflict: that would be oneself.
            NotFound: no such member.
        """
        if by is not None and by.id == member_id:
            raise Conflict("You cannot remove yourself.")
        async with live.seats:
            return await self._remove(live, by, self._member(live, member_id))

    async def _remove(self, live: LiveRoom, by: Member | None, member: Member) -> Member:
        changed = replace(member, state=MemberState.REMOVED, left_at=clock.now())
        await self._database.write(
            lambda connection: update_member(connection, member.key, state=changed.state, left_at=changed.left_at)
        )
        live.log.append(
            EventKind.REMOVE,
            member=by.key if by else 0,
            subject=member.key,
            payload={"member": member.id, "name": member.name},
        )
        live.put_member(changed)
        live.presence.removed(changed)
        live.peers.close(REMOVED, "removed by the interviewer", member.id)
        return changed

    # -- inside

    async def _check_password(self, live: LiveRoom, password: str | None) -> None:
        expected = live.room.password_hash
        if expected is not None and not (password and await self._passwords.verify(expected, password)):
            live.deny(0, 0, "join", reason="password")
            said = "This is not the password of this interview." if password else "This interview has a password."
            raise PasswordRequired(f"{said} Ask the interviewer for it.", wrong=bool(password))

    def _token(self, live: LiveRoom, member: Member) -> str:
        claims = {"use": "member", "room": live.room.id, "member": member.id}
        return self._tokens.issue(claims, TOKEN_SECONDS)[0]

    def _member(self, live: LiveRoom, member_id: str) -> Member:
        member = live.members.get(member_id)
        if member is None or member.state is MemberState.REMOVED:
            raise NotFound("There is no such member.")
        return member

    def _seat_free(self, live: LiveRoom) -> bool:
        taken = [m for m in live.members.values() if m.role is Role.CANDIDATE and m.state is MemberState.SEATED]
        return len(taken) < int(live.room.settings.get("seats", 1))

    async def _seat(
        self, live: LiveRoom, role: Role, name: str, email: str | None, account: int | None = None
    ) -> Member:
        member = await self._insert(live, role, name, email, account, MemberState.SEATED)
        live.put_member(member)
        if role is Role.CANDIDATE and live.room.started_at is None:
            started = clock.now()
            await self._database.write(
                lambda connection: update_room(connection, live.room.key, state=RoomState.LIVE, started_at=started)
            )
            live.update(state=RoomState.LIVE, started_at=started)
        return member

    async def _knocking(self, live: LiveRoom, name: str, email: str | None) -> SeatTaken:
        if sum(member.state is MemberState.KNOCKING for member in live.members.values()) >= _KNOCKING:
            raise Forbidden("Too many people wait to be admitted.", code="room_full")
        member = await self._insert(live, Role.CANDIDATE, name, email, None, MemberState.KNOCKING)
        live.log.append(EventKind.KNOCK, member=member.key, payload={"name": name})
        live.put_member(member)
        claims = {"use": "knock", "room": live.room.id, "member": member.id}
        token = self._tokens.issue(claims, _KNOCK_SECONDS)[0]
        return SeatTaken("The seat is taken. The interviewer was asked to admit you.", knock=token)

    async def _insert(
        self, live: LiveRoom, role: Role, name: str, email: str | None, account: int | None, state: MemberState
    ) -> Member:
        candidate = live.room.settings.get("candidate", {}) if role is Role.CANDIDATE else {}
        values: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "room": live.room.key,
            "role": role,
            "name": name,
            "email": email,
            "account": account,
            "state": state,
            "switches": dict(candidate),
            "joined_at": clock.now(),
        }
        return await self._database.write(lambda connection: insert_member(connection, **values))


def _name(name: str) -> str:
    """A name that can be shown, of at most `NAME_CHARS`."""
    name = shown(name)
    if not name:
        raise BadRequest("Enter your name.", field="name")
    if len(name) > NAME_CHARS:
        raise BadRequest(f"A name can have {NAME_CHARS} characters.", field="name")
    return name


def _email(email: str | None) -> str | None:
    email = (email or "").strip()
    if not email:
        return None
    if not is_email(email):
        raise BadRequest("This is not an email address.", field="email")
    return email
