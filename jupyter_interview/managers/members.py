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
from . import names
from .accounts import OWNER, Accounts
from .channel import REMOVED
from .invitations import Invitations
from .knocks import TOKEN_SECONDS as KNOCK_SECONDS
from .live import LiveRoom
from .records import Records
from .rooms import Rooms

TOKEN_SECONDS = 7 * 24 * 3600


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
        accounts: the interviewers who have one: their seats last as long as their password.
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
        accounts: Accounts,
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._records = records
        self._invitations = invitations
        self._passwords = passwords
        self._tokens = tokens
        self._limits = limits
        self._accounts = accounts

    # -- coming in

    async def join(
        self,
        room_id: str,
        *,
        name: str,
        email: str | None = None,
        password: str | None = None,
        invite: str | None = None,
        address: str = "",
    ) -> tuple[Member, str]:
        """A seat for whoever comes by a link, and the token that proves it.

        By an invitation one gets its role. By the bare link one gets a candidate's seat while one is free, and else
        knocks.

        Raises:
            BadRequest: the name is unusable.
            Conflict: it looks like that of somebody with another role (``name_taken``); the invitation is not used up.
            PasswordRequired: the room has a password; none or a wrong one came.
            SeatTaken: no seat is free; ``details["knock"]`` is for `knock`.
            Forbidden: the invitation is over, the bare link is closed, or the room is full.
            NotFound, RoomEnded: as `Rooms.open`.
        """
        live = await self._rooms.open(room_id)
        name, email = names.checked(name), _email(email)
        if invite is None:
            self._check_link(live)
            await self._check_password(live, password)
        async with live.seats:
            seated = sum(member.state is MemberState.SEATED for member in live.members.values())
            if seated >= self._limits.members:
                raise Forbidden("The interview is full.", code="room_full", limit=self._limits.members)
            if invite is not None:
                member = await self._invited(live, invite, name, email)
            else:
                # Once more: somebody may have been removed while the password was checked.
                self._check_link(live)
                name = await self._chosen(live, name, Role.CANDIDATE)
                if not self._seat_free(live):
                    raise await self._knocking(live, name, email, address)
                member = await self._seat(live, Role.CANDIDATE, name, email)
        return member, self._token(live, member)

    async def knock(self, room_id: str, token: str, address: str = "") -> tuple[Member, str]:
        """Ask again after `SeatTaken`; whose knock has ended knocks anew.

        Raises:
            SeatTaken: not admitted yet.
            Forbidden: an interviewer said no; or of a knock that has ended, the link is closed or too many wait.
            Unauthorized: the token is not one of a knock at this room.
        """
        claims = self._tokens.read(token)
        if claims.get("use") != "knock" or claims.get("room") != room_id:
            raise Unauthorized("Ask to be admitted anew.")
        live = await self._rooms.open(room_id)
        member = live.members.get(str(claims.get("member")))
        if member is None or member.state is MemberState.REMOVED:
            raise Forbidden("The interviewer did not admit you.")
        if member.state is MemberState.GONE:
            await self._knock_again(live, member, address)
        elif member.state is MemberState.KNOCKING:
            live.knocks.heard(member.id, address)
        if member.state is not MemberState.SEATED:
            raise SeatTaken("Waiting for the interviewer to admit you.", knock=token)
        return member, self._token(live, member)

    async def seat_interviewer(self, live: LiveRoom, account: Account) -> tuple[Member, str]:
        """The seat of the room's interviewer, the same one each time."""
        mark = await self._accounts.mark_of(account)
        async with live.seats:
            for member in live.members.values():
                if member.account == account.key and member.state is MemberState.SEATED:
                    return member, self._token(live, member, mark)
            name = names.numbered(shown(account.name)[: names.NAME_CHARS] or OWNER.name, live.members.values())
            member = await self._seat(live, Role.INTERVIEWER, name, account.email or None, account.key)
        return member, self._token(live, member, mark)

    async def resolve(self, room_id: str, token: str) -> Member:
        """The seated member that a token proves, as it stands now.

        Raises:
            Unauthorized: the token is invalid, of another room, older than the account's password or from a session of
                the server's own user that was left, or its member has no seat any more.
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
        if member.account is not None and not await self._accounts.still(
            member.account, claims.get("mark"), int(claims["iat"])
        ):
            raise Unauthorized("Log in again.")
        return member

    # -- what interviewers do

    async def switch(self, live: LiveRoom, by: Member | None, member_id: str, permissions: dict[str, bool]) -> Member:
        """Set permissions of a member away from its role's defaults.

        Raises:
            BadRequest: a permission that cannot be switched for this role.
            Forbidden: it is another interviewer, and ``by`` does not own the room.
            NotFound: no such member.
        """
        async with live.seats:
            member = self._member(live, member_id)
            self._check_over(live, by, member)
            return await self._switch(live, by, member, permissions)

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
        others = (other for other in live.members.values() if other.id != member.id)
        changed = replace(
            member,
            state=MemberState.SEATED,
            role=role or member.role,
            # Who came since then, or has the role that was given, may be called the same.
            name=names.numbered(member.name, others),
            joined_at=clock.now(),
        )
        values = {name: getattr(changed, name) for name in ("state", "role", "name", "joined_at")}
        await self._database.write(lambda connection: update_member(connection, member.key, **values))
        live.knocks.over(member.id)
        payload = {"member": member.id, "role": changed.role.value}
        live.log.append(EventKind.ADMIT, member=by.key if by else 0, payload=payload)
        live.put_member(changed)
        return changed

    async def remove(self, live: LiveRoom, by: Member | None, member_id: str) -> Member:
        """Take a member's seat; its sockets are closed at once, and so is all by which it would be back.

        That is the bare link, the invitation by which it came, and those that it made.

        Raises:
            Conflict: that would be oneself.
            Forbidden: it is another interviewer, and ``by`` does not own the room.
            NotFound: no such member.
        """
        if by is not None and by.id == member_id:
            raise Conflict("You cannot remove yourself.")
        async with live.seats:
            member = self._member(live, member_id)
            self._check_over(live, by, member)
            return await self._remove(live, by, member)

    async def _remove(self, live: LiveRoom, by: Member | None, member: Member) -> Member:
        # First: when the server stops in between, the interviewer removes once more.
        await self._rooms.close_link(live, by)
        await self._invitations.close_behind(live, by, member)
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
        live.knocks.over(member.id)
        live.put_member(changed)
        live.presence.removed(changed)
        live.peers.close(REMOVED, "removed by the interviewer", member.id)
        return changed

    # -- inside

    async def _chosen(self, live: LiveRoom, name: str, role: Role) -> str:
        host = await self._accounts.name_of(live.room.owner)
        return names.chosen(name, role, live.members.values(), host)

    async def _invited(self, live: LiveRoom, secret: str, name: str, email: str | None) -> Member:
        """A seat by an invitation. One whose name is refused can come by it again, with another."""
        invitation = await self._invitations.find(live.room.key, secret)
        if invitation is not None:
            name = await self._chosen(live, name, invitation.role)
            invitation = await self._invitations.use(live.room.key, secret)
        if invitation is None:
            live.deny(0, 0, "join", reason="invitation")
            raise Forbidden("This invitation is not valid any more. Ask for a new one.", code="invitation_invalid")
        return await self._seat(live, invitation.role, name, email, invitation=invitation.key)

    def _check_link(self, live: LiveRoom) -> None:
        if not live.room.link_open:
            live.deny(0, 0, "join", reason="link")
            raise Forbidden("The interviewer has closed this link. Ask for an invitation.", code="link_closed")

    async def _knock_again(self, live: LiveRoom, member: Member, address: str) -> None:
        async with live.seats:
            if live.members[member.id].state is MemberState.GONE:
                self._check_link(live)
                await live.knocks.again(member, address)

    def _check_over(self, live: LiveRoom, by: Member | None, member: Member) -> None:
        """Whether ``by`` may decide about ``member``: interviewers are the owner's matter, and one's own."""
        if by is None or by.id == member.id or member.role is not Role.INTERVIEWER or live.room.is_owned_by(by):
            return
        live.deny(by.key, 0, "interviewer", about=member.id)
        raise Forbidden("Only the account that opened the interview may do this to an interviewer.")

    async def _check_password(self, live: LiveRoom, password: str | None) -> None:
        expected = live.room.password_hash
        if expected is not None and not (password and await self._passwords.verify(expected, password)):
            live.deny(0, 0, "join", reason="password")
            said = "This is not the password of this interview." if password else "This interview has a password."
            raise PasswordRequired(f"{said} Ask the interviewer for it.", wrong=bool(password))

    def _token(self, live: LiveRoom, member: Member, mark: str | None = None) -> str:
        claims = {"use": "member", "room": live.room.id, "member": member.id} | ({"mark": mark} if mark else {})
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
        self,
        live: LiveRoom,
        role: Role,
        name: str,
        email: str | None,
        account: int | None = None,
        invitation: int | None = None,
    ) -> Member:
        member = await self._insert(live, role, name, email, account, MemberState.SEATED, invitation)
        live.put_member(member)
        if role is Role.CANDIDATE and live.room.started_at is None:
            started = live.log.now()
            await self._database.write(
                lambda connection: update_room(connection, live.room.key, state=RoomState.LIVE, started_at=started)
            )
            live.update(state=RoomState.LIVE, started_at=started)
        return member

    async def _knocking(self, live: LiveRoom, name: str, email: str | None, address: str) -> SeatTaken:
        live.knocks.check(address)
        member = await self._insert(live, Role.CANDIDATE, name, email, None, MemberState.KNOCKING)
        live.log.append(EventKind.KNOCK, member=member.key, payload={"name": name})
        live.put_member(member)
        live.knocks.heard(member.id, address)
        claims = {"use": "knock", "room": live.room.id, "member": member.id}
        token = self._tokens.issue(claims, KNOCK_SECONDS)[0]
        return SeatTaken("The seat is taken. The interviewer was asked to admit you.", knock=token)

    async def _insert(
        self,
        live: LiveRoom,
        role: Role,
        name: str,
        email: str | None,
        account: int | None,
        state: MemberState,
        invitation: int | None = None,
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
            "invitation": invitation,
        }
        return await self._database.write(lambda connection: insert_member(connection, **values))


def _email(email: str | None) -> str | None:
    email = (email or "").strip()
    if not email:
        return None
    if not is_email(email):
        raise BadRequest("This is not an email address.", field="email")
    return email
