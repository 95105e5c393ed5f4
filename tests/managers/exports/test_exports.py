"""Is what is taken away of an interview whole, valid, safe, and a stream?"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_interview.core import clock
from jupyter_interview.core.errors import BadRequest, NotFound
from jupyter_interview.core.models import EventKind
from jupyter_interview.managers.exports.offline import Page, asked_for, element, gzipped, load_page
from tests.managers.conftest import MakeHouse
from tests.managers.exporting import SCRIPT, Post, install, interview, post_of
from tests.managers.house import SIGNING
from tests.managers.logs import read


@pytest.fixture
async def post(ji_house: MakeHouse) -> AsyncIterator[Post]:
    """A house that can export, on each database."""
    async with post_of(await ji_house()) as made:
        yield made


# -- the notebook


async def test_the_notebook_says_who_wrote_and_ran_it(post: Post) -> None:
    held = await interview(post)
    content = await post.take(held.room, "ipynb")
    notebook = json.loads(content)
    nbformat.validate(notebook)
    about = notebook["metadata"]["interview"]
    assert about["room"] == {"id": held.room.id, "title": "Zwei Größen </script>", "language": "python"}
    assert [member["name"] for member in about["members"]] == ["", "Ada", "Iván"]
    (cell,) = notebook["cells"]
    source, wrote = cell["source"], cell["metadata"]["interview"]
    assert sum(span[0] for span in wrote["spans"]) == len(source.encode("utf-16-le")) // 2
    by_name = {author["name"]: author for author in wrote["authors"]}
    assert set(by_name) == {"", "Ada", "Iván"}
    assert sum(author["share"] for author in wrote["authors"]) == pytest.approx(1, abs=0.001)
    assert by_name["Iván"]["pasted"] > 0 and by_name["Iván"]["typed"] == 0
    assert by_name["Ada"]["typed"] == len("größe = 2 # 🙂") + 2 and by_name[""]["seed"] == len("print(1)\n")
    run = wrote["last_run"]
    assert (run["name"], run["status"], run["edited_since"]) == ("Ada", "error", True)
    assert cell["outputs"][0]["text"] == "<b>error</b> </script>\n"


async def test_the_notebook_at_any_moment(post: Post) -> None:
    held = await interview(post)
    events = await post.house.log(held.live)
    first = next(event.seq for event in events if event.kind is EventKind.DOCUMENT_SNAPSHOT)
    for event in events[first - 1 :: 5]:
        plain, seq = await post.replay.notebook(held.room, str(event.seq))
        notebook = json.loads(await post.take(held.room, "ipynb", str(event.seq)))
        nbformat.validate(notebook)
        assert notebook["metadata"]["interview"]["seq"] == seq == event.seq
        assert [cell["source"] for cell in notebook["cells"]] == [cell["source"] for cell in plain["cells"]]
    moment = clock.iso(events[-1].at)
    assert json.loads(await post.take(held.room, "ipynb", moment))["metadata"]["interview"]["seq"] == events[-1].seq


@pytest.mark.parametrize(
    ("form", "at", "error"),
    [
        ("docx", None, BadRequest),
        ("", None, BadRequest),
        ("ipynb", "yesterday", BadRequest),
        ("ipynb", "-1", BadRequest),
        ("ipynb", "0", NotFound),
        ("ipynb", "1999-01-01", NotFound),
        ("jsonl", "7", BadRequest),
        ("zip", "7", BadRequest),
    ],
)
async def test_what_is_refused(post: Post, form: str, at: str | None, error: type[Exception]) -> None:
    held = await interview(post)
    with pytest.raises(error):
        await post.exports.open(held.room, form, at)


# -- the log


async def test_the_log_holds_and_is_all_of_it(post: Post) -> None:
    held = await interview(post)
    reader, events = read(await post.take(held.room, "jsonl"))
    stored = await post.house.log(held.live)
    assert [(event.link.seq, event.payload, event.data) for event in events] == [
        (event.seq, event.payload, event.data) for event in stored
    ]
    assert reader.hash == stored[-1].hash
    (head,) = reader.verdict.heads
    assert head.seq == len(stored) and SIGNING.trusts(head.public_key)


async def test_an_interview_that_goes_on_is_signed_up_to_now(post: Post) -> None:
    held = await interview(post, end=False)
    reader, events = read(await post.take(held.room, "jsonl"))
    assert reader.header.room["state"] != "ended"
    assert [head.seq for head in reader.verdict.heads] == [len(events)]


async def test_a_damaged_log_goes_out_as_it_is_and_is_found_out(post: Post) -> None:
    held = await interview(post)
    rotten = f"UPDATE event SET data = payload WHERE room = {int(held.room.key)} AND seq = 9"  # noqa: S608  # a number
    await post.house.database.write(lambda connection: connection.exec_driver_sql(rotten))
    with pytest.raises(Exception, match="Event 9"):
        read(await post.take(held.room, "jsonl"))


# -- the page


class _Elements(HTMLParser):
    """What a browser finds in a page: texts of scripts by id, and every attribute that could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.loads: list[str] = []
        self.policy = ""
        self.title = ""
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.loads += [f"{tag} {name}" for name in values if name in ("src", "href", "srcset", "data", "action")]
        self.loads += [f"{tag} {name}" for name in values if name.startswith("on")]
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag in ("script", "title"):
            self._inside = values.get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside is not None:
            self.scripts[self._inside] = self.scripts.get(self._inside, "") + data


