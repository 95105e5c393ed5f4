"""Which fixtures are there?

- `ji_database_url` (`fixtures/postgresql.py`): the URL of an empty database; the test runs on SQLite and on PostgreSQL
- `ji_postgresql` (`fixtures/postgresql.py`): a PostgreSQL server of our own, for the whole run
- `ji_server` (`fixtures/server.py`): makes real `jupyter interview` processes that can be killed and started again
- `ji_browser` (`fixtures/browser.py`): real Chromium; `await ji_browser.open("candidate")` has cookies of its own
- `jp_serverapp`, `jp_fetch`, … (`fixtures/jupyter.py`): pytest-jupyter's server in this process, on the test's loop

A part that this machine lacks skips the tests that need it, unless JUPYTER_INTERVIEW_REQUIRE_ALL is set, as `make test`
does: then it fails them.
"""

import pytest

pytest_plugins = [
    "tests.fixtures.outcome",  # before those that import it: a plugin has to be imported by pytest
    "tests.fixtures.browser",
    "tests.fixtures.jupyter",
    "tests.fixtures.postgresql",
    "tests.fixtures.server",
]


@pytest.fixture(autouse=True)
def ji_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes frames slowly: here nobody is told to ask again, but where that is tested.

    And no log waits for its check.
    """
    monkeypatch.setattr("jupyter_interview.managers.replay.replay._PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr("jupyter_interview.managers.replay.replay._CHECK_AFTER_SECONDS", 0.0)
