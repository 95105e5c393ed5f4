"""Does the page about the sandbox tell the limits as they are?"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "sandbox.md"
ELSEWHERE = {"kernel_message_bytes", "kernel_start_seconds"}
TOLD = [item for item in fields(Limits) if item.name.startswith(("kernel_", "run_seconds", "output_"))]


@pytest.mark.parametrize("name", [item.name for item in TOLD if item.name not in ELSEWHERE])
def test_each_limit_of_a_kernel_is_told_with_its_default(name: str) -> None:
    default = getattr(Limits(), name)
    assert f"| `{name}` | {default:,.0f} |" in PAGE.read_text(encoding="utf-8")
