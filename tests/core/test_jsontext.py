"""Does a value of JSON keep its order and its numbers in a shared notebook?"""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.jsontext import NAME, as_text, as_value, is_json_type, texts_of, values_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_comes_back_as_it_was(value: Any) -> None:
    lying = as_text(value)
    assert list(lying) == [NAME]
    lying[NAME].encode()
    if "constructor" not in lying[NAME] and "proto" not in lying[NAME]:
        assert json.dumps(as_value(lying)) == json.dumps(value)


def test_order_and_numbers_are_kept() -> None:
    text = as_text({"zeta": 2**53 + 1, "alpha": math.nan, "mid": -math.inf})[NAME]
    assert text == '{"zeta":9007199254740993,"alpha":NaN,"mid":-Infinity}'
    assert list(as_value({NAME: text}).items()) == [("zeta", 2**53 + 1), ("alpha", None), ("mid", None)]


def test_letters_are_written_as_they_are() -> None:
    """Half a character has no bytes in UTF-8."""
    assert as_text({"é": "🎉\ud800"})[NAME] == '{"é":"🎉?"}'


def test_its_objects_have_names_that_they_can_have() -> None:
    assert as_value(as_text([{"constructor": {"__proto__": 1}}])) == [{"_constructor": {"___proto__": 1}}]


@pytest.mark.parametrize("found", [{"alpha": 1}, {NAME: 1}, {NAME: "1", "b": 2}, ["$json"], "text", None, 3])
def test_what_was_recorded_earlier_is_the_value(found: Any) -> None:
    assert as_value(found) == found


def test_what_is_beyond_a_float_is_none() -> None:
    assert as_value({NAME: "[1e999, -1e999, 1e308]"}) == [None, None, 1e308]


def test_what_nobody_can_read_is_a_text() -> None:
    assert as_value({NAME: "{"}) == "{"
    deep = "[" * 100_000
    assert as_value({NAME: deep}) == deep


def test_what_is_no_json_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    for value in ({1, 2}, object(), deep):
        with pytest.raises(ValueError):
            as_text(value)


def test_only_json_types_of_an_output_are_texts() -> None:
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": "x", "application/json": {"b": 1, "a": 2}, "application/geo+json": [1]},
    }
    lying = texts_of(output)
    assert lying["data"] == {
        "text/plain": "x",
        "application/json": {NAME: '{"b":1,"a":2}'},
        "application/geo+json": {NAME: "[1]"},
    }
    assert values_of(lying) == output
    for other in ({"output_type": "stream", "text": "x"}, {"output_type": "display_data", "data": {"text/plain": "x"}}):
        assert texts_of(other) is other and values_of(other) is other


@pytest.mark.parametrize(
    ("mime", "is_one"), [("application/json", 1), ("application/a+json", 1), ("text/json", 0), ("application/jsonp", 0)]
)
def test_which_types_are_json(mime: str, is_one: int) -> None:
    assert is_json_type(mime) == bool(is_one)
