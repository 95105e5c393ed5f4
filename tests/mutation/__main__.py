"""Does a test notice when the code is changed a little?

``python -m tests.mutation core`` lets mutmut change each function of a part, one small change after the other, runs
the tests that reach it, and prints how many changes were noticed. Each part has a folder of its own below
``build/mutation``: what was noticed there is kept, and only what changed since or was not noticed is tried again. The
larger parts would take days: ``--sample 300`` tries as many changes, the same ones each time.

mutmut changes what functions do when they are called. What a module does when it is imported, its tables mostly, it
leaves alone.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "build" / "mutation"
#: What is changed, and the tests that have to notice.
PARTS: dict[str, tuple[list[str], list[str]]] = {
    "core": (["core/*.py"], ["core", "auth"]),
    "auth": (["auth/*.py"], ["auth"]),
    "db": (["db/*.py"], ["db"]),
    "collab": (["collab/*.py"], ["collab"]),
    "managers": (["managers/*.py"], ["managers"]),
    "provisioners": (
        [f"provisioners/{name}.py" for name in ("launch", "seccomp", "users")],
        [f"provisioners/test_{name}.py" for name in ("launch", "seccomp", "users")],
    ),
}
_COPIED = ("jupyter_interview", "kernels", "tests", "docs", "setup.cfg", "pyproject.toml")
# What mutmut's children exit with: a test failed, or it took too long.
_NOTICED = frozenset({1, 3, -24, 24, 36, 152, 255})
_SURVIVED, _UNTESTED = 0, 33


def _prepare(part: str) -> Path:
    """The folder of a part, with what is committed or not of the source and its tests."""
    changed, tests = PARTS[part]
    folder = FOLDER / part
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "labextension"))
        else:
            shutil.copy2(source, folder / name)
    settings = {
        "source_paths": ["jupyter_interview"],
        "only_mutate": [f"jupyter_interview/{pattern}" for pattern in changed],
        "also_copy": ["kernels", "docs"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--timeout=120"],
        "pytest_add_cli_args_test_selection": [f"tests/{path}" for path in tests],
        "track_dependencies": False,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.mutmut]\n" + "\n".join(lines) + "\n")
    for path in (folder / "mutants").rglob("*.meta"):
        _forget_survivors(path)
    return folder


def _forget_survivors(path: Path) -> None:
    """What nothing noticed is tried again: mutmut knows that code has changed since, and not that tests have."""
    found = json.loads(path.read_text(encoding="utf-8"))
    codes = found["exit_code_by_key"]
    found["exit_code_by_key"] = {name: None if code in (_SURVIVED, _UNTESTED) else code for name, code in codes.items()}
    path.write_text(json.dumps(found), encoding="utf-8")


def _mutants(folder: Path) -> dict[str, int | None]:
    """Names of the mutants, and how the tests of each ended so far."""
    found: dict[str, int | None] = {}
    for path in sorted((folder / "mutants").rglob("*.meta")):
        found.update(json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"])
    return found


def _run(folder: Path, children: int, names: Sequence[str]) -> int:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children), *names]
    # Elsewhere than in a terminal its spinner is a long line.
    output = None if sys.stdout.isatty() else subprocess.DEVNULL
    return subprocess.run(command, cwd=folder, check=False, stdout=output).returncode


def _report(found: dict[str, int | None]) -> Iterator[str]:
    """Lines about what was tried: each file, the part, and what nothing noticed."""
    tried = {name: code for name, code in found.items() if code is not None}
    modules = sorted({name.rpartition(".")[0] for name in tried})
    for module in [*modules, ""]:
        codes = [code for name, code in tried.items() if name.startswith(f"{module}." if module else "")]
        noticed = sum(code in _NOTICED for code in codes)
        untested = sum(code == _UNTESTED for code in codes)
        shown = module.removeprefix("jupyter_interview.") or "all"
        share = f"{noticed / len(codes):.1%}"
        yield f"{shown:<32} {len(codes):>5} tried  {noticed:>5} noticed  {untested:>4} untested  {share:>6}"
    yield from (f"  nothing noticed {name}" for name, code in tried.items() if code == _SURVIVED)


def main() -> None:
    """Try a part, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sample", type=int, help="try only so many changes")
    parser.add_argument("--children", type=int, default=2, help="tests that run at a time (2)")
    options = parser.parse_args()
    folder = _prepare(options.part)
    names: list[str] = []
    if options.sample is not None:
        # It makes the mutants, and finds none of this name among them.
        _run(folder, options.children, ["none"])
        every = sorted(_mutants(folder))
        names = random.Random(0).sample(every, min(options.sample, len(every)))
    if _run(folder, options.children, names):
        sys.exit(f"mutmut failed. Ask it in {folder} why: {sys.executable} -m mutmut run")
    print("\n".join(_report(_mutants(folder))))


if __name__ == "__main__":
    main()
