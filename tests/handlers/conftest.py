"""The fixtures of real servers."""

from tests.handlers.rest import database_house, database_server, database_servers
from tests.handlers.rooms import cara, ivan, room
from tests.integration.fixtures import house, server, shared_server

__all__ = [
    "cara",
    "database_house",
    "database_server",
    "database_servers",
    "house",
    "ivan",
    "room",
    "server",
    "shared_server",
]
