"""What of a kernel that has no sandbox around it, and is killed?"""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path
from typing import Any

import pytest

from .conftest import start

PROGRAMS = {
    "c": "#include <stdio.h>\n#include <unistd.h>\n"
    'int main(void) { printf("%d\\n", getpid()); fflush(stdout); for (;;) sleep(1); }',
    "bash": "echo $BASHPID; while :; do :; done",
}


@pytest.mark.parametrize("language", PROGRAMS)
async def test_its_program_ends_with_it(language: str, tmp_path: Path) -> None:
    cells = await start("plain", language, tmp_path)
    try:
        told = await cells.run_until_shown(PROGRAMS[language], "\n")
        program = os.pidfd_open(int(told))
        await cells.manager.shutdown_kernel(now=True)
        assert select.select([program], [], [], 10)[0]
        os.close(program)
    finally:
        cells.client.stop_channels()
        await cells.manager.shutdown_kernel(now=True)


async def test_an_interrupt_that_comes_before_the_shell_has_its_order(tmp_path: Path) -> None:
    """No half of the order is left to run, and the shell lives on."""
    cells = await start("plain", "bash", tmp_path)
    try:
        shell = int((await cells.run("f() { echo kept; }; echo $$")).text())
        for _ in range(5):
            os.kill(shell, signal.SIGSTOP)
            cells.client.execute("while :; do :; done", stop_on_error=False)
            await interrupt(cells.client)
            os.kill(shell, signal.SIGCONT)
            assert (await cells.client.get_shell_msg())["content"]["ename"] == "KeyboardInterrupt"
            after = await cells.run("f")
            assert after.text() == "kept\n", after
    finally:
        cells.client.stop_channels()
        await cells.manager.shutdown_kernel(now=True)


async def interrupt(client: Any) -> None:
    """Wait until the kernel is at its cell, and until it has taken an interrupt."""
    while (await client.get_iopub_msg())["msg_type"] != "execute_input":
        pass
    client.control_channel.send(client.session.msg("interrupt_request"))
    assert (await client.get_control_msg())["msg_type"] == "interrupt_reply"
