"""What does somebody see who opens or reloads a page that cannot be had now?"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing

import pytest

from tests.fixtures.server import ServerFactory

pytestmark = pytest.mark.integration


def test_a_page_says_in_words_that_the_database_is_away_and_looks_again(ji_server: ServerFactory) -> None:
    server = ji_server()
    (database,) = (server.directory / "data" / "interview").glob("interview.sqlite")
    pages = [f"interview/{uuid.uuid4()}", f"interview/{uuid.uuid4()}/replay", f"interview/{uuid.uuid4()}/lab"]
    with server.client() as client:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("ALTER TABLE room RENAME TO away")
        for page in pages:
            shown = client.get(page, headers={"Accept": "text/html,*/*;q=0.8"})
            assert shown.status_code == 503 and shown.headers["Content-Type"].startswith("text/html"), page
            assert "does not reach its database" in shown.text and int(shown.headers["Refresh"]) > 0, page
            assert "script" not in shown.text and "default-src 'none'" in shown.headers["Content-Security-Policy"], page
            told = client.get(page, headers={"Accept": "application/json"})
            assert told.status_code == 503 and told.json()["error"]["code"] == "storage_unavailable", page
            assert "Refresh" not in told.headers
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("ALTER TABLE away RENAME TO room")
        assert client.get(pages[0], headers={"Accept": "text/html"}).status_code == 404
