"""Are the committed vectors what the fold of today gives, with a moment after each event?"""

from __future__ import annotations

import json

import pytest

from tests.vectors.__main__ import FOLDER, SCENARIOS, made


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_is_what_the_generator_makes(name: str) -> None:
    """If not: ``python -m tests.vectors``, and look whether the difference is meant."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert text == made(name)
    vector = json.loads(text)
    numbers = [entry[0] for frame in vector["frames"] for entry in frame["entries"]]
    assert [moment["seq"] for moment in vector["moments"]] == list(range(1, numbers[-1] + 1))
