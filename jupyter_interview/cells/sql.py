"""How does a cell of SQL run? Statement by statement, in an SQLite database in memory that lives on."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from .kernel import PLAIN, RED, CellKernel, Failure, Interrupted

_ROWS = 200
_CELL_CHARS = 1_000
_STEPS = 10_000
_NEAR = re.compile(
    r'near "(?P<token>.+?)": syntax error|unrecognized token: "(?P<odd>.+)"|no such \w+: (?:\w+\.)?(?P<name>\w+)'
)
_TABLES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') {} ORDER BY name"
_SCHEMA = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL {} ORDER BY rowid"
_INDEXES = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' {} ORDER BY name"

#: Commands of the sqlite3 shell: a query, in which the condition from their argument is filled in.
_COMMANDS = {
    ".tables": (_TABLES, "AND name LIKE ?"),
    ".schema": (_SCHEMA, "AND tbl_name LIKE ?"),
    ".fullschema": (_SCHEMA, "AND tbl_name LIKE ?"),
    ".indexes": (_INDEXES, "AND tbl_name LIKE ?"),
    ".indices": (_INDEXES, "AND tbl_name LIKE ?"),
    ".databases": ("PRAGMA database_list", ""),
}
#: Those that say how results look, and what people are told about the others.
_LOOKS = {".mode", ".header", ".headers", ".width", ".timer", ".echo", ".nullvalue", ".separator", ".changes", ".bail"}
_NO_LOOKS = "{} has no effect: results are shown as tables."
_NO_COMMAND = "{} is of the sqlite3 shell, which this is not. There are .tables, .schema, .indexes and .databases."

#: How other databases say it.
_ELSEWHERE = (
    (r"show\s+tables\b", ".tables lists the tables."),
    (r"(?:describe|desc|show\s+(?:columns|create))\b", ".schema NAME shows how a table was made."),
    (r"(?:use|create\s+database|show\s+databases)\b", "There is one database, which is SQLite's."),
    (r"create\s+(?:or\s+replace\s+)?(?:procedure|function)\b", "SQLite has no procedures."),
    (r"truncate\b", "DELETE FROM NAME empties a table."),
)
_OPEN = "A transaction is open. COMMIT keeps what it did, ROLLBACK does not.\n"


class SqlKernel(CellKernel):
    """SQL on SQLite."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)  # type: ignore[no-untyped-call]
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.set_progress_handler(lambda: self.interrupted, _STEPS)

    async def run_cell(self, code: str) -> None:
        """Run its statements in their order, to the first one that fails."""
        for line, statement in statements(code):
            if self.interrupted:
                raise Interrupted()
            await self._run_statement(line, statement)
        if self._database.in_transaction:
            await self.stream("stderr", _OPEN)

    def stop(self) -> None:
        """Interrupt the statement that runs. SQLite forgets that when it has not begun, so it also asks by itself."""
        self._database.interrupt()

    async def _run_statement(self, line: int, statement: str) -> None:
        text = statement
        values: tuple[str, ...] = ()
        if statement.startswith("."):
            name, *arguments = statement.strip().rstrip(";").split()
            if name in _LOOKS:
                await self.stream("stderr", _NO_LOOKS.format(name) + "\n")
                return
            if name not in _COMMANDS:
                raise Failure("SqlError", f"cell:{line}: {_NO_COMMAND.format(name)}")
            query, condition = _COMMANDS[name]
            text, values = query.format(condition if arguments else ""), tuple(arguments[:1]) if condition else ()
        try:
            answer = await asyncio.to_thread(self._query, text, values)
        except sqlite3.Error as error:
            advice = next((hint for pattern, hint in _ELSEWHERE if re.match(pattern, statement, re.IGNORECASE)), None)
            place = f"cell:{line + _line_within(statement, str(error))}"
            if advice is not None:
                error = type(error)(f"{error}. {advice}")
            raise Failure("SqlError", f"{place}: {error}", [f"{place}: {RED}error:{PLAIN} {error}"]) from None
        if isinstance(answer, str):
            await self.stream("stdout", answer)
        elif answer is not None:
            self.display(_bundle(*answer))

    def _query(
        self, statement: str, values: tuple[str, ...] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]] | str | None:
        """Columns and rows, a line about changed rows, or nothing to tell. Runs in a thread."""
        before = self._database.total_changes
        cursor = self._database.execute(statement, values)
        if cursor.description is not None:
            return [column[0] for column in cursor.description], cursor.fetchmany(_ROWS + 1)
        changed = self._database.total_changes - before
        return f"{changed} row{'s' if changed != 1 else ''} changed\n" if changed else None


def statements(code: str) -> Iterator[tuple[int, str]]:
    """The statements of a cell with the number of the line on which each begins; a last one needs no semicolon."""
    begun = 0
    for end in _ends(code):
        command = code[begun:end].lstrip().startswith(".")
        if command or sqlite3.complete_statement(code[begun:end]):
            yield from _statement(code, begun, end)
            begun = end
    yield from _statement(code, begun, len(code))


def _ends(code: str) -> Iterator[int]:
    """Where a statement might end: behind each semicolon, and behind a line that is a dot command."""
    yield from sorted({match.end() for pattern in (";", r"(?m)^\.\w+.*$") for match in re.finditer(pattern, code)})


def _statement(code: str, begun: int, end: int) -> Iterator[tuple[int, str]]:
    text = code[begun:end]
    blank = re.match(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*", text, re.DOTALL)
    skipped = blank.end() if blank is not None else 0
    if text[skipped:].strip(" \t\n;"):
        yield code.count("\n", 0, begun + skipped) + 1, text[skipped:]


def _line_within(statement: str, message: str) -> int:
    """How many lines below the statement's first the error is: where what SQLite names stands for the only time."""
    match = _NEAR.search(message)
    token = next((value for value in match.groups() if value), "") if match else ""
    places = list(re.finditer(rf"(?<!\w){re.escape(token)}(?!\w)", statement, re.IGNORECASE)) if token else []
    return statement.count("\n", 0, places[0].start()) if len(places) == 1 else 0


def _bundle(columns: list[str], rows: list[tuple[Any, ...]]) -> dict[str, str]:
    note = f"The first {_ROWS} rows are shown." if len(rows) > _ROWS else f"{len(rows)} row{'s' * (len(rows) != 1)}"
    table = [[_text(value) for value in row] for row in rows[:_ROWS]]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in table)
    widths = [max(map(len, column)) for column in zip(columns, *table, strict=True)]
    lines = [columns, ["-" * width for width in widths], *table]
    plain = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in lines]
    return {
        "text/html": f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{note}</p>",
        "text/plain": "\n".join([*plain, f"({note})"]),
    }


def _text(value: object) -> str:
    if value is None:
        return "NULL"
    text = f"x'{value[:_CELL_CHARS].hex()}'" if isinstance(value, bytes) else str(value)
    return text if len(text) <= _CELL_CHARS else text[:_CELL_CHARS] + "…"
