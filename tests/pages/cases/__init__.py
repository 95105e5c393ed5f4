"""The battery of pages, as data: what members put into a room, by place."""

from __future__ import annotations

from .case import Case
from .outputs import CASES as OUTPUTS
from .texts import CASES as TEXTS

CASES: list[Case] = [*OUTPUTS, *TEXTS]

#: What an attacker and a room are called meanwhile. A name has at most 80 characters.
NAME = '<img src="/logout?asked" onerror="interviewCanary=1">**M** $\\frac12$ \u0301'
TITLE = "</script><script>interviewCanary=1</script> $\\frac{1}{2}$ [x](javascript:0)"
