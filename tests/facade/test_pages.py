"""What do the pages and cookies that we hand out carry, and what do they not?"""

from __future__ import annotations

import html
import json
import re
import sys
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.server import Server
from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration

_LAB = Path(sys.prefix) / "share" / "jupyter" / "lab" / "static"
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


def page_config(page: str) -> dict[str, Any]:
    """JupyterLab's page config in the source of a page."""
    found = re.search(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None, page[:500]
    config: dict[str, Any] = json.loads(html.unescape(found[1]))
    return config


def cookies_of(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("Set-Cookie"):
        jar.load(line)
    return dict(jar)


def secrets_of(server: Server) -> list[str]:
    """What no page may have in it: the token, the signing secret, and any path of the machine."""
    secret = server.directory / "data" / "interview" / "secret"
    paths = [server.directory, Path(sys.prefix), Path.home(), Path(__file__).parents[2]]
    return [server.token, secret.read_bytes().hex(), *(str(path) for path in paths if len(str(path)) > 1)]


async def sources(house: House, room: Room) -> dict[str, str]:
    """Every page in the eyes of everybody who gets one."""
    house.server.run("user", "add", EMAIL, stdin=f"{PASSWORD}\n")
    ada = house.client()
    assert (await ada.post("api/interview/login", json={"email": EMAIL, "password": PASSWORD})).status_code == 200
    own = (await ada.get("interview/")).text
    people = {role: await room.invite(role) for role in ("candidate", "interviewer", "spectator")}
    found = {
        "join": (await house.nobody.get(room.path[:-1])).text,
        "login": (await house.nobody.get("interview/login")).text,
        "no room": (await house.nobody.get("interview/00000000-0000-4000-8000-000000000000")).text,
        "link that was cut off": (await house.nobody.get(room.path[:-2])).text,
        "desk of an account": own,
        "desk of the owner": (await house.owner.get("interview/")).text,
        "room of the owner": (await house.owner.get(room.path[:-1])).text,
        "replay of the owner": (await house.owner.get(f"{room.path}replay")).text,
        "replay of an interviewer": (await people["interviewer"].rest.get("replay")).text,
    }
    for role, person in people.items():
        found[f"room of the {role}"] = (await person.rest.get("doc/tree/Interview.ipynb")).text
    return found


async def test_no_page_carries_a_secret(house: House) -> None:
    """No server token, no signing secret, no path of the machine, in no page of ours."""
    room = await house.room(password="open sesame")
    pages = await sources(house, room)
    for name, page in pages.items():
        assert page.lstrip().lower().startswith("<!doctype html>"), (name, page[:200])
        for secret in [*secrets_of(house.server), "open sesame"]:
            assert secret not in page, f"{secret!r} in {name}"
    for name in [name for name in pages if name.startswith(("room", "replay", "desk"))]:
        config = page_config(pages[name])
        assert config["token"] == "", name
        assert not {"serverRoot", "rootUri", "virtualDocumentsUri"} & set(config), name
        assert config["interviewPage"] == name.partition(" ")[0], name


async def test_a_page_is_told_what_it_is(house: House) -> None:
    """The room's page calls below its prefix only, and knows who looks at it, without an email."""
    room = await house.room()
    cara = await room.join(email="cara@example.org")
    page = await cara.rest.get("doc")
    config = page_config(page.text)
    assert config["baseUrl"] == f"/{room.path}"
    assert config["interviewRoom"] == room.id
    assert config["interviewShare"] == f"/{room.path[:-1]}"
    member = json.loads(config["interviewMember"])
    assert {**cara.member, **member} == member and member["id"] == cara.id
    assert "cara@example.org" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


async def test_the_replay_is_a_page_of_its_own(house: House) -> None:
    """Nothing of JupyterLab's frame, and nothing of the interview: the player asks for that."""
    room = await house.room(title="Two </script> Sum")
    answer = await house.owner.get(f"{room.path}replay")
    assert page_config(answer.text) == {
        "baseUrl": f"/{room.path}",
        "interviewPage": "replay",
        "interviewRoom": room.id,
        "interviewHome": "",
        "token": "",
    }
    assert "Two &lt;/script&gt; Sum" in answer.text and "/static/lab/" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    for name in re.findall(r'(?:src|href)="/(interview/static/[^"]*)"', answer.text):
        assert (await house.nobody.get(name)).status_code == 200, name


async def test_no_page_runs_text_as_script_or_frames_anything(house: House) -> None:
    """Neither room nor replay nor desk: what interprets a member's program is in frames that are never fetched."""
    room = await house.room()
    for path in ("interview/", room.path[:-1], f"{room.path}replay"):
        answer = await house.owner.get(path)
        policy = answer.headers["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert answer.status_code == 200 and "unsafe-eval" not in policy, path
        assert rules["default-src"] == "'none'" == rules.get("frame-src", "'none'"), path
        assert "'unsafe-inline'" not in rules["script-src"], path


async def test_what_runs_programs_of_members_in_a_page_is_left_out(house: House) -> None:
    """With what compiles text, by the names that JupyterLab has for them; the scripts in their place are there."""
    room = await house.room()
    left_out = {
        "@jupyterlab/apputils-extension:settings",
        "@jupyterlab/javascript-extension",
        "@jupyterlab/mermaid-extension",
        "@jupyterlab/pdf-extension",
        "@jupyterlab/vega5-extension",
    }
    known = "".join(path.read_text("utf-8") for path in _LAB.glob("jlab_core.*.js"))
    for name in left_out:
        assert name in known, f"JupyterLab has no {name} any more: what is there instead?"
    for path in ("interview/", room.path[:-1]):
        assert left_out <= set(page_config((await house.owner.get(path)).text)["disabledExtensions"]), path
    for name in ("chart.js", "diagram.js"):
        assert (await house.nobody.get(f"interview/static/isolated/{name}")).status_code == 200, name


async def test_icons_are_the_servers_own(house: House) -> None:
    """A browser asks for them with every change of the address: no member is looked up for that."""
    room = await house.room()
    for path in ("interview/", f"{room.path}replay", room.path[:-1]):
        page = (await house.owner.get(path)).text
        icons = re.findall(r'<link rel="icon"[^>]* href="([^"]*)"', page)
        assert icons and all(icon.startswith(("/static/favicons/", "/interview/static/")) for icon in icons), path
        for icon in icons:
            assert (await house.nobody.get(icon)).headers["Content-Type"].startswith("image/"), icon


async def test_cookies_are_httponly_and_scoped(house: House) -> None:
    """A seat's cookie goes to its room only; no script can read it or an account's."""
    room = await house.room()
    browser = house.client()
    joined = await browser.post(f"{room.path}join", json={"name": "Cara"})
    seat = cookies_of(joined)[f"interview-room-{room.id}"]
    assert (seat["path"], bool(seat["httponly"]), seat["samesite"]) == (f"/interview/{room.id}", True, "Lax")
    assert not seat["domain"] and not seat["secure"] and seat["expires"]
    # The owner gets a seat by looking at the room.
    page = await house.owner.get(room.path[:-1])
    owners = cookies_of(page)[f"interview-room-{room.id}"]
    assert (owners["path"], bool(owners["httponly"])) == (f"/interview/{room.id}", True)
    house.server.run("user", "add", EMAIL, stdin=f"{PASSWORD}\n")
    login = await house.nobody.post("api/interview/login", json={"email": EMAIL, "password": PASSWORD})
    account = cookies_of(login)["interview-account"]
    assert (bool(account["httponly"]), account["samesite"], account["path"]) == (True, "Lax", "/")


async def test_a_cookie_is_secure_behind_tls(house: House) -> None:
    """A proxy that ended TLS says so; the cookie then never travels in the clear."""
    room = await house.room()
    answer = await house.nobody.post(
        f"{room.path}join", json={"name": "Cara"}, headers={"X-Forwarded-Proto": "https", "X-Scheme": "https"}
    )
    assert answer.status_code == 200
    # Only where the operator said that there is a proxy (`ServerApp.trust_xheaders`): else anybody could say so.
    assert not cookies_of(answer)[f"interview-room-{room.id}"]["secure"]


async def test_a_cookie_alone_changes_nothing(house: House) -> None:
    """With a cookie, what changes something needs the XSRF token: a foreign page can send the one but not the other."""
    room = await house.room()
    browser = house.client()
    await browser.get(room.path[:-1])
    token = browser.cookies["_xsrf"]
    refused = await browser.post(f"{room.path}join", json={"name": "Cara"})
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "forbidden"
    joined = await browser.post(f"{room.path}join", json={"name": "Cara"}, headers={"X-XSRFToken": token})
    assert joined.status_code == 200
    session = f"{room.path}api/collaboration/session/Interview.ipynb"
    assert (await browser.put(session, json={})).status_code == 403
    assert (await browser.put(session, json={}, headers={"X-XSRFToken": "other"})).status_code == 403
    assert (await browser.put(session, json={}, headers={"X-XSRFToken": token})).status_code == 200
    # No cookie, but from a page: browsers say where from.
    evil = await house.nobody.post(f"{room.path}join", json={"name": "M"}, headers={"Origin": "https://evil.example"})
    assert evil.status_code in (403, 404)


async def test_ended_rooms_show_a_notice_or_the_replay(house: House) -> None:
    """After the end the room's page is gone: 410 for guests, the replay for interviewers."""
    room = await house.room()
    cara = await room.join()
    ivan = await room.invite("interviewer")
    await room.end()
    guest = await cara.rest.get("doc")
    assert guest.status_code == 410 and "over" in guest.text
    assert (await house.nobody.get(room.path[:-1])).status_code == 410
    for client in (ivan.rest, house.owner):
        answer = await client.get(house.url + room.path[:-1])
        assert answer.status_code == 302 and answer.headers["Location"] == f"/interview/{room.id}/replay"
    assert (await ivan.rest.get("replay")).status_code == 200
    assert (await cara.rest.get("replay")).status_code == 403


async def test_who_had_a_seat_at_the_end_gets_their_own_part_there(house: House) -> None:
    """However often the page is loaded. Whoever was removed, and a stranger, is offered nothing."""
    room = await house.room()
    cara, sven = await room.join(), await room.invite("spectator")
    rema = await room.invite("candidate", "Rema")
    await room.api("DELETE", f"/members/{rema.id}")
    await room.end()
    offered = f'href="/{room.path}api/me/export"'
    for person in (cara, sven):
        for path in (house.url + room.path[:-1], "doc/tree/Interview.ipynb"):
            page = await person.rest.get(path)
            assert page.status_code == 410 and offered in page.text, path
        part = await person.rest.get("api/me/export")
        assert part.status_code == 200 and part.json()["member"]["id"] == person.id
        assert part.headers["Content-Disposition"].startswith("attachment")
    for client in (rema.rest, house.nobody):
        page = await client.get(house.url + room.path[:-1])
        assert page.status_code == 410 and "over" in page.text and "api/me" not in page.text
    assert (await rema.rest.get("api/me/export")).status_code == 401


async def test_a_page_loads_the_extensions_that_it_uses(house: House) -> None:
    """Nothing of other people's, and where nobody edits nothing that is for editing together."""
    room = await house.room()
    ours = {"jupyter-interview", "jupyterlab_pygments"}
    together = {"@jupyter/collaboration-extension", "@jupyter/docprovider-extension"}
    for path, wanted in (("interview/", ours), (room.path[:-1], ours | together)):
        config = page_config((await house.owner.get(path)).text)
        assert {each["name"] for each in config["federated_extensions"]} == wanted, path


async def test_a_link_that_was_written_otherwise_leads_to_the_interview(house: House) -> None:
    """As mails, chats and people pass it on. What is cut off, or leads elsewhere, is not guessed."""
    room = await house.room()
    right = "/" + room.path.removesuffix("/")
    bare = right.removeprefix("/")
    for written in (
        *(f"{bare}{mark}" for mark in (".", "%20", ",", ")", "%3E", "%E2%80%8B", "%22.", "%C2%A0", "*", "//")),
        bare.upper().replace("INTERVIEW", "interview"),
    ):
        answer = await house.nobody.get(written)
        assert (answer.status_code, answer.headers.get("Location")) == (302, right), written
        assert (await house.nobody.get(written, follow_redirects=True)).status_code == 200
    answer = await house.nobody.get(f"{bare}/replay.?at=7")
    assert answer.headers["Location"] == f"{right}/replay?at=7"
    for wrong in (bare[:-1], f"{bare}0", f"{bare}/nosuch", f"interview/{bare}", "interview/%2E"):
        assert (await house.nobody.get(wrong)).status_code == 404, wrong


async def test_an_address_that_leads_nowhere_says_so(house: House) -> None:
    """To everybody alike, and nobody is sent to the stock server's login."""
    room = await house.room()
    for client in (house.nobody, house.owner, (await room.join("Cara")).rest):
        url = f"{house.server.url}interview/{room.id}"
        for path in (url[:-1], f"{url}/nope", f"{house.server.url}interview/nope"):
            page = await client.get(path)
            assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
            assert "Check the link: it may be incomplete." in page.text
            assert "script-src" in page.headers["Content-Security-Policy"]
            # Whoever has a cookie would have to send its proof as well.
            client.cookies.clear()
            assert (await client.post(path)).json()["error"]["code"] == "not_found"
        for path in (f"{url}/api/nope", f"{house.server.url}api/interview/rooms/nope"):
            refused = await client.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
