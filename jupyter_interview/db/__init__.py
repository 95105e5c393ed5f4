"""Where is everything kept? The only package that knows SQL."""

from .database import Database, SchemaMismatch, Stream
from .vault import Vault

__all__ = ["Database", "SchemaMismatch", "Stream", "Vault"]
