"""How is JupyterLab's page made ours?

The page is JupyterLab's own, with a configuration of its own: the room's prefix as base URL, so that whatever it calls
stays below it; no token; and only the plugins that serve the interview.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from html import escape
from typing import NamedTuple

from jupyter_server.utils import url_path_join
from jupyterlab_server.handlers import LabHandler

from ..core.models import JSON
from .plain import PlainPage
from .plugins import DISABLED, FEDERATED
from .policy import Place, confine, lab_policy

NOTEBOOK = "Interview.ipynb"
_SHARED = "interview_page_config"
_PAGES = "interview_pages"
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


class Rendered(NamedTuple):
    """A page: its source, the extensions that it loads, and the template's own scripts in it."""

    html: str
    extensions: tuple[str, ...]
    inline: tuple[str, ...]


class KeptPages:
    """The pages that were rendered last: whoever loads one again gets the same.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, Rendered] = OrderedDict()

    def page(self, key: Hashable, render: Callable[[], Rendered]) -> Rendered:
        """The page of this key; it is rendered unless it was before."""
        found = self._pages.pop(key, None)
        self._pages[key] = rendered = render() if found is None else found
        while len(self._pages) > self._most:
            self._pages.popitem(last=False)
        return rendered


class LabPage(PlainPage, LabHandler):
    """Renders JupyterLab for one of our pages."""

    async def render_lab(self, page: str, prefix: str, **options: str) -> None:
        """Finish with the page.

        Args:
            page: ``room`` or ``desk``.
            prefix: the base URL for everything the page calls, with a slash at its end.
            **options: further options of its page config.
        """
        shared = await self._shared()
        # Whatever differs from page to page: who looks at it is among the options.
        key = (page, prefix, *sorted(options.items()))
        kept: KeptPages = self.settings.setdefault(_PAGES, KeptPages())
        rendered = kept.page(key, lambda: self._rendered(self._config(page, shared) | options, prefix))
        rules = lab_policy(Place.of(self), prefix.removeprefix(self.base_url), rendered.extensions, rendered.inline)
        if page == "room":
            confine(self, rules)
        else:
            self.set_header("Content-Security-Policy", rules)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(rendered.html)

    def _rendered(self, config: JSON, prefix: str) -> Rendered:
        template = self.get_template("index.html")
        names = {**self.template_namespace, "base_url": prefix, "ws_url": "", "token": "", "custom_css": False}
        html = template.render(page_config=config, **names)
        # Icons are the server's own: a browser asks for them anew whenever the address changes.
        html = html.replace(f'href="{escape(prefix)}{_ICONS}', f'href="{escape(self.base_url)}{_ICONS}')
        extensions = tuple(item["name"] for item in config["federated_extensions"])
        return Rendered(html, extensions, tuple(_INLINE.findall(html)))

    async def _shared(self) -> JSON:
        """JupyterLab's own page config, read from disk once."""
        if _SHARED not in self.settings:
            loop = asyncio.get_running_loop()
            config = await loop.run_in_executor(None, self.get_page_config)
            # A copy: the stock handler hands out the settings that all pages share.
            self.settings[_SHARED] = json.loads(json.dumps(config, default=str))
        shared: JSON = self.settings[_SHARED]
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
            interviewHome="",
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
