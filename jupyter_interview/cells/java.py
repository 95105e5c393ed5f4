"""What is a Java program's file called, and which class starts it? The language ties both to names in the source."""

from __future__ import annotations

import re

_LITERALS = re.compile(r'//[^\n]*|/\*.*?\*/|"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
_TYPE = re.compile(r"\b(public\s+(?:(?:final|abstract|sealed|strictfp)\s+)*)?(?:class|record|enum|interface)\s+(\w+)")
_MAIN = re.compile(r"\bvoid\s+main\s*\(")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


def names(source: str) -> dict[str, str]:
    """``class``: the file's name without its ending; ``main``: the full name of the class with ``main``.

    Where the source has no such class both are ``Main``, and the compiler will say what is wrong.
    """
    code = _LITERALS.sub(" ", source)
    types = [(match.start(), bool(match[1]), match[2]) for match in _outermost(code)]
    public = next((name for _, is_public, name in types if is_public), None)
    main = _MAIN.search(code)
    starting = [name for position, _, name in types if main is not None and position < main.start()]
    start = starting[-1] if starting else public or "Main"
    package = _PACKAGE.search(code)
    return {"class": public or start, "main": f"{package[1]}.{start}" if package else start}


def _outermost(code: str) -> list[re.Match[str]]:
    found, depth, last = [], 0, 0
    for match in _TYPE.finditer(code):
        between = code[last : match.start()]
        depth += between.count("{") - between.count("}")
        last = match.start()
        if depth == 0:
            found.append(match)
    return found