def _held(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


async def test_the_page_holds_all_and_loads_nothing(post: Post) -> None:
    held = await interview(post)
    content = (await post.take(held.room, "html")).decode()
    found = _Elements()
    found.feed(content)
    assert found.loads == [] and found.title == "Zwei Größen </script>"
    told = await post.told(held.room)
    assert _held(found.scripts["interview-manifest"]) == told["manifest"]
    assert _held(found.scripts["interview-story"]) == told["story"]
    (mark,) = _held(found.scripts["interview-bookmarks"])["bookmarks"]
    assert mark["note"] == "Here <it> is"
    for frame, number in zip(told["frames"], [each["number"] for each in told["manifest"]["frames"]], strict=True):
        assert _held(found.scripts[f"interview-frame-{number}"]) == frame
    assert found.scripts["script"] == SCRIPT
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in found.policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == f"'sha256-{digest}'"
    assert not {"connect-src", "frame-src", "worker-src"} & set(rules), "default-src none stands for them"


def test_data_are_written_in_an_alphabet_without_markup() -> None:
    content = element("x", {"text": "</script><!--" * 20_000}).decode()
    assert re.fullmatch(
        r'<script type="application/octet-stream" id="interview-x">[A-Za-z0-9+/=\n]+</script>\n', content
    )
    incompressible = base64.b64encode(hashlib.shake_256(b"x").digest(300_000)).decode()
    assert _held(element("y", incompressible).decode()[57:-10].rpartition(">")[2]) == incompressible


@pytest.mark.parametrize(("script", "style"), [("'</SCRIPT>'", ""), ("a <!-- b", ""), ("", "</Style>")])
def test_a_player_that_would_end_its_element_is_refused(script: str, style: str) -> None:
    with pytest.raises(ValueError, match="markup"):
        Page(script, style)


def test_an_installation_without_player_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="jlpm build:replay"):
        load_page(tmp_path)
    install(tmp_path)
    assert f"<script>{SCRIPT}</script>".encode() in load_page(tmp_path).tail()


def test_a_file_holds_what_its_charts_and_diagrams_are_drawn_with() -> None:
    page = Page("1;", "", {"chart": "2;", "diagram": "3;"})
    for script in ("1;", "2;", "3;"):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.policy
    made = page.isolated("chart")
    digest = base64.b64encode(hashlib.sha256(b"2;").digest()).decode()
    opening, _, content = made.decode().partition(">")
    assert 'id="interview-isolated-chart"' in opening and f'data-digest="sha256-{digest}"' in opening
    assert gzip.decompress(base64.b64decode(content.partition("<")[0])) == b"2;"
    assert page.isolated("other") == b""


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ({"outputs": [{"data": {"application/vnd.vegalite.v5+json": {}}}]}, {"chart"}),
        ({"text": "```mermaid\n```"}, {"diagram"}),
        # A diagram that was typed stands nowhere as a whole.
        ({"cell_type": "markdown"}, {"diagram"}),
        ({"filler": "x" * (1024 * 1024 - 16), "name": "application/vnd.vega.v5+json"}, {"chart"}),
        ({"outputs": [{"data": {"text/markdown": "*x*"}}]}, set()),
    ],
)
def test_what_an_interview_has_to_be_drawn_with_is_found(content: Any, kinds: set[str]) -> None:
    assert asked_for(gzipped(content)) == kinds


# -- all of it


