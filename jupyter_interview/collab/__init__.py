"""How do many people edit one notebook? The only package that knows CRDTs and the Yjs wire protocol."""

from .document import open_document
from .fold import fold

__all__ = ["fold", "open_document"]
