"""Which pages of the documentation are made from the code?

`make docs` writes them; `tests/docs` fails when one of them is not what the code says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_interview.cli.config import markdown as configuration
from jupyter_interview.core.permissions import OWNERS, RULES, Role, Rule, allowed

ROOT = Path(__file__).parent

_PERMISSIONS = """\
# Who may do what

Made by `make docs` from `jupyter_interview/core/permissions.py`; do not edit it here.

✓ allowed, – not allowed, ◦ an interviewer can switch it for that person, at any moment of the interview.
"""

_OWNERS = """
Only the room's owner, which is the account that opened it, or the server's own user, may:
"""


def _mark(rule: Rule, role: Role, *, has: bool) -> str:
    return ("✓" if has else "–") + (" ◦" if role in rule.switchable else "")


def permissions() -> str:
    """The table of permissions × roles as a Markdown page."""
    lines = [_PERMISSIONS, "| | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for permission, rule in RULES.items():
        marks = [_mark(rule, role, has=allowed(role, permission)) for role in Role]
        lines.append(f"| {rule.meaning} (`{permission}`) | " + " | ".join(marks) + " |")
    return "\n".join([*lines, _OWNERS, *(f"- {act}" for act in OWNERS)]) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "interviewers/permissions.md": permissions,
    "operators/configuration.md": configuration,
}


def main() -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
