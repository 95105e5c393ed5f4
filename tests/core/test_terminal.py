"""Is a text folded to what a terminal would show?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core import terminal
from jupyter_interview.core.terminal import Terminal, printed

_RED, _RESET = "\x1b[31m", "\x1b[0m"


def _stands(*pieces: str) -> str:
    """What stands when the pieces were printed and taken one by one."""
    made, text = Terminal(), ""
    for piece in pieces:
        made.feed(piece)
        removed, added = made.take()
        assert text.endswith(removed)
        text = text[: len(text) - len(removed)] + added
    return text


@pytest.mark.parametrize(
    ("printed", "stands"),
    (
        ("plain\n", "plain\n"),
        ("a\r\nb", "a\nb"),
        ("a\r\r\nb", "a\nb"),
        ("10%\r20%\r30%", "30%"),
        ("10%\r", "10%"),
        ("10%\r\n\rx", "10%\nx"),
        ("11111\r2 34\n", "2 341\n"),
        ("long line\rab\rc", "cbng line"),
        ("abc\x08d", "abd"),
        ("100%\x08\x08\x08\x08 5%", " 5%"),
        ("\x08x\n\x08y", "x\ny"),
        (f"{_RED}red{_RESET}\rx", f"{_RESET}x{_RED}ed{_RESET}"),
        (f"{_RED}1%\r2%", f"{_RED}2%"),
        (f"a{_RED}b\rc{_RESET}\n", f"{_RED}cb{_RESET}\n"),
        ("100 of 100\r\x1b[K5", "5"),
        ("one\ntwo\r\x1b[2Kx", "one\nx"),
        ("\x1b]8;;https://x.org\x07link\rL", "Link"),
        ("half\r\x1b[3", "half"),
    ),
)
def test_examples(printed: str, stands: str) -> None:
    assert _stands(printed) == stands
    assert _stands(*printed) == stands == terminal.printed(printed)


_PIECE = st.sampled_from(["a", "bc", "\r", "\n", "\b", "é", "😀", _RED, _RESET, "\x1b[K", "\x1b[2K"])


@given(st.lists(st.lists(_PIECE, max_size=8).map("".join), max_size=6))
def test_no_piece_matters(pieces: list[str]) -> None:
    whole = _stands("".join(pieces))
    assert _stands(*pieces) == whole and _stands(*"".join(pieces)) == whole
    assert "\r" not in whole and "\b" not in whole


@given(st.text(alphabet="ab\r\n\b", max_size=40))
def test_it_counts_what_stands(text: str) -> None:
    assert Terminal().feed(text) == len(_stands(text))


def test_a_return_in_a_very_long_line_begins_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "LINE_CHARS", 4)
    for shown, stands in (("12345\rab\rc", "12345\ncb"), ("ab\rcdefgh\ri", "cdefgh\ni"), ("12345\b6", "123456")):
        assert _stands(shown) == _stands(*shown) == stands


def test_of_very_many_returns_the_last_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "RETURNS", 3)
    assert _stands("12345", "6\rab\rc\rd\r\nx\ry\rz\r\n1\b\b2\r") == "d2345\nz\n2"


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("ab\b" * 300_000, "a" * 300_000),
        ("a\x1b[31m\b" * 100_000, None),
        ("L" * 400_000 + "x\b\b" * 150_000, "L" * 250_000),
        ("x" * 300_000 + "\r" * 2_001 + "y" * 300_000, "y" * 300_000),
        ("\r" * 900_000 + "x", "x"),
        ("\r" + "x\x1b[2K" * 150_000, ""),
        ("\x1b]" * 400_000 + "\r" * 2_001, None),
    ],
)
def test_a_flood_of_controls_takes_time_by_its_length(text: str, stands: str | None) -> None:
    """Each would take minutes, and some hours, where a control costs more for each that came before it."""
    assert stands is None or printed(text) == stands
    terminal = Terminal()
    for at in range(0, len(text), 8_192):
        terminal.feed(text[at : at + 8_192])
        terminal.take()


@given(st.text(alphabet="ab", max_size=5), st.text(alphabet="abc\r\n\b", max_size=40))
def test_a_flood_leaves_what_stands_behind_the_last_return(before: str, text: str) -> None:
    """And in its first line what nothing came over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "RETURNS", -1)
        shown = _stands(before, text)
    model = [list(before)]
    for char in text:
        if char == "\n":
            model.append([])
        elif char != "\b":
            model[-1].append(char)
        elif len(model) > 1 and model[-1]:
            model[-1].pop()
        elif len(model) == 1 and len(model[0]) > len(before):
            model[0].pop()
    lines = ["".join(line).rstrip("\r").rpartition("\r")[2] for line in model]
    if "\r" in "".join(model[0]).rstrip("\r"):
        lines[0] += before[len(lines[0]) :]
    assert shown == "\n".join(lines)
