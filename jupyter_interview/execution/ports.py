"""What does execution need from whatever runs the kernels?

`provisioners/` has the real ones; the two packages do not know each other, `app.py` brings them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from ..core.limits import Limits


class Engine(Protocol):
    """A way to run kernels on this machine, within limits; ``problem`` is the line for people when there is none."""

    problem: str | None
    limits: Limits

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> KernelProvisionerBase:
        """The provisioner of one kernel. It also has `Ending`'s members."""

    def language_problem(self, spec: Any) -> str | None:
        """Why the kernels of this kernelspec cannot run here, with what mends it. Answers from memory, or by a look."""


class Ending(Protocol):
    """How the end of a kernel process is learned."""

    @property
    def reason(self) -> str | None:
        """Why it ended or did not start, where that is known."""

    @property
    def files_lost(self) -> bool:
        """Whether `put_files` has to be called again, since they went with the folder that a restart made anew."""

    def end(self) -> None:
        """Kill it, without waiting."""

    async def exited(self) -> int:
        """Wait for its end, learned at once; the exit status."""

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Put ``files``, plain name → content, into ``~/data``, which the kernel can only read. From any thread.

        Raises:
            OSError: they could not be written.
        """


class Supervisor(Protocol):
    """Who decides over one kernel: its room's executor. Stock handlers ask for these by the kernel's id."""

    async def interrupt(self) -> None:
        """Interrupt what runs."""

    async def restart(self) -> None:
        """Restart the kernel."""
