"""Does the battery hold for a server that an ordinary user runs?

The other tests run as whoever runs them. Where that is root, this one repeats what depends on it as somebody else: what
a kernel may do, and how much.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..provisioners.test_ordinary_user import run_as_ordinary_user

SELECTED = "resources or network or files or processes or namespaces or machine"


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever runs this is an ordinary user already")
def test_the_battery_as_an_ordinary_user() -> None:
    run_as_ordinary_user("-k", SELECTED, str(Path(__file__).with_name("test_bubblewrap.py")))
