"""What is drawn in the isolated frames of a page, and what can they reach?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.async_api import ElementHandle, Frame, Page, expect

from .people import SECONDS

DRAWN = ".jp-Interview-isolated[data-state=drawn]"

# What a script that runs in the frame would try; the answer is what it got, or null. The frame itself calls it and not
# the debugger, which no policy binds.
_TRIES = """
async ({ origin, listener }) => {
    const tried = (what, within = 4000) => Promise.race([
        Promise.resolve().then(what).then(value => value ?? null, () => null),
        new Promise(done => setTimeout(done, within, null))
    ]);
    const element = (name, attributes) => new Promise(done => {
        const made = Object.assign(document.createElement(name), attributes);
        made.onload = () => done(name);
        made.onerror = () => done(null);
        document.body.append(made);
    });
    const asked = new Promise(done => addEventListener('asked', () => done(tries()), { once: true }));
    const settled = async things =>
        Object.fromEntries(await Promise.all(Object.entries(things).map(async ([name, got]) => [name, await got])));
    const tries = () => settled({
        origin: self.origin,
        cookies: tried(() => document.cookie),
        storage: tried(() => Object.keys(localStorage)),
        sessionStorage: tried(() => Object.keys(sessionStorage)),
        databases: tried(() => new Promise((done, no) => {
            const opening = indexedDB.open('x');
            opening.onsuccess = () => done('opened');
            opening.onerror = no;
        })),
        caches: tried(() => caches.keys()),
        parent: tried(() => parent.document.title),
        page: tried(() => top.location.href),
        popup: tried(() => open(origin + 'lab') && 'opened'),
        evaluated: tried(() => (0, eval)('1')),
        compiled: tried(() => new Function('return 1')()),
        inline: tried(() => {
            document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }));
            return window.ran;
        }),
        timer: tried(() => new Promise(done => { window.done = done; setTimeout('window.done(1)', 0); }), 500),
        worker: tried(() => new Promise((done, no) => {
            const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
            worker.onmessage = () => done('runs');
            worker.onerror = no;
        }), 1000),
        fetched: tried(() => fetch(origin + 'api/status', { credentials: 'include' }).then(() => 'got')),
        elsewhere: tried(() => fetch(listener, { mode: 'no-cors' }).then(() => 'got')),
        socket: tried(() => new Promise((done, no) => {
            const made = new WebSocket(listener.replace('http', 'ws'));
            made.onopen = () => done('open');
            made.onerror = no;
        })),
        image: tried(() => element('img', { src: listener })),
        script: tried(() => element('script', { src: origin + 'interview/static/join.js' })),
        style: tried(() => element('link', { rel: 'stylesheet', href: origin + 'interview/static/page.css' })),
        object: tried(() => element('object', { data: listener }), 500),
        rtc: [self.RTCPeerConnection, self.webkitRTCPeerConnection].some(Boolean) ? 'there' : null,
        realm: tried(() => {
            const inner = document.createElement('iframe');
            document.body.append(inner);
            return typeof inner.contentWindow.RTCPeerConnection;
        })
    });
    setTimeout(() => dispatchEvent(new Event('asked')));
    return asked;
}
"""

# Ways out of the frame: where the page goes, or what it opens, tells whether one was found.
_LEAVES = """
({ listener }) => {
    const ways = [
        () => { top.location = listener + '/top'; },
        () => { parent.location = listener + '/parent'; },
        () => { open(listener + '/popup'); },
        () => { open(listener + '/named', '_top'); },
        () => {
            const form = Object.assign(document.createElement('form'), { action: listener + '/form', target: '_top' });
            document.body.append(form);
            form.submit();
        },
        () => {
            const link = Object.assign(document.createElement('a'), { href: listener + '/link', target: '_top' });
            document.body.append(link);
            link.click();
        },
        () => {
            const link = Object.assign(document.createElement('a'), { href: 'data:,x', download: 'x' });
            document.body.append(link);
            link.click();
        },
        () => navigator.sendBeacon(listener + '/beacon'),
        () => alert('x'),
        () => {
            const framed = Object.assign(document.createElement('iframe'), { src: listener + '/framed' });
            document.body.append(framed);
        },
        () => { location = listener + '/self'; }
    ];
    for (const way of ways) {
        try { way(); } catch {}
    }
}
"""


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """An address that must never hear of anything, and what it heard."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        heard.append(connection.recv(200))
                    except OSError:
                        heard.append(b"")

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


async def frame_of(page: Page, title: str) -> tuple[Frame, ElementHandle]:
    """A drawn frame, and its element on the page."""
    shown = page.locator(f"{DRAWN} > iframe[title={title}]").first
    await shown.scroll_into_view_if_needed(timeout=SECONDS)
    element = await shown.element_handle()
    frame = await element.content_frame()
    assert frame is not None
    return frame, element


async def reaches_nothing(page: Page, title: str, origin: str) -> None:
    """A script in the frame reaches neither the page nor storage nor the network, runs no text, and cannot leave."""
    opened: list[str] = []
    page.context.on("page", lambda other: opened.append(other.url))
    page.on("dialog", lambda dialog: opened.append(dialog.message))
    page.on("download", lambda download: opened.append(download.url))
    frame, element = await frame_of(page, title)
    assert await element.get_attribute("sandbox") == "allow-scripts"
    address = page.url
    with listening() as (listener, heard):
        got: dict[str, Any] = await frame.evaluate(_TRIES, {"origin": origin, "listener": listener})
        assert got.pop("origin") == "null"
        reached = {name: value for name, value in got.items() if value is not None}
        assert not reached, reached
        await frame.evaluate(_LEAVES, {"listener": listener})
        # The last of them is the frame's own way, which ends at a page of the browser's that says so.
        await frame.wait_for_url(lambda url: url != "about:srcdoc", wait_until="commit", timeout=SECONDS)
        assert not frame.url.startswith(listener)
        assert (page.url, opened, heard) == (address, [], [])


async def shows_its_colours(page: Page, title: str) -> None:
    """What is in the frame is drawn: something with a size."""
    frame, element = await frame_of(page, title)
    await expect(frame.locator("svg, canvas").first).to_be_visible()
    box = await element.bounding_box()
    assert box is not None and box["height"] > 30 and box["width"] > 100
