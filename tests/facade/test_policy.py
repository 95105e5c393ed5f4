"""What may the pages that show what members make load, call and open?"""

from __future__ import annotations

import httpx
import pytest

from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration

FETCHES = ("script-src", "style-src", "font-src", "img-src", "media-src", "connect-src")
# What a source may be beside an address: none of them is of this server.
WORDS = ("data:", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'sha256-")
NEVER = ("default-src", "frame-src", "worker-src", "object-src", "form-action", "frame-ancestors", "base-uri")
SANDBOX = {"allow-same-origin", "allow-scripts", "allow-forms", "allow-downloads", "allow-modals"}
PICTURES = {"static/lab/", "static/favicons/", "lab/extensions/", "lab/api/themes/", "interview/static/"}


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    """Directive → its values."""
    rules = (rule.split() for rule in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in rules}


async def pages(house: House, room: Room) -> dict[str, httpx.Response]:
    """The room and its replay, for everybody who gets them."""
    cara = await room.join()
    return {
        "room of the owner": await house.owner.get(room.path[:-1]),
        "room of a candidate": await cara.rest.get("doc/tree/Interview.ipynb"),
        "replay": await house.owner.get(f"{room.path}replay"),
    }


async def test_a_page_of_a_room_calls_that_room_alone(house: House) -> None:
    """No source means more than a path, and what can be called or framed is the room's own."""
    room = await house.room()
    url = house.server.url
    for name, answer in (await pages(house, room)).items():
        policy = policy_of(answer)
        assert all(policy[rule] == ["'none'"] for rule in NEVER), (name, policy)
        assert set(policy["sandbox"]) == SANDBOX, name
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        socket = url.replace("http", "ws", 1)
        assert policy["connect-src"] == [f"{url}{room.path}", f"{socket}{room.path}", "data:"], name
        for rule in FETCHES:
            for source in policy[rule]:
                path = source.removeprefix(url)
                assert (path != source and path.count("/")) or source.startswith((*WORDS, "ws://")), (name, source)
        pictures = {source.removeprefix(url) for source in policy["img-src"]} - {"data:"}
        below = tuple(PICTURES) + tuple(room.path + path for path in PICTURES)
        assert all(path.startswith(below) for path in pictures), (name, pictures)


async def test_pages_of_ours_run_the_scripts_that_they_name(house: House) -> None:
    """Each page names its files: those that it loads, and no others."""
    room = await house.room()
    url = house.server.url
    for path, scripts, calls in (
        (room.path[:-1], {"join.js", "form.js"}, [f"{url}{room.path}"]),
        ("interview/login", {"login.js", "form.js"}, [f"{url}api/interview/login"]),
        ("interview/nope", set(), ["'none'"]),
    ):
        policy = policy_of(await house.nobody.get(path))
        named = {source.removeprefix(f"{url}interview/static/") for source in policy["script-src"]} - {"'none'"}
        assert (named, policy["connect-src"]) == (scripts, calls), path
        assert policy["form-action"] == ["'none'"]


async def test_a_host_that_no_policy_can_name_is_refused(house: House) -> None:
    """What stands in the header never gets into a policy unchecked."""
    room = await house.room()
    for host in ("[::1]:8888", "127.0.0.1;x", "localhost'*"):
        answer = await house.owner.get(room.path[:-1], headers={"Host": host})
        assert answer.status_code in (400, 403), (host, answer.status_code)


async def test_a_picture_takes_no_seat(house: House) -> None:
    """A browser fetches pictures, frames and pages ahead of time with the cookies of whoever looks at them."""
    for headers in (
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
        {"Accept": "image/webp,*/*;q=0.8"},
        {"Sec-Fetch-Dest": "document", "Sec-Purpose": "prefetch"},
    ):
        room = await house.room()
        for path in (room.path[:-1], f"{room.path}replay"):
            answer = await house.owner.get(path, headers=headers)
            assert answer.status_code == 403 and "interview-room" not in str(answer.headers), (path, headers)
        assert (await room.api("GET", "/members"))["members"] == [], headers
        opened = await house.owner.get(room.path[:-1], headers={"Sec-Fetch-Dest": "document"})
        assert opened.status_code == 200
        house.owner.cookies.clear()


async def test_nothing_of_ours_is_the_script_of_a_service_worker(house: House) -> None:
    """It would outlive the page, and see what others load."""
    room = await house.room()
    cara = await room.join()
    for path in ("doc", "api/me", "api/contents/Interview.ipynb", "api/interview/rooms"):
        answer = await cara.rest.get(path, headers={"Service-Worker": "script"})
        assert answer.status_code in (403, 404), path


async def test_looking_at_the_logout_logs_nobody_out(house: House) -> None:
    """GET is a page with a button; the button needs the XSRF token."""
    browser = house.client()
    assert (await browser.get(f"lab?token={house.server.token}")).status_code in (200, 302)
    for headers in ({}, {"Sec-Fetch-Dest": "image"}):
        page = await browser.get("logout", headers=headers)
        assert page.status_code == 200 and 'method="post"' in page.text and "Set-Cookie" not in page.headers
    assert (await browser.get("api/contents")).status_code == 200
    assert (await browser.post("logout")).status_code == 403
    assert (await browser.get("api/contents")).status_code == 200
    assert (await browser.post("logout", data={"_xsrf": browser.cookies["_xsrf"]})).status_code == 200
    assert (await browser.get("api/contents")).status_code == 403
