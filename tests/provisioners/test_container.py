"""Do settings become the container that they should?"""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch
from jupyter_interview.provisioners.container import Container, body

LIMITS = Limits()


def _body(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "image": "sha256:1",
        "command": ("python", "-m", "kernel"),
        "environment": {"A": "1"},
        "limits": LIMITS,
        "user": 61_200,
        "sockets": "/r/k/s",
        "shown": {"/home/interview/data": "/r/k/data"},
        "labels": {"l": "v"},
    }
    return body(Container(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("NetworkMode", "none"),
        ("IpcMode", "private"),
        ("ReadonlyRootfs", True),
        ("Init", True),
        ("CapDrop", ["ALL"]),
        ("SecurityOpt", ["no-new-privileges"]),
        ("Memory", LIMITS.kernel_memory_bytes),
        ("MemorySwap", LIMITS.kernel_memory_bytes),  # memory and swap together: no swap
        ("PidsLimit", LIMITS.kernel_processes + 4),
        ("NanoCpus", 1_000_000_000),
        ("OomScoreAdj", 1000),
        ("RestartPolicy", {"Name": "no"}),
    ),
)
def test_what_holds_it(name: str, value: object) -> None:
    assert _body()["HostConfig"][name] == value


def test_nothing_opens_it() -> None:
    host = _body()["HostConfig"]
    assert not {"Privileged", "CapAdd", "Devices", "PidMode", "UsernsMode", "PortBindings", "Binds"} & set(host)
    assert "Runtime" not in host and _body(runtime="runsc")["HostConfig"]["Runtime"] == "runsc"


def test_only_the_directory_of_sockets_can_be_written() -> None:
    mounts = _body()["HostConfig"]["Mounts"]
    assert [mount["Target"] for mount in mounts if not mount["ReadOnly"]] == ["/run/interview/s"]
    assert {mount["Type"] for mount in mounts} == {"bind"}


def test_scratch_is_bounded_in_bytes_and_files() -> None:
    host = _body()["HostConfig"]
    assert set(host["Tmpfs"]) == {"/tmp", launch.HOME}
    sizes = [dict(part.partition("=")[::2] for part in options.split(",")) for options in host["Tmpfs"].values()]
    assert sum(int(size["size"]) for size in sizes) + host["ShmSize"] <= LIMITS.kernel_scratch_bytes
    assert all(int(size["nr_inodes"]) <= 50_000 for size in sizes)
    assert host["LogConfig"]["Config"] == {"max-size": "64k", "max-file": "1"}


def test_limits_of_single_processes() -> None:
    found = {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in _body()["HostConfig"]["Ulimits"]}
    assert found["core"] == (0, 0) and found["nofile"] == (1024, 1024)
    assert found["fsize"][1] == LIMITS.kernel_file_bytes and found["data"][1] == LIMITS.kernel_memory_bytes
    assert "cpu" not in found, "the shim's soft limit tells what happened"


def test_user_command_and_environment() -> None:
    found = _body()
    assert (found["Image"], found["User"]) == ("sha256:1", "61200:61200")
    assert (found["Entrypoint"], found["Cmd"]) == (["python", "-m", "kernel"], [])
    assert found["Env"] == ["A=1", "TINI_KILL_PROCESS_GROUP=1"]
    assert found["Healthcheck"] == {"Test": ["NONE"]} and found["NetworkDisabled"] is True
