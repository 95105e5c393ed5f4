"""REST: rooms."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from ..core.errors import BadRequest, KernelUnavailable, Unauthorized
from ..core.limits import Limits
from ..core.models import JSON, RoomState
from ..core.permissions import Permission
from ..core.text import shown
from ..managers import given
from ..managers.files import check_names
from ..web import Gate
from .base import RoomResource
from .files import NewFile, decoded

_PAGE = 100


class NewRoom(BaseModel, extra="forbid"):
    """Body of a new room."""

    title: str = Field(max_length=1_000)
    language: str = Field(default="python", max_length=50)
    password: str | None = Field(default=None, max_length=1_024)
    notebook: dict[str, Any] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list, max_length=100)
    files: list[NewFile] = Field(default_factory=list)


class RoomChanges(BaseModel, extra="forbid"):
    """Body of a change; only what is given changes."""

    title: str = Field(default="", max_length=1_000)
    password: str | None = Field(default=None, max_length=1_024)
    settings: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list, max_length=100)


class RoomsHandler(Gate):
    """``/api/interview/rooms``."""

    needs: ClassVar = {"GET": Permission.VIEW, "POST": Permission.MANAGE}

    async def get(self) -> None:
        """A page of rooms."""
        if self.account is None:
            raise Unauthorized("Log in first.")
        rooms, cursor = await self.services.rooms.page(
            self.account,
            states=_states(self.get_query_argument("state", "")),
            text=shown(self.get_query_argument("q", "")[:200]) or None,
            tag=shown(self.get_query_argument("tag", "")[:100]) or None,
            limit=max(1, self.number("limit", 50, _PAGE)),
            cursor=self.get_query_argument("cursor", None),
        )
        self.answer({"rooms": rooms, "next": cursor})

    async def post(self) -> None:
        """A new room."""
        if self.account is None:
            raise Unauthorized("Log in first.")
        limits = self.services.limits
        # Escapes and base64 make things longer; what is too large of them is said below.
        body = self.body(NewRoom, most=2 * (limits.notebook_bytes + limits.data_bytes))
        language = _language(self.services.languages.list(), body.language)
        check_names([file.name for file in body.files], limits)
        notebook = await _notebook(body.notebook, limits)
        room = await self.services.rooms.create(
            self.account,
            title=body.title,
            language=body.language,
            starter=language["starter"],
            language_info=language["language_info"],
            password=body.password,
            notebook=notebook,
            settings=body.settings,
            tags=body.tags,
            files=await decoded(body.files),
        )
        self.set_header("Location", room["url"])
        self.answer(room, 201)


class RoomHandler(RoomResource):
    """``/api/interview/rooms/<room>``."""

    needs: ClassVar = {"GET": Permission.VIEW, "PATCH": Permission.MANAGE, "DELETE": Permission.MANAGE}

    async def get(self, target: str) -> None:
        """The room."""
        self.answer(self.services.rooms.json(await self.room(target)))

    async def patch(self, target: str) -> None:
        """Change it."""
        changes = self.body(RoomChanges).model_dump(exclude_unset=True)
        room = await self.room(target)
        self.answer(await self.services.rooms.update(room.id, self.author, changes))

    async def delete(self, target: str) -> None:
        """Remove an ended one with its record."""
        room = await self.room(target)
        await self.services.rooms.delete(room.id, self.author)
        self.set_status(204)
        self.finish()


class EndHandler(RoomResource):
    """``POST /api/interview/rooms/<room>/end``."""

    needs: ClassVar = {"POST": Permission.MANAGE}

    async def post(self, target: str) -> None:
        """End the interview."""
        room = await self.room(target)
        self.answer(await self.services.rooms.end(room.id, self.author))


class LanguagesHandler(Gate):
    """``GET /api/interview/languages``."""

    async def get(self) -> None:
        """The languages with what is missing for each, and how much a new room can hold."""
        limits = self.services.limits
        answer = {"data_files": limits.data_files, "data_bytes": limits.data_bytes}
        self.answer({"languages": self.services.languages.list(), "limits": answer})


def _states(text: str) -> list[RoomState] | None:
    if not text:
        return None
    if text == "open":
        return [RoomState.WAITING, RoomState.LIVE]
    try:
        return [RoomState(state) for state in text.split(",")]
    except ValueError as error:
        raise BadRequest("state is waiting, live, ended or open.", field="state") from error


def _language(languages: list[JSON], name: str) -> JSON:
    for language in languages:
        if language["name"] == name:
            if not language["available"]:
                raise KernelUnavailable(language["message"])
            return language
    known = ", ".join(language["name"] for language in languages)
    raise BadRequest(f"There is no language {name!r}. There are: {known}.", field="language")


async def _notebook(notebook: JSON | None, limits: Limits) -> JSON | None:
    if notebook is None:
        return None
    return await asyncio.get_running_loop().run_in_executor(None, given.checked, notebook, limits)
