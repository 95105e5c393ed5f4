"""Does ``jupyter interview images build`` make images, and say what is wrong when it cannot?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
import pytest

from jupyter_interview.cli import main
from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.provisioners import images
from jupyter_interview.provisioners.engine_api import EngineApi
from tests.fixtures.real import missing

LANGUAGES = ["bash", "c", "cpp", "go", "java", "javascript", "python", "rust", "sql", "typescript"]

Folder = Callable[..., list[str]]


@pytest.fixture
def client() -> Iterator[Any]:
    """The real engine, with our base image."""
    try:
        made = docker.APIClient(version="auto")
        made.inspect_image(images.reference("base"))
    except docker.errors.DockerException:
        missing("Docker with its images")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Any) -> Iterator[Folder]:
    """``folder(one="RUN true")`` makes our Dockerfiles, tagged with names of this test's own."""
    mark = f"test-{secrets.token_hex(4)}"
    made: list[str] = []

    def make(**steps: str) -> list[str]:
        steps = {"base": "LABEL made-by=" + mark, **steps}
        for name, step in steps.items():
            (tmp_path / name).mkdir()
            first = "ARG BASE\nFROM ${BASE}\n"
            (tmp_path / name / "Dockerfile").write_text(f"{first}{step}\n", encoding="utf-8")
            made.append(f"ji-{mark}/{name}:1")
        return [name for name in steps if name != "base"]

    monkeypatch.setattr(images, "reference", lambda name: f"ji-{mark}/{name}:1")
    monkeypatch.setattr("jupyter_interview.cli.images.reference", images.reference)
    monkeypatch.setattr(images, "images_dir", lambda: tmp_path)
    yield make
    for image in made:
        try:
            client.remove_image(image, force=True)
        except docker.errors.ImageNotFound:
            continue


def test_every_language_has_an_image() -> None:
    assert images.buildable() == LANGUAGES


@pytest.mark.parametrize("language", ["base", *LANGUAGES])
def test_dockerfiles_name_no_host_and_keep_no_lists(language: str) -> None:
    text = (images.images_dir() / language / "Dockerfile").read_text(encoding="utf-8")
    assert "://" not in text
    assert (
        text.count("apt-get install")
        == text.count("--no-install-recommends")
        == text.count("rm -rf /var/lib/apt/lists")
    )
    first = "python:3.12-slim" if language == "base" else "jupyter-interview/base:1"
    assert f"ARG BASE={first}\nFROM ${{BASE}}\n" in text
    users = re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert not users or users[-1] == "65534:65534", "never left as root"


def test_progress_step_by_step(folder: Folder, client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder(one="RUN echo hello > /tmp/hello", two="ENV TWO=2")
    assert main(["images", "build", "two", "one", "--base", "jupyter-interview/base:1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"base: step 3 of 3: LABEL made-by=test-\w+ \(\d+\.\d s\)", lines[2])
    assert re.fullmatch(r"two: step 3 of 3: ENV TWO=2 \(\d+\.\d s\)", lines[5])
    assert re.fullmatch(r"one: step 3 of 3: RUN echo hello > /tmp/hello \(\d+\.\d s\)", lines[8])
    assert lines[9] == f"Built: {images.reference('two')}, {images.reference('one')}"
    assert "TWO=2" in client.inspect_image(images.reference("two"))["Config"]["Env"]


def test_all_languages_when_none_is_named(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder(one="ENV A=1", two="ENV A=2")
    assert main(["images", "build", "--base", "jupyter-interview/base:1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"{images.reference('one')}, {images.reference('two')}")


def test_build_arguments(folder: Folder, client: Any) -> None:
    folder(one="ARG WORD\nENV WORD=${WORD}")
    assert main(["images", "build", "--base", "jupyter-interview/base:1", "--build-arg", "WORD=a=b"]) == 0
    assert "WORD=a=b" in client.inspect_image(images.reference("one"))["Config"]["Env"]


def test_a_step_that_fails_is_shown_with_its_last_words(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder(one="RUN echo this is why >&2; exit 3")
    assert main(["images", "build", "one", "--base", "jupyter-interview/base:1"]) == 1
    told = capsys.readouterr().err
    assert "The image of one could not be built: step 3 of 3 (RUN echo this is why >&2; exit 3) failed." in told
    assert (
        "  this is why\n" in told
        and "\x1b" not in told
        and "returned a non-zero code: 3" in told
        and "Traceback" not in told
    )


def test_a_base_that_is_not_there(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder()
    assert main(["images", "build", "--base", "no-such-image-here:1"]) == 1
    assert "The image of base could not be built: step 2 of 3" in capsys.readouterr().err


def test_without_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert main(["images", "build", "go"]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("The Docker engine cannot be reached (No such file or directory). Start it")
    assert told.out == ""


@pytest.mark.parametrize(
    ("words", "told"),
    (
        (["cobol"], "There is no image for 'cobol'. Choose among bash, c, cpp, go,"),
        (["go", "--build-arg", "X"], "--build-arg X: write it as NAME=VALUE."),
    ),
)
def test_bad_input(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "build", *words]) == 1
    assert told in capsys.readouterr().err


def test_an_engine_that_ends_in_the_middle(tmp_path: Path) -> None:
    api = EngineApi(f"unix://{tmp_path}/docker.sock")
    with pytest.raises(KernelUnavailable, match="cannot be reached"):
        list(images.build(api, ["go"]))
