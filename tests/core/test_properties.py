"""Has every object of a notebook names that it can have, each of them once?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.properties import UNFIT, renamed

NAMES = st.builds(lambda bars, name: "_" * bars + name, st.integers(0, 3), st.sampled_from(["x", *sorted(UNFIT)]))


@given(st.sets(NAMES, max_size=12))
def test_all_have_one_that_can_be_and_no_two_the_same(names: set[str]) -> None:
    other = renamed(names)
    fit = {other.get(name, name) for name in names}
    assert len(fit) == len(names) and UNFIT.isdisjoint(fit) and renamed(fit) == {}


def test_others_keep_theirs() -> None:
    assert renamed({"Constructor", "proto", "", "_constructor"}) == {}
    assert renamed({"constructor", "_constructor", "x"}) == {"constructor": "__constructor"}
