"""What does a member's browser reach? Everything below a room's prefix, and nothing that is not listed here.

The same JupyterLab page and the few endpoints it needs stand below ``/interview/`` for the desk.
"""

from .licenses import licenses_handlers
from .logout import logout_handler
from .origins import origin_rules
from .routes import facade_handlers
from .stock import without_collaboration

__all__ = ["facade_handlers", "licenses_handlers", "logout_handler", "origin_rules", "without_collaboration"]
