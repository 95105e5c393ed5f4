"""Does the command line say what it can do, and refuse what it cannot?"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from jupyter_interview.cli import COMMANDS, main

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def in_a_new_process(code: str) -> None:
    """What is imported there is nobody else's."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_every_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in COMMANDS)


def test_the_version_is_the_packages_not_the_servers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == tomllib.loads(PROJECT.read_text())["project"]["version"]


def test_help_and_version_import_no_server() -> None:
    code = (
        "import sys\nfrom jupyter_interview.cli import main\nmain(['--help'])\nmain(['--version'])\n"
        "assert not {'jupyter_server', 'sqlalchemy', 'tornado'} & set(sys.modules)"
    )
    in_a_new_process(code)


def test_a_grammar_of_two_seconds_is_read_when_it_is_used() -> None:
    code = (
        "import sys\nfrom jupyter_interview.cli import main\nmain(['config'])\nimport jsonschema\n"
        "assert 'jupyter_server' in sys.modules and 'rfc3987_syntax.syntax_helpers' not in sys.modules\n"
        "check = jsonschema.Draft7Validator.FORMAT_CHECKER.conforms\n"
        "assert check('http://b\xfccher.example', 'iri') and not check('no address', 'iri')\n"
        "assert check('#\xfc', 'iri-reference') and not check('<>', 'iri-reference')\n"
        "assert 'rfc3987_syntax.syntax_helpers' in sys.modules"
    )
    in_a_new_process(code)


def test_a_start_asks_yarn_nothing_and_whoever_builds_does() -> None:
    code = (
        "import subprocess, sys\nfrom jupyter_interview.cli.later import import_lab, put_off\nput_off()\n"
        "asked = []\nsubprocess.check_output = lambda command, **_: asked.append(command) or b''\n"
        "import_lab()\nassert 'jupyterlab.labapp' in sys.modules and not asked\n"
        "from jupyterlab.commands import AppOptions\nAppOptions().registry\nassert len(asked) == 1, asked"
    )
    in_a_new_process(code)


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


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("InterviewApp.nosuch=5", "There is no setting InterviewApp.nosuch. See: jupyter interview config"),
        ("InterviewApp.sandbx=none", "There is no setting InterviewApp.sandbx. Is it sandbox?"),
        ("InterviewApp.limits=cells=0", "limit cells = 0 is outside"),
        ("InterviewApp.database_url=nonsense://", "database 'nonsense' is not supported"),
        ("InterviewApp.database_url=postgresql://nobody@127.0.0.1:1/x", "The database cannot be used: connection"),
        ("InterviewApp.data_dir=/proc/nosuch", "/proc/nosuch"),
    ],
)
def test_what_cannot_be_used_is_a_line(
    setting: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert main(["user", "list", f"--{setting}"]) == 1
    assert said in capfd.readouterr().err.strip().splitlines()[-1]
