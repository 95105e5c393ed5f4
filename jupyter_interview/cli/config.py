"""``jupyter interview config``: which settings are there?

The same text is the operators' page `docs/operators/configuration.md`; a test holds the two together.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from traitlets import HasTraits

from ..app import InterviewApp
from ..auth.rates import DEFAULT_RATES
from ..core.limits import Limits
from .output import page

_HEAD = """\
# Configuration

Made by `jupyter interview config` from the code; do not edit it here.

Settings stand in `jupyter_server_config.py` in one of the folders that `jupyter --paths` lists, as
`c.InterviewApp.NAME = VALUE`, or on the command line as `--InterviewApp.NAME=VALUE`. Everything else of
[Jupyter Server](https://jupyter-server.readthedocs.io/en/latest/other/full-config.html) counts as well.

## Settings
"""

_LIMITS = """\
## Limits

`c.InterviewApp.limits = {"run_seconds": 120}` changes one. Nothing that a client, a kernelspec or a room says can pass
the maximum.

| name | of what | default | maximum | unit |
|---|---|---|---|---|"""

_RATES = """\
## Rate limits

`c.InterviewApp.rates = {"login": "5/minute"}` changes one. A rate is `COUNT/UNIT`, with `second`, `minute`, `hour` or
`day`; several apply together when they are separated by `;`.

| name | default |
|---|---|"""


def settings() -> Iterator[tuple[str, Any]]:
    """Our own configurable traits, by name: those that `InterviewApp` has over its bases."""
    bases = [base for base in InterviewApp.__mro__[1:] if issubclass(base, HasTraits)]
    inherited = {name for base in bases for name in base.class_traits(config=True)}
    own = InterviewApp.class_traits(config=True)
    return ((name, own[name]) for name in sorted(own) if name not in inherited)


def _paragraph(name: str, trait: Any) -> str:
    lines = [f"### `{name}`", "", " ".join(str(trait.help).split()), "", f"Type: {trait.info()}."]
    # A default that depends on the machine is told by the help.
    if not hasattr(InterviewApp, f"_default_{name}"):
        lines[-1] += f" Default: `{trait.default_value_repr()}`."
    return "\n".join(lines) + "\n"


def _limits() -> str:
    rows = [
        f"| `{item.name}` | {item.metadata['help']} | {_number(item.default)} | {_number(item.metadata['maximum'])} "
        f"| {item.metadata['unit']} |"
        for item in fields(Limits)
    ]
    return "\n".join([_LIMITS, *rows]) + "\n"


def _number(value: Any) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _rates() -> str:
    return "\n".join([_RATES, *(f"| `{name}` | `{rate}` |" for name, rate in DEFAULT_RATES.items())]) + "\n"


def markdown() -> str:
    """All settings as one Markdown page."""
    return "\n".join([_HEAD, *(_paragraph(name, trait) for name, trait in settings()), _limits(), _rates()])


def main(arguments: Sequence[str]) -> int:
    """Print the settings; the exit status."""
    parser = argparse.ArgumentParser(prog="jupyter interview config", description="Every setting with its default")
    parser.parse_args(arguments)
    page(markdown())
    return 0