async def test_what_was_damaged_after_its_frames_were_made_is_found_before_it_leaves(post: Post) -> None:
    """A page and a notebook carry no hashes: nobody could check them later."""
    held = await interview(post)

    async def damage() -> Any:
        found = _Elements()
        found.feed((await post.take(held.room, "html")).decode())
        manifest = _held(found.scripts["interview-manifest"])
        assert manifest["checked"]
        return manifest["damage"]

    assert await damage() is None
    rotten = f"UPDATE event SET data = payload WHERE room = {int(held.room.key)} AND seq = 9"  # noqa: S608  # a number
    await post.house.database.write(lambda connection: connection.exec_driver_sql(rotten))
    await post.replay.forget(held.room.key)
    assert (await damage())["seq"] == 9
    notebook = json.loads(await post.take(held.room, "ipynb"))
    assert notebook["metadata"]["interview"]["seq"] < 9


async def test_the_zip_holds_all_with_their_hashes(post: Post) -> None:
    held = await interview(post)
    archive = zipfile.ZipFile(io.BytesIO(await post.take(held.room, "zip")))
    assert archive.testzip() is None
    names = ["README.txt", "log.jsonl", "notebook.ipynb", "replay.html", "bookmarks.json", "files/data.csv"]
    assert archive.namelist() == [*names, "manifest.json"]
    listed = json.loads(archive.read("manifest.json"))["files"]
    for name in names:
        content = archive.read(name)
        assert listed[name] == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert archive.read("files/data.csv") == b"a,b\n1,2\n"
    read(archive.read("log.jsonl"))
    nbformat.validate(json.loads(archive.read("notebook.ipynb")))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Zwei Größen", "interview-zwei-groen-"),
        ('a"; filename="evil.exe', "interview-a-filename-evil-exe-"),
        ("漢字", "interview-"),
        ("../../etc/passwd", "interview-etc-passwd-"),
        ("x" * 200, "interview-" + "x" * 60 + "-"),
    ],
)
async def test_the_name_of_the_file_is_safe(post: Post, title: str, name: str) -> None:
    live = await post.house.room(title=title)
    export = await post.exports.open(live.room, "jsonl")
    assert export.name.replace("ß", "") == f"{name}{live.room.id[:8]}.jsonl"
    assert re.fullmatch(r"[a-z0-9.-]+", export.name)


async def test_memory_does_not_grow_with_the_log(post: Post) -> None:
    """40 MB of log go out with a few MB in memory at a time."""
    live = await post.house.room(title="Long")
    data = hashlib.shake_256(b"long").digest(100_000)
    for number in range(400):
        live.log.append(EventKind.DENIED, payload={"what": str(number)}, data=data)
    await live.log.barrier()
    export = await post.exports.open(live.room, "jsonl")
    size, peak = 0, 0
    tracemalloc.start()
    try:
        async for piece in export.pieces:
            size += len(piece)
            del piece
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 50_000_000 and peak < 40_000_000, (size, peak)


# -- one's own part


async def test_a_member_gets_their_own_part_and_nothing_else(post: Post) -> None:
    held = await interview(post)
    own = json.loads(await post.own_part(held.room, held.ada))
    assert own["member"]["name"] == "Ada" and own["room"]["id"] == held.room.id
    assert [message["content"] for message in own["messages"]] == ["Fertig? </script><script>alert(1)</script>"]
    assert [(run["status"], run["outputs"][0]["text"]) for run in own["runs"]] == [
        ("ok", "<b>ok</b> </script>\n"),
        ("error", "<b>error</b> </script>\n"),
    ]
    text = "".join(piece["text"] for cell in own["written"] for piece in cell["pieces"])
    assert "größe = 2 # 🙂" in text and "hint" not in text
    stored = await post.house.log(held.live)
    hers = [event.seq for event in stored if held.ada.key in (event.member, event.subject)]
    assert [event["seq"] for event in own["events"]] == hers
    # The source of a run is what ran, whoever wrote it.
    others = json.dumps({name: own[name] for name in ("member", "messages", "written")}, ensure_ascii=False)
    assert "Iván" not in others and "hint" not in others
    his = json.loads(await post.own_part(held.room, held.ivan))
    assert his["runs"] == [] and his["messages"] == [] and "hint" in his["written"][0]["pieces"][0]["text"]


async def test_how_much_is_recorded_of_a_member(post: Post) -> None:
    held = await interview(post, end=False)
    counts = await post.own.counts(held.room, held.ada)
    assert (counts["messages"], counts["runs"], counts["joins"]) == (1, 2, 1) and counts["edits"] >= 14
    held.live.log.append(EventKind.CHAT_MESSAGE, member=held.ada.key, payload={"text": "more"})
    await held.live.log.barrier()
    assert await post.own.counts(held.room, held.ada) == {**counts, "messages": 2}
    stored = await post.house.log(held.live)
    assert sum(counts.values()) + 1 == sum(event.member == held.ada.key for event in stored)
