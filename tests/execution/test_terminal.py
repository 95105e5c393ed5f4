"""Is a text folded to what a terminal would show?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.execution.terminal import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    (
        ("plain\n", "plain\n"),
        ("a\r\nb", "a\nb"),
        ("10%\r20%\r30%", "10%\r30%"),
        ("\r1\r2\r3", "\r3"),
        ("10%\r", "10%\r"),
        ("long line\rab\rc", "long line\rab\rc"),
        ("abc\x08d", "abd"),
        ("\x08x", "\x08x"),
        ("\x1b[31mred\x1b[0m\rx", "\x1b[31mred\x1b[0m\rx"),
    ),
)
def test_examples(text: str, folded: str) -> None:
    assert fold(text) == folded


def _screen(text: str) -> list[str]:
    """A terminal of endless width without escape sequences; trailing blanks do not show."""
    lines: list[list[str]] = [[]]
    column = 0
    for character in text:
        if character == "\n":
            lines.append([])
            column = 0
        elif character == "\r":
            column = 0
        else:
            line = lines[-1]
            line[column : column + 1] = [character]
            column += 1
    return ["".join(line) for line in lines]


@given(st.lists(st.text(alphabet="ab\r\n", max_size=12), max_size=6))
def test_folding_pieces_shows_the_same(pieces: list[str]) -> None:
    """Pieces are folded as they come, and the page shows them one after the other."""
    assert _screen("".join(map(fold, pieces))) == _screen("".join(pieces))


@given(st.text(alphabet="ab\r\n\b", max_size=40))
def test_folding_never_grows(text: str) -> None:
    assert len(fold(text)) <= len(text)
