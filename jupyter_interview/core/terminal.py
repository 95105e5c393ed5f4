"""What is left of a text after a terminal has printed it?

Progress bars print the same line again and again with carriage returns and backspaces. What stands on the screen then
is all that goes into a document, so that every reader of it shows the same. A carriage return goes to the beginning of
the line, and what is printed there takes the place of what stood there; a backspace removes the character before it, as
in JupyterLab; colours stay with their characters. Nothing depends on the pieces in which a text comes.
"""

from __future__ import annotations

import re

from .encoding import size_of

LINE_CHARS = 4_096
"""A carriage return in a longer line begins a new one, as on a screen of this width."""
RETURNS = 2_000
"""A piece with more of them keeps of each line what stands behind the last: nobody saw the rest."""
_DEAR = 20
"""As so many of them counts what erases a whole line."""
_STYLE_CHARS = 64
_BEGUN_CHARS = 1_000
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]")
_TOKEN = re.compile(
    rf"(?P<sequences>(?:{_SEQUENCE.pattern})+)|(?P<control>[\r\b])|(?P<begun>\x1b.*\Z)|(?P<printed>[^\r\b\x1b]+)",
    re.DOTALL,
)
_CONTROL = re.compile(r"[\r\b]")
_PART = re.compile(r"(?:[^\r\b\n]*\n)+|[^\n]*\n|[^\n]+")
"""Lines without controls, together; a line with some; what is not yet a line."""
_BACKS = re.compile(r"([^\x08]*)(\x08*)")
_ERASE_LINE = "\x1b[2K"
_ERASERS = frozenset({"\x1b[K", "\x1b[0K", _ERASE_LINE})
_RESET = "\x1b[0m"
_RESETS = frozenset({"\x1b[m", _RESET})

Cell = tuple[str, str]
"""A character on the screen: the sequences that make it look as it does, and itself."""


class Terminal:
    """The text of one output. Only its last line can still change."""

    def __init__(self) -> None:
        self._above: list[str] = []
        self._line = _Line()
        self._taken = ""

    @property
    def rewrites(self) -> bool:
        """Whether something that was printed was overwritten since the text was last taken."""
        return self._line.rewritten

    def feed(self, text: str) -> int:
        """Print a text.

        Returns:
            How many bytes (UTF-8) of it stand beside what stood before: what is printed over that counts for nothing.
        """
        if text.count("\r") + text.count("\b") + _DEAR * text.count(_ERASE_LINE) > RETURNS:
            text = _shortened(text)
        return sum(self._print(part) for part in _PART.findall(text))

    def take(self) -> tuple[str, str]:
        """What to remove from the end of what was taken before, and what to add to it then."""
        line = self._line.text()
        text = "".join([*self._above, line])
        kept = _alike(self._taken, text)
        removed, added = self._taken[kept:], text[kept:]
        self._above, self._taken, self._line.rewritten = [], line, False
        return removed, added

    def _print(self, part: str) -> int:
        if not self._line.is_screen and _CONTROL.search(part) is None:
            lines, _, rest = part.rpartition("\n")
            if lines or part.startswith("\n"):
                self._above.append(f"{self._line.text()}{lines}\n")
                self._line = _Line(self._line.rewritten)
            self._line.append(rest)
            return size_of(part)
        line, ended, rest = part.partition("\n")
        grown = self._line.print(line)
        if ended:
            self._above.append(self._line.text() + "\n")
            self._line = _Line(self._line.rewritten)
        return grown + len(ended) + (self._print(rest) if rest else 0)


def printed(text: str) -> str:
    """What stands of a text that was printed."""
    terminal = Terminal()
    terminal.feed(text)
    return terminal.take()[1]


