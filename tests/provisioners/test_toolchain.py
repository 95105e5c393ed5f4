"""Is it found out whether a language's programs are here, where a sandbox sees them?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, PlainEngine, launch
from jupyter_interview.provisioners.toolchain import missing_programs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one program, ``singer``."""
    path = tmp_path / "bin"
    path.mkdir()
    (path / "singer").write_text("#!/bin/sh\n", encoding="utf-8")
    (path / "singer").chmod(0o755)
    (path / "text").touch()
    return path


def test_all_there(folder: Path) -> None:
    assert missing_programs({"needs": ["singer"]}, f"/nowhere:{folder}") is None
    assert missing_programs({}, "") is None


@pytest.mark.parametrize(
    ("metadata", "words"),
    (
        ({"needs": ["gone"]}, "gone is not installed. Install it below /usr."),
        (
            {"needs": ["gone", "text"], "packages": ["gone-bin", "text"]},
            "gone and text are not installed. Install it: sudo apt-get install gone-bin text.",
        ),
    ),
)
def test_what_is_said(metadata: dict[str, Any], words: str, folder: Path) -> None:
    assert missing_programs(metadata, str(folder)) == words


def test_what_a_sandbox_does_not_see_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    needs = {"needs": ["singer"]}
    assert missing_programs(needs, str(folder), ["/usr", str(folder)]) is None
    told = missing_programs(needs, str(folder), ["/usr"])
    assert told is not None and "where a sandboxed kernel can see it" in told
    assert missing_programs(needs, str(folder), [str(folder)], [str(folder)]) is not None
    (folder.parent / "link").mkdir()
    os.symlink(folder / "singer", folder.parent / "link" / "singer")
    assert missing_programs(needs, str(folder.parent / "link"), [str(folder.parent / "link")]) is not None


@pytest.mark.parametrize("engine", (BubblewrapEngine, PlainEngine))
def test_engines_ask_by_the_kernels_own_path(engine: Any, folder: Path, tmp_path: Path) -> None:
    def spec(needs: list[str], **env: str) -> KernelSpec:
        metadata = {"interview": {"needs": needs, "packages": ["choir"]}}
        return KernelSpec(argv=[], display_name="S", language="s", metadata=metadata, env=env)

    made = engine(Limits(), str(tmp_path / "r"))
    assert made.language_problem(spec(["sh"])) is None
    assert "apt-get install choir" in made.language_problem(spec(["singer"]))
    assert (made.language_problem(spec(["singer"], PATH=str(folder))) is None) == (engine is PlainEngine)


def test_compilers_find_their_parts_of_etc() -> None:
    """Debian's alternatives and Java's configuration are seen in a sandbox, private keys are not."""
    assert {"alternatives", "java-*-openjdk"} <= set(launch.ETC)
    inside = {bind.inside for bind in launch.system_binds()}
    assert not {path for path in inside if path.startswith("/etc/ssl")}
