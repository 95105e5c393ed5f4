"""How does the server recognise what it has signed?

JSON Web Tokens (RFC 7519) with HMAC-SHA-256 and nothing else: the algorithm is fixed here, never taken from the token.
What a token is good for is said by the caller's claims (``use``, ``room``, …); this module says only that the server
issued them and that they have not expired.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from ..core.errors import Unauthorized

ISSUER = "jupyter-interview"
TOKEN_CHARS = 4_096
SECRET_BYTES = 32
_ALGORITHM = "HS256"
_LEEWAY_SECONDS = 5
_OURS = frozenset({"iss", "jti", "iat", "exp", "nbf", "aud"})
_REFUSED = "The session is not valid or has expired. Log in or join again."


class _Claims(jwt.JWTClaimsRegistry):
    """A token that we signed and that is from the future says that the clock was set back, and is as good as before."""

    def validate_iat(self, value: object) -> None:
        """When it was issued: a number, and no more is asked."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidClaimError("iat")


class SignedTokens:
    """The Protocol `core.ports.Tokens`.

    Args:
        secret: at least 32 random bytes (`auth.secrets.load_secret`); the key is derived from it, so the same secret
            can serve other purposes.
        clock: seconds since 1970.

    Raises:
        ValueError: the secret is too short.
    """

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"the secret has {len(secret)} bytes and must have at least {SECRET_BYTES}")
        key = hmac.digest(secret, b"jupyter-interview/token/v1", hashlib.sha256)
        self._key = OctKey.import_key(key)
        self._registry = JWSRegistry(algorithms=[_ALGORITHM])
        self._clock = clock
        self._claims = _Claims(
            now=lambda: int(clock()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": ISSUER},
            jti={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
        )

    def issue(self, claims: Mapping[str, Any], seconds: int) -> tuple[str, int]:
        """A token with ``claims`` and, of its own, ``iss``, ``jti``, ``iat`` and ``exp``.

        Args:
            claims: JSON values; small, because a token longer than `TOKEN_CHARS` is never read.
            seconds: how long it is valid.

        Returns:
            The token, and its expiry in microseconds since 1970.

        Raises:
            ValueError: a claim has one of the names above, ``seconds`` is not positive, or the token gets too long.
        """
        if taken := _OURS.intersection(claims):
            raise ValueError(f"claims {', '.join(sorted(taken))} are set by the server")
        if seconds <= 0:
            raise ValueError(f"a token must be valid for some time, not for {seconds} seconds")
        issued = int(self._clock())
        expires = issued + seconds
        content = {**claims, "iss": ISSUER, "jti": secrets.token_urlsafe(16), "iat": issued, "exp": expires}
        token = jwt.encode({"alg": _ALGORITHM}, content, self._key, registry=self._registry)
        if len(token) > TOKEN_CHARS:
            raise ValueError(f"the token would have {len(token)} characters, more than {TOKEN_CHARS}")
        return token, expires * 1_000_000

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a valid token, the server's own included.

        Raises:
            Unauthorized: forged, malformed, too long or expired; the message does not say which.
        """
        if not 0 < len(token) <= TOKEN_CHARS:
            raise Unauthorized(_REFUSED)
        try:
            decoded = jwt.decode(token, self._key, registry=self._registry)
            self._claims.validate(decoded.claims)
        # What a parser raises on hostile text is no closed list (JoseError, ValueError, RecursionError, …), and
        # whatever it is means the same here.
        except Exception as error:
            raise Unauthorized(_REFUSED) from error
        return decoded.claims
