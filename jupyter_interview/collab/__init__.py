"""How do many people edit one notebook? The only package that knows CRDTs and the Yjs wire protocol."""

from .document import open_document
from .fold import NotebookFold, fold
from .frames import History
from .redact import Redaction

__all__ = ["History", "NotebookFold", "Redaction", "fold", "open_document"]
