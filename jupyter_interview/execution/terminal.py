"""What is left of a text after a terminal has printed it?

Progress bars print the same line again and again with carriage returns and backspaces. Folded here, only what would be
on the screen goes into the document; colours (ANSI sequences) are kept, the page shows them.
"""

from __future__ import annotations


def fold(text: str) -> str:
    """The text with overwritten characters removed.

    What stands before the first carriage return continues a line that is already written, so it and that return stay;
    the last part stays by itself, because the text that comes next continues it. Lines with escape sequences are left
    alone: their characters are not columns.
    """
    if "\r" not in text and "\b" not in text:
        return text
    text = text.replace("\r\n", "\n")
    return "\n".join(_fold_line(line) for line in text.split("\n"))


def _fold_line(line: str) -> str:
    if "\x1b" in line:
        return line
    if "\b" in line:
        line = _backspaces(line)
    if "\r" not in line:
        return line
    first, *overwriting, last = line.split("\r")
    shown = ""
    for part in overwriting:
        shown = part + shown[len(part) :]
    kept = [first, last] if len(shown) <= len(last) else [first, shown, last]
    return "\r".join(kept)


def _backspaces(line: str) -> str:
    result: list[str] = []
    for character in line:
        if character == "\b" and result and result[-1] not in "\b\r":
            result.pop()
        else:
            result.append(character)
    return "".join(result)
