"""What of a kernel that has no sandbox around it, and is killed?"""

from __future__ import annotations

import os
import select
from pathlib import Path

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
