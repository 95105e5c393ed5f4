"""How is a value written as JSON that any string can be in?"""

from __future__ import annotations

import json
from typing import Any


def json_bytes(value: Any) -> bytes:
    """JSON in UTF-8, in as few bytes as it takes. Half a surrogate pair means nothing, and becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
