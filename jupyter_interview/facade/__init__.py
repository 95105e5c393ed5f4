"""What does a member's browser reach? Everything below a room's prefix, and nothing that is not listed here.

The same JupyterLab page and the few endpoints it needs stand below ``/interview/`` for the desk.
"""

from .routes import facade_handlers
from .stock import without_collaboration

__all__ = ["facade_handlers", "without_collaboration"]
