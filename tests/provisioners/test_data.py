"""Do a room's files show up in its kernel, and stay as they are?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_interview.core.errors import BadRequest
from jupyter_interview.provisioners.places import check_name, write_files

from .conftest import MakeEngine, StartKernel

ENGINES = ("real_user", "user_namespace", "docker", "plain")
SHOW = "import os; d = os.path.expanduser('~/data'); print({n: open(f'{d}/{n}').read() for n in os.listdir(d)})"


@pytest.mark.parametrize("name", ENGINES)
async def test_files_appear_in_a_kernel_that_runs(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    assert (await kernel.run(SHOW)).text == "{}\n"
    kernel.provisioner.put_files({"orders.csv": b"a,b\n", "größe 1.txt": b"x"})
    kernel.provisioner.put_files({"orders.csv": b"c,d\n"})
    text = (await kernel.run(SHOW)).text
    assert "'orders.csv': 'c,d\\n'" in text and "'größe 1.txt': 'x'" in text


@pytest.mark.parametrize("name", ENGINES)
async def test_files_outlive_a_restart(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    kernel.provisioner.put_files({"a": b"1"})
    await kernel.manager.restart_kernel(now=True)
    kernel.client.stop_channels()
    kernel.client = kernel.manager.client()
    kernel.client.start_channels(stdin=False, hb=False)
    await kernel.client.wait_for_ready(timeout=30)
    assert (await kernel.run(SHOW)).text == "{'a': '1'}\n"


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("gone", (".", "s"))
async def test_a_folder_that_is_gone_is_made_anew(
    name: str, gone: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    """Something clears away temporary files: a restart brings the kernel back, and says if it wants its files again."""
    kernel = await ji_kernel(ji_engine(name))
    kernel.provisioner.put_files({"a": b"1"})
    shutil.rmtree(kernel.provisioner.directory / gone)
    await kernel.manager.restart_kernel(now=True)
    assert kernel.provisioner.files_lost is (gone == ".")
    kernel.provisioner.put_files({"a": b"1"})
    kernel.client.stop_channels()
    kernel.client = kernel.manager.client()
    kernel.client.start_channels(stdin=False, hb=False)
    await kernel.client.wait_for_ready(timeout=30)
    assert (await kernel.run(SHOW)).text == "{'a': '1'}\n"


@pytest.mark.parametrize("name", ENGINES[:-1])
@pytest.mark.parametrize(
    "act", ("open(f'{d}/a', 'w')", "open(f'{d}/b', 'w')", "os.unlink(f'{d}/a')", "os.chmod(d, 511)")
)
async def test_a_sandboxed_kernel_changes_nothing(
    name: str, act: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    kernel = await ji_kernel(ji_engine(name))
    kernel.provisioner.put_files({"a": b"1"})
    answer = await kernel.run(f"import os; d = os.path.expanduser('~/data'); {act}")
    assert answer.ename in ("OSError", "PermissionError")
    assert (await kernel.run(SHOW)).text == "{'a': '1'}\n"


@pytest.mark.parametrize(
    "name", ("", ".", "..", "..x", "a/b", "/etc/passwd", "a\0b", "a\nb", "\x1b[31m", "a\\b", "x" * 201, "\ud800")
)
def test_names_that_are_no_plain_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be the name of a file"):
        check_name(name)
    with pytest.raises(BadRequest):
        write_files(tmp_path, {"good": b"", name: b""}, tmp_path)
    assert os.listdir(tmp_path) == [], "all or nothing"


@pytest.mark.parametrize("name", ("orders.csv", ".hidden", "a b", "数据.json", "x" * 200))
def test_plain_names(name: str) -> None:
    check_name(name)


def test_files_can_be_read_by_all_and_written_by_nobody(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_files(tmp_path, {"a": b"1"}, tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o444
    assert os.listdir(tmp_path) == ["a"], "no draft is left"
