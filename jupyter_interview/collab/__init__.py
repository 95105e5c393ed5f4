"""How do many people edit one notebook? The only package that knows CRDTs and the Yjs wire protocol."""

from .document import open_document
from .fold import fold
from .frames import History
from .redact import redact

__all__ = ["History", "fold", "open_document", "redact"]
