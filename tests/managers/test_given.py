"""Does a room begin with what JupyterLab opens, and is the rest told what is wrong with it?"""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from jupyter_interview.core.errors import BadRequest, TooLarge
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON
from jupyter_interview.managers.given import checked

RESULT: JSON = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}


def cell(**fields: Any) -> JSON:
    """A code cell, with an id and no outputs unless it is said."""
    made: JSON = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "a = 1",
    }
    return {name: value for name, value in (made | fields).items() if value is not ...}


def notebook(*cells: JSON, minor: int = 5, **fields: Any) -> JSON:
    """A notebook of version 4."""
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": list(cells), **fields}


TAKEN: dict[str, JSON] = {
    "as it is": notebook(cell()),
    "without ids": notebook(cell(id=...), cell(id=...), minor=4),
    "without ids in a version that has them": notebook(cell(id=...)),
    "with ids in a version without": notebook(cell(), minor=4),
    "an id twice": notebook(cell(), cell()),
    "a kernel without a name to show": notebook(cell(), metadata={"kernelspec": {"name": "python3"}}),
    "a kernel that is none": notebook(cell(), metadata={"kernelspec": "python3", "language_info": 7}),
    "a version to come": notebook(cell(), minor=9),
}


@pytest.mark.parametrize("given", TAKEN)
def test_it_becomes_a_valid_one(given: str) -> None:
    taken = checked(TAKEN[given], Limits())
    nbformat.validate(nbformat.from_dict(taken))  # type: ignore[no-untyped-call]
    assert [each["source"] for each in taken["cells"]] == ["a = 1"] * len(TAKEN[given]["cells"])
    assert len({each["id"] for each in taken["cells"]}) == len(taken["cells"])
    assert not {"kernelspec", "language_info"} & taken["metadata"].keys()


def test_texts_are_in_one_piece() -> None:
    data: JSON = {"text/plain": "l1\nl2", "text/html": "<b>\nx\n</b>", "application/json": ["a\n", "b"]}
    split = {name: value.splitlines(keepends=True) for name, value in data.items() if isinstance(value, str)}
    stream = {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]}
    for given in (data, data | split):
        outputs: list[JSON] = [{**RESULT, "data": given}, stream]
        [taken] = checked(notebook(cell(source=["a\n", "b"], outputs=outputs)), Limits())["cells"]
        assert taken["source"] == "a\nb"
        assert taken["outputs"][0]["data"] == data and taken["outputs"][1]["text"] == "1\n2\n"


REFUSED: dict[str, tuple[JSON, str]] = {
    "nothing": ({}, "does not say which nbformat"),
    "no metadata": ({"nbformat": 4, "nbformat_minor": 5, "cells": []}, "metadata"),
    "no cells": ({"nbformat": 4, "nbformat_minor": 5, "metadata": {}}, "cells"),
    "an unknown version": ({"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}, "version 99"),
    "a source that is none": (notebook(cell(), cell(id="d", source=5)), "cell [2].source: 5 is not valid"),
    "an unknown output": (notebook(cell(outputs=[{"output_type": "bogus"}])), "cell [1].outputs[1]"),
    "an id that is none": (notebook(cell(id="a b")), "cell [1].id: 'a b' does not match"),
    "a source with half of a character": (notebook(cell(source="\ud800")), "half of a character"),
    "a name with half of a character": (notebook(cell(metadata={"\udc00": 1})), "half of a character"),
    "much": (notebook(cell(source={"x": "y" * 9_000})), "…."),
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_is_wrong_is_said(given: str) -> None:
    refused, words = REFUSED[given]
    with pytest.raises(BadRequest) as caught:
        checked(refused, Limits())
    message = caught.value.message
    assert message.startswith("This is not a valid notebook: ") and words in message and len(message) < 400
    assert caught.value.details == {"field": "notebook"}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"cells": 1}, "A notebook can have at most 1 cells."),
        ({"code_bytes": 99}, "A cell can have at most 99 characters; cell 2 has more."),
        ({"outputs_bytes": 999}, "The outputs of a notebook can have at most 999 bytes."),
        ({"document_bytes": 999}, "The notebook can have at most 999 bytes."),
        ({}, None),
    ],
)
def test_nobody_could_edit_a_notebook_beyond_the_limits(limits: dict[str, int], said: str | None) -> None:
    """Each of them counts, and by the very notebook that is within the others."""
    shown = {"output_type": "stream", "name": "stdout", "text": "x" * 1_000}
    given = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [cell(outputs=[shown]), cell(id="d", source="x" * 100, metadata={"note": "y" * 1_000})],
    }
    if said is None:
        assert checked(given, Limits.checked(**limits))["cells"][1]["source"] == "x" * 100
        return
    with pytest.raises(TooLarge) as refused:
        checked(given, Limits.checked(**limits))
    assert refused.value.message == said
