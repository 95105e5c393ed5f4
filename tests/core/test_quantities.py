"""Numbers are written for people wherever a limit is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jupyter_interview
from jupyter_interview.core.quantities import as_count, as_size

PACKAGE = Path(jupyter_interview.__file__).parent
#: In a text for people, a number that is put in as a program has it, or what could be a promise: it is at most that.
BARE = re.compile(r"(?:at most|more than|limit of) \{[\w.]+\}|can (?:have|run) \{")
#: What tells operators of secrets and settings, and a kernel of itself.
ELSEWHERE = ("auth/secrets.py", "auth/tokens.py", "db/vault.py", "cli/verify.py", "provisioners/")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (1_999, "1.9 kB"),
        (65_536, "65.5 kB"),
        (999_999, "999.9 kB"),
        (1_000_000, "1 MB"),
        (20_000_000, "20 MB"),
        (1_500_000_000, "1.5 GB"),
        (5_000_000_000_000_000, "5,000 TB"),
    ],
)
def test_bytes_have_a_unit_and_are_no_more_than_they_are(number: int, text: str) -> None:
    assert as_size(number) == text


def test_large_numbers_have_separators() -> None:
    assert [as_count(number) for number in (0, 500, 1_000, 200_000)] == ["0", "500", "1,000", "200,000"]


def test_no_limit_is_told_as_a_bare_number() -> None:
    """Every line that a person reads says that it is one, and how much of what: with a unit, or separators."""
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if not str(path.relative_to(PACKAGE)).startswith(ELSEWHERE)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if BARE.search(line) and '"' in line
    ]
    assert found == []
