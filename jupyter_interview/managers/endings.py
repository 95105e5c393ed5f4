"""How is something ended, when nobody can do anything about it if that fails?"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


async def quietly(end: Callable[[], Awaitable[None]], what: str) -> None:
    """End ``what``; whatever goes wrong is logged, and others are ended as well."""
    try:
        await end()
    except Exception:
        _log.exception("%s could not be ended cleanly", what)
