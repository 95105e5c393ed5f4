"""How do programs and the pages of interviewers reach the managers? REST, and the room channel."""

from .channel import channel_handlers
from .rest import rest_handlers

__all__ = ["channel_handlers", "rest_handlers"]
