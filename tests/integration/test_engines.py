"""Does a whole room work over each engine: another language, files, and warm kernels that nobody sees?"""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from tests.fixtures.real import missing
from tests.fixtures.server import SANDBOX, ServerFactory
from tests.integration.clients import House, Person, Room
from tests.integration.fixtures import UNLIMITED, complaints

pytestmark = pytest.mark.integration

GO = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("from go")\n}\n'


@pytest.fixture(params=["bubblewrap", "docker"])
def engine(request: pytest.FixtureRequest) -> str:
    """An engine of this machine."""
    name: str = request.param
    if name == "docker":
        docker = shutil.which("docker")
        if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
            missing("a Docker engine")
    return name


async def _prints(room: Room, person: Person, source: str, expected: str) -> None:
    notebook = await person.document()
    await notebook.set_source(source)
    channel = await person.channel()
    [run] = await person.run(notebook.cell())
    end = (await channel.expect("run_finished", lambda frame: frame["content"]["id"] == run["id"]))["content"]
    assert end["status"] == "ok", end
    await notebook.saved()
    assert notebook.printed() == expected


async def test_rooms_run_other_languages_and_read_their_files(ji_server: ServerFactory, engine: str) -> None:
    server = ji_server(*UNLIMITED, f"{SANDBOX}={engine}")
    languages = {language["name"]: language for language in server.api("GET", "languages")["languages"]}
    assert len(languages) == 10
    assert [name for name, language in languages.items() if not language["available"]] == []
    async with House(server) as house:
        table = base64.b64encode("name,Žofie\n".encode()).decode()
        room = await house.room(files=[{"name": "people.csv", "data": table}])
        assert [file["name"] for file in (await room.api("GET"))["files"]] == ["people.csv"]
        source = "print(open('data/people.csv', encoding='utf-8').read(), end='')"
        await _prints(room, await room.join(), source, "name,Žofie\n")
        other = await house.room(language="go")
        await _prints(other, await other.join(), GO, "from go\n")
    assert not (said := complaints(server.log)), said
