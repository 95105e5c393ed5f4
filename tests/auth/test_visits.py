"""Is a hand-over worth one visit, for a minute, and nothing after that?"""

from __future__ import annotations

import pytest

from jupyter_interview.auth import SignedTokens
from jupyter_interview.auth.visits import HAND_OVER_SECONDS, VISIT_SECONDS, Visits
from jupyter_interview.core.errors import Unauthorized
from jupyter_interview.core.models import Account

ADA = Account(key=1, id="ada", email="ada@example.org", name="Ada")
HOME = "https://home.example"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> SignedTokens:
    """Signatures."""
    return SignedTokens(b"s" * 32, clock)


@pytest.fixture
def visits(tokens: SignedTokens, clock: Clock) -> Visits:
    """Of a server that has run for a while."""
    made = Visits(tokens, clock)
    clock.now += 10
    return made


def test_a_hand_over_becomes_a_visit(visits: Visits, clock: Clock) -> None:
    """It counts from the hand-over: whoever logs out between the two has ended it."""
    began, token = clock.now, visits.hand_over("room", ADA, "mark", HOME)
    clock.now += 5
    visit = visits.exchange("room", token, HOME)
    claims = visits.read("room", visit)
    assert claims["began"] == began
    assert (claims["account"], claims["name"], claims["home"]) == ("ada", "Ada", HOME)
    with pytest.raises(Unauthorized):
        visits.read("other", visit)
    clock.now += VISIT_SECONDS + 10
    with pytest.raises(Unauthorized):
        visits.read("room", visit)


def test_it_is_used_once(visits: Visits, clock: Clock) -> None:
    token = visits.hand_over("room", ADA, "mark", HOME)
    visits.exchange("room", token, HOME)
    for _ in range(3):
        clock.now += HAND_OVER_SECONDS / 4
        with pytest.raises(Unauthorized):
            visits.exchange("room", token, HOME)


def test_one_that_was_used_is_none_of_another(visits: Visits) -> None:
    first, second = (visits.hand_over("room", ADA, "mark", HOME) for _ in range(2))
    visits.exchange("room", first, HOME)
    visits.exchange("room", second, HOME)
    for use in (lambda: visits.exchange("room", first, HOME), lambda: visits.read("room", first)):
        with pytest.raises(Unauthorized, match="not open any more"):
            use()


def test_it_is_over_within_a_minute(visits: Visits, clock: Clock) -> None:
    token = visits.hand_over("room", ADA, "mark", HOME)
    clock.now += 61
    with pytest.raises(Unauthorized):
        visits.exchange("room", token, HOME)


def test_one_from_before_a_restart_is_not_taken(visits: Visits, tokens: SignedTokens, clock: Clock) -> None:
    token = visits.hand_over("room", ADA, "mark", HOME)
    with pytest.raises(Unauthorized):
        Visits(tokens, clock).exchange("room", token, HOME)


@pytest.mark.parametrize("sender", ["", "null", "https://evil.example", "https://home.example.evil.example"])
def test_only_the_page_that_it_was_made_for_can_send_it(visits: Visits, sender: str) -> None:
    with pytest.raises(Unauthorized):
        visits.exchange("room", visits.hand_over("room", ADA, "mark", HOME), sender)


def test_a_proxy_may_change_scheme_and_port(visits: Visits) -> None:
    """Where TLS ends before this server, it does not know what the browser calls it."""
    assert visits.exchange("room", visits.hand_over("room", ADA, "mark", "http://home.example:80"), HOME)


def test_one_kind_of_token_is_not_another(visits: Visits, tokens: SignedTokens) -> None:
    token = visits.hand_over("room", ADA, "mark", HOME)
    with pytest.raises(Unauthorized):
        visits.read("room", token)
    seat, _ = tokens.issue({"use": "member", "room": "room", "member": "m"}, 60)
    for read in (lambda: visits.read("room", seat), lambda: visits.exchange("room", seat, HOME)):
        with pytest.raises(Unauthorized):
            read()
