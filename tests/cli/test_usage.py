"""Does the command line say what it can do, and refuse what it cannot?"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from jupyter_interview.cli import COMMANDS, main

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_every_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in COMMANDS)


def test_the_version_is_the_packages_not_the_servers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == tomllib.loads(PROJECT.read_text())["project"]["version"]


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sing"]) == 2
    assert "unknown command 'sing'" in capsys.readouterr().err


def test_config_prints_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 0
    assert "### `database_url`" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["user", "db", "config"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"jupyter interview {command}" in capsys.readouterr().out
