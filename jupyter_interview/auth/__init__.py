"""How does the server know somebody, and how does it keep its secrets?

Password hashes, signed tokens, the secret file behind them, and rate limits: the third-party sides of the Protocols
``Passwords``, ``Tokens`` and ``RateLimiter`` in `core.ports`. Imports only `core`.
"""

from __future__ import annotations

from .passwords import Argon2Passwords
from .rates import DEFAULT_RATES, RateLimits
from .secrets import SecretFileError, hash_secret, load_secret, new_secret, secret_matches
from .tokens import SignedTokens

__all__ = [
    "DEFAULT_RATES",
    "Argon2Passwords",
    "RateLimits",
    "SecretFileError",
    "SignedTokens",
    "hash_secret",
    "load_secret",
    "new_secret",
    "secret_matches",
]
