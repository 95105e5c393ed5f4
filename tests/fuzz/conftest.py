"""The fixtures of real servers."""

from tests.integration.fixtures import house, server, shared_server

__all__ = ["house", "server", "shared_server"]
