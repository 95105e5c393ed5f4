"""Which hosts are the rooms', and what may stand in a policy?"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jupyter_interview.core.errors import BadRequest
from jupyter_interview.web.origins import Origins, checked_origin


def asked(host: str, protocol: str = "https") -> SimpleNamespace:
    """A request."""
    return SimpleNamespace(host=host, protocol=protocol)


def test_a_host_is_the_same_at_any_port() -> None:
    """Cookies know no ports."""
    origins = Origins("https://rooms.example:8443")
    for host in ("rooms.example", "ROOMS.example:8443", "rooms.example:1", "rooms.example."):
        assert origins.is_rooms(asked(host)) and origins.of(asked(host)) == "https://rooms.example:8443", host
    for host in ("home.example", "rooms.example.org", "xrooms.example", ""):
        assert not origins.is_rooms(asked(host)), host
    assert not Origins().is_rooms(asked(""))


def test_a_host_that_has_a_meaning_in_a_policy_is_refused() -> None:
    """A policy says what the operator meant, whatever a request calls the server."""
    assert Origins().of(asked("Home.example:8888", "http")) == "http://home.example:8888"
    for host in ("a b", "a;script-src *", "a,b", "*", "*.example", "[::1]:8888", "", "a/b", "a'b"):
        with pytest.raises(BadRequest):
            Origins().of(asked(host))


@pytest.mark.parametrize("text", ["https://rooms.example", "http://127.0.0.1:8888", "https://ROOMS.example/"])
def test_an_origin(text: str) -> None:
    assert checked_origin(text) == text.rstrip("/").lower()


@pytest.mark.parametrize(
    "text",
    ["rooms.example", "ftp://a", "https://", "https://a/b", "https://a?b", "https://u@a", "https://a:b", "https://*.a"],
)
def test_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        checked_origin(text)
