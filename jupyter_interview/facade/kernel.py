"""What does a page see of the room's kernel by REST, and how does it ask for runs?

Its state, and its interrupt and restart. Runs are asked for by ``POST <room>/api/runs``, which names cells: the log of
runs is complete. `kernelsocket` has the rest.
"""

from __future__ import annotations

import json
from typing import ClassVar

from jupyter_client.jsonutil import json_default
from pydantic import BaseModel, Field

from ..core.errors import KernelUnavailable, NotFound
from ..core.models import JSON
from ..core.permissions import Permission
from ..web import Gate
from .page import NOTEBOOK


class CellToRun(BaseModel, extra="forbid"):
    """A cell, and the SHA-256 of the source that the page showed."""

    cell: str = Field(max_length=200)
    source_hash: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class CellsToRun(BaseModel, extra="forbid"):
    """Body of a run."""

    cells: list[CellToRun] = Field(min_length=1, max_length=500)


class SessionRequest(BaseModel):
    """Body of a request for a session: its path is the only thing that is listened to."""

    path: str = Field(default=NOTEBOOK, max_length=200)


class Runs(Gate):
    """``POST <room>/api/runs``."""

    needs: ClassVar = {"POST": Permission.RUN}

    async def post(self) -> None:
        """Queue cells, in order."""
        body = self.body(CellsToRun, most=262_144)
        live = await self.live()
        cells = [(item.cell, item.source_hash) for item in body.cells]
        self.answer({"runs": await live.runs.request(self.own_member(), 0, cells)}, 202)


class OfKernel(Gate):
    """Something of the room's kernel, which is the only one there is."""

    async def model(self) -> JSON | None:
        """The kernel as jupyter-server describes one; ``None`` while there is none, or after the interview."""
        live = self.services.rooms.opened(self.room_id or "")
        if live is None:
            return None
        kernel_id = live.runs.kernel_json()["id"]
        if kernel_id is None or kernel_id not in self.services.kernels:
            return None
        model: JSON = json.loads(json.dumps(self.services.kernels.kernel_model(kernel_id), default=json_default))
        return model

    async def check_kernel(self, kernel_id: str) -> None:
        """Only the room's own.

        Raises:
            NotFound: it is another one.
        """
        model = await self.model()
        if model is None or model["id"] != kernel_id:
            raise NotFound("There is no such kernel here.")

    async def session(self, path: str = NOTEBOOK) -> JSON | None:
        """The notebook's session, under the path that the page knows it by; ``None`` while it has no kernel."""
        kernel = await self.model()
        if kernel is None:
            return None
        name = path.rsplit("/", 1)[-1]
        return {
            "id": self.room_id,
            "path": path,
            "name": name,
            "type": "notebook",
            "kernel": kernel,
            "notebook": {"path": path, "name": name},
        }


class Kernels(OfKernel):
    """``GET <room>/api/kernels``."""

    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The room's kernel, in a list."""
        model = await self.model()
        self.answer([model] if model is not None else [])


class Kernel(OfKernel):
    """``GET <room>/api/kernels/<kernel>``."""

    async def get(self, kernel_id: str) -> None:
        """The room's kernel."""
        await self.check_kernel(kernel_id)
        self.answer(await self.model())


class KernelAction(OfKernel):
    """``POST <room>/api/kernels/<kernel>/interrupt`` and ``…/restart``."""

    needs: ClassVar = {"POST": Permission.RUN}

    async def post(self, kernel_id: str, action: str) -> None:
        """Interrupt or restart."""
        await self.check_kernel(kernel_id)
        live = await self.live()
        if action == "interrupt":
            await live.runs.interrupt(self.own_member())
            self.set_status(204)
            self.finish()
        else:
            await live.runs.restart(self.own_member())
            self.answer(await self.model())


class Sessions(OfKernel):
    """``<room>/api/sessions``."""

    needs: ClassVar = {"GET": Permission.VIEW, "POST": Permission.VIEW}
    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The one session, once it has a kernel."""
        session = await self.session()
        self.answer([session] if session is not None else [])

    async def post(self) -> None:
        """The one session, whatever was asked for."""
        session = await self.session(self.body(SessionRequest).path)
        if session is None:
            raise KernelUnavailable("The kernel is not there yet.")
        self.answer(session, 201)


class Session(OfKernel):
    """``<room>/api/sessions/<session>``."""

    needs: ClassVar = {"GET": Permission.VIEW, "PATCH": Permission.VIEW}

    async def get(self, session_id: str) -> None:
        """The one session."""
        session = await self.session()
        if session is None or session_id != self.room_id:
            raise NotFound("There is no such session here.")
        self.answer(session)

    async def patch(self, session_id: str) -> None:
        """Nothing can be changed: the session as it is."""
        await self.get(session_id)


class KernelSpecs(Gate):
    """``GET <room>/api/kernelspecs``."""

    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The room's language only; on the desk none, so that the launcher offers no notebooks."""
        if self.room_id is None:
            self.answer({"default": "", "kernelspecs": {}})
            return
        name = (await self.services.rooms.get(self.room_id)).language
        spec = self.services.kernels.kernel_spec_manager.get_kernel_spec(name)
        shown = {"argv": [], "display_name": spec.display_name, "language": spec.language, "metadata": {}, "env": {}}
        entry = {"name": name, "spec": {**shown, "interrupt_mode": spec.interrupt_mode}, "resources": {}}
        self.answer({"default": name, "kernelspecs": {name: entry}})
