"""Has every refusal a code and a status of its own?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jupyter_interview.core import errors
from jupyter_interview.core.errors import Forbidden, InterviewError, RateLimited


def _tree(kind: type[InterviewError] = InterviewError) -> Iterator[type[InterviewError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


@pytest.mark.parametrize("kind", list(_tree()))
def test_a_refusal_is_json_with_a_code_and_a_status_for_clients(kind: type[InterviewError]) -> None:
    error = kind("Do this instead.", hint=1)
    assert error.to_json() == {"code": kind.code, "message": "Do this instead.", "details": {"hint": 1}}
    assert json.loads(json.dumps(error.to_json())) == error.to_json()
    assert str(error) == "Do this instead."
    assert 400 <= kind.status < 500 or kind.status == 503


def test_no_two_kinds_share_a_code() -> None:
    codes = [kind.code for kind in _tree() if kind.__module__ == errors.__name__]
    assert len(codes) == len(set(codes)) >= 17


def test_a_kind_can_serve_another_code_without_changing_its_own() -> None:
    assert Forbidden("No.", code="room_full").to_json()["code"] == "room_full"
    assert Forbidden.code == Forbidden("No.").error_code == "forbidden"


def test_statuses_and_codes_are_the_protocols() -> None:
    expected = {
        "unauthorized": 401,
        "forbidden": 403,
        "password_required": 403,
        "seat_taken": 403,
        "not_found": 404,
        "conflict": 409,
        "source_changed": 409,
        "room_ended": 410,
        "too_large": 413,
        "rate_limited": 429,
        "storage_unavailable": 503,
    }
    found = {kind.code: kind.status for kind in _tree()}
    assert expected.items() <= found.items()
    assert {"bad_message", "unknown_type", "not_joined"} <= found.keys()
    assert RateLimited("Wait.", retry_after=3).details == {"retry_after": 3}
