"""Is the first event that does not hold named, whatever was done to a log?"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jupyter_interview.auth.signing import TrustedKeys, key_id
from jupyter_interview.core.chain import GENESIS, Link, head_message
from jupyter_interview.core.models import EventKind, Head
from jupyter_interview.core.verify import Reason, Verdict, Verifier

ROOM, OTHER = "room-one", "room-two"
MEMBERS = ("ada", "grace")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
TRUSTED = TrustedKeys([KEY.public_key().public_bytes_raw()])


def _log(room: str = ROOM, count: int = 40, seed: int = 0) -> list[Link]:
    """A whole log, ended."""
    chance, digest, links = random.Random(seed), GENESIS, []
    for seq in range(1, count + 1):
        member, subject = chance.choice(("", *MEMBERS)), chance.choice(("", *MEMBERS))
        payload = chance.choice((None, b"", chance.randbytes(20)))
        data = chance.choice((None, chance.randbytes(40)))
        kind = EventKind.ROOM_ENDED if seq == count else EventKind.DOCUMENT_UPDATE
        link = Link(room, seq, 10 * seq, int(kind), seq % 3, member, subject, payload, data, b"", digest)
        digest = link.follows(digest)
        links.append(replace(link, hash=digest))
    return links


def _rechained(links: Sequence[Link]) -> list[Link]:
    """As somebody would write them who knows how the chain is made."""
    digest, done = GENESIS, []
    for link in links:
        link = replace(link, previous=digest)
        digest = link.follows(digest)
        done.append(replace(link, hash=digest))
    return done


def _head(links: Sequence[Link], key: Ed25519PrivateKey = KEY, **changes: Any) -> Head:
    last, public = links[-1], key.public_key().public_bytes_raw()
    fields: dict[str, Any] = {"room": last.room, "seq": last.seq, "at": 5, "hash": last.hash, **changes}
    signature = key.sign(head_message(fields["room"], fields["seq"], fields["at"], fields["hash"]))
    return Head(**fields, key_id=key_id(public), public_key=public, signature=signature)


def _verify(links: Iterable[Link], heads: Iterable[Head] = (), *, ended: bool = False) -> Verdict:
    verifier = Verifier(ROOM, members=MEMBERS, signatures=TRUSTED, heads=heads)
    for link in links:
        verifier.event(link)
    return verifier.finish(ended=ended)


SENTENCES = {
    Reason.ORDER: r"Event {} comes too late: the order was changed\.|The signature of event \d+ is not in its place\.",
    Reason.UNSIGNED: r"Event {} comes after the signed end of the log\."
    r"|The interview has ended, but its log bears no signature\.",
    Reason.TRUNCATED: r"Event {} is missing: (the log does not reach its end|\d+ events were signed)\.",
    Reason.ROOM: r"Event {} is of another room\.|A signature is of another room's log\.",
    Reason.GAP: r"Event {} is missing: event \d+ follows \d+\.",
    Reason.DOUBLED: r"Event {} comes twice\.",
    Reason.HASH: r"Event {} (does not follow the event before it|was changed: its hash is another)\.",
    Reason.CONTENT: r"Event {} does not open: its key is another\.",
    Reason.FORM: r"Event {} has a number that no log has\.",
    Reason.AUTHOR: r"Event {} (is of somebody who is not a member of the room"
    r"|knows a member under another name or role)\.",
    Reason.SIGNATURE: r"The signature of event {} is not genuine\."
    r"|Up to event {} another log was signed than this one\.",
    Reason.UNKNOWN_KEY: r"Event {} is signed with a key nobody vouches for\.",
}


def _said(verdict: Verdict) -> tuple[int, str] | None:
    """Where and why; whoever reads it is told so in a sentence."""
    if verdict.damage is None:
        return None
    seq, reason = verdict.damage.seq, verdict.damage.reason
    assert re.fullmatch(SENTENCES[reason].replace("{}", str(seq)), verdict.damage.message), verdict.damage
    return seq, reason.value


def test_a_whole_log_holds() -> None:
    links = _log()
    verdict = _verify(links, [_head(links)], ended=True)
    assert (verdict.damage, verdict.events, verdict.hash, verdict.signed) == (None, 40, links[-1].hash, 40)
    live = links[:-1]
    assert _said(_verify(live)) is None and _verify(live).signed == 0
    assert _said(_verify([])) is None


FIELDS: list[tuple[str, Any]] = [
    ("at", 1),
    ("kind", 10),
    ("connection", 9),
    ("member", "grace"),
    ("subject", "ada"),
    ("payload", b"other"),
    ("data", b"other"),
    ("hash", b"\1" * 32),
    ("previous", b"\1" * 32),
    ("seq", 12),
]


@pytest.mark.parametrize(("name", "value"), FIELDS)
@pytest.mark.parametrize("where", [0, 16, 38])
def test_one_changed_field_is_named(name: str, value: Any, where: int) -> None:
    links = _log()
    if getattr(links[where], name) == value:
        value = {"grace": "ada", "ada": "grace"}.get(value, value)
    changed = [*links[:where], replace(links[where], **{name: value}), *links[where + 1 :]]
    assert changed != links
    assert _said(_verify(changed, [_head(links)])) == (where + 1, "hash")


def test_any_flipped_bit_of_any_event_is_named() -> None:
    links = _log(count=12)
    head = _head(links)
    for where, link in enumerate(links):
        for name in ("payload", "data", "hash", "previous"):
            content = getattr(link, name)
            for bit in range(8 * len(content or b"")):
                flipped = bytearray(content)
                flipped[bit // 8] ^= 1 << bit % 8
                field: dict[str, Any] = {name: bytes(flipped)}
                changed = [*links[:where], replace(link, **field), *links[where + 1 :]]
                assert _said(_verify(changed, [head])) == (where + 1, "hash")


@pytest.mark.parametrize("where", [0, 7, 38])
def test_a_dropped_doubled_swapped_or_foreign_event_is_named(where: int) -> None:
    links, others = _log(), _log(OTHER)
    head, number = _head(links), where + 1

    def said(changed: Sequence[Link]) -> tuple[int, str] | None:
        return _said(_verify(changed, [head], ended=True))

    assert said([*links[:where], *links[where + 1 :]]) == (number, "gap")
    assert said([*links[:number], links[where], *links[number:]]) == (number, "doubled")
    swapped = [*links[:where], links[where + 1], links[where], *links[where + 2 :]]
    assert said(swapped) == (number, "order")
    moved = [*links[:where], *links[where + 1 :], links[where]]
    assert said(moved) == (number, "order")
    assert said([*links[:where], others[where], *links[number:]]) == (number, "room")
    disguised = replace(others[where], room=ROOM)
    assert said([*links[:where], disguised, *links[number:]]) == (number, "hash")
    assert said([*links[:where], disguised, *links[where:]]) == (number, "hash")


def test_without_what_is_said_of_the_predecessor_the_same_is_found() -> None:
    """As in the database, which keeps each hash once."""
    links = [replace(link, previous=None) for link in _log()]
    head = _head(links)
    assert _said(_verify(links, [head], ended=True)) is None
    assert _said(_verify([*links[:5], *links[6:]], [head])) == (6, "gap")
    assert _said(_verify([*links[:5], replace(links[5], data=b"x"), *links[6:]], [head])) == (6, "hash")


@pytest.mark.parametrize("left", [0, 1, 20, 39])
def test_a_truncated_tail_is_named_by_the_signature(left: int) -> None:
    links = _log()
    assert _said(_verify(links[:left], [_head(links)])) == (left + 1, "truncated")
    assert _said(_verify(links[:left], ended=True)) == (left + 1, "truncated"), "the end is missing"


def test_an_ended_log_has_to_be_signed_up_to_its_end() -> None:
    links = _log()
    assert _said(_verify(links)) == (40, "unsigned")
    longer = _rechained([*links, replace(links[0], seq=41)])
    assert _said(_verify(longer, [_head(links)])) == (41, "unsigned")
    assert Verifier(ROOM).finish().damage is None


def test_a_log_that_was_written_anew_does_not_fit_the_signature() -> None:
    links = _log()
    forged = _rechained([*links[:9], replace(links[9], data=b"forged"), *links[10:]])
    assert _said(_verify(forged, [_head(links)])) == (40, "signature")
    assert _said(_verify(forged, [_head(forged, STRANGER)])) == (40, "unknown_key")
    disguised = replace(_head(forged, STRANGER), public_key=KEY.public_key().public_bytes_raw())
    assert _said(_verify(forged, [disguised])) == (40, "signature")
    assert _said(_verify(forged, [replace(_head(forged), at=6)])) == (40, "signature")
    assert _said(_verify(links, [replace(_head(links), key_id="0" * 16)])) == (40, "signature")
    assert _said(_verify(links, [replace(_head(links), room=OTHER)])) == (40, "room")
    assert _said(_verify(links, [replace(_head(links), at=2**63)])) == (40, "signature")


def test_who_is_no_member_wrote_nothing() -> None:
    links = _log()
    forged = _rechained([*links[:4], replace(links[4], member="eve"), *links[5:]])
    assert _said(_verify(forged, [_head(forged)])) == (5, "author")
    forged = _rechained([*links[:4], replace(links[4], subject="eve"), *links[5:]])
    assert _said(_verify(forged, [_head(forged)])) == (5, "author")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"role": "candidate", "name": "Ada"}, None),
        ({"role": "candidate"}, None),
        (None, None),
        ({"role": "candidate", "name": "Eve"}, (1, "author")),
        ({"role": "interviewer", "name": "Ada"}, (1, "author")),
    ],
)
def test_a_name_that_the_log_does_not_know_is_named(payload: Any, said: Any) -> None:
    [link] = _rechained([replace(_log()[0], kind=int(EventKind.JOIN), member="ada")])
    verifier = Verifier(ROOM, names={"ada": ("Ada", "candidate")})
    assert verifier.event(link, payload) is (said is None)
    assert _said(verifier.finish()) == said


def test_signatures_in_a_stream_stand_right_behind_their_event() -> None:
    links = _log()
    half = links[:20]

    def stream(*, at: int, head: Head) -> Verdict:
        verifier = Verifier(ROOM, members=MEMBERS, signatures=TRUSTED)
        for number, link in enumerate(links, 1):
            verifier.event(link)
            if number == at:
                verifier.head(head)
        verifier.head(_head(links))
        return verifier.finish(ended=True)

    assert _said(stream(at=20, head=_head(half))) is None
    assert [head.seq for head in stream(at=20, head=_head(half)).heads] == [20, 40]
    assert _said(stream(at=21, head=_head(half))) == (20, "order")
    assert _said(stream(at=19, head=_head(half))) == (20, "truncated")
    assert _said(stream(at=40, head=_head(links))) == (40, "order"), "signed twice"


def test_a_log_without_events_is_damaged_at_its_first() -> None:
    links = _log()
    assert _said(_verify([], [], ended=True)) == (1, "truncated")
    assert _said(_verify([], [_head(links)])) == (1, "truncated")
    assert _said(_verify([], [replace(_head(links), room=OTHER)])) == (1, "room")


def test_what_cannot_be_read_is_named() -> None:
    links = _log()
    verifier = Verifier(ROOM)
    assert all(verifier.event(link) for link in links[:7])
    verifier.broken("line 8 is no JSON")
    assert not verifier.event(links[7]) and not verifier.head(_head(links))
    verdict = verifier.finish()
    assert verdict.events == 7 and verdict.hash == links[6].hash
    assert verdict.damage is not None
    assert verdict.damage.to_json() == {"seq": 8, "reason": Reason.FORM, "message": "line 8 is no JSON"}
    strange = replace(links[0], at=2**70)
    assert _said(_verify([strange])) == (1, "form")


def test_what_is_sealed_with_another_key_is_named() -> None:
    links = _log()
    verifier = Verifier(ROOM, members=MEMBERS)
    for link in links[:5]:
        verifier.event(link)
    verifier.sealed_otherwise()
    verdict = verifier.finish()
    assert _said(verdict) == (5, "content") and verdict.events == 4
