"""Does each bomb end, with a line that says which limit was met, and a room that can be used again?

Limits of the battery: 512 MB of memory, 64 processes, files of 8 MB, 32 MB of files.
"""

from __future__ import annotations

import re

from jupyter_interview.core.models import RunStatus

from .case import DOCKER, ENGINES, ROOT, USER, Case, Seen, again, by

LIMITS = {
    "kernel_memory_bytes": 512 * 1_048_576,
    "kernel_processes": 64,
    "kernel_file_bytes": 8 * 1_048_576,
    "kernel_scratch_bytes": 32 * 1_048_576,
    "output_bytes": 100_000,
    "run_seconds": 20.0,
    "interrupt_seconds": 30.0,
}

MEMORY = "The limit of 512 MB of memory was met."
PROCESSES = "The limit of 64 processes and threads was met."
FILE = "The limit of 8 MB for one file was met."
FILES = "The limit of 32 MB for files in home and /tmp was met."
OPEN = "The limit of open files was met."

ENDED_MEMORY = "The kernel used more than 512 MB of memory and was ended."
ENDED_PROCESSES = "The kernel started more than 64 processes and was ended."
ENDED_FILES = "The kernel made more than 100000 files and was ended."
ENDED_PLACE = "The kernel wrote where it may not and was ended."
ENDED_CPU = "The kernel used up its processor time and was ended."
ENDED_OPEN = "The kernel opened more than 4096 files together and was ended."

_ERROR, _DIED = RunStatus.ERROR, RunStatus.DIED


def _with_newline(line: Seen) -> Seen:
    return f"{line}\n" if isinstance(line, str) else again(f"{line.pattern}\n")


def _ended(name: str, source: str, line: str | dict[str, Seen]) -> Case:
    """The kernel is ended with that line."""
    lines: dict[str, Seen] = line if isinstance(line, dict) else dict.fromkeys(ENGINES, line)
    seen = {engine: _with_newline(said) for engine, said in lines.items()}
    return Case(name, source, seen, _DIED, lines, room="bombs")


def _error(name: str, source: str, error: str, line: str, after: str = "print(1 + 1)") -> Case:
    """The code meets the limit: an error, and the line about it."""
    return Case(name, source, f"{error}\n{line}\n", _ERROR, again(f"{re.escape(line)}.*"), room="bombs", after=after)


def _stuck(name: str, source: str, line: str) -> Case:
    """So little is left that not even the error can be told, but for the line about the limit."""
    seen = again(f".*{re.escape(line)}( The kernel was restarted\\.)?\n")
    return Case(name, source, seen, _ERROR, again(f"{re.escape(line)}.*"), room="bombs")


