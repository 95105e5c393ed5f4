"""Can what a kernel shows harm those who look at it, or stop the room?

What the browser makes of it is tested in `tests/browser`. Here: what the server lets into the document is an output
that nbformat knows, of text, with the type that it was sent with, and never more of it than the limit.
"""

from __future__ import annotations

from jupyter_interview.core.jsontext import as_text
from jupyter_interview.core.models import JSON, RunStatus

from .case import Case, again

SCRIPT = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
_FULL = "This run reached the limit of 100 kB. Its further output is not shown."
_FLOODED = "The run was stopped: it wrote far beyond the output limit."

#: Every type that a page of ours has a renderer for, and some that others had.
TYPES = (
    "text/html",
    "image/svg+xml",
    "text/markdown",
    "application/javascript",
    "text/javascript",
    "application/x-javascript",
    "text/latex",
    "text/plain",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "application/vnd.jupyter.stdout",
    "application/vnd.jupyter.stderr",
    "application/vnd.mermaid",
    "text/vnd.mermaid",
)
JSON_TYPES = (
    "application/json",
    "application/geo+json",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.vega.v5+json",
    "application/vnd.vegalite.v5+json",
    "application/vnd.plotly.v1+json",
    "application/vnd.bokehjs_exec.v0+json",
    "application/vnd.holoviews_exec.v0+json",
)


def _shown(mime: str, value: object) -> JSON:
    return {"output_type": "display_data", "data": {mime: value}, "metadata": {}}


CASES = [
    *(
        Case(
            f"a script as {mime}",
            f"from IPython.display import display\ndisplay({{{mime!r}: {SCRIPT!r}}}, raw=True)",
            outputs=[_shown(mime, SCRIPT)],
        )
        for mime in TYPES
    ),
    *(
        Case(
            f"a script as {mime}",
            f"from IPython.display import display\ndisplay({{{mime!r}: {{'a': {SCRIPT!r}}}}}, raw=True)",
            outputs=[_shown(mime, as_text({"a": SCRIPT}))],
        )
        for mime in JSON_TYPES
    ),
    Case(
        "a script as what is printed",
        f"print({SCRIPT!r})",
        SCRIPT + "\n",
        outputs=[{"output_type": "stream", "name": "stdout", "text": SCRIPT + "\n"}],
    ),
    Case(
        "a script as an error",
        f"class X(Exception): pass\nX.__name__ = X.__qualname__ = {SCRIPT!r}\nraise X({SCRIPT!r})",
        f"{SCRIPT}: {SCRIPT}\n",
        RunStatus.ERROR,
    ),
    Case(
        "metadata that asks for trust",
        """
        from IPython.display import display
        display({'text/plain': 'x'}, raw=True, metadata={'trusted': True, 'isolated': False})
        """,
        outputs=[
            {
                "output_type": "display_data",
                "data": {"text/plain": "x"},
                "metadata": {"trusted": True, "isolated": False},
            }
        ],
    ),
    Case(
        "widgets and comms",
        """
        from comm import create_comm
        comm = create_comm(target_name='jupyter.widget', data={'state': {}})
        comm.send({'x': 1}); comm.close(); print('sent')
        """,
        "sent\n",
    ),
    Case(
        "a command to the page",
        """
        get_ipython().set_next_input('import os')
        print('sent')
        """,
        "import os\nsent\n",
    ),
    Case(
        "a page that opens by itself",
        """
        get_ipython().payload_manager.write_payload({'source': 'page', 'data': {'text/html': '<script>'}})
        print('sent')
        """,
        "sent\n",
    ),
    Case(
        "a giant text",
        "print('x' * 100_000_000)",
        again(r"x{99000,100000}\n?" + _FULL + r"\n|\n?An output was too large and is not shown\.\n"),
        room="shown",
    ),
    Case(
        "endless output",
        "while True: print('x' * 1000, flush=True)",
        again(r"[x\n]*" + _FULL + r"\n" + _FLOODED + "( The kernel did not react and was restarted.)?\n"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "endless displays",
        "while True: display(1)",
        again(r".*This run reached the limit of 500 outputs. Its further output is not shown.\n" + _FLOODED + ".*"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "endless output to one line",
        "while True: print('x' * 100, end='\\r')",
        again(r".*" + _FLOODED + ".*"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "endless changes of one display",
        """
        handle = display(1, display_id='one')
        while True: handle.update({'text/plain': 'x' * 1000}, raw=True)
        """,
        again(r".*" + _FULL + r"\n" + _FLOODED + ".*"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "endless clearing",
        """
        from IPython.display import clear_output
        while True: print('x' * 1000); clear_output()
        """,
        again(r".*" + _FULL + r"\n" + _FLOODED + ".*"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "a flood of colours",
        "while True: print('\\x1b[31m\\x1b[2J\\x1b]0;title\\x07\\x1b[999;999H', end='')",
        again(r"(\x1b\[31m\x1b\[2J\x1b\]0;title\x07\x1b\[999;999H)+.*" + _FULL + ".*"),
        RunStatus.INTERRUPTED,
        again(_FLOODED + ".*"),
        room="shown",
    ),
    Case(
        "what past the screen is written over",
        "print('a' * 50 + '\\b' * 100 + 'b' + '\\r' + 'c')",
        again(".*c\n"),
        room="shown",
    ),
    Case("one line of a million backspaces", "print('\\b' * 90_000 + 'x\\b' * 1_000)", again("\b*\n"), room="shown"),
]
