"""Do settings become the command line that they should?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import launch
from jupyter_interview.provisioners.bubblewrap import shut_in

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


def _settings(told: bytes) -> dict[str, str]:
    words = told.decode().split("\0")
    return dict(word.split("=") for word in words[: words.index("--")])


#: Each of these is decided: whoever takes one away has to take it away here, too.
NAMESPACES = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
AN_ORDINARY_USERS = ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
ROOTS = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
ALONE = ["--hostname", "interview", "--die-with-parent", "--new-session", "--clearenv"]


def test_an_ordinary_users_sandbox() -> None:
    arguments = launch.bwrap_options(_sandbox())
    expected = [*NAMESPACES, *AN_ORDINARY_USERS, *ALONE]
    assert arguments[: len(expected)] == expected and "--cap-add" not in arguments
    assert "user" not in _settings(launch.sandbox_shim_settings(_sandbox(), ["python"]))


def test_roots_sandbox_has_a_user_of_its_own() -> None:
    sandbox = _sandbox(user=61_200)
    arguments, settings = launch.bwrap_options(sandbox), _settings(launch.sandbox_shim_settings(sandbox, ["python"]))
    expected = [*NAMESPACES, *ROOTS, *ALONE]
    assert arguments[: len(expected)] == expected and settings["user"] == "61200"
    assert settings["processes"] == "128"


@pytest.mark.parametrize(
    "words",
    (
        ("--seccomp", "9"),
        ("--ro-bind", "/proc/sys", "/proc/sys"),
        ("--dev", "/dev"),
        ("--dev-bind", "/dev/full", "/dev/zero"),
        ("--ro-bind", "/d", f"{launch.HOME}/data"),
        ("--ro-bind", "/r/connection.json", "/run/interview/connection.json"),
        ("--setenv", "A", "1"),
        ("--remount-ro", "/dev", "--remount-ro", "/"),
        ("--chdir", launch.HOME),
    ),
)
def test_what_every_sandbox_is_told(words: tuple[str, ...]) -> None:
    arguments = launch.bwrap_options(_sandbox(seccomp=9, data="/d"))
    assert any(tuple(arguments[place : place + len(words)]) == words for place in range(len(arguments)))


def test_the_root_of_the_machine_is_never_bound() -> None:
    arguments = launch.bwrap_options(_sandbox(binds=tuple(launch.system_binds())))
    bound = {*_pairs(arguments, "--ro-bind"), *_pairs(arguments, "--bind")}
    assert not bound & {"/", "/etc", "/home", "/root", "/var", "/run", "/proc", "/sys", "/dev", "/tmp"}
    assert _pairs(arguments, "--bind") == ["/r/s"], "the only thing of the machine that can be written"


def test_mounts_come_in_the_right_order(tmp_path: Path) -> None:
    """A private /tmp must not cover a virtual environment below /tmp, nor a bind what is hidden."""
    venv, hidden = str(tmp_path / "venv"), str(tmp_path / "venv" / "data")
    Path(hidden).mkdir(parents=True)
    sandbox = _sandbox(binds=(launch.Bind(venv, venv),), hidden=(hidden, f"{venv}/none", "/elsewhere"))
    arguments = launch.bwrap_options(sandbox)
    places = [arguments.index(path) for path in ("/tmp", venv, hidden)]
    assert places == sorted(places)
    assert "/elsewhere" not in arguments and f"{venv}/none" not in arguments, (
        "nothing can be mounted on what is not there"
    )
    assert arguments.index("/", arguments.index("--proc")) > places[-1], "the root is closed last"


def test_parents_of_mounts_can_be_passed() -> None:
    arguments = launch.bwrap_options(_sandbox())
    place = arguments.index("/opt/python")
    assert arguments[place - 3 : place] == ["--perms", "0755", "--dir"]


def test_scratch_is_bounded_as_a_whole() -> None:
    arguments = launch.bwrap_options(_sandbox())
    sizes = dict(zip(_pairs(arguments, "--tmpfs"), map(int, _pairs(arguments, "--size")), strict=True))
    kept_out = {path for path in sizes if path.startswith("/proc/")}
    assert sum(size for path, size in sizes.items() if path not in kept_out) <= LIMITS.kernel_scratch_bytes
    assert set(sizes) - kept_out == {"/tmp", launch.HOME, "/dev/shm"}
    assert all(arguments[arguments.index(path) + 1 :][:2] == ["--remount-ro", path] for path in kept_out)


def test_environment_is_an_allow_list() -> None:
    server = {"TZ": "UTC", "SECRET": "s", "PATH": "/evil", "LD_PRELOAD": "/evil", "PYTHONPATH": "/evil", "USER": "root"}
    assert launch.environment({"X": "1", "HOME": "/"}, "/h", server) == {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "interview",
        "LOGNAME": "interview",
        "SHELL": "/bin/sh",
        "TERM": "xterm-256color",
        "IPYTHONDIR": "/h/.ipython",
        "MPLCONFIGDIR": "/h/.matplotlib",
        "OMP_NUM_THREADS": "4",
        "OPENBLAS_NUM_THREADS": "4",
        "MKL_NUM_THREADS": "4",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TZ": "UTC",
        "X": "1",
        "HOME": "/h",
    }
    assert "TZ" not in launch.environment({}, "/h", {"SECRET": "s"})


def test_what_linux_tells_of_the_machine_is_kept_out() -> None:
    arguments = launch.bwrap_options(_sandbox())
    first = arguments.index("--proc")
    for path in ("/proc/cmdline", "/proc/partitions", "/proc/keys", "/proc/kallsyms"):
        if os.path.exists(path):
            place = arguments.index(path)
            assert arguments[place - 2 : place] == ["--ro-bind", "/dev/null"] and place > first


def test_shim_gets_every_limit() -> None:
    told = launch.shim_settings(["kernel", "with words"], LIMITS, user=None, processes=True)
    settings = _settings(told)
    assert told.endswith(b"\0--\0kernel\0with words\0")
    assert int(settings["data"]) == LIMITS.kernel_memory_bytes
    assert int(settings["file"]) == LIMITS.kernel_file_bytes
    assert int(settings["cpu"]) == LIMITS.kernel_cpu_seconds
    assert int(settings["processes"]) == LIMITS.kernel_processes
    assert settings["core"] == "0"
    assert "processes" not in _settings(launch.shim_settings([], LIMITS, user=None, processes=False))


def test_command_lines_say_only_where_the_settings_are() -> None:
    line, descriptors = shut_in(_sandbox(), ["kernel", "--of=this"])
    told = [os.pread(descriptor, 100_000, 0) for descriptor in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    options, settings = map(str, descriptors)
    assert line == [
        *("/bwrap", "--args", options, "--"),
        *(sys.executable, "-I", "-S", launch.SHIM_INSIDE, settings),
    ]
    assert b"--unshare-net\0" in told[0] and b"kernel\0--of=this\0" in told[1]


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
    (tmp_path / "etc" / "ssl" / "certs").mkdir(parents=True)
    binds = launch.system_binds(str(tmp_path))
    assert {bind.inside for bind in binds} == {"/usr", "/lib", "/etc/ld.so.cache"}
    arguments = launch.bwrap_options(_sandbox(binds=tuple(binds)))
    assert arguments[arguments.index("--symlink") + 1 :][:2] == ["usr/lib", "/lib"]