CASES = [
    _error("memory of one process", "held = bytearray(2_000_000_000)", "MemoryError: ", MEMORY),
    _error(
        "memory by little and little",
        """
        held = []
        while True: held.append(b'x' * 1_000_000)
        """,
        "MemoryError: ",
        MEMORY,
        after="del held\nprint(1 + 1)",
    ),
    _error(
        "memory of its own by mmap",
        """
        import mmap
        held = []
        while True: held.append(mmap.mmap(-1, 50_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        """,
        "OSError: [Errno 12] Cannot allocate memory",
        MEMORY,
    ),
    _ended(
        "memory of many processes",
        """
        for _ in range(8):
            if os.fork() == 0:
                held = bytearray(b'x') * 200_000_000
                time.sleep(60)
        time.sleep(60)
        """,
        ENDED_MEMORY,
    ),
    _ended(
        "memory of page tables",
        """
        import mmap
        held = []
        while True:  # each page is the one of zeros, each table is real
            held.append(mmap.mmap(-1, 2**36, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ))
            for place in range(0, 2**36, 2**21): held[-1][place]
        """,
        ENDED_MEMORY,
    ),
    _ended(
        "memory of pipes and sockets",
        """
        def fill():
            held = []
            try:
                while True:
                    held.append(socket.socketpair()); held[-1][0].setblocking(False)
                    try:
                        while True: held[-1][0].send(bytes(100_000))
                    except BlockingIOError: pass
            except OSError: time.sleep(60)
        for _ in range(20):
            if os.fork() == 0: fill()
        time.sleep(60)
        """,
        by(ENDED_OPEN, docker=again(f"({re.escape(ENDED_MEMORY)}|{re.escape(ENDED_OPEN)})")),
    ),
    _error(
        "files in /dev/shm, /tmp and home",
        """
        for place in ('/dev/shm', '/tmp', os.environ['HOME']):
            try:
                for number in range(100): open(f'{place}/{number}', 'wb', 0).write(bytes(1_000_000))
            except OSError as error: print(word(error))
        open('/tmp/last', 'wb', 0).write(bytes(1_000_000))
        """,
        "ENOSPC\nENOSPC\nENOSPC\nOSError: [Errno 28] No space left on device",
        FILES,
    ),
    _error(
        "one large file",
        """
        with open(os.environ['HOME'] + '/x', 'wb', 0) as file:
            while True: file.write(bytes(1_000_000))
        """,
        "OSError: [Errno 27] File too large",
        FILE,
    ),
    Case(
        "many small files",
        "for number in range(1_000_000): open(f'/tmp/{number}', 'x').close()",
        by(f"{ENDED_FILES}\n", docker=again(f"OSError: .Errno 28. No space left on device: '/tmp/\\d+'\n{FILES}\n")),
        {ROOT: _DIED, USER: _DIED, DOCKER: _ERROR},
        by(ENDED_FILES, docker=FILES),
        room="bombs",
    ),
    _ended(
        "many directories",
        "for number in range(1_000_000): os.mkdir(f'/dev/shm/{number}')",
        by(ENDED_FILES, docker=ENDED_MEMORY),
    ),
    *(
        _ended(
            f"{what} in the directory of sockets", f"place = '/run/interview/s/'\n{source}\ntime.sleep(60)", ENDED_PLACE
        )
        for what, source in (
            ("a large file", "with open(place + 'x', 'wb', 0) as file: file.write(bytes(8_000_000))"),
            ("many files", "for number in range(1000): open(place + str(number), 'x').close()"),
            ("directories", "os.makedirs(place + 'a/b/c/d')"),
            ("a link to the server's secrets", "os.symlink(world['secret'], place + 'x')"),
            ("many sockets", "for number in range(20): socket.socket(socket.AF_UNIX).bind(place + str(number))"),
            ("a hard link", "os.link(place + 'k-1', place + 'x'); os.unlink(place + 'x'); open(place + 'x', 'x')"),
        )
    ),
    *(
        _ended(
            f"its {name} socket replaced by a link to another room's",
            f"os.unlink('/run/interview/s/k-{number}')\n"
            f"os.symlink(world['neighbour sockets'][{number - 1}], '/run/interview/s/k-{number}')\ntime.sleep(60)",
            ENDED_PLACE,
        )
        for number, name in ((1, "shell"), (2, "iopub"), (5, "control"))
    ),
    _ended(
        "a race between a socket and a link",
        """
        path = '/run/interview/s/k-1'
        os.rename(path, path + 'x'); os.symlink(world['neighbour sockets'][0], path + 'y')
        while True:
            for other in (path + 'x', path + 'y'): os.rename(other, path); os.rename(path, other)
        """,
        ENDED_PLACE,
    ),
    _stuck(
        "threads without end",
        "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        PROCESSES,
    ),
    _error(
        "processes without end",
        """
        while True:
            if os.fork() == 0: time.sleep(60); os._exit(0)
        """,
        "BlockingIOError: [Errno 11] Resource temporarily unavailable",
        PROCESSES,
    ),
    _ended(
        "processes that make processes",
        """
        while True:
            try: os.fork()
            except OSError: pass
        """,
        ENDED_PROCESSES,
    ),
    _ended(
        "a shell's fork bomb",
        "subprocess.run(['bash', '-c', ':(){ :|:& };:; sleep 60'], stderr=subprocess.DEVNULL)",
        ENDED_PROCESSES,
    ),
    _stuck(
        "open files without end",
        """
        held = []
        while True: held.append(os.open('/dev/null', 0))
        """,
        OPEN,
    ),
    _error(
        "watches without end",
        """
        while True:
            if libc.inotify_init1(0) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        """,
        "OSError: [Errno 24] Too many open files",
        OPEN,
    ),
    _ended(
        "processor time without end",
        """
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (1, most))  # sooner than the hour that it has
        while True: pass
        """,
        ENDED_CPU,
    ),
    Case(
        "a copy of the kernel",
        """
        pid = os.fork()
        if pid == 0: threading.Thread(target=time.sleep, args=(60,)).start()
        print('up')
        """,
        again("[up\n]+"),
        room="bombs",
    ),
    Case(
        "a child that outlives the run, and the kernel",
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for fd in range(3, 1024):
                    try: os.close(fd)
                    except OSError: pass
                os.execvp('sleep', ['sleep', '876543'])
            os._exit(0)
        os.wait(); time.sleep(0.5); os._exit(3)
        """,
        "The kernel died (exit status 3).\n",
        _DIED,
        "The kernel died (exit status 3).",
        room="bombs",
        after="""\
            import glob
            lines = [open(name).read() for name in glob.glob('/proc/[0-9]*/cmdline')]
            print(len(lines) > 1, any('876543' in line for line in lines))
            """,
        after_sees="True False\n",
    ),
]
