"""What else does JupyterLab's page ask for? Its settings and translations, and constants that say: not here."""

from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.utils import url_path_join
from jupyterlab_server.settings_utils import get_settings
from jupyterlab_server.themes_handler import ThemesHandler
from jupyterlab_server.translation_utils import get_language_pack, get_language_packs, is_valid_locale

from ..core.errors import NotFound
from ..core.models import JSON
from ..core.permissions import Permission
from ..web import Gate, InterviewSocket
from .page import NOTEBOOK

_CACHE = "interview_lab_settings"
_EPOCH = "1970-01-01T00:00:00Z"
_CHECKPOINT = {"id": "checkpoint", "last_modified": _EPOCH}
_OVERRIDES: JSON = {
    # The page follows the visitor's system.
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"kernelShutdown": False, "autoStartDefaultKernel": False},
}


class PageGate(Gate):
    """What a page asks for whether the interview goes on, or is replayed after its end."""

    after_end: ClassVar[Permission | None] = Permission.REVIEW


class Me(PageGate):
    """``GET api/me``."""

    async def get(self) -> None:
        """Who one is. Nothing of it can be changed."""
        if self.member is not None:
            user = self.member.to_user()
        else:
            name = self.account.name if self.account is not None else ""
            user = {"username": self.account.id if self.account else "", "name": name, "display_name": name}
            user.update(initials=name[:1].upper(), avatar_url=None, color=None)
        self.answer({"identity": user, "permissions": {}})


class Contents(PageGate):
    """``GET api/contents/<path>``: a folder with the notebook in it; an empty one on the desk."""

    async def get(self, path: str = "") -> None:
        """The folder, or the notebook as it stands in the shared document."""
        path = path.strip("/")
        if path == "":
            items = [] if self.room_id is None else [_model(NOTEBOOK, "notebook")]
            self.answer({**_model("", "directory"), "content": items, "format": "json"})
        elif path == NOTEBOOK and self.room_id is not None:
            model = _model(NOTEBOOK, "notebook")
            if self.get_query_argument("content", "1") != "0":
                live = await self.live()
                model.update(content=live.document.notebook(), format="json")
            self.answer(model)
        else:
            raise NotFound("There is no such file here.")


class Checkpoints(PageGate):
    """``api/contents/<path>/checkpoints``: everything is in the log, but a notebook without any is offered one."""

    needs: ClassVar = {"GET": Permission.VIEW, "POST": Permission.VIEW}

    async def get(self, path: str) -> None:
        """The one there always is."""
        self.answer([_CHECKPOINT])

    async def post(self, path: str) -> None:
        """The same."""
        self.answer(_CHECKPOINT, 201)


class Settings(PageGate):
    """``GET lab/api/settings``: JupyterLab's defaults, never the server user's own."""

    needs: ClassVar = {"GET": Permission.VIEW, "PUT": None}

    async def get(self, plugin: str = "") -> None:
        """All settings, or a plugin's. Read from disk once: they do not change while the server runs."""
        ids_only = self.get_query_argument("ids_only", "") == "true"
        cache: dict[tuple[str, bool], bytes] = self.settings.setdefault(_CACHE, {})
        key = (plugin, ids_only)
        if key not in cache:
            loop = asyncio.get_running_loop()
            cache[key] = await loop.run_in_executor(None, self._read, plugin, ids_only)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(cache[key])

    def _read(self, plugin: str, ids_only: bool) -> bytes:
        lab = self.settings["interview_lab"]
        try:
            found, _ = get_settings(
                lab.app_settings_dir,
                lab.schemas_dir,
                "",
                schema_name=plugin,
                labextensions_path=lab.extra_labextensions_path + lab.labextensions_path,
                ids_only=ids_only,
            )
        except Exception as error:  # upstream raises for an unknown plugin and for a broken schema alike
            raise NotFound("There are no such settings.") from error
        for item in [found, *found.get("settings", [])]:
            if item.get("id") in _OVERRIDES and "settings" in item:
                item["settings"] = {**item["settings"], **_OVERRIDES[item["id"]]}
                item["raw"] = json.dumps(_OVERRIDES[item["id"]])
        return json.dumps(found).encode()


class Translations(PageGate):
    """``GET lab/api/translations``."""

    async def get(self, locale: str = "") -> None:
        """The language packs there are, or one of them."""
        loop = asyncio.get_running_loop()
        if not locale:
            data, message = await loop.run_in_executor(None, get_language_packs, "en")
        elif locale == "default" or not is_valid_locale(locale):
            data, message = {}, ""
        else:
            data, message = await loop.run_in_executor(None, get_language_pack, locale)
        self.answer({"data": data, "message": message})


class Workspaces(PageGate):
    """``lab/api/workspaces``: kept in the browser's memory only."""

    needs: ClassVar = {"GET": Permission.VIEW, "PUT": Permission.VIEW}

    async def get(self, name: str = "") -> None:
        """An empty one."""
        if name:
            self.answer({"data": {}, "metadata": {"id": name, "last_modified": _EPOCH, "created": _EPOCH}})
        else:
            self.answer({"workspaces": {"ids": [], "values": []}})

    async def put(self, name: str = "") -> None:
        """Nothing is kept."""
        self.set_status(204)
        self.finish()


class Themes(ThemesHandler):
    """``lab/api/themes/…``: open to all, as at the server's own place, and served here because nothing redirects."""

    def initialize(self, *_: Any, **__: Any) -> None:
        """Where JupyterLab has them; it is loaded after us."""
        lab = self.settings["interview_lab"]
        super().initialize(
            lab.themes_dir,
            themes_url=url_path_join(self.settings["base_url"], lab.themes_url),
            labextensions_path=lab.extra_labextensions_path + lab.labextensions_path,
        )

    @allow_unauthenticated
    def get(self, path: str, include_body: bool = True, room: str | None = None) -> Any:
        """A file."""
        return super().get(path, include_body)

    @allow_unauthenticated
    def head(self, path: str, room: str | None = None) -> Any:
        """Its headers."""
        return super().head(path)


class Constant(PageGate):
    """An endpoint that has nothing to tell here."""

    def initialize(self, content: Any) -> None:
        """What it answers."""
        self._content = content

    async def get(self, **_: str) -> None:
        """Always the same."""
        self.answer(self._content)


class SilentEvents(InterviewSocket, PageGate):
    """``api/events/subscribe``: the server's own event bus tells of other rooms, so it is silent here."""

    needs: ClassVar = {"GET": Permission.VIEW}

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The handshake."""
        await super().get(*args, **kwargs)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is listened to."""


def _model(path: str, kind: str) -> JSON:
    return {
        "name": path,
        "path": path,
        "type": kind,
        "writable": kind == "notebook",
        "created": _EPOCH,
        "last_modified": _EPOCH,
        "mimetype": None,
        "content": None,
        "format": None,
        "size": None,
        "hash": None,
        "hash_algorithm": None,
    }
