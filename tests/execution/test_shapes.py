"""Does only what any JSON writer can carry get through?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.jsontext import as_text
from jupyter_interview.execution import shapes

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(codec=None)),  # with lone surrogates
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["display_data", "execute_result", "error"]), st.dictionaries(st.text(max_size=9), ANYTHING))
def test_an_output_can_always_be_written(kind: str, content: dict[str, Any]) -> None:
    output = shapes.output(kind, content)
    json.dumps(output, allow_nan=False).encode("utf-8")
    json.dumps(output, allow_nan=False, ensure_ascii=False).encode("utf-8")


@given(ANYTHING)
def test_a_bundle_can_always_be_written(data: Any) -> None:
    bundle = shapes.bundle({"text/plain": data, "application/json": data, "x": data})
    assert set(bundle) <= {"text/plain", "application/json"}
    json.dumps(bundle, allow_nan=False, ensure_ascii=False).encode("utf-8")


def test_lines_become_one_text() -> None:
    assert shapes.bundle({"text/plain": ["a\n", "b"]}) == {"text/plain": "a\nb"}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_too_deep_is_dropped() -> None:
    assert shapes.mapping({"a": nested(100)}) == {}
    assert shapes.mapping({"a": [[]] * 9_999}) == {"a": [[]] * 9_999}
    assert shapes.mapping({"a": [[]] * 10_000}) == {}
    assert shapes.mapping({"a": [[[]] * 100] * 100}) == {}
    with pytest.raises(ValueError):
        shapes.json_value(nested(100))


def test_json_is_kept_as_its_text() -> None:
    value = {"zeta": 2**60, "alpha": float("nan")}
    assert shapes.bundle({"application/json": value}) == {"application/json": as_text(value)}
    assert shapes.bundle({"application/json": nested(200)}) == {"application/json": as_text(nested(200))}


@pytest.mark.parametrize("data", [{"application/json": nested(201)}, {"text/html": {"no": "text"}}])
def test_what_is_left_out_is_said(data: Any) -> None:
    said = shapes.bundle(data)
    assert list(said) == ["text/plain"] and said["text/plain"].startswith("An output is left out: its ")


def test_what_is_left_out_is_said_below_a_text_that_stands_for_it() -> None:
    """A text such as `<JSON object>` is not what was to be seen; a picture or HTML is."""
    said = shapes.bundle({"application/json": nested(201), "text/plain": "<JSON object>"})["text/plain"]
    assert said.startswith("<JSON object>\nAn output is left out: its application/json is")
    seen = {"text/html": "<b>x</b>", "text/plain": "x"}
    assert shapes.bundle({"application/json": nested(201), **seen}) == seen


@pytest.mark.parametrize("value", (True, -1, 2**31, "1", None, 1.0))
def test_no_execution_count(value: object) -> None:
    assert shapes.count(value) is None


def test_an_error_keeps_its_traceback() -> None:
    content = {"ename": "E", "evalue": "v", "traceback": ["one", 2, "three"]}
    assert shapes.output("error", content) == {
        "output_type": "error",
        "ename": "E",
        "evalue": "v",
        "traceback": ["one", "three"],
    }
