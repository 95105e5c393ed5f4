"""Which URLs does the server have? Asked of its own router, so that nobody has to keep a list."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.fixtures.server import Server

_INTROSPECTION = """
import json, sys
from jupyter_interview.cli.serve import make_server
from tornado.web import RequestHandler

def walk(rules):
    for rule in rules:
        if hasattr(rule.target, "rules"):
            yield from walk(rule.target.rules)
        else:
            methods = [name for name in RequestHandler.SUPPORTED_METHODS
                       if getattr(rule.target, name.lower(), None) is not RequestHandler._unimplemented_method]
            yield {"pattern": rule.matcher.regex.pattern, "methods": methods, "handler": rule.target.__module__}

server = make_server(sys.argv[1:])
print("ROUTES", json.dumps(list(walk(server.web_app.default_router.rules))))
"""
_GROUP = re.compile(r"\(\?P<(\w+)>")


@dataclass(frozen=True)
class Route:
    """One rule of the router.

    Attributes:
        name: its pattern with ``<group>`` for each named group, as the documentation would write it.
        ours: whether its handler is of this package.
    """

    name: str
    pattern: str
    methods: tuple[str, ...]
    ours: bool

    def example(self, values: dict[str, str]) -> str:
        """A path that it matches, with ``values`` for its named groups and something short for everything else."""
        path = _plain(re._parser.parse(self.pattern), values)  # type: ignore[attr-defined]  # there is no other door
        assert re.match(self.pattern, path), (self.pattern, path)
        return path


def routes_of(server: Server) -> list[Route]:
    """All routes of a server as ``jupyter interview`` starts it, in the order in which they are tried."""
    root = server.directory / "introspection"
    root.mkdir(exist_ok=True)
    words = ["--no-browser", "--allow-root", "--port=0", f"--ServerApp.root_dir={root}"]
    done = subprocess.run(
        [sys.executable, "-c", _INTROSPECTION, *words, f"--InterviewApp.data_dir={root}"],
        env=server.environ(),
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("ROUTES "))
    return [
        Route(
            _name(item["pattern"]),
            item["pattern"],
            tuple(item["methods"]),
            item["handler"].startswith("jupyter_interview") or item["pattern"].startswith("/interview/"),
        )
        for item in json.loads(line.removeprefix("ROUTES "))
    ]


def named(route: Route) -> tuple[str, dict[str, str]]:
    """A route's name, with what tells those of one name apart, and the values that lead to this one."""
    if route.name.endswith("/api/contents<path>"):
        return route.name, {"path": ""}
    if not route.name.endswith("/<path>") or "/api/co" in route.name:
        return route.name, {}
    return (f"{route.name}|doc", {"path": "doc"}) if "doc|lab" in route.pattern else (route.name, {})


def _name(pattern: str) -> str:
    """The pattern with its named groups as ``<name>``."""
    text = pattern.removesuffix("$")
    while (found := _GROUP.search(text)) is not None:
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = f"{text[: found.start()]}<{found[1]}>{text[end:]}"
    return text


def _plain(parsed: Any, values: dict[str, str]) -> str:
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return "".join(_piece(str(kind), argument, names, values) for kind, argument in parsed)


def _piece(kind: str, argument: Any, names: dict[int, str], values: dict[str, str]) -> str:
    def whole(parts: Any) -> str:
        return "".join(_piece(str(kind), argument, names, values) for kind, argument in parts)

    if kind == "LITERAL":
        return chr(argument)
    if kind == "SUBPATTERN":
        name = names.get(argument[0])
        return values[name] if name in values else whole(argument[3])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        # "/(.*)": an empty file name says less than one that is there or not.
        least, most, parts = argument
        return whole(parts) * (least or (1 if most > 1 and len(parts) == 1 and str(parts[0][0]) == "ANY" else 0))
    if kind == "BRANCH":
        return whole(argument[1][0])
    if kind == "ANY" or kind == "NOT_LITERAL":
        return "x"
    if kind == "IN":
        return _one_of([(str(name), value) for name, value in argument])
    assert kind in ("AT", "ASSERT", "ASSERT_NOT"), kind
    return ""


def _one_of(choices: list[tuple[str, Any]]) -> str:
    name, value = choices[0]
    if name == "NEGATE":
        return "x"
    if name == "RANGE":
        return chr(value[0])
    return chr(value) if name == "LITERAL" else "x"
