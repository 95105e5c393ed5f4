"""What do all our handlers have in common? Who asks, what is refused, and how that is told."""

from .base import ROOM, Gate, InterviewHandler
from .socket import InterviewSocket

__all__ = ["ROOM", "Gate", "InterviewHandler", "InterviewSocket"]
