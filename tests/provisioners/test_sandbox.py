"""What can hostile code in a sandboxed kernel reach, and how much can it use up?

Each test runs the hostile code in a real kernel: in real bubblewrap, under root's way and an ordinary user's, and in
real Docker. Where the engines hold it back in different ways, the test says so.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits

from .conftest import MEGABYTE, MakeEngine, StartKernel, find_process, until_process

pytestmark = pytest.mark.parametrize("name", ("real_user", "user_namespace", "docker"))


def _server_below_the_others() -> socket.socket:
    """A server at a port that no kernel takes for itself: Linux and ZeroMQ choose higher ones.

    In its own network a kernel listens, and where a connection's own port is the one that it asks for, it has itself.
    """
    for port in range(20_000, 30_000):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise AssertionError("no port is free")


async def test_no_network(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """Neither out nor to what listens on this machine."""
    with _server_below_the_others() as server:
        kernel = await ji_kernel(ji_engine(name))
        for address in (server.getsockname(), ("192.0.2.1", 80)):
            code = f"import socket; socket.create_connection({address!r}, timeout=3)"
            answer = await kernel.run(code)
            assert answer.ename in ("ConnectionRefusedError", "OSError"), (address, answer)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    answer = await kernel.run("import socket; print([name for _, name in socket.if_nameindex()])")
    assert answer.text == "['lo']\n"


async def test_abstract_sockets_of_the_machine_are_out_of_reach(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0interview-test")
        server.listen()
        kernel = await ji_kernel(ji_engine(name))
        code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0interview-test')"
        assert (await kernel.run(code)).ename == "ConnectionRefusedError"


async def test_other_files_are_out_of_reach(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel, tmp_path: Path
) -> None:
    secret = tmp_path / "database.sqlite"
    secret.write_text("s3cret", encoding="utf-8")
    kernel = await ji_kernel(ji_engine(name))
    own = () if name == "docker" else ("/etc/hostname",)  # a container has its own
    for path in (secret, "/etc/shadow", *own, "/proc/1/root/etc/shadow", Path.home() / ".bashrc", __file__):
        answer = await kernel.run(f"open({str(path)!r}).read()")
        assert answer.ename in ("FileNotFoundError", "PermissionError"), (path, answer)
    answer = await kernel.run("import os; print(sorted(os.listdir('/etc')))")
    assert "passwd" in answer.text and (name == "docker" or "shadow" not in answer.text)
    answer = await kernel.run("print(open('/etc/passwd').read())")
    assert answer.text.count("\n") == 2 and "root" not in answer.text


async def test_what_is_hidden_inside_a_prefix(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel, tmp_path: Path
) -> None:
    """The server's data may lie in its virtual environment."""
    data = Path(sys.prefix) / "share" / f"interview-test-{os.getpid()}"
    data.mkdir()
    (data / "cookie_secret").write_text("s3cret", encoding="utf-8")
    try:
        kernel = await ji_kernel(ji_engine(name) if name == "docker" else ji_engine(name, hidden=[str(data)]))
        answer = await kernel.run(f"import os; print(os.listdir({str(data)!r}))")
        assert answer.ename == "FileNotFoundError" if name == "docker" else answer.text == "[]\n"
    finally:
        (data / "cookie_secret").unlink()
        data.rmdir()


