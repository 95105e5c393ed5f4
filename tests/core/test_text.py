"""A line of text that people wrote is fit to be stored and shown."""

from __future__ import annotations

import pytest

from jupyter_interview.core.text import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Two \t Sum\n", "Two Sum"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202eevil\u202c", "evil"),
        ("e\u0301", "é"),
        ("\ud800", ""),
        ("你好 😀", "你好 😀"),
    ],
)
def test_control_characters_and_double_spaces_go(text: str, expected: str) -> None:
    assert shown(text) == expected
