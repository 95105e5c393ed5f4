"""``jupyter interview doctor``: in which languages can interviews be held here, and what is missing for the others?

For each engine: whether it works, each language with the command that mends it, and a real kernel as proof.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from ..app import AS_ROOT, InterviewApp, is_root
from ..core.errors import BadRequest, InterviewError
from ..core.limits import Limits
from ..execution.languages import kernels_dir
from ..provisioners import BubblewrapEngine, DockerEngine, Engine, PlainEngine, default_images, kept_groups
from . import command
from .output import say, tell

_PROOF = "python"
_ENGINES = ("docker", "bubblewrap", "none")
_UNASKED = ("docker", "bubblewrap")
_KEPT_GROUPS = (
    "  Kernels keep the groups of this server's user (%s) for the programs and libraries that they see: only root can "
    "give them up. Run the server as a user without them."
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter interview doctor", description="What works here, what is missing, and how to mend it"
    )
    parser.add_argument(
        "--sandbox", action="append", choices=_ENGINES, help="look at this engine only (default: docker and bubblewrap)"
    )
    parser.add_argument(
        "--language",
        action="append",
        metavar="ID",
        help=f"look at this language only, and start its kernel (default: all, and {_PROOF}'s)",
    )
    return parser


def _specs(languages: Sequence[str] | None) -> dict[str, KernelSpec]:
    manager = KernelSpecManager(kernel_dirs=[kernels_dir()], ensure_native_kernel=False, allowed_kernelspecs=set())
    known = sorted(manager.find_kernel_specs())
    for language in languages or ():
        if language not in known:
            raise BadRequest(f"There is no language {language!r}. Choose among {', '.join(known)}.")
    return {language: manager.get_kernel_spec(language) for language in (languages or known)}


def _engine(name: str, app: InterviewApp, limits: Limits, directory: str) -> tuple[Engine, str | None]:
    """An engine, and why it can run nothing."""
    if name == "docker":
        images = {**default_images(kernels_dir()), **app.docker_images}
        docker = DockerEngine(limits, directory, images, runtime=app.docker_runtime or None)
        return docker, docker.engine_problem
    if name == "bubblewrap":
        bubblewrap = BubblewrapEngine(limits, directory)
        return bubblewrap, bubblewrap.problem
    return PlainEngine(limits, directory), None


async def time_to_ready(engine: Engine, spec: KernelSpec, language: str, directory: str) -> float:
    """Start a kernel, wait until it answers, end it; the seconds that it took to answer.

    Raises:
        InterviewError: it did not start.
        RuntimeError: it did not answer.
    """
    specs = KernelSpecManager(kernel_dirs=[kernels_dir()], ensure_native_kernel=False, allowed_kernelspecs=set())
    manager = AsyncKernelManager(
        kernel_name=language, kernel_spec_manager=specs, connection_file=os.path.join(directory, "connection.json")
    )
    provisioner = engine.provisioner(kernel_id="doctor", kernel_spec=spec, parent=manager)
    manager.provisioner = provisioner
    began = time.monotonic()
    try:
        await manager.start_kernel()
        client = manager.client()
        client.start_channels(stdin=False, hb=False)
        try:
            await client.wait_for_ready(timeout=engine.limits.kernel_start_seconds)
        finally:
            client.stop_channels()
        return time.monotonic() - began
    finally:
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        await provisioner.cleanup()


def _prove(engine: Engine, spec: KernelSpec, language: str, directory: str, show: Callable[[str], None]) -> bool:
    try:
        seconds = asyncio.run(time_to_ready(engine, spec, language, directory))
    except InterviewError as problem:
        show(f"  A {language} kernel did not start: {problem.message}")
    except Exception as problem:  # upstream raises many kinds; all mean that it does not work
        show(f"  A {language} kernel did not answer: {str(problem) or type(problem).__name__}")
    else:
        show(f"  A {language} kernel was started to prove it: ready in {seconds:.2f} s.")
        return True
    return False


def examine(
    name: str, app: InterviewApp, limits: Limits, languages: Sequence[str] | None, show: Callable[[str], None]
) -> bool:
    """Look at one engine, one line at a time; whether a kernel could be started.

    Args:
        name: ``docker``, ``bubblewrap`` or ``none``.
        app: the configuration.
        limits: those of the server.
        languages: the only ones to look at and to start; by default all are looked at, and Python's is started.
        show: takes a line.
    """
    specs = _specs(languages)
    width = max(map(len, specs))
    directory = tempfile.mkdtemp(prefix="ji")
    try:
        engine, problem = _engine(name, app, limits, directory)
        if problem is not None:
            show(f"{name}: does not work. {problem}")
            return False
        show(f"{name}:")
        working = []
        for language, spec in specs.items():
            lack = engine.language_problem(spec)
            show(f"  {language:<{width}}  {lack or 'ok'}")
            if lack is None:
                working.append(language)
        if name == "bubblewrap" and (groups := kept_groups()):
            show(_KEPT_GROUPS % ", ".join(groups))
        proofs = [language for language in working if languages or language == _PROOF]
        return any([_prove(engine, specs[language], language, directory, show) for language in proofs])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    limits = Limits.checked(**{name: _number(value) for name, value in app.limits.items()})
    if is_root():
        say(f"Warning: {AS_ROOT}", error=True)
    names = options.sandbox or _UNASKED
    works = {name: examine(name, app, limits, options.language, tell) for name in dict.fromkeys(names)}
    if any(works.values()):
        return 0
    say("No kernel can be started here. Mend one of the above, and ask again: jupyter interview doctor")
    return 1


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def main(arguments: Sequence[str]) -> int:
    """Examine; 0 when at least one kernel could be started, else 1."""
    return command.run(_parser(), arguments, _work)
