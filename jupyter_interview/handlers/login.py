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
        self.services.rates.hit("login", "address", self.request.remote_ip or "")
        self.services.rates.hit("login", "email", body.email.strip().lower())
        account, token, expires_at = await self.services.accounts.login(body.email, body.password)
        self.services.identity.login(self, token)
        public = {"id": account.id, "email": account.email, "name": account.name}
        self.answer({"token": token, "expires_at": clock.iso(expires_at), "account": public})


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
