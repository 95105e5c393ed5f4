"""Can code in a kernel outlive, outwait or outplay the end that is set to it?"""

from __future__ import annotations

import re

from jupyter_interview.core.models import RunStatus

from .case import Case, again, by

_DIED, _TIMEOUT, _INTERRUPTED = RunStatus.DIED, RunStatus.TIMEOUT, RunStatus.INTERRUPTED
_LATE = "The run was stopped after the time limit of 1 s."
_LOST = f"{_LATE} The kernel did not react and was restarted."
_KILLED = "The kernel was killed, perhaps because it used too much memory."
_STOPPED = "KeyboardInterrupt: \n"
# A loop that catches interrupts is ended by the second one, or with the kernel: the load decides.
_EITHER = rf"{re.escape(_LATE)}(?:{re.escape(_LOST.removeprefix(_LATE))})?"

CASES = [
    Case(
        "ignores the interrupt",
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print('up', flush=True)
        while True: pass
        """,
        f"up\n{_LOST}\n",
        _TIMEOUT,
        _LOST,
        room="short",
    ),
    Case(
        "catches the interrupt again and again",
        """
        print('up', flush=True)
        while True:
            try: time.sleep(60)
            except KeyboardInterrupt: pass
        """,
        again(rf"up\n({_STOPPED})?{_EITHER}\n"),
        _TIMEOUT,
        again(_EITHER),
        room="short",
    ),
    Case(
        "never answers: all signals masked",
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        print('up', flush=True)
        time.sleep(3600)
        """,
        f"up\n{_LOST}\n",
        _TIMEOUT,
        _LOST,
        room="short",
    ),
    Case(
        "never answers: deep in a library",
        """
        print('up', flush=True)
        libc.syscall.argtypes = None
        libc.pthread_mutex_lock.argtypes = [ctypes.c_void_p]
        lock = ctypes.create_string_buffer(64)
        libc.pthread_mutex_lock(lock); libc.pthread_mutex_lock(lock)
        """,
        f"up\n{_LOST}\n",
        _TIMEOUT,
        _LOST,
        room="short",
    ),
    Case(
        "a sleep of a year is ended by the limit",
        """
        print('up', flush=True)
        time.sleep(31_536_000)
        """,
        f"up\n{_STOPPED}{_LATE}\n",
        _TIMEOUT,
        _LATE,
        room="reacting",
    ),
    Case(
        "stops itself",
        """
        print('up', flush=True)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
        f"up\n{_LOST}\n",
        _TIMEOUT,
        _LOST,
        room="short",
    ),
    Case(
        "timers without end",
        """
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)
        print('up', flush=True)
        while True: time.sleep(1)
        """,
        again(r"(up\n)?.*The run was stopped after the time limit of 1 s\..*"),
        _TIMEOUT,
        again(r"The run was stopped after the time limit of 1 s\..*"),
        room="short",
    ),
    Case(
        "another clock",
        """
        import time as t
        t.time = lambda: 0
        t.monotonic = lambda: 0
        print('up', flush=True)
        t.sleep(60)
        """,
        f"up\n{_STOPPED}{_LATE}\n",
        _TIMEOUT,
        _LATE,
        room="reacting",
    ),
    Case(
        "ends its own process",
        """
        print('up', flush=True)
        time.sleep(0.3)
        os._exit(9)
        """,
        "up\nThe kernel died (exit status 9).\n",
        _DIED,
        "The kernel died (exit status 9).",
        room="mortal",
    ),
    Case(
        "kills its own process",
        """
        print('up', flush=True)
        time.sleep(0.3)
        os.kill(os.getpid(), 9)
        """,
        f"up\n{_KILLED}\n",
        _DIED,
        _KILLED,
        room="mortal",
    ),
    Case(
        "kills its own process while its output is on its way",
        """
        for number in range(200): print(number, flush=True)
        os.kill(os.getpid(), 9)
        """,
        again(rf"(\d+\n)*{_KILLED}\n"),
        _DIED,
        _KILLED,
        room="mortal",
    ),
    Case(
        "kills all that it can see",
        """
        assert os.getppid() == 1 and len([name for name in os.listdir('/proc') if name.isdecimal()]) < 20
        print('up', flush=True)
        try: os.kill(-1, 9)
        except ProcessLookupError: print('nobody else')
        """,
        "up\nnobody else\n",
        room="mortal",
    ),
    Case(
        "crashes",
        """
        print('up', flush=True)
        time.sleep(0.3)
        ctypes.string_at(0)
        """,
        by("up\nThe kernel crashed (segmentation fault).\n", docker="up\nThe kernel crashed (segmentation fault).\n"),
        _DIED,
        "The kernel crashed (segmentation fault).",
        room="mortal",
    ),
    Case(
        "kills the process above it",
        """
        assert os.getppid() == 1
        for number in (9, 19): attempt(os.kill, 1, number)
        """,
        by(root="EPERM\n" * 2, user="done None\n" * 2, docker="done None\n" * 2),
        room="mortal",
    ),
    Case(
        "children that a stop leaves behind",
        """
        children = [subprocess.Popen(['sleep', '61']) for _ in range(5)]
        print('up', flush=True)
        time.sleep(60)
        """,
        again(rf"up\n({_STOPPED})+"),  # a busy machine is asked a second time
        _INTERRUPTED,
        room="mortal",
        interrupted="up\n",
        after="print({child.wait(5) for child in children} <= {-2, 130})",
        after_sees="True\n",
    ),
    Case(
        "zombies after a stop",
        """
        for _ in range(20):
            child = os.fork()
            if child == 0: os._exit(0)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        print('up', flush=True)
        time.sleep(60)
        """,
        again(rf"up\n({_STOPPED})+"),
        _INTERRUPTED,
        room="mortal",
        interrupted="up\n",
    ),
    Case(
        "runs on in a thread",
        """
        def on():
            while True: time.sleep(0.01); print('.', end='', flush=True)
        thread = threading.Thread(target=on, daemon=True); thread.start()
        print('up')
        """,
        again(r"up\.*\n\.*"),
        room="thread",
        after="print(thread.is_alive())",
        after_sees=again(r"\.*True\.*\n\.*"),
    ),
]
