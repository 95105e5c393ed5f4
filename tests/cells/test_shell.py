"""Does what a cell of Bash or SQL sets for itself hold until its end, and no longer? On the real kernel."""

from __future__ import annotations

import pytest

from .conftest import Cells, only

pytestmark = pytest.mark.asyncio(loop_scope="module")


@only("bash")
@pytest.mark.parametrize(
    "code",
    (
        "set -e\nfalse\necho never",
        "set -euo pipefail\nf() { false | true; echo never; }\nf\necho never",
    ),
)
async def test_a_strict_script_ends_at_what_fails_and_the_shell_lives_on(ji_cells: Cells, code: str) -> None:
    await ji_cells.run("kept=kept")
    result = await ji_cells.run(code)
    assert (result.status, result.reply["ename"]) == ("error", "ExitStatus") and "never" not in result.text()
    assert (await ji_cells.run("false; echo $kept$nothing")).text() == "kept\n"


@only("bash")
@pytest.mark.parametrize(
    "code",
    ("exec > /tmp/o", "exec 2> /dev/null", "set -xv", "PS1='p> ' PROMPT_COMMAND='echo prompt'", "trap 'echo d' DEBUG"),
)
async def test_what_a_cell_sets_for_itself_ends_with_it(ji_cells: Cells, code: str) -> None:
    await ji_cells.run(code)
    result = await ji_cells.run("echo out; echo err >&2")
    assert (result.text("stdout"), result.text("stderr")) == ("out\n", "err\n")


@only("bash")
async def test_options_and_traps_are_those_of_the_cell(ji_cells: Cells) -> None:
    """All of them: what one leaves would change what the next one means."""
    look = "set +o; trap -p"
    before = (await ji_cells.run(look)).text()
    assert "set +o noglob" in before
    await ji_cells.run("set -faCbu; trap 'echo caught' INT TERM USR1 HUP; trap '' PIPE")
    assert (await ji_cells.run(look)).text() == before


@only("bash")
async def test_what_is_to_be_done_at_the_end_is_done(ji_cells: Cells) -> None:
    assert (await ji_cells.run("trap 'echo cleaned $x' EXIT\nx=up\necho begun")).text() == "begun\ncleaned up\n"
    assert (await ji_cells.run("echo next")).text() == "next\n"


@only("bash")
async def test_a_shell_that_becomes_another_program(ji_cells: Cells) -> None:
    result = await ji_cells.run("exec printf 'in its place\\n'")
    assert result.text("stdout") == "in its place\n" and "interpreter was ended" in result.text("stderr")
    assert (await ji_cells.run("echo new")).text() == "new\n"


@only("sql")
async def test_the_commands_of_a_console_are_answered(ji_cells: Cells) -> None:
    await ji_cells.run("CREATE TABLE a (x); CREATE TABLE b (y); CREATE INDEX i ON b (y);")
    shown = await ji_cells.run(".headers on\n.mode column\n.tables\n.schema b\n.indexes b\nSELECT 5;")
    assert shown.status == "ok" and shown.text("stderr").count("has no effect") == 2
    assert all(word in shown.data() for word in ("CREATE TABLE b", "CREATE INDEX", "5"))
    assert "CREATE TABLE a" not in shown.data()
    for code, words in ((".read x", "sqlite3 shell"), ("SHOW TABLES", ".tables"), ("DESCRIBE a", ".schema")):
        assert words in (await ji_cells.run(code)).reply["evalue"]


@only("sql")
async def test_a_transaction_that_is_left_open_is_told(ji_cells: Cells) -> None:
    assert "A transaction is open." in (await ji_cells.run("BEGIN; SELECT 1;")).text("stderr")
    assert (await ji_cells.run("ROLLBACK;")).text("stderr") == ""
