"""Is what is written JSON, whatever is in it?"""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.encoding import _STRING, has_few_values, is_soon_read, json_bytes, size_of


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_it_reads_back(value: object) -> None:
    assert json.loads(json_bytes(value).decode()) == value


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert json_bytes({"a\ud800": ["\udfff", "🎉"]}) == '{"a?":["?","🎉"]}'.encode()


def test_size_counts_bytes() -> None:
    assert [size_of(text) for text in ("", "ab", "é", "🎉", "\ud800")] == [0, 2, 2, 4, 1]
    assert [size_of(value) for value in (None, 1, 2.5, True)] == [8] * 4
    assert [size_of(value) for value in ([], ["xyz"], ("é", [1]))] == [0, 5, 2 + 2 + 8 + 2 + 2]
    assert size_of({"ab": ["xyz"], "é": 1}) == 2 + 5 + 6 + 2 + 8 + 6


def test_long_strings_are_few_values() -> None:
    """As a frame with a whole program in it, also one of brackets and quotes."""
    for text in ("x" * 200_000, "[{,:}]" * 30_000, '\\"' * 50_000, "\n\t" * 50_000, "é" * 50_000):
        for whole in (json.dumps({"type": "code_update", "id": 7, "content": text}), json_bytes({"a": {"b": text}})):
            assert has_few_values(whole)
    assert has_few_values("{}") and has_few_values(b"[[[" * 1_000)


def test_many_values_are_not_few() -> None:
    many: tuple[object, ...] = (
        [[]] * 9_000,
        [""] * 9_000,
        {str(key): 1 for key in range(9_000)},
        ["a" * 9_000, *[1] * 9_000],
    )
    for value in many:
        text = json.dumps({"type": "ping", "content": value})
        assert not has_few_values(text) and not has_few_values(text.encode())
    assert not has_few_values('"' * 9_001 + "[" * 9_000)
    assert not has_few_values(" " * 9_000)


def test_what_is_long_by_its_strings_is_soon_read() -> None:
    for value in (
        "x" * 5_000_000,
        '"' * 2_000_000,
        "a,b:[{" * 500_000,
        ["\\"] * 20_000,
        {str(key): 1 for key in range(50_000)},
    ):
        assert is_soon_read(json_bytes({"data": value}))


def test_what_has_too_many_values_is_not() -> None:
    many: tuple[object, ...] = ([0] * 1_000_000, [[]] * 500_000, ["x"] * 70_000, {str(key): 1 for key in range(70_000)})
    for value in many:
        assert not is_soon_read(json_bytes({"data": value}))
    assert not is_soon_read(b"[" * 1_000_001) and not is_soon_read(b'"' * 130_001)


def test_what_does_not_end_is_looked_at_once() -> None:
    """Whoever sends it has to be refused by who reads it; to look at it must take no longer than its length."""
    for text in (b'"' + b'\\"' * 100_000, b'"' + b"\\" * 100_001, b'"' + b'\\"' * 50_000 + b"\\"):
        assert _STRING.findall(text) == [text]
        assert has_few_values(text) and is_soon_read(text * 10)
