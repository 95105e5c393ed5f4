"""Who is in the room of a test of the channel?"""

from __future__ import annotations

import pytest_asyncio

from tests.integration.clients import House, Person, Room


@pytest_asyncio.fixture
async def room(house: House) -> Room:
    """A room."""
    return await house.room()


@pytest_asyncio.fixture
async def cara(room: Room) -> Person:
    """Its candidate."""
    return await room.join("Cara")


@pytest_asyncio.fixture
async def ivan(room: Room, cara: Person) -> Person:
    """Its interviewer."""
    return await room.invite("interviewer", "Ivan")