class _Line:
    """The last line: as it comes, and on a screen once something goes back in it.

    Args:
        rewritten: whether something that was printed before was overwritten.
    """

    def __init__(self, rewritten: bool = False) -> None:
        self.rewritten = rewritten
        self._plain: list[str] = []
        self._length = 0
        self._cells: list[Cell] | None = None
        self._column = 0
        self._style = ""
        self._begun = ""

    @property
    def is_screen(self) -> bool:
        """Whether what comes next may stand elsewhere than at the end."""
        return self._cells is not None

    def text(self) -> str:
        """The line as it stands."""
        self._plain = ["".join(self._plain)]
        return self._plain[0] if self._cells is None else self._plain[0] + _rendered(self._cells, self._style)

    def append(self, text: str) -> None:
        """Print what has no controls."""
        self._plain.append(text)
        self._length += len(text)

    def print(self, text: str) -> int:
        """Print a text without line feeds; how many bytes more stand in the line."""
        grown = 0
        text, self._begun = self._begun + text, ""
        for token in _TOKEN.finditer(text):
            value = token.group()
            if token["control"]:
                grown += self._go_back() if value == "\r" else self._take_back()
            elif self._cells is None:
                self.append(value)
                grown += size_of(value)
            elif token["sequences"]:
                self._look(self._cells, value)
            elif token["begun"] and len(value) <= _BEGUN_CHARS:
                self._begun = value
            else:
                grown += self._put(self._cells, value.replace("\x1b", ""))
        return grown

    def _go_back(self) -> int:
        """To the beginning of the line, or of a new one where this one is too long; bytes of its end."""
        if self._length > LINE_CHARS:
            self._plain, self._length, self._cells = [f"{self.text()}\n"], 0, []
            return 1
        self._show()
        self._column = 0
        return 0

    def _take_back(self) -> int:
        """Remove the character before, if it can still be; bytes of it, negative."""
        if self._length > LINE_CHARS:
            return 0
        cells = self._show()
        if self._column == 0:
            return 0
        self._column -= 1
        self.rewritten = True
        return -size_of(cells.pop(self._column)[1])

    def _show(self) -> list[Cell]:
        """Put the line on the screen, if it is not there."""
        if self._cells is None:
            text = "".join(self._plain)
            self._plain, self._length, self._cells = [], 0, []
            self.print(text)
        assert self._cells is not None
        return self._cells

    def _look(self, cells: list[Cell], sequences: str) -> None:
        """Take what says how the next characters look; the rest of a line can be erased by one, too."""
        for sequence in _SEQUENCE.findall(sequences[-4 * _STYLE_CHARS :]):
            if sequence in _RESETS:
                self._style = _RESET
            elif sequence.startswith("\x1b[") and sequence.endswith("m"):
                self._style = (self._style if len(self._style) < _STYLE_CHARS else _RESET) + sequence
            elif sequence in _ERASERS:
                self.rewritten = True
                del cells[self._column :]
                if sequence == _ERASE_LINE:
                    cells[:] = [("", " ")] * self._column

    def _put(self, cells: list[Cell], text: str) -> int:
        """Print characters where the cursor is; bytes of those behind the end."""
        style, end = self._style, len(cells) - self._column
        cells[self._column : self._column + len(text)] = [(style, char) for char in text]
        self._column += len(text)
        self.rewritten = self.rewritten or end > 0
        if self._column == len(cells) > LINE_CHARS:
            self._plain, self._length, self._cells = [self.text()], len(cells), None
        return size_of(text[end:])


def _rendered(cells: list[Cell], style: str) -> str:
    """What prints these characters as they look, and then leaves it at a style."""
    text: list[str] = []
    now = ""
    for look, char in [*cells, (style, "")]:
        if look != now:
            begun = look.startswith(now) or now == _RESET
            text.append(look.removeprefix(now) if begun else _RESET + look.removeprefix(_RESET))
            now = look
        text.append(char)
    return "".join(text)


def _shortened(text: str) -> str:
    """A text with many controls without most of what nobody saw. Takes time in proportion to its length."""
    *ended, last = _taken_back(text.replace(_ERASE_LINE, "\r\x1b[K")).split("\n")
    first = (ended or [last])[0]
    lines = [*(_overwritten(line).rstrip("\r") for line in ended), _overwritten(last)]
    # What stood in the first line before stays where nothing comes over it.
    return ("\r" if "\r" in first.rstrip("\r") else "") + "\n".join(lines)


def _taken_back(text: str) -> str:
    """A text without its backspaces and the characters of their lines that these remove."""
    kept: list[str] = []
    for shown, backs in _BACKS.findall(text):
        kept += shown
        if backs:
            removed = kept[-len(backs) :]
            stays = len(removed) - removed[::-1].index("\n") if "\n" in removed else 0
            del kept[len(kept) - len(removed) + stays :]
    return "".join(kept)


def _overwritten(line: str) -> str:
    """What stands behind the last carriage return of a line that something follows."""
    return line[line.rstrip("\r").rfind("\r") + 1 :]


def _alike(before: str, after: str) -> int:
    """How many characters both begin with."""
    if after.startswith(before):
        return len(before)
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if before[:middle] == after[:middle] else (low, middle - 1)
    return low
