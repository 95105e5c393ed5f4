"""What becomes of questions to a kernel, which does what the candidate's code makes it do?"""

from __future__ import annotations

import asyncio

from jupyter_interview.core.models import RunStatus
from jupyter_interview.execution.questions import MEMBER_PLACES, PLACES, Questions

from .conftest import MakeRoom

ADA, GRACE = 1, 2
ASKED = {"code": "pri", "cursor_pos": 3}
OWN_ANSWER = """
kernel = get_ipython().kernel
kernel.do_complete = lambda *_: {{"status": "ok", "matches": ["x"] * {many}, "cursor_start": 0, "cursor_end": 10**9}}
"""


async def test_a_question_is_answered_between_runs_and_by_a_new_process(ji_room: MakeRoom) -> None:
    room = ji_room()
    assert (room.executor.information, await room.executor.ask("complete_request", ASKED, ADA)) == (None, None)
    await room.ready()
    for _ in range(2):
        answer = await room.executor.ask("complete_request", ASKED, ADA)
        assert answer is not None and "print" in answer["matches"] and answer["cursor_end"] == 3
        information = room.executor.information
        assert information is not None and information["language_info"]["name"] == "python"
        told = await room.executor.ask("inspect_request", {"code": "len", "cursor_pos": 3, "detail_level": 0}, ADA)
        assert told is not None and "items" in told["data"]["text/plain"]
        await room.executor.restart()


async def test_what_a_kernel_makes_of_its_answers_is_bounded(ji_room: MakeRoom) -> None:
    """Or is none: what is too large is not read, and the kernel is heard again."""
    room = ji_room()
    await room.run(OWN_ANSWER.format(many=10_000))
    answer = await room.executor.ask("complete_request", ASKED, ADA)
    assert answer == {"status": "ok", "matches": ["x"] * 500, "cursor_start": 0, "cursor_end": 3, "metadata": {}}
    for many in (100_000, 3_000_000):
        await room.run(OWN_ANSWER.format(many=many))
        assert await room.executor.ask("complete_request", ASKED, ADA) is None
        assert (await room.run("print(1)"))[0] is RunStatus.OK
    await room.run(OWN_ANSWER.format(many=1))
    assert await room.executor.ask("complete_request", ASKED, ADA) is not None


async def test_a_kernel_that_answers_nothing_is_asked_no_more(ji_room: MakeRoom) -> None:
    room = ji_room()
    run = room.submit("print('up', flush=True)\nwhile True: pass")
    await room.cells[run].until(lambda cell: "up" in cell.text)
    link = room.executor._kernel.link
    assert link is not None
    waiting = [link.ask("complete_request", ASKED, ADA) for _ in range(MEMBER_PLACES)]
    assert None not in waiting and link.ask("complete_request", ASKED, ADA) is None
    waiting += [link.ask("complete_request", ASKED, GRACE) for _ in range(PLACES - MEMBER_PLACES)]
    assert None not in waiting and link.ask("complete_request", ASKED, GRACE) is None
    assert await room.executor.ask("complete_request", ASKED, ADA) is None
    await room.executor.interrupt()
    answers = await asyncio.gather(*(each for each in waiting if each is not None))
    assert len(answers) == PLACES and None not in answers
    assert link.ask("complete_request", ASKED, ADA) is not None


async def test_a_kernel_with_nothing_to_run_has_to_answer() -> None:
    """One that runs something has until that is over; what comes for another question is no answer."""
    looks = 0

    def busy() -> bool:
        nonlocal looks
        looks += 1
        return looks < 5

    questions = Questions(busy, seconds=0.001)
    first, second, third = (questions.add(name, "complete_request", ADA) for name in ("a", "b", "c"))
    questions.answered("complete_reply", "nobody's", {})
    questions.answered("inspect_reply", "b", {})
    questions.answered("complete_reply", "b", {"status": "ok"})
    assert await second == {"status": "ok"}
    assert await first is None and await third is None and looks >= 5
    assert questions.takes(ADA)
    # The next one is not taken for what is answered too late.
    fourth = questions.add("d", "complete_request", ADA)
    questions.forget(questions.asked[:1])
    questions.answered("complete_reply", "c", {})
    assert not fourth.done()
    questions.answered("complete_reply", "d", {"status": "ok"})
    assert await fourth == {"status": "ok"}


async def test_whoever_asked_may_be_gone() -> None:
    questions = Questions(lambda: False)
    answer = questions.add("a", "inspect_request", ADA)
    answer.cancel()
    questions.answered("inspect_reply", "a", {})
    assert questions.takes(ADA)
    assert not questions.asked
