"""Which kernel is to run? ``python <this folder> LANGUAGE -f CONNECTION_FILE`` starts it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "interview_cells"


def main(arguments: list[str]) -> int:
    """Run the kernel of the language named first; 2 where there is no such language."""
    if sys.path and os.path.abspath(sys.path[0]) == _FOLDER:
        del sys.path[0]  # its modules are no top-level modules
    _load()
    table = importlib.import_module(f"{_PACKAGE}.table")
    row = table.ROWS.get(arguments[0]) if arguments else None
    if row is None:
        print(f"Name one of the languages {', '.join(table.ROWS)}.", file=sys.stderr)
        return 2
    start = importlib.import_module(f"{_PACKAGE}.start")
    start.run(row, arguments[1:])
    return 0


def _load() -> None:
    """Make this folder the package `interview_cells`, wherever it lies and whatever lies beside it."""
    initial = os.path.join(_FOLDER, "__init__.py")
    spec = importlib.util.spec_from_file_location(_PACKAGE, initial, submodule_search_locations=[_FOLDER])
    if spec is None or spec.loader is None:
        raise ImportError(f"{initial} cannot be loaded")
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
