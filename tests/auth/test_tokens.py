"""Does the server accept what it has signed, and nothing else?"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from jupyter_interview.auth.tokens import ISSUER, TOKEN_CHARS, SignedTokens
from jupyter_interview.core.errors import Unauthorized

SECRET = bytes(range(64))
NOW = 1_800_000_000


class _Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def tokens(clock: _Clock) -> SignedTokens:
    return SignedTokens(SECRET, clock)


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def forged(tokens: SignedTokens, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that is signed with the right key but has these claims; ``None`` leaves one out."""
    content = {"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60, **claims}
    content = {name: value for name, value in content.items() if value is not None}
    algorithm = {"alg": "HS256", **(header or {})}
    registry = JWSRegistry(algorithms=["HS256", "HS384", "HS512"], strict_check_header=False)
    return jwt.encode(algorithm, content, tokens._key, registry=registry)


def refused(tokens: SignedTokens, token: str) -> str:
    with pytest.raises(Unauthorized) as error:
        tokens.read(token)
    return error.value.message


def test_round_trip(tokens: SignedTokens) -> None:
    token, expires = tokens.issue({"use": "member", "room": "r", "n": 3}, 60)
    claims = tokens.read(token)
    assert expires == (NOW + 60) * 1_000_000
    assert claims.pop("jti")
    assert claims == {"use": "member", "room": "r", "n": 3, "iss": ISSUER, "iat": NOW, "exp": NOW + 60}


def test_earlier_versions_tokens_are_read() -> None:
    """The key is made of the secret in one way, for ever; nobody is thrown out by an update."""
    key = OctKey.import_key(hmac.digest(SECRET, b"jupyter-interview/token/v1", hashlib.sha256))
    content = {"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 1}
    assert SignedTokens(SECRET, lambda: NOW).read(jwt.encode({"alg": "HS256"}, content, key)) == content


def test_what_the_server_sets_is_not_claimed(tokens: SignedTokens) -> None:
    with pytest.raises(ValueError, match="claims exp, iss are set by the server"):
        tokens.issue({"iss": "x", "exp": 1}, 60)
    assert tokens.read(tokens.issue({}, 1)[0])["exp"] == NOW + 1


def test_ids_differ(tokens: SignedTokens) -> None:
    ids = {tokens.read(tokens.issue({}, 60)[0])["jti"] for _ in range(50)}
    assert len(ids) == 50


def test_expiry(tokens: SignedTokens, clock: _Clock) -> None:
    token, _ = tokens.issue({}, 60)
    clock.now = NOW + 60
    tokens.read(token)
    clock.now = NOW + 60 + 5
    refused(tokens, token)


def test_wrong_key(tokens: SignedTokens, clock: _Clock) -> None:
    stranger = SignedTokens(secrets.token_bytes(32), clock)
    refused(tokens, stranger.issue({}, 60)[0])


def test_the_secret_itself_is_not_the_key(tokens: SignedTokens) -> None:
    content = {"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60}
    refused(tokens, jwt.encode({"alg": "HS256"}, content, OctKey.import_key(SECRET)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 1, [], {}, ["HS256"]])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_algorithm_none(tokens: SignedTokens, algorithm: Any, signature: str) -> None:
    body = encoded({"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60})
    refused(tokens, f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{body}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithm_with_the_right_key(tokens: SignedTokens, algorithm: str) -> None:
    tokens.read(forged(tokens))
    refused(tokens, forged(tokens, header={"alg": algorithm}))


def test_public_key_algorithm(tokens: SignedTokens) -> None:
    key = RSAKey.generate_key(2048)
    content = {"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60}
    refused(tokens, jwt.encode({"alg": "RS256"}, content, key))
    refused(tokens, jwt.encode({"alg": "RS256", "jwk": key.as_dict(private=False)}, content, key))


def test_header_cannot_bring_its_own_key(tokens: SignedTokens) -> None:
    mine = OctKey.import_key(b"m" * 32)
    content = {"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60}
    refused(tokens, jwt.encode({"alg": "HS256", "jwk": mine.as_dict()}, content, mine))


def test_critical_header_that_is_not_understood(tokens: SignedTokens) -> None:
    body = encoded({"iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60})
    refused(tokens, f"{encoded({'alg': 'HS256', 'crit': ['b64'], 'b64': False})}.{body}.AAAA")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": "somebody"},
        {"iss": [ISSUER]},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"exp": None},
        {"exp": NOW - 3600},
        {"exp": "never"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"nbf": NOW + 3600},
    ],
)
def test_each_claim_is_checked(tokens: SignedTokens, claims: dict[str, Any]) -> None:
    refused(tokens, forged(tokens, **claims))


def test_a_clock_that_was_set_back_makes_no_token_worthless(tokens: SignedTokens, clock: _Clock) -> None:
    token, _ = tokens.issue({}, 60)
    clock.now = NOW - 3600
    assert tokens.read(token)["iat"] == NOW
    clock.now = NOW + 60 + 5
    refused(tokens, token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_tampered(tokens: SignedTokens, part: int) -> None:
    token, _ = tokens.issue({"role": "candidate"}, 60)
    parts = token.split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    refused(tokens, ".".join(parts))


def test_other_claims_under_an_old_signature(tokens: SignedTokens) -> None:
    header, _, signature = tokens.issue({"role": "candidate"}, 60)[0].split(".")
    body = encoded({"role": "interviewer", "iss": ISSUER, "jti": "x", "iat": NOW, "exp": NOW + 60})
    refused(tokens, f"{header}.{body}.{signature}")


def test_every_refusal_says_the_same(tokens: SignedTokens, clock: _Clock) -> None:
    expired = forged(tokens, exp=NOW - 60)
    foreign = SignedTokens(secrets.token_bytes(32), clock).issue({}, 60)[0]
    assert len({refused(tokens, token) for token in (expired, foreign, "", "x", "a.b.c", "x" * 9_999)}) == 1


def test_length_is_checked_before_parsing(tokens: SignedTokens, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: Any, **__: Any) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(jwt, "decode", parse)
    refused(tokens, "a" * (TOKEN_CHARS + 1))
    refused(tokens, "")


@pytest.mark.parametrize("token", ["\ud800.a.b", "é.é.é", "....", "a.b", "a.b.c.d", "." * 4_000, "[" * 4_000])
def test_malformed(tokens: SignedTokens, token: str) -> None:
    refused(tokens, token)


def test_deeply_nested_header(tokens: SignedTokens) -> None:
    refused(tokens, f"{encoded(b'[' * 3_000)}.e30.AAAA")


@given(st.text(max_size=300))
def test_no_text_is_a_token(text: str) -> None:
    refused(SignedTokens(SECRET), text)


@pytest.mark.parametrize("claim", ["iss", "jti", "iat", "exp", "nbf", "aud"])
def test_callers_cannot_set_the_servers_claims(tokens: SignedTokens, claim: str) -> None:
    with pytest.raises(ValueError, match=claim):
        tokens.issue({claim: "x"}, 60)


def test_too_long_or_too_short_lived_to_issue(tokens: SignedTokens) -> None:
    with pytest.raises(ValueError, match="characters"):
        tokens.issue({"x": "y" * TOKEN_CHARS}, 60)
    with pytest.raises(ValueError, match="seconds"):
        tokens.issue({}, 0)


def test_short_secret() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        SignedTokens(b"x" * 31)
