"""How does the server's own user log out?

Stock Jupyter Server logs out whoever asks for ``/logout``, and a browser asks for any address that is shown as a
picture. Nothing that changes a state answers to GET: here GET is a page with a button, and the button does it. Visits
and seats that were got in the session end with it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from ..managers.services import SETTING as SERVICES
from ..managers.services import Services
from ..web.origins import SETTING, Origins
from .policy import Place, plain_policy


def logout_handler(stock: Any) -> type[JupyterHandler]:
    """The handler of ``/logout``.

    Args:
        stock: the identity provider's own; it is asked only when the button was pressed.
    """

    class Logout(stock):  # type: ignore[misc]  # a class that is known only now
        """``/logout``."""

        @allow_unauthenticated
        def get(self) -> None:
            """The button."""
            origins: Origins = self.settings[SETTING]
            place = Place(origins.of(self.request), self.base_url)
            page = self.settings["interview_templates"].get_template("logout.html")
            self.set_header("Content-Security-Policy", plain_policy(place, form=place.at("logout")))
            self.set_header("Cache-Control", "no-store")
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(page.render(base_url=self.base_url, xsrf_form_html=self.xsrf_form_html))

        @allow_unauthenticated
        async def post(self) -> None:
            """Log out. The form carries the XSRF token, which jupyter-server has checked."""
            services: Services = self.settings[SERVICES]
            await services.identity.leave(self)
            done: Any = super().get()
            if isinstance(done, Awaitable):
                await done

    return Logout
