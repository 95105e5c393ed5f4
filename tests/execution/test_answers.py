"""What of a kernel's answer does a page see? Only what is well formed, and no more than can be shown."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_interview.execution.answers import information, shaped

ASKED = {"code": "pri", "cursor_pos": 3}
FAILED = {"status": "error", "ename": "", "evalue": "", "traceback": []}
TYPES = "_jupyter_types_experimental"
ODD: tuple[Any, ...] = (None, 5, True, "x", [], {}, [[]], {"a": {}}, "\ud800", -1, 10**400, 1.5)


def complete(**answer: Any) -> dict[str, Any]:
    return shaped("complete_request", ASKED, {"status": "ok", **answer})


def inspect(**answer: Any) -> dict[str, Any]:
    return shaped("inspect_request", ASKED, {"status": "ok", **answer})


def test_an_honest_answer_is_passed_on() -> None:
    matches = ["print", "printf"]
    typed = [{"text": match, "type": "function", "start": 0, "end": 3} for match in matches]
    told = {"matches": matches, "cursor_start": 0, "cursor_end": 3, "metadata": {TYPES: typed}}
    assert complete(**told) == {"status": "ok", **told}
    read = {"found": True, "data": {"text/plain": "Prints."}, "metadata": {}}
    assert inspect(**read) == {"status": "ok", **read}


@pytest.mark.parametrize("kind", ["complete_request", "inspect_request"])
@pytest.mark.parametrize("status", [None, "error", "aborted", {}])
def test_what_failed_says_nothing(kind: str, status: Any) -> None:
    assert shaped(kind, ASKED, {"status": status, "ename": "x" * 10**6, "traceback": ["<b>"]}) == FAILED


def test_no_more_is_passed_on_than_a_page_can_show() -> None:
    answer = complete(matches=["a"] * 100_000, metadata={TYPES: [{"text": "a"}] * 100_000})
    assert len(answer["matches"]) == len(answer["metadata"][TYPES]) == 500
    assert complete(matches=["a" * 201, "b" * 200])["matches"] == ["b" * 200]
    assert len(inspect(found=True, data={"text/plain": "x" * 10**6})["data"]["text/plain"]) == 50_000


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_no_such_value_is_left_out(odd: Any) -> None:
    """And what is beside it is passed on."""
    answer = complete(matches=[odd, "good"], cursor_start=odd, cursor_end=odd, metadata=odd)
    assert [match for match in answer["matches"] if match != "x"] == ["good"]
    assert all(isinstance(answer[name], int) and 0 <= answer[name] <= 3 for name in ("cursor_start", "cursor_end"))
    assert complete(matches=odd, metadata={TYPES: odd})["metadata"] == {}
    [typed] = complete(matches=["good"], metadata={TYPES: [{"text": "good", "type": odd}]})["metadata"][TYPES]
    assert typed["type"] in ("", "x", "?") and (typed["start"], typed["end"]) == (3, 3)
    assert complete(matches=["good", "x"], metadata={TYPES: [{"text": "good"}, odd]})["metadata"] == {}
    told = inspect(found=odd, data={"text/plain": "x"})
    assert told["found"] is (odd is True) and (told["data"] != {}) is (odd is True)
    told = inspect(found=True, data={"text/plain": odd, "text/html": "<b>"})
    assert set(told["data"]) <= {"text/plain"}
    assert information({"language_info": odd, "banner": odd, "help_links": odd})["language_info"]["name"] == ""


def test_what_is_inserted_is_what_is_shown() -> None:
    hidden = {"text": "import os\nos.system('x')", "start": 0, "end": 3}
    assert complete(matches=["append"], metadata={TYPES: [hidden]})["metadata"] == {}
    assert complete(matches=["append"], metadata={TYPES: [{"text": "append"}] * 2})["metadata"] == {}
    assert complete(matches=["a", "b"], metadata={TYPES: [{"text": "b"}, {"text": "a"}]})["metadata"] == {}
    odd = ["two\nlines", "turned\u202e", "hid\u200bden", "tab\t", "good"]
    assert complete(matches=odd)["matches"] == ["good"]


@pytest.mark.parametrize(("start", "end", "given"), [(0, 99, (4, 9)), (5, 6, (5, 6)), (7, 3, (6, 6)), (-5, 7, (4, 7))])
def test_a_match_goes_where_the_cursor_is(start: int, end: int, given: tuple[int, int]) -> None:
    """In its line, and around it."""
    asked = {"code": "one\nthree\nfive", "cursor_pos": 6}
    told = shaped(
        "complete_request", asked, {"status": "ok", "matches": ["a"], "cursor_start": start, "cursor_end": end}
    )
    assert (told["cursor_start"], told["cursor_end"]) == given


def test_of_what_a_kernel_says_of_itself_its_language_is_passed_on() -> None:
    mode = {"name": "ipython", "version": 3, "x": {}}
    said = {"name": "python", "version": "3.11", "codemirror_mode": mode, "mimetype": "x" * 300, "other": "x"}
    told = information({"language_info": said, "banner": "x", "supported_features": ["kernel subshells"]})
    language = {"name": "python", "version": "3.11", "codemirror_mode": {"name": "ipython", "version": 3}}
    assert told["language_info"] == language
    assert (told["banner"], told["help_links"], "supported_features" in told) == ("", [], False)
    assert information({"language_info": {"codemirror_mode": "null"}})["language_info"]["codemirror_mode"] == "null"
