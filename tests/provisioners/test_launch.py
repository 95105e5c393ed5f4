"""Do settings become the command line that they should?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch

LIMITS = Limits()


def _sandbox(**changes: object) -> launch.Sandbox:
    values: dict[str, object] = {
        "bwrap": "/bwrap",
        "limits": LIMITS,
        "binds": (launch.Bind("/opt/python/lib", "/opt/python/lib"),),
        "sockets": "/r/s",
        "connection": "/r/connection.json",
        "environment": {"A": "1"},
    }
    return launch.Sandbox(**{**values, **changes})  # type: ignore[arg-type]


def _pairs(arguments: list[str], option: str) -> list[str]:
    return [arguments[place + 1] for place, argument in enumerate(arguments) if argument == option]


def test_an_ordinary_users_sandbox() -> None:
    arguments = launch.bwrap_arguments(_sandbox(), ["python"])
    for option in ("--unshare-user", "--disable-userns", "--unshare-net", "--unshare-pid", "--unshare-ipc"):
        assert option in arguments
    for option in ("--die-with-parent", "--new-session", "--clearenv", "--unshare-uts", "--unshare-cgroup-try"):
        assert option in arguments
    assert _pairs(arguments, "--uid") == ["1000"]
    assert "--cap-add" not in arguments
    assert not [argument for argument in arguments if argument.startswith("user=")]


def test_roots_sandbox_has_a_user_of_its_own() -> None:
    arguments = launch.bwrap_arguments(_sandbox(user=61_200), ["python"])
    assert "--unshare-user" not in arguments and "user=61200" in arguments
    assert _pairs(arguments, "--cap-add") == ["CAP_SETUID", "CAP_SETGID"]
    assert "processes=128" in arguments


def test_the_root_of_the_machine_is_never_bound() -> None:
    arguments = launch.bwrap_arguments(_sandbox(binds=tuple(launch.system_binds())), ["python"])
    bound = {*_pairs(arguments, "--ro-bind"), *_pairs(arguments, "--bind")}
    assert not bound & {"/", "/etc", "/home", "/root", "/var", "/run", "/proc", "/sys", "/dev", "/tmp"}
    assert _pairs(arguments, "--bind") == ["/r/s"], "the only thing of the machine that can be written"


def test_mounts_come_in_the_right_order() -> None:
    """A private /tmp must not cover a virtual environment below /tmp, nor a bind what is hidden."""
    hidden = "/tmp/venv/share/data"
    sandbox = _sandbox(binds=(launch.Bind("/tmp/venv", "/tmp/venv"),), hidden=(hidden, "/elsewhere"))
    arguments = launch.bwrap_arguments(sandbox, ["python"])
    places = [arguments.index(path) for path in ("/tmp", "/tmp/venv", hidden)]
    assert places == sorted(places)
    assert "/elsewhere" not in arguments
    assert arguments.index("--remount-ro") > places[-1]


def test_parents_of_mounts_can_be_passed() -> None:
    arguments = launch.bwrap_arguments(_sandbox(), [])
    place = arguments.index("/opt/python")
    assert arguments[place - 3 : place] == ["--perms", "0755", "--dir"]


def test_scratch_is_bounded_as_a_whole() -> None:
    arguments = launch.bwrap_arguments(_sandbox(), [])
    assert sum(map(int, _pairs(arguments, "--size"))) <= LIMITS.kernel_scratch_bytes
    assert set(_pairs(arguments, "--tmpfs")) == {"/tmp", launch.HOME, "/dev/shm"}


def test_environment_is_an_allow_list() -> None:
    found = launch.environment({"X": "1", "HOME": "/"}, "/h", {"TZ": "UTC", "SECRET": "s", "PATH": "/evil"})
    assert (found["X"], found["HOME"], found["TZ"]) == ("1", "/h", "UTC")
    assert "SECRET" not in found and "/evil" not in found["PATH"]


def test_shim_gets_every_limit() -> None:
    arguments = launch.shim_arguments(LIMITS, user=None, processes=True)
    assert arguments[:3] == [sys.executable, "-I", "-S"] and arguments[-1] == "--"
    settings = dict(argument.split("=") for argument in arguments[5:-1])
    assert int(settings["data"]) == LIMITS.kernel_memory_bytes
    assert int(settings["file"]) == LIMITS.kernel_file_bytes
    assert int(settings["cpu"]) == LIMITS.kernel_cpu_seconds
    assert int(settings["processes"]) == LIMITS.kernel_processes
    assert settings["core"] == "0"
    assert "processes" not in str(launch.shim_arguments(LIMITS, user=None, processes=False)[5:])


@pytest.mark.parametrize(
    ("release", "expected"),
    (("5.14.0", True), ("5.13.19-x", False), ("6.1.0-37-amd64", True), ("4.19.0", False), ("odd", False)),
)
def test_counts_per_namespace(release: str, expected: bool) -> None:
    assert launch.counts_per_namespace(release) is expected


def test_interpreter_binds_leave_configuration_out(tmp_path: Path) -> None:
    real = tmp_path / "real"
    for part in ("bin", "lib", "etc", "var"):
        (real / part).mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "packages").mkdir()
    prefix = str(tmp_path / "link")
    binds = launch.interpreter_binds([prefix, "/nowhere"], [str(tmp_path / "packages"), "/usr/lib/python3"])
    inside = {bind.inside for bind in binds}
    assert inside == {
        *(f"{prefix}/{part}" for part in ("bin", "lib")),
        *(str(real / part) for part in ("bin", "lib")),
        str(tmp_path / "packages"),
    }
    assert all(os.path.realpath(bind.outside) == bind.outside for bind in binds)


def test_package_directories_are_those_of_installed_packages() -> None:
    search = ["", "/work", "/v/lib/python3.11/site-packages", "/usr/lib/python3/dist-packages"]
    assert launch.package_directories(search) == search[2:]


def test_system_binds_take_links_as_links(tmp_path: Path) -> None:
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "shadow").touch()
    (tmp_path / "etc" / "ld.so.cache").touch()
    binds = launch.system_binds(str(tmp_path))
    assert {bind.inside for bind in binds} == {"/usr", "/lib", "/etc/ld.so.cache"}
    arguments = launch.bwrap_arguments(_sandbox(binds=tuple(binds)), [])
    assert arguments[arguments.index("--symlink") + 1 :][:2] == ["usr/lib", "/lib"]
