"""What does a Python cell put out, in which order, and for which cell?

All that one kernel writes is gathered in one place, `Gathered`, and sent from there: stdout and stderr of Python
itself, and what child processes and C code write to the descriptors 1 and 2. Each cell gets pipes of its own behind
these two, so that what a process writes long after its cell still goes to that cell. Whoever writes takes first what
lies in the pipes: a child's text stands before what is printed after its end. Only between the two pipes of one cell
nobody knows the order.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import threading
import weakref
from typing import Any

from ipykernel.iostream import OutStream

JSON = dict[str, Any]

_CHUNK = 65_536
#: So many characters may wait to be sent; who writes more has to wait.
_MOST = 262_144
_PIECE = 4_096
_NAMES = ("stdout", "stderr")


class _Pipe:
    """The end from which one cell's descriptor 1 or 2 is read."""

    def __init__(self, name: str, header: JSON) -> None:
        self.name = name
        self.header = header
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def decoded(self, chunk: bytes) -> str:
        """The text of a piece; an empty one is the end."""
        return self._decoder.decode(chunk, final=not chunk)


class Gathered:
    """What was written and not yet sent, in the order of writing. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._parts: list[tuple[JSON, str, list[str]]] = []
        self._size = 0
        self._pipes: dict[int, _Pipe] = {}
        self._poll = select.epoll()
        self._streams: list[CellStream] = []
        self._born: weakref.WeakKeyDictionary[threading.Thread, JSON] = weakref.WeakKeyDictionary()
        self._scheduled = False
        self._reader = threading.Thread(target=self._read, name="interview-output", daemon=True)

    def join(self, stream: CellStream) -> None:
        """One of the two streams that write here."""
        self._streams.append(stream)

    def begin(self, header: JSON) -> None:
        """A cell begins; what is written to the descriptors from now on is its."""
        with self._lock:
            self._take()
            for number, name in enumerate(_NAMES, 1):
                reading, writing = os.pipe()
                os.set_blocking(reading, False)
                os.dup2(writing, number)
                os.close(writing)
                self._pipes[reading] = _Pipe(name, header)
                self._poll.register(reading, select.EPOLLIN)
        if not self._reader.is_alive():
            self._reader.start()

    def end(self, header: JSON) -> None:
        """A cell ends: threads that it started stay its own."""
        for thread in threading.enumerate():
            self._born.setdefault(thread, header)

    def header(self, fallback: JSON) -> JSON:
        """To which cell the thread that asks belongs; ``fallback`` for one that nobody knows."""
        return self._born.get(threading.current_thread(), fallback)

    def write(self, header: JSON, name: str, text: str) -> None:
        """Append a text of Python's own."""
        with self._lock:
            self._take()
            self._append(header, name, text)
        self._sent()

    def send(self, session: Any, thread: Any) -> None:
        """Send what is gathered; called on the thread that sends."""
        with self._lock:
            self._scheduled = False
            self._take()
            parts, self._parts, self._size = self._parts, [], 0
        session.pid = os.getpid()  # upstream's check for forks is not needed: a fork never comes here
        for header, name, texts in parts:
            content = {"name": name, "text": "".join(texts)}
            session.send(thread, "stream", content, parent=header, ident=b"stream." + name.encode())

    def _read(self) -> None:
        while True:
            self._poll.poll()
            with self._lock:
                self._take()
            self._sent()

    def _sent(self) -> None:
        """See to it that what is gathered is sent: soon, or now when it is much."""
        if self._size > _MOST:
            self._streams[0].flush()
        elif self._parts and not self._scheduled:
            self._scheduled = True
            self._streams[0].schedule()

    def _append(self, header: JSON, name: str, text: str) -> None:
        self._size += len(text)
        if self._parts and self._parts[-1][0] is header and self._parts[-1][1] == name:
            self._parts[-1][2].append(text)
        else:
            self._parts.append((header, name, [text]))

    def _take(self) -> None:
        """Take what lies in the pipes, as long as there is place."""
        while self._size <= _MOST and (ready := self._poll.poll(0)):
            for reading, _ in sorted(ready):
                self._take_from(reading)

    def _take_from(self, reading: int) -> None:
        pipe = self._pipes[reading]
        try:
            chunk = os.read(reading, _CHUNK)
        except BlockingIOError:
            return
        if text := pipe.decoded(chunk):
            self._append(pipe.header, pipe.name, text)
        if not chunk:
            self._poll.unregister(reading)
            del self._pipes[reading]
            os.close(reading)


