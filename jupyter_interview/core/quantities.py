"""How are numbers written for people, where a limit is told?

The number itself, for programs, goes along as ``limit`` in an error's details.
"""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")


def as_count(number: int) -> str:
    """A number of things, with separators between thousands."""
    return f"{number:,}"


def as_size(number: int) -> str:
    """A number of bytes, in decimal units as file managers show it; never more than it is."""
    if number < 1_000:
        return f"{number} bytes" if number != 1 else "1 byte"
    power = min((len(str(number)) - 1) // 3, len(_UNITS))
    tenths = number * 10 // 1_000**power
    whole, tenth = divmod(tenths, 10)
    return f"{as_count(whole)}{f'.{tenth}' if tenth else ''} {_UNITS[power - 1]}"
