"""Can a limit be set, and can none be set beyond its maximum?"""

from __future__ import annotations

import dataclasses
import math

import pytest

from jupyter_interview.core.limits import Limits

NAMES = [item.name for item in dataclasses.fields(Limits)]
MAXIMA = {item.name: item.metadata["maximum"] for item in dataclasses.fields(Limits)}


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_goes_up_to_its_maximum_and_no_further(name: str) -> None:
    maximum = MAXIMA[name]
    assert getattr(Limits.checked(**{name: maximum}), name) == maximum
    for wrong in (maximum + 1, maximum * 10, math.inf, math.nan, 0, -1):
        with pytest.raises(ValueError, match=name):
            Limits.checked(**{name: wrong})


@pytest.mark.parametrize("name", NAMES)
def test_each_default_is_within_its_maximum_and_has_a_description(name: str) -> None:
    default = getattr(Limits(), name)
    assert 0 < default <= MAXIMA[name]
    metadata = Limits.__dataclass_fields__[name].metadata
    assert metadata["unit"] and metadata["help"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'membrs'.*members"):
        Limits.checked(membrs=3)


def test_limits_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Limits().members = 7  # type: ignore[misc]
    assert Limits.checked(members=7) == dataclasses.replace(Limits(), members=7)