async def test_the_system_cannot_be_written(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    python = "/opt/kernel" if name == "docker" else sys.prefix
    for path in ("/x", "/usr/x", "/etc/x", "/dev/x", "/run/x", "/run/interview/x", f"{python}/lib/x"):
        answer = await kernel.run(f"open({path!r}, 'w')")
        assert answer.ename in ("OSError", "PermissionError"), (path, answer)


async def test_own_number_name_and_processes(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    answer = await kernel.run(
        "import os, socket, getpass\n"
        "print(os.getuid() > 0, os.getgroups() in ([], [os.getgid()]), socket.gethostname(), getpass.getuser(),\n"
        "      len([p for p in os.listdir('/proc') if p.isdecimal()]) < 8)"
    )
    assert answer.text == "True True interview interview True\n"
    status = (await kernel.run("print(open('/proc/self/status').read())")).text
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    assert (await kernel.run("import subprocess; child = subprocess.Popen(['sleep', '789'])")).status == "ok"
    child = await until_process(b"sleep\x00789\x00")
    real = [line for line in Path(f"/proc/{child}/status").read_text().splitlines() if line.startswith("Uid:")]
    assert (os.geteuid() == 0 and name != "user_namespace") == (str(os.getuid()) not in real[0].split())


async def test_no_new_namespaces_and_no_tracing(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    code = "import subprocess; print(subprocess.run(['unshare', '-Ur', 'true']).returncode)"
    # What unshare says of it comes before.
    assert (await kernel.run(code)).text.endswith("\n1\n")
    code = "import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))"  # PTRACE_TRACEME, which never fails else
    assert (await kernel.run(code)).text == "-1\n"
    code = "import ctypes; print(ctypes.CDLL(None).shmget(0, 1_000_000, 0o1600))"
    assert (await kernel.run(code)).text == "-1\n"
    assert (await kernel.run("import os; os.memfd_create('x')")).ename == "OSError"


async def test_threads_still_start(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """The filter refuses clone3, so libraries have to fall back."""
    kernel = await ji_kernel(ji_engine(name))
    code = "from concurrent.futures import *\nprint(list(ThreadPoolExecutor(8).map(abs, [-1, -2])))"
    assert (await kernel.run(code)).text == "[1, 2]\n"
    code = "import multiprocessing as m\nwith m.Pool(2) as p: print(p.map(abs, [-1, -2]))"
    assert (await kernel.run(code)).text == "[1, 2]\n"


async def test_memory_of_one_process(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    assert (await kernel.run("x = bytearray(2_000_000_000)")).ename == "MemoryError"
    assert (await kernel.run("print('goes on')")).text == "goes on\n"


async def test_memory_of_all_processes(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """Each stays below the limit, together they do not."""
    kernel = await ji_kernel(ji_engine(name))
    code = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        held = bytearray(b'x') * 200_000_000\n"
        "        time.sleep(60)\n"
        "time.sleep(60)"
    )
    assert (await kernel.run(code)).status == "died"
    await kernel.until_ended()
    assert kernel.provisioner.reason is not None and "512 MB" in kernel.provisioner.reason


async def test_shared_memory_counts(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    limits = Limits.checked(
        kernel_memory_bytes=512 * MEGABYTE, kernel_scratch_bytes=4096 * MEGABYTE, kernel_file_bytes=1024 * MEGABYTE
    )
    kernel = await ji_kernel(ji_engine(name, limits=limits))
    code = (
        "import mmap, os, time\n"
        "file = os.open('/dev/shm/x', os.O_RDWR | os.O_CREAT); os.truncate(file, 900_000_000)\n"
        "held = mmap.mmap(file, 900_000_000)\n"
        "for i in range(0, len(held), 4096): held[i] = 1\n"
        "time.sleep(60)"
    )
    assert (await kernel.run(code)).status == "died"
    assert kernel.provisioner.reason is not None and "memory" in kernel.provisioner.reason


async def test_no_memory_without_a_mapping(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """It would stay, and no process would show it."""
    kernel = await ji_kernel(ji_engine(name))
    answer = await kernel.run("import mmap; mmap.mmap(-1, 4096)")
    assert answer.ename == "PermissionError"
    answer = await kernel.run("import mmap, os; mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096)")
    assert answer.ename == ("" if name == "docker" else "OSError"), "a container's counts in its cgroup"
    assert (await kernel.run("print(open('/dev/zero', 'rb').read(2))")).text == "b'\\x00\\x00'\n"


async def test_settings_of_the_machine_cannot_be_written(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    """Also not where the server's root stands behind the kernel's user."""
    kernel = await ji_kernel(ji_engine(name))
    for path in ("kernel/core_pattern", "vm/overcommit_memory", "net/core/somaxconn"):
        answer = await kernel.run(f"import os; os.open('/proc/sys/{path}', os.O_WRONLY)")
        assert answer.ename in ("OSError", "PermissionError"), (path, answer)


async def test_fork_bomb(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """Held by the limit where it binds, else the watch ends the kernel."""
    kernel = await ji_kernel(ji_engine(name))
    code = (
        "import os, time\n"
        "children = []\n"
        "try:\n"
        "    for _ in range(400):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            time.sleep(60)\n"
        "            os._exit(0)\n"
        "        children.append(pid)\n"
        "except BlockingIOError:\n"
        "    print('held at', len(children))\n"
        "else:\n"
        "    time.sleep(60)\n"
        "for pid in children: os.kill(pid, 9); os.waitpid(pid, 0)\n"
    )
    answer = await kernel.run(code)
    if name != "user_namespace":
        assert answer.text.startswith("held at ") and int(answer.text.split()[2]) < 64
        assert (await kernel.run("print('goes on')")).text == "goes on\n"
    else:
        assert answer.status == "died" or answer.text.startswith("held at ")


async def test_five_fork_bombs_at_once_end_all(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """The watch has its turn beside some three hundred processes that never rest, and another kernel goes on."""
    engine = ji_engine(name)
    other, *kernels = [await ji_kernel(engine) for _ in range(6)]
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    answers = await asyncio.gather(*(kernel.run(bomb) for kernel in kernels))
    assert [answer.status for answer in answers] == ["died"] * 5
    assert (await other.run("print('goes on')")).text == "goes on\n"


async def test_file_size(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    limits = Limits.checked(kernel_file_bytes=MEGABYTE, kernel_scratch_bytes=64 * MEGABYTE)
    kernel = await ji_kernel(ji_engine(name, limits=limits))
    answer = await kernel.run("open('/tmp/x', 'wb').write(bytes(2_000_000))")
    assert answer.ename == "OSError"
    assert (await kernel.run("import os; print(os.path.getsize('/tmp/x'))")).text == f"{MEGABYTE}\n"


@pytest.mark.parametrize("directory", ("/tmp", "/home/interview", "/dev/shm"))
async def test_disk_filler(name: str, directory: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    code = (
        "total = 0\n"
        "try:\n"
        "    for number in range(100):\n"
        f"        total += open(f'{directory}/{{number}}', 'wb', 0).write(bytes(1_000_000))\n"
        "except OSError as error:\n"
        "    print(error.errno, total)\n"
    )
    number, total = map(int, (await kernel.run(code)).text.split())
    assert number == 28  # ENOSPC
    assert total <= 16 * MEGABYTE


async def test_very_many_files(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """Empty ones take no room, and memory of the machine all the same."""
    kernel = await ji_kernel(ji_engine(name))
    code = "import time\nfor number in range(150_000): open(f'/tmp/{number}', 'x').close()\ntime.sleep(60)"
    answer = await kernel.run(code)
    if name == "docker":
        assert answer.ename == "OSError", "its own file system says that it is full"
        return
    assert answer.status == "died"
    await kernel.until_ended()
    assert kernel.provisioner.reason is not None and "files" in kernel.provisioner.reason


async def test_the_directory_of_sockets_takes_only_sockets(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    kernel = await ji_kernel(ji_engine(name))
    code = "import time\nopen('/run/interview/s/x', 'wb').write(bytes(1000)); time.sleep(60)"
    assert (await kernel.run(code)).status == "died"
    await kernel.until_ended()
    assert kernel.provisioner.reason is not None and "wrote where it may not" in kernel.provisioner.reason


async def test_processor_time(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name, limits=Limits.checked(kernel_cpu_seconds=2)))
    assert (await kernel.run("while True: pass")).status == "died"
    assert await kernel.until_ended() == 128 + 24  # SIGXCPU


async def test_no_core_dumps_and_lower_priority(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    code = "import os, resource; print(resource.getrlimit(resource.RLIMIT_CORE), os.nice(0) > 0)"
    assert (await kernel.run(code)).text == "(0, 0) True\n"


async def test_background_processes_end_with_the_kernel(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    kernel = await ji_kernel(ji_engine(name))
    code = "import subprocess; subprocess.Popen(['sleep', '987'], start_new_session=True); print('up')"
    assert (await kernel.run(code)).text == "up\n"
    await until_process(b"sleep\x00987\x00")
    await kernel.provisioner.kill()
    assert find_process(b"sleep\x00987\x00") is None
