"""A room with somebody in every role, and what each of them sends."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from tests.integration.clients import House, Person, Room

STRANGERS = ("nobody", "outsider")
MEMBERS = ("spectator", "candidate", "interviewer")
ACCOUNTS = ("account", "colleague", "owner")
"""``account`` owns the room, ``colleague`` has an account too, ``owner`` is the server's own user."""
ROLES = STRANGERS + MEMBERS + ACCOUNTS


@dataclass
class Cast:
    """A room with somebody in every role."""

    house: House
    room: Room
    people: dict[str, Person]
    tokens: dict[str, str]
    kernel: str = "00000000-0000-4000-8000-000000000000"

    def client(self, role: str) -> httpx.AsyncClient:
        """What a person in this role sends: members their cookie, as browsers do; accounts their token."""
        client = self.house.client({"X-XSRFToken": "walk"})
        client.cookies.set("_xsrf", "walk")
        if role in self.people:
            # The outsider's own cookie would not even be sent here: it claims to be one of this room.
            client.cookies.set(f"interview-room-{self.room.id}", self.people[role].token)
        elif role in self.tokens:
            client.headers["Authorization"] = self.tokens[role]
        return client

    def values(self) -> dict[str, str]:
        """For the named groups of our routes."""
        bogus = "f" * 16
        notebook = "Interview.ipynb"
        return {
            "room": self.room.id,
            "target": self.room.id,
            "member_id": bogus,
            "invitation_id": bogus,
            "bookmark_id": bogus,
            "number": "1",
            "fork": self.room.id,
            "path": notebook,
            "document": f"json:notebook:{self.room.id}",
            "kernel_id": self.kernel,
            "action": "interrupt",
            "session_id": self.room.id,
            "section": "notebook",
            "plugin": "@jupyterlab/notebook-extension:tracker",
            "locale": "default",
            "name": "default",
        }


EMAILS = {"account": "anna@example.org", "colleague": "carl@example.org"}
PASSWORD = "correct horse battery"


async def make_cast(house: House) -> Cast:
    """A new room, owned by ``account``, with everybody in it."""
    tokens = {"owner": f"token {house.server.token}"}
    for role, email in EMAILS.items():
        answer = await house.nobody.post("api/interview/login", json={"email": email, "password": PASSWORD})
        house.nobody.cookies.clear()
        tokens[role] = f"Bearer {answer.json()['token']}"
    made = await house.nobody.post(
        "api/interview/rooms", json={"title": "Walk"}, headers={"Authorization": tokens["account"]}
    )
    room = Room(house, made.json()["id"])
    people = {role: await room.invite(role) for role in MEMBERS}
    people["outsider"] = await (await house.room("Elsewhere")).join("Otto")
    return Cast(house, room, people, tokens)
