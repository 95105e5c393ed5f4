"""Can an operator manage accounts, on each database?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_interview.cli import main
from jupyter_interview.db.engine import shown_url

User = Callable[..., int]
PASSWORD = "correct horse battery"


@pytest.fixture
def user(ji_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> User:
    """Runs ``jupyter interview user …`` on the test's database, with a password typed as often as asked."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", f"{tmp_path}/config")
    monkeypatch.setenv("JUPYTER_DATA_DIR", f"{tmp_path}/data")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def run(*words: str, typed: tuple[str, ...] = (PASSWORD, PASSWORD)) -> int:
        answers = iter(typed)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
        return main(["user", *words, f"--InterviewApp.database_url={ji_database_url}"])

    return run


def test_an_account_is_added_listed_and_disabled(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert user("add", "Ada@Example.org", "--name", "Ada Lovelace") == 0
    assert user("list") == 0
    assert "ada@example.org\tAda Lovelace\tactive" in capsys.readouterr().out
    assert user("disable", "ada@example.org") == 0
    assert user("list") == 0
    assert "ada@example.org\tAda Lovelace\tdisabled" in capsys.readouterr().out


def test_whoever_adds_an_account_is_told_where_it_is(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    """In the database of a server with other settings it would be of no use."""
    assert user("add", "ada@example.org") == 0
    told = capsys.readouterr().out
    assert "of the server with this database: " in told and "//" in told
    with pytest.raises(SystemExit):
        user("add", "--help")
    assert "--InterviewApp.data_dir=" in capsys.readouterr().out


def test_a_databases_password_is_nobodys_business() -> None:
    assert shown_url("postgresql+psycopg://me:s3cret@db/interviews") == "postgresql+psycopg://me:***@db/interviews"


def test_a_password_can_be_changed(user: User) -> None:
    assert user("add", "ada@example.org") == 0
    assert user("password", "ada@example.org", typed=("another long one", "another long one")) == 0


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("add", "ada@example.org"), ("short", "short"), "at least"),
        (("add", "ada@example.org"), (PASSWORD, "something else"), "differ"),
        (("add", "ada"), (PASSWORD, PASSWORD), "not an email address"),
        (("password", "nobody@example.org"), (PASSWORD, PASSWORD), "has no account"),
        (("disable", "nobody@example.org"), (), "has no account"),
    ],
)
def test_a_refusal_is_one_line_and_status_1(
    user: User, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], typed: tuple[str, ...], said: str
) -> None:
    assert user(*words, typed=typed) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


def test_an_address_has_one_account(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert user("add", "ada@example.org") == 0
    assert user("add", "ADA@example.org") == 1
    assert "has an account already" in capsys.readouterr().err
