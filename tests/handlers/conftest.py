"""The fixtures of real servers."""

from tests.handlers.rest import database_house, database_server
from tests.handlers.rooms import cara, ivan, room
from tests.integration.fixtures import house, server, shared_server

__all__ = ["cara", "database_house", "database_server", "house", "ivan", "room", "server", "shared_server"]
