"""How does an interviewer log in and out?"""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated
from pydantic import BaseModel, Field

from ..core import clock
from ..core.errors import Unauthorized
from ..web import InterviewHandler


class Login(BaseModel, extra="forbid"):
    """Body of a login."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1_024)


class LoginHandler(InterviewHandler):
    """``POST /api/interview/login``."""

    @allow_unauthenticated
    async def post(self) -> None:
        """A token and the desk's cookie for an address and its password."""
        body = self.body(Login)
        accounts, identity, address = self.services.accounts, self.services.identity, self.request.remote_ip or ""
        await self._count(body.email, address)
        account, token, expires_at = await accounts.login(body.email, body.password)
        identity.login(self, token)
        identity.remember(self, await accounts.place(account, address))
        public = {"id": account.id, "email": account.email, "name": account.name}
        self.answer({"token": token, "expires_at": clock.iso(expires_at), "account": public})

    async def _count(self, email: str, address: str) -> None:
        """Tries are counted by network. All strange places together have a limit for an email; a known place has one of
        its own, which nobody else can use up.

        Raises:
            RateLimited: that was one too many.
        """
        hit, email = self.services.rates.hit, email.strip().lower()
        place = await self.services.accounts.known(email, self.services.identity.place(self), address)
        if place is not None:
            hit("login", "place", place)
            return
        hit("login", "address", address)
        hit("guess", "email", email)


class LogoutHandler(InterviewHandler):
    """``POST /api/interview/logout``."""

    @allow_unauthenticated
    async def post(self) -> None:
        """The token that came with the request is dead."""
        token = self.services.identity.logout(self)
        if token is None:
            raise Unauthorized("You are not logged in.")
        await self.services.accounts.logout(token)
        self.set_status(204)
        self.finish()
