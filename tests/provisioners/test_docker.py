"""Does the Docker engine run only what it may, and get over bad weather?"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import docker  # type: ignore[import-untyped]
import pytest
from jupyter_client.kernelspec import KernelSpec

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, DockerEngine, choose, default_images
from jupyter_interview.provisioners.docker import unfit
from jupyter_interview.provisioners.images import buildable, reference

from .conftest import IMAGES, MEGABYTE, SECONDS, SPEC, Kernel, MakeEngine, StartKernel
from .weather import Weather

FIT = {
    "SecurityOptions": ["name=seccomp,profile=default"],
    "MemoryLimit": True,
    "PidsLimit": True,
    "Runtimes": {"runc": {}},
}
PROBE = KernelSpec(argv=[], display_name="P", language="p", resource_dir="/specs/probe")

MakeImage = Callable[..., str]


@pytest.fixture
def client(ji_engine: MakeEngine) -> Iterator[Any]:
    """A client of our own."""
    ji_engine("docker")  # skips where this machine has no such engine
    made = docker.APIClient(version="auto")
    yield made
    made.close()


@pytest.fixture
def ji_image(client: Any) -> Iterator[MakeImage]:
    """``ji_image("base", volumes=["/x"])`` makes an image of our own from another; its reference."""
    made: list[str] = []

    def make(origin: str = "python", **config: Any) -> str:
        container = client.create_container(reference(origin), command="true")
        name = f"ji-test-{secrets.token_hex(4)}"
        config.setdefault("Labels", {"made-by": name})
        client.commit(container["Id"], name, "1", conf=config)
        client.remove_container(container["Id"])
        made.append(f"{name}:1")
        return made[-1]

    yield make
    for image in made:
        with suppress(docker.errors.ImageNotFound):  # a test may have been about that
            client.remove_image(image, force=True)


def _inspect(engine: DockerEngine, client: Any) -> dict[str, Any]:
    (found,) = client.containers(filters={"label": f"jupyter-interview.server={engine.server}"})
    state: dict[str, Any] = client.inspect_container(found["Id"])
    return state


async def _start(engine: object, start: StartKernel) -> Kernel:
    return await start(engine)


# What may run


async def test_a_retag_is_not_picked_up(
    ji_engine: MakeEngine, ji_kernel: StartKernel, ji_image: MakeImage, client: Any
) -> None:
    image, other = ji_image(), ji_image()
    engine = ji_engine("docker", images={"probe": image})
    assert isinstance(engine, DockerEngine)
    first = client.inspect_image(image)["Id"]
    client.tag(other, *image.split(":"), force=True)
    client.tag(first, "ji-test-kept", "1")  # the engine forgets an image without a name when it is cleaned up
    try:
        await ji_kernel(engine)
        assert _inspect(engine, client)["Image"] == first != client.inspect_image(image)["Id"]
    finally:
        client.remove_image("ji-test-kept:1", force=True)


async def test_the_pinned_image_is_gone(
    ji_engine: MakeEngine, ji_kernel: StartKernel, ji_image: MakeImage, client: Any
) -> None:
    image = ji_image()
    engine = ji_engine("docker", images={"probe": image})
    client.remove_image(image, force=True)
    with pytest.raises(KernelUnavailable, match=r"no longer there. Build it .* and restart the server"):
        await ji_kernel(engine)


async def test_an_image_that_is_missing_and_then_there(
    ji_engine: MakeEngine, ji_kernel: StartKernel, ji_image: MakeImage, client: Any
) -> None:
    name = f"ji-test-{secrets.token_hex(4)}"
    engine = ji_engine("docker", images={"probe": f"{name}:1"})
    words = rf"The image {name}:1 is not here. Build it: jupyter interview images build probe."
    assert engine.language_problem(PROBE) == words
    with pytest.raises(KernelUnavailable, match=words):
        await ji_kernel(engine)
    client.tag(reference("python"), name, "1")
    try:
        assert (await (await ji_kernel(engine)).run("print(1)")).text == "1\n"
        await _until(lambda: engine.language_problem(PROBE) is None)
    finally:
        client.remove_image(f"{name}:1")


async def test_only_images_from_the_list(ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    """Whatever a kernelspec says."""
    engine = ji_engine("docker", images={"python": reference("python")})
    spec = {"metadata": {"interview": {"image": reference("python")}}}
    with pytest.raises(KernelUnavailable, match="No Docker image is configured for probe"):
        await ji_kernel(engine, spec=spec)
    assert engine.language_problem(PROBE) == "No Docker image is configured for probe."


async def test_an_image_without_a_kernel(ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    for command, words in (
        ("-m no_such_module", "No module named no_such_module"),
        (None, "No such file or directory"),
    ):
        argv = ["python", *command.split()] if command else ["no-such-program"]
        with pytest.raises(KernelUnavailable) as refusal:
            await ji_kernel(ji_engine("docker"), spec={"argv": argv})
        assert words in str(refusal.value)
        assert "has no kernel: jupyter interview images build probe" in str(refusal.value)


async def test_an_image_with_volumes_is_refused(
    ji_engine: MakeEngine, ji_kernel: StartKernel, ji_image: MakeImage
) -> None:
    engine = ji_engine("docker", images={"probe": ji_image(Volumes={"/var/spool": {}})})
    with pytest.raises(KernelUnavailable, match=r"has volumes \(/var/spool\)"):
        await ji_kernel(engine)


async def test_a_container_is_what_was_asked_for(ji_engine: MakeEngine, ji_kernel: StartKernel, client: Any) -> None:
    engine = ji_engine("docker")
    assert isinstance(engine, DockerEngine)
    kernel = await ji_kernel(engine)
    found = _inspect(engine, client)
    host = found["HostConfig"]
    assert host["NetworkMode"] == "none" and host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"]
    assert host["Memory"] == host["MemorySwap"] == 512 * MEGABYTE and host["PidsLimit"] == 68
    assert found["Config"]["Labels"]["jupyter-interview.kernel"] == "k"
    assert (
        not host["Privileged"] and not host["PortBindings"] and found["NetworkSettings"]["Networks"].keys() <= {"none"}
    )
    key = kernel.manager.session.key.decode()
    assert key and key not in json.dumps(found), "the key is in a file that only the kernel can read"


async def test_nothing_of_a_kernel_is_left(ji_engine: MakeEngine, ji_kernel: StartKernel, client: Any) -> None:
    engine = ji_engine("docker")
    assert isinstance(engine, DockerEngine)
    kernel = await ji_kernel(engine)
    await kernel.run("import os; os._exit(3)")
    assert await kernel.until_ended() == 3
    await kernel.manager.shutdown_kernel(now=True)

    def left() -> list[Any]:
        return list(client.containers(all=True, filters={"label": f"jupyter-interview.server={engine.server}"}))

    for container in left():  # it goes while we look; a busy engine takes its time
        with suppress(docker.errors.NotFound):
            await asyncio.to_thread(client.wait, container, timeout=60, condition="removed")
    assert left() == []


async def test_an_interrupt_comes_to_what_runs(ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine("docker"))
    for _ in range(5):
        begun = asyncio.Event()
        code = "import time; print('up', flush=True); time.sleep(60)"
        running = asyncio.create_task(kernel.run(code, begun.set))
        async with asyncio.timeout(SECONDS):
            await begun.wait()
        await kernel.manager.interrupt_kernel()
        assert (await running).ename == "KeyboardInterrupt"


# Bad weather


async def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_an_engine_that_is_not_there(ji_engine: MakeEngine, ji_kernel: StartKernel, tmp_path: Any) -> None:
    engine = ji_engine("docker", url=f"unix://{tmp_path}/docker.sock")
    told = "The Docker engine cannot be reached (No such file or directory). Start it (sudo systemctl start docker)"
    assert str(engine.language_problem(PROBE)).startswith(told)
    with pytest.raises(KernelUnavailable, match="cannot be reached"):
        await ji_kernel(engine)


async def test_an_engine_that_goes_and_comes_back(
    ji_engine: MakeEngine, ji_weather: Weather, ji_kernel: StartKernel, caplog: pytest.LogCaptureFixture
) -> None:
    """A kernel that runs goes on; starts are refused with a line; all is well again without a new engine object."""
    engine = ji_engine("docker", url=ji_weather.url)
    assert isinstance(engine, DockerEngine)
    kernel = await ji_kernel(engine)
    ji_weather.cut()
    assert (await kernel.run("print(1)")).text == "1\n"
    with pytest.raises(KernelUnavailable, match="cannot be reached"):
        await ji_kernel(engine)
    await _until(lambda: "cannot be reached" in (engine.language_problem(PROBE) or ""))
    await kernel.provisioner.send_signal(2)
    assert "signal 2 did not reach kernel k: The Docker engine cannot be reached" in caplog.text
    ji_weather.open()
    await _until(lambda: engine.language_problem(PROBE) is None)
    assert (await (await ji_kernel(engine)).run("print(2)")).text == "2\n"
    assert (await kernel.run("print(3)")).text == "3\n"
    await kernel.run("import os; os._exit(4)")
    assert await kernel.until_ended() == 4, "its end is known again"


async def test_a_kernel_that_could_not_be_removed_goes_later(
    ji_engine: MakeEngine, ji_weather: Weather, ji_kernel: StartKernel, client: Any
) -> None:
    engine = ji_engine("docker", url=ji_weather.url)
    assert isinstance(engine, DockerEngine)
    kernel = await ji_kernel(engine)
    ji_weather.cut()
    began = time.monotonic()
    kernel.client.stop_channels()
    await kernel.manager.shutdown_kernel(now=True)
    assert time.monotonic() - began < 5, "nobody waits for an engine that is not there"
    filters = {"label": f"jupyter-interview.server={engine.server}"}
    (left,) = client.containers(filters=filters)
    ji_weather.open()
    await ji_kernel(engine)
    assert left["Id"] not in {found["Id"] for found in client.containers(all=True, filters=filters)}


async def test_the_engine_ends_with_its_kernels(
    ji_engine: MakeEngine, ji_weather: Weather, ji_kernel: StartKernel, client: Any
) -> None:
    engine = ji_engine("docker", url=ji_weather.url)
    assert isinstance(engine, DockerEngine)
    kernel = await ji_kernel(engine)
    name = _inspect(engine, client)["Id"]
    ji_weather.cut()
    client.remove_container(name, force=True)
    await kernel.until_ended()
    assert kernel.provisioner.reason == "The Docker engine ended, and the kernel with it."


async def test_an_engine_that_hangs(
    ji_engine: MakeEngine, ji_weather: Weather, ji_kernel: StartKernel, client: Any
) -> None:
    """A start is given up after its time, and the event loop goes on meanwhile."""
    limits = Limits.checked(kernel_start_seconds=1.0)
    engine = ji_engine("docker", url=ji_weather.url, seconds=1.0, limits=limits)
    assert isinstance(engine, DockerEngine)
    ji_weather.hold()
    starting = asyncio.ensure_future(ji_kernel(engine))
    assert await asyncio.to_thread(ji_weather.held.wait, SECONDS), "the loop goes on while the start waits"
    calls = ji_weather.calls
    engine.language_problem(PROBE)
    assert ji_weather.calls == calls, "who asks what is known does not wait for the engine"
    with pytest.raises(KernelUnavailable, match="did not answer within 1 s"):
        await starting
    ji_weather.release()
    await _until(lambda: engine.language_problem(PROBE) is None)
    filters = {"label": f"jupyter-interview.server={engine.server}"}

    def gone() -> bool:
        engine.look()
        return not client.containers(all=True, filters=filters)

    await _until(gone)  # what the engine made of the start in the end


async def test_a_start_that_nobody_wants_any_more(
    ji_engine: MakeEngine, ji_weather: Weather, ji_kernel: StartKernel, client: Any
) -> None:
    engine = ji_engine("docker", url=ji_weather.url)
    assert isinstance(engine, DockerEngine)
    ji_weather.hold()
    starting = asyncio.create_task(_start(engine, ji_kernel))
    assert await asyncio.to_thread(ji_weather.held.wait, SECONDS)
    starting.cancel()
    ji_weather.release()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await ji_kernel(engine)  # meanwhile the other would have come up
    _inspect(engine, client)  # there is but one


# What engines are fit, and which is chosen


@pytest.mark.parametrize(
    ("changes", "runtime", "words"),
    (
        ({}, None, None),
        ({}, "runc", None),
        ({}, "runsc", "has no runtime 'runsc'; it has runc"),
        ({"SecurityOptions": ["name=apparmor"]}, None, "no seccomp"),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, None, "not supported"),
        ({"SecurityOptions": ["name=seccomp", "name=userns"]}, None, "not supported"),
        ({"MemoryLimit": False, "PidsLimit": False}, None, "cannot limit memory and processes"),
    ),
)
def test_fit_and_unfit_engines(changes: dict[str, Any], runtime: str | None, words: str | None) -> None:
    told = unfit({**FIT, **changes}, runtime)
    assert told is None if words is None else told is not None and words in told


def test_this_machines_engine_has_no_such_runtime(ji_engine: MakeEngine) -> None:
    engine = ji_engine("docker", images={**IMAGES, "x": "y"}, runtime="no-such-runtime")
    assert "has no runtime 'no-such-runtime'" in str(engine.language_problem(PROBE))


def test_an_engine_elsewhere_is_refused(tmp_path: Any) -> None:
    engine = DockerEngine(Limits(), str(tmp_path), IMAGES, url="tcp://192.0.2.1:2375")
    assert "has to be on this machine" in str(engine.language_problem(PROBE))


def test_auto_takes_docker_where_its_image_is(ji_engine: MakeEngine, tmp_path: Any) -> None:
    ji_engine("docker")
    images = {"python": reference("python")}
    assert isinstance(choose("auto", Limits(), str(tmp_path), images=images), DockerEngine)
    assert isinstance(choose("auto", Limits(), str(tmp_path), images={"python": "no/such:1"}), BubblewrapEngine)
    assert isinstance(choose("auto", Limits(), str(tmp_path)), BubblewrapEngine)
    assert isinstance(choose("bubblewrap", Limits(), str(tmp_path), images=images), BubblewrapEngine)


def test_docker_when_asked_for_even_if_it_is_away(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    images = {"python": reference("python")}
    assert isinstance(choose("docker", Limits(), str(tmp_path), images=images), DockerEngine)
    assert "no kernels can be started until this is mended: The Docker engine cannot be reached" in caplog.text
    assert isinstance(choose("auto", Limits(), str(tmp_path), images=images), BubblewrapEngine)


def test_default_images_are_those_of_the_kernelspecs() -> None:
    found = default_images(SPEC.parents[1])
    assert set(found) <= set(buildable())
    assert all(image == reference(language) for language, image in found.items())
    assert os.path.isdir(SPEC.parents[1])
