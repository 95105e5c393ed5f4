"""``jupyter interview images …``: what do kernels in Docker run on?

`build` makes the images, one line per step. The Dockerfiles are those of `images/`, one folder per language.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..core.errors import BadRequest, KernelUnavailable
from ..provisioners.engine_api import EngineApi
from ..provisioners.images import Step, build, buildable, reference
from .output import say, tell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter interview images", description="The images of the Docker engine")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = actions.add_parser("build", help="build the images of languages")
    make.add_argument("languages", nargs="*", metavar="LANGUAGE", help="default: all")
    make.add_argument("--base", metavar="IMAGE", help="the image with Python to build on (default: python:3.12-slim)")
    make.add_argument("--network", metavar="NAME", help="the network of the build steps, for instance host")
    make.add_argument(
        "--build-arg",
        dest="arguments",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for instance PIP_INDEX_URL=https://…; it can be read in the image's history",
    )
    make.add_argument("--fresh", action="store_true", help="take nothing from earlier builds, so that updates come in")
    return parser


def _chosen(words: Sequence[str]) -> list[str]:
    known = buildable()
    for word in words:
        if word not in known:
            raise BadRequest(f"There is no image for {word!r}. Choose among {', '.join(known)}.")
    return list(dict.fromkeys(words)) or known


def _pairs(words: Sequence[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise BadRequest(f"--build-arg {word}: write it as NAME=VALUE.")
    return dict(word.split("=", 1) for word in words)


def _show(step: Step) -> None:
    if step.seconds is None:
        text = step.text if len(step.text) <= 70 else f"{step.text[:69]}…"
        say(f"{step.image}: step {step.number} of {step.total}: {text}", end=" ")
    else:
        say(f"({step.seconds:.1f} s)")


def _build(options: argparse.Namespace) -> int:
    languages = _chosen(options.languages)
    steps = build(
        EngineApi(),
        languages,
        base=options.base,
        network=options.network,
        arguments=_pairs(options.arguments),
        fresh=options.fresh,
    )
    begun = False
    try:
        for step in steps:
            begun = step.seconds is None
            _show(step)
    finally:
        if begun:
            say()
    say(f"Built: {', '.join(map(reference, languages))}")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run one action; the exit status."""
    options = _parser().parse_args(list(arguments))
    try:
        return _build(options)
    except (BadRequest, KernelUnavailable) as refusal:
        tell(refusal.message, error=True)
    except KeyboardInterrupt:
        say("Stopped. What is built so far is kept.", error=True)
    return 1
