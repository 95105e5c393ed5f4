"""What a command prints of others stays what a command prints: a line of text, that a terminal only shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from jupyter_interview import cli
from jupyter_interview.cli.output import brief, say, tell

Captured = pytest.CaptureFixture[str]
ODD = ["\n", "\r", "\x1b[2J", "\x9b2J", "\x07", "\u2028", "\u202e", "\u200b", "\u3164", "\ud800", "\x85"]


@pytest.mark.parametrize("odd", ODD)
def test_a_line_stays_one_that_can_be_seen(odd: str, capsys: Captured) -> None:
    say(f"a{odd}b", "c")
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("\tc\n") and said.rstrip("\n").replace("\t", "").isprintable()
    assert odd[0].encode("unicode_escape", "surrogatepass").decode() in said


def test_words_stay_as_they_are(capsys: Captured) -> None:
    words = "Zwei Größen, 張, علی\u200cرضا, ❤\ufe0f"  # noqa: RUF001
    say(words)
    assert capsys.readouterr().out == f"{words}\n"


def test_only_the_first_of_several_lines_begins_at_the_margin(capsys: Captured) -> None:
    tell("It failed.\nAll events hold.\n  more\x1b[A", error=True)
    assert capsys.readouterr().err == "It failed.\n  All events hold.\n  more\\x1b[A\n"


def test_spaces_of_a_title_move_nothing_to_the_next_line() -> None:
    assert brief(f"a{' ' * 500}b") == "a b"
    assert len(brief("x" * 500)) == 200


def test_commands_print_nothing_past_it() -> None:
    for path in Path(str(cli.__file__)).parent.glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {func.id for func in calls if isinstance(func, ast.Name)}
        assert path.name == "output.py" or "print" not in names, path.name
