"""The fixtures of real servers."""

from tests.integration.fixtures import house, server, shared_server
from tests.integration.others import eve, others, room

__all__ = ["eve", "house", "others", "room", "server", "shared_server"]