GATHERED = Gathered()
"""That of this process."""


class CellStream(OutStream):
    """``sys.stdout`` or ``sys.stderr`` of cells."""

    flush_interval = 0.05
    encoding = "utf-8"
    errors = "backslashreplace"
    line_buffering = True

    def __init__(self, session: Any, pub_thread: Any, name: str, **keywords: Any) -> None:
        super().__init__(session, pub_thread, name, **{**keywords, "watchfd": False})
        self._number = _NAMES.index(name) + 1
        self._original_stdstream_copy = os.dup(self._number)  # where the kernel's own log goes
        self._of_fork = ""
        self.buffer = _Buffer(self)
        GATHERED.join(self)

    def fileno(self) -> int:
        """The descriptor behind which the cell's pipe is."""
        return self._number

    def reconfigure(self, **_: Any) -> None:
        """What a text file may be told is settled here."""

    def schedule(self) -> None:
        """Have what is gathered sent in a moment."""
        self.pub_thread.schedule(lambda: self._io_loop.call_later(self.flush_interval, self._flush))

    def write(self, string: str) -> int:
        """Write text.

        Raises:
            TypeError: it is none.
            ValueError: the stream was closed.
        """
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string).__name__}")
        if self.pub_thread is None:
            raise ValueError("I/O operation on closed file")
        if os.getpid() != self._master_pid:
            self._write_of_fork(string)
        elif string:
            GATHERED.write(self._header(), self.name, string)
        return len(string)

    def flush(self) -> None:
        """Send what is gathered and wait until it is out."""
        if os.getpid() != self._master_pid:
            self._flush_fork()
        else:
            super().flush()
            # To send it is one step more of the thread that does so: code that lets no other thread run from here on (a
            # long call of C) would keep it back.
            super().flush()

    def _flush(self) -> None:
        GATHERED.send(self.session, self.pub_thread)

    def _header(self) -> JSON:
        try:
            header: JSON = self._parent_header.get()
        except LookupError:
            header = GATHERED.header(self._parent_header_global)
        return header

    def _write_of_fork(self, text: str) -> None:
        """A forked process has the pipe, and nothing else of us that still works."""
        self._of_fork += text
        if "\n" in text or len(self._of_fork) > _PIECE:
            self._flush_fork()

    def _flush_fork(self) -> None:
        data, self._of_fork = self._of_fork.encode("utf-8", "backslashreplace"), ""
        while data:
            data = data[os.write(self._number, data) :]


class _Buffer(io.BufferedIOBase):
    """The bytes below a stream: decoded, and written to it."""

    def __init__(self, stream: CellStream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = self

    @property
    def name(self) -> str:
        """Of the stream."""
        return f"<{self._stream.name}>"

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """That of the stream."""
        return self._stream.fileno()

    def write(self, data: Any) -> int:
        """Write bytes; what is no UTF-8 is shown as U+FFFD."""
        view = memoryview(data).cast("B")
        self._stream.write(self._decoder.decode(bytes(view)))
        return len(view)

    def flush(self) -> None:
        """As of the stream."""
        if not self.closed:
            self._stream.flush()

    def close(self) -> None:
        """A cell that closes its output has no more of it otherwise."""
        self.flush()

    def detach(self) -> Any:
        """What wraps these bytes anew writes here."""
        return self
