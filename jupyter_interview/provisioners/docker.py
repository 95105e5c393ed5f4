"""How is a kernel shut in with Docker?

A container per kernel, without a network, on an image whose id was read when it was first seen. The engine is asked
anew at each start, so that one that was away is used again as soon as it is back.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..core.errors import KernelUnavailable
from ..core.limits import Limits
from . import container, launch
from .contract import Engine, SandboxProvisioner, settle
from .engine_api import EngineApi, Refused, in_background, in_thread
from .images import build_command
from .leftovers import Leftovers, remove_crashed, this_process
from .lifetime import Lifetime
from .oom import MemoryEvents
from .places import is_listening, sweep
from .seccomp import program
from .users import pick_user, write_accounts
from .watch import Watch, Watched, memory_line

_LOOK_SECONDS = 5.0
_STALE_SECONDS = 2.0
_MOMENT_SECONDS = 0.05
_START_SECONDS = 30.0
_GONE_SECONDS = 5.0


class DockerEngine:
    """Kernels in Docker.

    ``problem`` is always ``None``: whether the engine answers may change at any time, so each start asks it, and
    `language_problem` tells how it was a moment ago.

    Args:
        limits: the server's.
        runtime_dir: private directory for sockets; its path should be short. The engine has to see it.
        images: the only images that are ever run, by language.
        runtime: name of a runtime that the engine knows, for instance ``runsc``.
        url: the engine's socket; by default ``DOCKER_HOST``, else the usual place.
        seconds: time for a call of the engine that is not a start.
    """

    name = "docker"

    def __init__(
        self,
        limits: Limits,
        runtime_dir: str,
        images: Mapping[str, str],
        *,
        runtime: str | None = None,
        url: str | None = None,
        seconds: float = _LOOK_SECONDS,
    ) -> None:
        self.limits = limits
        self.runtime_dir = runtime_dir
        self.images = dict(images)
        self.runtime = runtime
        self.problem: str | None = None
        self.watch = Watch(limits)
        self.api = EngineApi(url, seconds)
        self.leftovers = Leftovers(self.api)
        self.server = hashlib.sha256(f"{os.path.realpath(runtime_dir)}\0{os.getuid()}".encode()).hexdigest()[:32]
        self.memory_events = MemoryEvents(self.api, f"{container.SERVER_LABEL}={self.server}")
        self.engine_problem: str | None = None
        self._checked = False
        self._pins: dict[str, str] = {}
        self._problems: dict[str, str | None] = {}
        self._lock = threading.Lock()
        self._looked = 0.0
        self._looking: threading.Event | None = None
        sweep(runtime_dir)
        self.look()

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> DockerProvisioner:
        """The provisioner of one kernel."""
        return DockerProvisioner(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent, engine=self)

    def language_problem(self, spec: KernelSpec) -> str | None:
        """Whether the engine answered and the language's image was there, some seconds ago at most.

        What was well is looked at again in the background; after a problem the new look gets a moment, so that one
        that was mended is not told again.
        """
        language = language_of(spec)
        known = self.known_problem(language)
        looking = self._look_soon(0.0 if known else _STALE_SECONDS)
        if known is None or looking is None:
            return known
        looking.wait(_MOMENT_SECONDS)
        return self.known_problem(language)

    def look(self) -> None:
        """See whether the engine can be used and which images are there. Blocks; raises nothing."""
        try:
            self._check()
            self.leftovers.remove()
            for language in self.images:
                self._problems[language] = self._problem_of(language)
            self.engine_problem = None
        except KernelUnavailable as problem:
            self._checked = False
            self.engine_problem = problem.message
        with self._lock:
            self._looked = time.monotonic()
            looking, self._looking = self._looking, None
        if looking is not None:
            looking.set()

    def known_problem(self, language: str) -> str | None:
        """What the last look saw of a language."""
        return self.engine_problem or self._problems.get(language, _unlisted(language))

    def _look_soon(self, stale: float) -> threading.Event | None:
        """Look in the background if the last look is older than ``stale`` seconds; set when that is done."""
        with self._lock:
            if self._looking is None and time.monotonic() - self._looked > stale:
                self._looking = threading.Event()
                in_background(self.look, "docker-look")
            return self._looking

    def image(self, language: str) -> str:
        """The id of the image that a language's kernels run on: for the life of the server the one first seen. Blocks.

        Raises:
            KernelUnavailable: no image is configured, or it is not there, or the engine cannot be used.
        """
        if language not in self.images:
            raise KernelUnavailable(_unlisted(language))
        try:
            self._check()
            self.leftovers.remove()
            if language not in self._pins:
                self._pins[language] = self._find(language)
        except KernelUnavailable:
            self._checked = False
            raise
        return self._pins[language]

    def new_user(self) -> int:
        """A number for one kernel: its own where root gives it, else the server's."""
        return pick_user() if os.geteuid() == 0 else os.geteuid()

    def labels(self, kernel_id: str) -> dict[str, str]:
        """By what a kernel's container is known after a crash of the server."""
        return {
            container.SERVER_LABEL: self.server,
            container.PROCESS_LABEL: this_process(),
            container.KERNEL_LABEL: kernel_id,
        }

    def _problem_of(self, language: str) -> str | None:
        try:
            if language not in self._pins:
                self._pins[language] = self._find(language)
            else:
                self.api.call(lambda client: client.inspect_image(self._pins[language]))
        except Refused as refusal:
            return self.replaced(language) if refusal.missing else refusal.message
        except MissingImage as missing:
            return missing.message
        return None

    def replaced(self, language: str) -> str:
        """The line for people when the image that was pinned is no longer there."""
        return (
            f"The image {self.images[language]} that this server started with is no longer there. "
            f"Build it ({build_command(language)}) and restart the server."
        )

    def _find(self, language: str) -> str:
        reference = self.images[language]
        try:
            found = self.api.call(lambda client: client.inspect_image(reference))
        except Refused as refusal:
            if not refusal.missing:
                raise
            raise MissingImage(f"The image {reference} is not here. Build it: {build_command(language)}.") from refusal
        volumes = (found.get("Config") or {}).get("Volumes")
        if volumes:
            paths = ", ".join(volumes)
            raise MissingImage(f"The image {reference} has volumes ({paths}), which a kernel could fill the disk with.")
        return str(found["Id"])

    def _check(self) -> None:
        """See once per contact that the engine can hold a kernel, and remove what a crash left."""
        if self._checked:
            return
        if not self.api.local:
            raise KernelUnavailable("The Docker engine has to be on this machine: DOCKER_HOST must name a socket file.")
        info = self.api.call(lambda client: client.info())
        problem = unfit(info, self.runtime)
        if problem is not None:
            raise KernelUnavailable(problem)
        remove_crashed(self.api, self.server)
        self._checked = True


