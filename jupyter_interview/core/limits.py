"""How much of everything is allowed?

Each limit has a default and a hard maximum. Operators set them in the server's configuration (`app.py` makes a trait of
each); nothing that a client, a kernelspec or a room's settings say can pass the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

#: So many times the largest change is read.
_READ = 4


def _limit(default: float, maximum: float, unit: str, text: str) -> Any:
    return field(default=default, metadata={"maximum": maximum, "unit": unit, "help": text})


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force. Construct with `Limits.checked` to have the maxima applied."""

    document_message_bytes: int = _limit(1_000_000, 16_000_000, "bytes", "largest message on the document socket")
    document_message_parts: int = _limit(8_000, 100_000, "parts", "operations and values in one change of the document")
    channel_message_bytes: int = _limit(262_144, 2_000_000, "bytes", "largest frame on the room channel")
    kernel_message_bytes: int = _limit(262_144, 2_000_000, "bytes", "largest message on the kernel socket")
    chat_chars: int = _limit(10_000, 100_000, "characters", "longest chat message")
    code_bytes: int = _limit(200_000, 2_000_000, "bytes", "source of one cell; as the browser counts characters")
    document_bytes: int = _limit(8_000_000, 64_000_000, "bytes", "shared document as it stands, without outputs")
    log_bytes: int = _limit(400_000_000, 16_000_000_000, "bytes", "log of one room in all, as it is stored")
    log_minute_bytes: int = _limit(
        8_000_000, 256_000_000, "bytes", "what the edits, messages and runs of one member add to the log in a minute"
    )
    log_outputs_bytes: int = _limit(
        200_000_000, 16_000_000_000, "bytes", "outputs in the log of one room in all, with those that were replaced"
    )
    log_outputs_minute_bytes: int = _limit(
        10_000_000, 256_000_000, "bytes", "what outputs of one member's runs add to the log in a minute"
    )
    notebook_bytes: int = _limit(4_000_000, 32_000_000, "bytes", "largest notebook a room can start from")
    members: int = _limit(50, 500, "people", "members of one room, spectators included")
    knocks: int = _limit(20, 200, "people", "people who wait to be admitted to one room")
    network_knocks: int = _limit(5, 200, "people", "of these, people of one network")
    # A browser lets a page in the background ask once a minute.
    knock_seconds: float = _limit(75.0, 600.0, "seconds", "silence after which somebody does not wait any more")
    sockets_per_member: int = _limit(24, 100, "sockets", "open sockets of one member in one room, all kinds")
    cells: int = _limit(500, 5_000, "cells", "cells of one notebook")
    run_seconds: float = _limit(60.0, 3_600.0, "seconds", "time of one run")
    interrupt_seconds: float = _limit(
        1.8, 60.0, "seconds", "time in which an interrupted run has to end; after it, its kernel is ended"
    )
    run_queue: int = _limit(500, 1_000, "runs", "runs that wait in one room")
    output_bytes: int = _limit(1_000_000, 20_000_000, "bytes", "outputs of one run")
    outputs_bytes: int = _limit(
        8_000_000, 64_000_000, "bytes", "outputs of the notebook as it stands; those of the oldest runs give way"
    )
    output_count: int = _limit(500, 10_000, "outputs", "outputs of one run")
    kernel_start_seconds: float = _limit(60.0, 600.0, "seconds", "time until a started kernel has to answer")
    kernel_memory_bytes: int = _limit(1_073_741_824, 68_719_476_736, "bytes", "memory of one kernel")
    kernel_processes: int = _limit(128, 4_096, "processes", "processes and threads of one kernel")
    kernel_file_bytes: int = _limit(268_435_456, 17_179_869_184, "bytes", "largest file a kernel can write")
    kernel_scratch_bytes: int = _limit(268_435_456, 17_179_869_184, "bytes", "home and /tmp of one kernel")
    kernel_cpu_seconds: int = _limit(3_600, 86_400, "seconds", "processor time of one kernel process")
    kernel_cpus: float = _limit(1.0, 64.0, "processors", "processors that a kernel in Docker may use at a time")
    data_files: int = _limit(50, 500, "files", "files that a room holds for its kernel")
    data_bytes: int = _limit(20_000_000, 200_000_000, "bytes", "files of a room together")
    pool_kernels: int = _limit(1, 32, "kernels", "warm kernels kept for each language in use")
    pool_idle_seconds: float = _limit(3_600.0, 604_800.0, "seconds", "time after which an unused language is cold")
    grace_seconds: float = _limit(20.0, 600.0, "seconds", "absence that is not yet a leave")
    ping_seconds: float = _limit(15.0, 120.0, "seconds", "interval of the server's pings")
    silence_seconds: float = _limit(30.0, 600.0, "seconds", "silence after which a socket is dropped")
    release_seconds: float = _limit(300.0, 86_400.0, "seconds", "time until an empty room leaves the memory")
    body_bytes: int = _limit(524_288, 16_000_000, "bytes", "body of a request of whoever is not logged in")
    body_seconds: float = _limit(30.0, 600.0, "seconds", "time for the body of such a request")
    network_bodies_bytes: int = _limit(
        4_000_000, 256_000_000, "bytes", "such bodies of one network that are on their way, short ones apart"
    )
    bodies_bytes: int = _limit(32_000_000, 1_000_000_000, "bytes", "such bodies of everybody, short ones apart")
    connections: int = _limit(8_192, 1_000_000, "connections", "open connections, as far as the open files allow")
    network_connections: int = _limit(
        1_000, 1_000_000, "connections", "open connections of one network; at most half of all"
    )
    idle_seconds: float = _limit(120.0, 3_600.0, "seconds", "time for the head of a request, or until the next one")
    unsent_bytes: int = _limit(8_000_000, 64_000_000, "bytes", "what one socket may leave unread, one message apart")
    member_unsent_bytes: int = _limit(32_000_000, 256_000_000, "bytes", "what one member may leave unread in all")
    member_unheard_bytes: int = _limit(
        8_000_000, 64_000_000, "bytes", "what one member may be in the middle of sending to sockets, one message apart"
    )
    write_queue: int = _limit(20_000, 1_000_000, "rows", "rows that may wait for the database")

    @property
    def document_read_bytes(self) -> int:
        """The largest message on the document socket that is read, to take its change back; more ends the socket."""
        return _READ * self.document_message_bytes

    @classmethod
    def checked(cls, **values: float) -> Limits:
        """Limits with ``values`` over the defaults.

        Raises:
            ValueError: a name is unknown, or a value is not positive or beyond its hard maximum.
        """
        known = {item.name: item for item in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown limit {name!r}; known are {', '.join(sorted(known))}")
            maximum = known[name].metadata["maximum"]
            if not 0 < value <= maximum:
                raise ValueError(f"limit {name} = {value} is outside 0 < {name} <= {maximum}")
        return cls(**values)  # type: ignore[arg-type]  # the names were checked above
