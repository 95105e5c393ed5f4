"""Is what is written JSON, whatever is in it?"""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.encoding import json_bytes


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_it_reads_back(value: object) -> None:
    assert json.loads(json_bytes(value).decode()) == value


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert json_bytes({"a\ud800": ["\udfff", "🎉"]}) == '{"a?":["?","🎉"]}'.encode()
