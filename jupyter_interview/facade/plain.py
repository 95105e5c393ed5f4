"""What does a person see who opens a page, and be it that it cannot be had now?"""

from __future__ import annotations

from typing import Any

from ..core.errors import InterviewError, StorageUnavailable
from ..web import InterviewHandler
from .policy import Place, plain_policy

_AGAIN_SECONDS = 10
_AWAY = "The server does not reach its database. What was saved is safe."
#: What passes: the page looks again by itself.
_PASSING = {429: "Too many requests", 503: "Not now"}


class PlainPage(InterviewHandler):
    """A page of our own templates."""

    def render_plain(self, template: str, *scripts: str, calls: str = "", **names: Any) -> None:
        """Finish with a page that runs and loads nothing but our own files.

        Args:
            template: name of it.
            *scripts: the scripts that it loads, of our static files.
            calls: path below the base URL that they call; empty for none.
            **names: what the template needs.
        """
        self.set_header("Content-Security-Policy", plain_policy(Place.of(self), *scripts, calls=calls))
        self.finish_page(template, **names)

    def finish_page(self, template: str, **names: Any) -> None:
        """Finish with a page whose policy is set.

        Args:
            template: name of it.
            **names: what it needs.
        """
        page = self.settings["interview_templates"].get_template(template)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page.render(base_url=self.base_url, xsrf_form_html=self.xsrf_form_html, **names))

    def render_notice(self, status: int, title: str, text: str, *, own_part: str = "") -> None:
        """Finish with a page that says only that something is not to be had, and why.

        Args:
            status: of the answer.
            title: what it is about.
            text: why.
            own_part: where whoever reads it gets what was recorded of them; empty for nowhere.
        """
        self.set_status(status)
        self.render_plain("notice.html", title=title, text=text, own_part=own_part)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Who looks at a page reads what is wrong, and need not ask again; programs get the protocol's error."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        passing = _PASSING.get(status_code)
        if passing is None or not isinstance(error, InterviewError) or not self._is_looked_at():
            super().write_error(status_code, **kwargs)
            return
        wait = max(1, round(error.details.get("retry_after", _AGAIN_SECONDS)))
        self.set_header("Retry-After", str(wait))
        self.set_header("Refresh", str(wait))
        said = _AWAY if isinstance(error, StorageUnavailable) else error.message
        self.render_notice(status_code, passing, f"{said} This page tries again by itself.")

    def _is_looked_at(self) -> bool:
        return self.request.method == "GET" and "text/html" in self.request.headers.get("Accept", "")
