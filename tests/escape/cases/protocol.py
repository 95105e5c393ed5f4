"""Can code in a kernel, which knows the key of its messages, deceive the server by what it sends?

It may lie about its own run: that is its own room's affair. It must not end, change or write to another run, another
room, or the server's idea of what runs.
"""

from __future__ import annotations

from textwrap import dedent

from jupyter_interview.core.models import RunStatus

from .case import Case, again

#: ``tell`` sends on iopub, ``answer`` on shell, both with a true signature; ``own`` is the request that runs.
FORGE = """
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
session, own = app.session, app.kernel.get_parent
iopub = app.kernel.iopub_socket  # sends from the thread whose socket it is
def tell(kind, content, parent=None):
    session.send(iopub, kind, content, parent=parent or own(), ident=b'x')
def answer(kind, content, parent=None, ident=None):
    session.send(app.kernel.shell_stream or app.shell_socket, kind, content, parent=parent or own(),
                 ident=ident or app.kernel._parent_ident['shell'])
STRANGER = {'header': {'msg_id': 'of another run', 'session': 'of another', 'msg_type': 'execute_request'}}
"""

_OK = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


def _forge(source: str) -> str:
    return FORGE + dedent(source)


CASES = [
    Case(
        "text for another run",
        _forge("""
            tell('stream', {'name': 'stdout', 'text': 'forged'}, STRANGER)
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "an error for another run",
        _forge("""
            tell('error', {'ename': 'E', 'evalue': 'v', 'traceback': []}, STRANGER)
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "an end for another run",
        _forge(
            "tell('status', {'execution_state': 'idle'}, STRANGER)\n"
            f"answer('execute_reply', {_OK}, STRANGER)\ntime.sleep(0.2)\nprint('own')"
        ),
        "own\n",
        room="forging",
    ),
    Case(
        "its own end, early on iopub",
        _forge("""
            tell('status', {'execution_state': 'idle'})
            time.sleep(0.3)
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "its own end, early on shell: it only ends its own run",
        _forge(
            f"answer('execute_reply', {_OK})\ntell('status', {{'execution_state': 'idle'}})\n"
            "time.sleep(1)\nprint('late')"
        ),
        again("(late\n)?"),
        room="forging",
        after="print('next')",
        after_sees="next\n",
    ),
    Case(
        "its own end, and then it runs on",
        _forge(f"answer('execute_reply', {_OK})\ntell('status', {{'execution_state': 'idle'}})\nwhile True: pass"),
        "",
        room="short",
        after="print('next')",
        after_sees=again(r"(next\n)?The run was stopped after the time limit of 1 s\..*"),
        after_ends=RunStatus.TIMEOUT,
    ),
    Case(
        "an interrupt that was none",
        _forge("""
            answer('execute_reply', {'status': 'aborted'})
            tell('status', {'execution_state': 'idle'})
            """),
        "",
        RunStatus.ERROR,
        room="forging",
    ),
    Case(
        "the answer to the next run, ahead",
        _forge(
            "series, _, number = own()['header']['msg_id'].rpartition('_')\n"
            "for ahead in range(1, 20):\n"
            "    parent = {'header': {'msg_id': f'{series}_{int(number) + ahead}'}}\n"
            f"    answer('execute_reply', {_OK}, parent); tell('status', {{'execution_state': 'idle'}}, parent)\n"
            "print('own')"
        ),
        "own\n",
        room="forging",
        after="time.sleep(0.3)\nprint('next')",
        after_sees="next\n",
    ),
    Case(
        "a wrong signature",
        _forge(
            """
            key, session.key = session.key, b'wrong'
            tell('stream', {'name': 'stdout', 'text': 'forged'})
            session.key = key
            print('own')
            """
        ),
        "own\n",
        room="forging",
    ),
    Case(
        "the same message twice",
        _forge(
            """
            message = session.msg('stream', {'name': 'stdout', 'text': 'once '}, parent=own())
            for _ in range(2): iopub.send_multipart(session.serialize(message, ident=b'x'))
            """
        ),
        "once ",
        room="forging",
    ),
    Case(
        "no message at all",
        _forge(
            """
            for parts in ([b'x'], [b''], [b'<IDS|MSG>'], [b'<IDS|MSG>'] * 7, [bytes(range(256))] * 50):
                iopub.send_multipart(parts)
            print('own')
            """
        ),
        "own\n",
        room="forging",
    ),
    Case(
        "numbers of runs that are none",
        _forge(
            """
            for count in (-1, 2**40, 'x', None, [1], 1e9): tell('execute_input', {'code': '', 'execution_count': count})
            print('own')
            """
        ),
        "own\n",
        room="forging",
    ),
    Case(
        "a question to the candidate",
        _forge("""
            tell('input_request', {'prompt': 'password? ', 'password': True})
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "asking for input",
        "input('password? ')",
        "StdinNotImplementedError: input() is not available in an interview. Put the value into a variable instead.\n",
        RunStatus.ERROR,
        room="forging",
    ),
    Case(
        "a comm that opens the page's widgets",
        _forge("""
            tell('comm_open', {'comm_id': 'x', 'target_name': 'jupyter.widget', 'data': {}})
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "a shutdown that nobody asked for",
        _forge("""
            tell('shutdown_reply', {'restart': False, 'status': 'ok'})
            print('own')
            """),
        "own\n",
        room="forging",
    ),
    Case(
        "an output after the end",
        _forge("""
            earlier = own()
            print('own')
            """),
        "own\n",
        room="forging",
        after="tell('stream', {'name': 'stdout', 'text': 'late'}, earlier)\nprint('next')",
        after_sees="next\n",
    ),
    Case(
        "a display of another cell",
        _forge(
            """
            content = {'data': {'text/plain': 'x'}, 'metadata': {}, 'transient': {'display_id': 'of another room'}}
            tell('update_display_data', content)
            print('own')
            """
        ),
        "own\n",
        room="forging",
    ),
    Case(
        "a flood that belongs to nobody",
        _forge(
            """
            def flood():
                while True: tell('stream', {'name': 'stdout', 'text': 'x' * 1000}, STRANGER); time.sleep(0.0001)
            threading.Thread(target=flood, daemon=True).start()
            print('own')
            """
        ),
        "own\n",
        room="flood",
    ),
    Case(
        "one message larger than one may be",
        _forge("""
            tell('stream', {'name': 'stdout', 'text': 'x' * 40_000_000})
            print('own')
            """),
        again(r"(own\n)?An output was too large and is not shown\.\n(own\n)?"),
        room="forging",
    ),
]