class MissingImage(KernelUnavailable):
    """A language's image is not there, or cannot be used."""


class DockerProvisioner(SandboxProvisioner):
    """One kernel in a container; each start makes another one."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._user = os.geteuid()
        self._life: Lifetime | None = None
        self._watched: Watched | None = None

    @classmethod
    def default_engine(cls) -> Engine:
        """An engine without images, for a Jupyter that found this class by its entry point: it refuses to start."""
        return DockerEngine(Limits(), os.path.join(tempfile.gettempdir(), f"ji-{os.getuid()}"), {})

    @property
    def python(self) -> str:
        """The image's own."""
        return "python"

    def environment(self) -> dict[str, str]:
        """As ever, but with the image's ``PATH`` unless the kernelspec has one."""
        env = super().environment()
        if "PATH" not in self.kernel_spec.env:
            del env["PATH"]
        return env

    def own_socket_directory(self, path: Path) -> None:
        """Under its own number the kernel has to be able to make sockets there; root may connect in any case."""
        self._user = self._docker.new_user()
        os.chown(path, self._user, -1)

    def own_connection_file(self, path: Path) -> None:
        """The kernel has to read it."""
        os.chown(path, self._user, -1)

    async def start(self, kernel: list[str], env: dict[str, str], ended: asyncio.Future[int]) -> None:
        """Make a container and start it."""
        engine, language = self._docker, language_of(self.kernel_spec)
        image = await in_thread(lambda: engine.image(language))
        settings = container.Container(
            image=image,
            command=tuple(self._shim(kernel)),
            environment=env,
            limits=self._limits,
            user=self._user,
            sockets=str(self.directory / "s"),
            shown=self._shown(),
            labels=engine.labels(self.kernel_id or ""),
            runtime=engine.runtime,
        )
        control = self._socket_paths()[-1]
        self._life = life = Lifetime(
            engine.api,
            f"ji-{engine.server[:8]}-{secrets.token_hex(8)}",
            container.body(settings),
            engine.leftovers,
            ended=lambda code: settle(ended, code),
            alive=lambda: is_listening(control),
            memory=memory_line(self._limits),
        )
        engine.memory_events.add(life.name, lambda: self._breach(memory_line(self._limits)))
        try:
            await in_thread(lambda: life.begin(min(_START_SECONDS, self._limits.kernel_start_seconds)))
        except Refused as refusal:
            if refusal.missing:
                raise KernelUnavailable(engine.replaced(language)) from refusal
            raise
        self._watched = Watched(life.pid, settings.sockets, self._breach)
        engine.watch.add(self._watched)

    @property
    def reason(self) -> str | None:
        """Why it was ended or did not start, when that is known."""
        return self._reason or (self._life.reason if self._life is not None else None)

    async def last_words(self) -> str:
        """The end of what it wrote, and which image to look at."""
        language = language_of(self.kernel_spec)
        said = self._life.words if self._life is not None else ""
        return f"{said}\nPerhaps the image {self._docker.images[language]} has no kernel: {build_command(language)}."

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel and its process group. Where that fails it is only logged: what follows is the end."""
        life = self._life
        if life is None or signum == 0 or self._exit is None or self._exit.done():
            return
        try:
            await self._docker.api.run(lambda client: client.kill(life.name, signum))
        except KernelUnavailable as problem:
            if isinstance(problem, Refused) and problem.ended:
                return
            self.log.warning("signal %d did not reach kernel %s: %s", signum, self.kernel_id, problem.message)

    def end(self) -> None:
        """Kill and remove the container, or end its making."""
        if self._life is not None:
            self._life.end()

    async def wait(self) -> int | None:
        """Wait for its end and let go of it."""
        code = await super().wait()
        self._unwatch()
        return code

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the launch made; without a restart, when the container no longer needs it."""
        self._unwatch()
        life = self._life
        if life is not None and not restart:
            life.end()
            await in_thread(lambda: life.wait_gone(_GONE_SECONDS))
            self._life = None
        await super().cleanup(restart)

    def _shim(self, kernel: list[str]) -> list[str]:
        """The limits once more, and our own filter: some engines' default lets vsock and the like pass."""
        settings = launch.shim_settings(kernel, self._limits, user=None, processes=False, code=program())
        # The engine takes no descriptors, and what it is told in words stands in everybody's list of processes.
        path = self.directory / launch.SETTINGS_NAME
        path.write_bytes(settings)
        path.chmod(0o644)
        return launch.shim_arguments(launch.SETTINGS_INSIDE, self.python)

    def _shown(self) -> dict[str, str]:
        accounts = write_accounts(self.directory / "etc", self._user)
        shown = {f"/etc/{name}": path for name, path in accounts.items()}
        shown[f"{launch.INSIDE}/{launch.CONNECTION_NAME}"] = str(self.directory / launch.CONNECTION_NAME)
        shown[f"{launch.HOME}/{launch.DATA_NAME}"] = str(self.data)
        shown[launch.SETTINGS_INSIDE] = str(self.directory / launch.SETTINGS_NAME)
        return shown | {bind.inside: bind.outside for bind in launch.cells_binds()}

    def _breach(self, reason: str) -> None:
        self._reason = reason
        self.end()

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._engine.watch.remove(self._watched)
            self._watched = None
        if self._life is not None:
            self._docker.memory_events.remove(self._life.name)

    @property
    def _docker(self) -> DockerEngine:
        if not isinstance(self._engine, DockerEngine):
            raise TypeError("a Docker provisioner needs a Docker engine")
        return self._engine


def language_of(spec: KernelSpec) -> str:
    """The language of a kernelspec: its folder's name."""
    return Path(spec.resource_dir).name


def unfit(info: Mapping[str, Any], runtime: str | None) -> str | None:
    """Why an engine that tells this about itself cannot hold a kernel; ``None`` when it can."""
    options = " ".join(info.get("SecurityOptions") or ())
    if "name=rootless" in options or "name=userns" in options:
        return "A Docker engine with its own user numbers (rootless, userns-remap) is not supported. Use bubblewrap."
    if "name=seccomp" not in options:
        return "The Docker engine has no seccomp, so kernels could make any system call. Use one that has."
    lacking = [text for key, text in _NEEDED.items() if not info.get(key)]
    if lacking:
        return f"The Docker engine cannot limit {' and '.join(lacking)} here: it needs the machine's cgroups."
    runtimes = info.get("Runtimes") or {}
    if runtime is not None and runtime not in runtimes:
        return f"The Docker engine has no runtime {runtime!r}; it has {', '.join(sorted(runtimes))}."
    return None


_NEEDED = {"MemoryLimit": "memory", "PidsLimit": "processes"}


def _unlisted(language: str) -> str:
    return f"No Docker image is configured for {language}."
