"""Which languages are offered, in which order, and what is said of one that does not work?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from jupyter_interview.cells.table import ROWS
from jupyter_interview.core.limits import Limits
from jupyter_interview.execution import InterviewKernelManager, kernels_dir, languages

ORDER = ["python", "javascript", "typescript", "java", "cpp", "c", "go", "rust", "sql", "bash"]


class Grumbling:
    """An engine that cannot run what it is told to."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.limits = Limits()
        self.broken: dict[str, str] = {}
        self.asked: list[str] = []

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> KernelProvisionerBase:
        raise NotImplementedError

    def language_problem(self, spec: Any) -> str | None:
        name = Path(spec.resource_dir).name
        self.asked.append(name)
        return self.broken.get(name)


@pytest.fixture
def engine() -> Grumbling:
    return Grumbling()


@pytest.fixture
def manager(engine: Grumbling, tmp_path: Path) -> Iterator[InterviewKernelManager]:
    made = InterviewKernelManager(engine=engine, kernels_dir=kernels_dir(), connection_dir=str(tmp_path))
    yield made
    made.context.destroy(linger=0)


def specs() -> dict[str, Any]:
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in Path(kernels_dir()).glob("*/kernel.json")
    }


def test_the_most_used_come_first(manager: InterviewKernelManager) -> None:
    assert [language.name for language in languages(manager)] == ORDER
    assert all(language.available and not language.message for language in languages(manager))


def test_what_an_engine_cannot_run_is_listed_with_its_remedy(
    manager: InterviewKernelManager, engine: Grumbling
) -> None:
    engine.broken = {"go": "go is not installed. Install it: sudo apt-get install golang-go."}
    listed = {language.name: language for language in languages(manager)}
    assert (listed["go"].available, listed["go"].message) == (False, engine.broken["go"])
    assert listed["rust"].available


def test_asking_again_costs_nothing(manager: InterviewKernelManager, engine: Grumbling) -> None:
    languages(manager)
    asked = len(engine.asked)
    languages(manager)
    assert len(engine.asked) == asked == len(ORDER)


def test_an_engine_that_fails_is_told_at_once(manager: InterviewKernelManager, engine: Grumbling) -> None:
    languages(manager)
    engine.problem = "Install bubblewrap."
    assert {language.message for language in languages(manager)} == {"Install bubblewrap."}
    assert not any(language.available for language in languages(manager))
    engine.problem = None
    assert all(language.available for language in languages(manager))


def test_json(manager: InterviewKernelManager) -> None:
    shown = languages(manager)[0].to_json()
    assert shown.keys() == {"name", "display_name", "available", "message", "starter", "language_info"}


@pytest.mark.parametrize("language", ORDER)
def test_each_kernelspec_says_what_the_engines_need_to_know(language: str) -> None:
    spec = specs()[language]
    own = spec["metadata"]["interview"]
    assert own["starter"].endswith("\n") and re.fullmatch(r"\.\w+", own["extension"])
    assert own["mime"] and own["codemirror"] and own["image"] == f"jupyter-interview/{language}:1"
    assert isinstance(own["needs"], list) and isinstance(own["packages"], list)
    assert not own["needs"] or own["packages"] or own["wheels"], "what is missing can be mended"
    assert spec["interrupt_mode"] in ("signal", "message")


@pytest.mark.parametrize("language", ORDER)
def test_kernelspec_and_table_agree(language: str) -> None:
    """Each language of ours is one row and one kernelspec."""
    spec, row = specs()[language], ROWS[language]
    own = spec["metadata"]["interview"]
    assert spec["argv"][:5] == ["python", "{cells}", language, "-f", "{connection_file}"]
    assert (spec["display_name"], own["extension"], own["mime"]) == (row.title, row.extension, row.mime)
    assert own["codemirror"] == row.mode
    assert set(ROWS) == set(ORDER)
