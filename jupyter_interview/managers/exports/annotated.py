"""Who wrote and ran what in a notebook? The answer as metadata of the notebook itself.

Valid nbformat 4.5: each cell's metadata get a field ``interview`` with its authors and its last run, the notebook's get
one that says which interview and moment it is. `docs/interviewers/exports.md` describes the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core import clock
from ...core.models import JSON, Event, Member, Room
from ...core.moment import Moment
from ..replay.story import Replaced
from ..runlog import Run, fold_runs
from .edited import marked, said_edited, said_replaced

FORMAT = 1
MANNERS = ("typed", "pasted", "seed", "generated", "away")
_SERVER: JSON = {"id": None, "name": "", "role": "server"}


@dataclass(frozen=True, slots=True)
class Changed:
    """Outputs that are not as their run left them.

    Args:
        edited: cell → indices of the members who edited its outputs after the run.
        replaced: run → the later ones that replaced an output of it.
    """

    edited: Mapping[str, Iterable[int]] = field(default_factory=dict)
    replaced: Mapping[str, Sequence[Replaced]] = field(default_factory=dict)


def annotated(
    moment: Moment,
    room: Room,
    members: Sequence[Member],
    runs: Sequence[Event],
    seq: int,
    at: int,
    changed: Changed | None = None,
) -> JSON:
    """The notebook of a moment with who wrote and ran what.

    Args:
        moment: how the notebook stood.
        room: which interview.
        members: all of the room, in order; the first is index 1.
        runs: the events about runs until then.
        seq, at: number and moment (microseconds) of the last event until then.
        changed: outputs that are not as their run left them.
    """
    people = [_SERVER, *({"id": member.id, "name": member.name, "role": member.role.value} for member in members)]
    indices = {member.key: index for index, member in enumerate(members, 1)}
    known = fold_runs(runs)
    changed = changed or Changed()
    notebook = moment.notebook()
    cells = []
    for cell, shown in zip(moment.cells, notebook["cells"], strict=True):
        about: JSON = {"authors": _authors(cell["authors"], people), "spans": cell["authors"]}
        if cell["cell_type"] == "code":
            run = known.get(cell["run"] or "")
            about["last_run"] = None if run is None else _run(run, cell, people, indices)
            if shown["outputs"]:
                lines = []
                if others := sorted(changed.edited.get(cell["id"], ())):
                    about["outputs_edited_by"] = [{"member": index, **people[index]} for index in others]
                    lines.append(said_edited([people[index]["name"] for index in others]))
                if later := changed.replaced.get(cell["run"] or "", ()):
                    about["outputs_replaced_by"] = [
                        _later(known.get(each.run), each, people, indices) for each in later
                    ]
                    lines.append(said_replaced(about["outputs_replaced_by"]))
                shown = marked(shown, lines) if lines else shown
        cells.append({**shown, "metadata": {**shown["metadata"], "interview": about}})
    about = {
        "format": FORMAT,
        "room": {"id": room.id, "title": room.title, "language": room.language},
        "seq": seq,
        "at": clock.iso(at),
        "members": people,
        "manners": list(MANNERS),
    }
    return {**notebook, "cells": cells, "metadata": {**notebook["metadata"], "interview": about}}


def _authors(spans: Sequence[Sequence[int]], people: Sequence[JSON]) -> list[JSON]:
    """Each author of a text with the share, the longest first."""
    total = sum(span[0] for span in spans)
    counts: dict[int, dict[str, int]] = {}
    for length, member, manner in spans:
        counted = counts.setdefault(member, dict.fromkeys(MANNERS, 0))
        counted[MANNERS[manner]] += length
    authors = [
        {"member": member, **people[member], "share": round(sum(counted.values()) / total, 4), **counted}
        for member, counted in counts.items()
    ]
    return sorted(authors, key=lambda author: (-author["share"], author["member"]))


def _later(run: Run | None, replaced: Replaced, people: Sequence[JSON], indices: Mapping[int, int]) -> JSON:
    """A run that replaced an output; of one that was erased nothing but its id is known."""
    index = 0 if run is None else indices.get(run.member, 0)
    return {
        "id": replaced.run,
        "member": index,
        **{name: people[index][name] for name in ("name", "role")},
        "execution_count": None if run is None else run.execution_count,
        "seq": replaced.seq,
    }


def _run(run: Run, cell: Mapping[str, Any], people: Sequence[JSON], indices: Mapping[int, int]) -> JSON:
    index = indices.get(run.member, 0)
    return {
        "id": run.id,
        "member": index,
        **{name: people[index][name] for name in ("name", "role")},
        "status": run.status.value,
        "started_at": clock.iso(run.started_at),
        "finished_at": clock.iso(run.finished_at),
        "duration_ms": None if run.duration is None else round(run.duration / 1000, 3),
        "execution_count": run.execution_count,
        "edited_since": run.source != cell["source"],
    }
