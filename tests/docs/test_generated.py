"""Is the documentation what the code says?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import PAGES, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def _pages() -> list[Path]:
    return sorted([*ROOT.rglob("*.md"), *ROOT.parent.glob("*.md")])


@pytest.mark.parametrize("page", _pages(), ids=lambda path: str(path.relative_to(ROOT.parent)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not broken
