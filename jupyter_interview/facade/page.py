"""How is JupyterLab's page made ours?

The page is JupyterLab's own, with a configuration of its own: the room's prefix as base URL, so that whatever it calls
stays below it; no token; and only the plugins that serve the interview.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from functools import lru_cache
from html import escape
from typing import Any

from jupyter_server.utils import url_path_join
from jupyterlab_server.handlers import LabHandler

from ..core.models import JSON
from ..web import InterviewHandler
from .plugins import DISABLED, FEDERATED

NOTEBOOK = "Interview.ipynb"
_SHARED = "interview_page_config"
# What our pages take over from JupyterLab's own: the rest names paths of this machine, or nothing that they have.
_KEPT = frozenset(
    {
        "appName",
        "appNamespace",
        "appUrl",
        "appVersion",
        "cacheFiles",
        "devMode",
        "exposeAppInBrowser",
        "fullAppUrl",
        "fullLabextensionsUrl",
        "fullSettingsUrl",
        "fullStaticUrl",
        "fullThemesUrl",
        "fullTranslationsApiUrl",
        "fullTreeUrl",
        "fullWorkspacesApiUrl",
        "labextensionsUrl",
        "notebookVersion",
        "settingsUrl",
        "themesUrl",
        "translationsApiUrl",
        "treeUrl",
        "untracked_message_types",
        "workspacesApiUrl",
    }
)
_ICONS = "static/favicons/"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class LabPage(InterviewHandler, LabHandler):
    """Renders JupyterLab for one of our pages."""

    async def render_lab(self, page: str, prefix: str, **options: str) -> None:
        """Finish with the page.

        Args:
            page: ``room`` or ``desk``.
            prefix: the base URL for everything the page calls, with a slash at its end.
            **options: further options of its page config.
        """
        config = self._config(page, await self._shared())
        config.update(options)
        template = self.get_template("index.html")
        names = {**self.template_namespace, "base_url": prefix, "ws_url": "", "token": "", "custom_css": False}
        html = template.render(page_config=config, **names)
        # Icons are the server's own: a browser asks for them anew whenever the address changes.
        html = html.replace(f'href="{escape(prefix)}{_ICONS}', f'href="{escape(self.base_url)}{_ICONS}')
        self.set_header("Content-Security-Policy", _policy(html))
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)

    async def _shared(self) -> JSON:
        """JupyterLab's own page config, read from disk once."""
        if _SHARED not in self.settings:
            loop = asyncio.get_running_loop()
            self.settings[_SHARED] = await loop.run_in_executor(None, self.get_page_config)
        # A copy: the stock handler hands out the settings that all pages share.
        shared: JSON = json.loads(json.dumps(self.settings[_SHARED], default=str))
        return shared

    def _config(self, page: str, shared: JSON) -> JSON:
        config = {name: value for name, value in shared.items() if name in _KEPT}
        wanted = FEDERATED - DISABLED[page]
        federated = [item for item in shared.get("federated_extensions", []) if item.get("name") in wanted]
        config.update(
            buildAvailable=False,
            buildCheck=False,
            disabledExtensions=sorted(DISABLED[page]),
            disableRTC="false",
            federated_extensions=federated,
            interviewPage=page,
            interviewRoom="",
            interviewMember="",
            interviewShare="",
            lockedExtensions=[],
            mode="multiple-document",
            notebookStartsKernel=True,
            preferredPath="/",
            quitButton=False,
            store_id=0,
            terminalsAvailable=False,
            token="",
            treePath="",
            workspace="default",
        )
        return config

    def interview_url(self, *parts: str) -> str:
        """A path below ``/interview`` with the server's base URL."""
        path: str = url_path_join(self.base_url, "interview", *parts)
        return path


@lru_cache(maxsize=16)
def _hashes(scripts: tuple[str, ...]) -> str:
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _policy(html: str) -> str:
    """What the page may load and run.

    No inline script but the template's own: an output with HTML in it, from a kernel or a forged document, runs nothing
    in anybody's browser. JupyterLab compiles its settings' schemas, which needs ``unsafe-eval``.
    """
    inline = _hashes(tuple(_INLINE.findall(html)))
    return policy(script=f"'self' 'unsafe-eval' {inline}", style="'self' 'unsafe-inline'", worker="'self' blob:")


def policy(script: str = "'self'", style: str = "'self'", worker: str = "'none'") -> str:
    """A Content-Security-Policy that reaches this server only."""
    rules: dict[str, Any] = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": style,
        "worker-src": worker,
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
