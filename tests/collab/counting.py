"""How much is read from a shared document?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from pycrdt import Array, Map


@contextmanager
def reads() -> Generator[Counter[str]]:
    """How often things of shared arrays and maps are read meanwhile."""
    counted: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        for kind in (Array, Map):
            name, original = kind.__name__, kind.__getitem__

            def read(self: Any, key: Any, name: str = name, original: Any = original) -> Any:
                counted[name] += 1
                return original(self, key)

            patch.setattr(kind, "__getitem__", read)
        yield counted
