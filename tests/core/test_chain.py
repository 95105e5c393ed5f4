"""Is the chain what `docs/developers/event-log.md` says? The document's own test vectors are what is checked."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.auth.signing import Statement, TrustedKeys, key_id
from jupyter_interview.core.chain import GENESIS, Link, head_message, key_message
from jupyter_interview.core.models import EventKind
from jupyter_interview.db.vault import DATA, PAYLOAD, Sealer

PAGE = Path(__file__).parents[2] / "docs" / "developers" / "event-log.md"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    found = re.search(r"## Test vectors\n.*?```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    value: dict[str, Any] = json.loads(found[1])
    return value


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def test_the_documented_events_are_sealed_and_chained_as_documented(vectors: dict[str, Any]) -> None:
    room, digest = vectors["room"], GENESIS
    assert len(vectors["events"]) >= 4
    for event in vectors["events"]:
        seq = event["seq"]
        sealer = Sealer(room, bytes.fromhex(vectors["keys"][event["subject"]]))
        assert sealer.key(seq).hex() == event["event_key"]
        payload, data = _bytes(event["sealed_payload"]), _bytes(event["sealed_data"])
        if event["payload"] is not None:
            assert sealer.seal(seq, PAYLOAD, event["payload"].encode()) == payload
            assert payload is not None
            assert sealer.open(seq, PAYLOAD, payload) == event["payload"].encode()
        if event["data"] is not None:
            assert sealer.seal(seq, DATA, bytes.fromhex(event["data"])) == data
        numbers = (seq, event["at"], event["kind"], event["connection"])
        people = (event["member"], event["subject"])
        expected = bytes.fromhex(event["hash"])
        assert Link(room, *numbers, *people, payload, data, expected).follows(digest) == expected
        digest = expected


def test_the_documented_head_and_rotation_are_signed_as_documented(vectors: dict[str, Any]) -> None:
    head, rotation = vectors["head"], vectors["rotation"]
    digest = bytes.fromhex(vectors["events"][-1]["hash"])
    message = head_message(vectors["room"], head["seq"], head["at"], digest)
    public, signature = bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"])
    assert message.hex() == head["message"]
    assert key_id(public) == head["key_id"]
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(head["private_key"])).sign(message) == signature
    assert TrustedKeys(None).holds(head["key_id"], public, signature, message)
    new = bytes.fromhex(rotation["public_key"])
    assert key_message(new, public, rotation["since"]).hex() == rotation["message"]
    signatures = (bytes.fromhex(rotation["signature"]), bytes.fromhex(rotation["countersignature"]))
    assert Statement(new, rotation["since"], public, *signatures).holds


def test_the_documented_kinds_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| ([0-9, –]+) \|", PAGE.read_text(), re.MULTILINE)
    found: dict[str, int] = {}
    for names, numbers in rows:
        first, dash, last = numbers.strip().partition("–")
        values = range(int(first), int(last) + 1) if dash else [int(number) for number in numbers.split(",")]
        found.update(zip(re.findall(r"`([a-z_]+)`", names), values, strict=True))
    assert found == {kind.label: int(kind) for kind in EventKind}


_FIELDS: dict[str, Any] = {
    "room": "r",
    "seq": 1,
    "at": 2,
    "kind": 3,
    "connection": 4,
    "member": "m",
    "subject": "s",
    "payload": b"p",
    "data": b"d",
}


def link(previous: bytes, **fields: Any) -> bytes:
    """The hash of an event."""
    return Link(**fields, hash=b"").follows(previous)


def documented(previous: bytes, **fields: Any) -> bytes:
    """The same from the page, word by word."""

    def counted(content: bytes | None) -> bytes:
        return b"\xff" * 4 if content is None else len(content).to_bytes(4, "big") + content

    numbers = [fields[name].to_bytes(8, "big", signed=name == "at") for name in ("seq", "at")]
    numbers += [fields["kind"].to_bytes(2, "big"), fields["connection"].to_bytes(8, "big")]
    encoding = b"jupyter-interview event 1\n" + counted(fields["room"].encode()) + b"".join(numbers)
    encoding += b"".join(counted(fields[name].encode()) for name in ("member", "subject"))
    encoding += counted(fields["payload"]) + counted(fields["data"])
    return hashlib.sha256(previous + encoding).digest()


@given(
    previous=st.binary(min_size=32, max_size=32),
    names=st.tuples(*[st.text(st.characters(codec="utf-8"), max_size=5)] * 3),
    numbers=st.tuples(*[st.integers(0, 2**64 - 1)] * 2, st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**16 - 1)),
    contents=st.tuples(*[st.none() | st.binary(max_size=9)] * 2),
)
def test_every_event_is_encoded_as_documented(previous: bytes, names: Any, numbers: Any, contents: Any) -> None:
    fields: dict[str, Any] = dict(zip(("room", "member", "subject"), names, strict=True))
    fields |= zip(("seq", "connection", "at", "kind"), numbers, strict=True)
    fields |= zip(("payload", "data"), contents, strict=True)
    assert link(previous, **fields) == documented(previous, **fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("room", "q"),
        ("seq", 2),
        ("at", -2),
        ("kind", 4),
        ("connection", 5),
        ("member", ""),
        ("subject", "m"),
        ("payload", None),
        ("payload", b""),
        ("data", None),
        ("data", b"D"),
    ],
)
def test_each_field_and_the_predecessor_count(name: str, value: Any) -> None:
    assert link(GENESIS, **_FIELDS) != link(GENESIS, **{**_FIELDS, name: value})
    assert link(GENESIS, **_FIELDS) != link(b"\1" * 32, **_FIELDS)


def test_nothing_can_be_pushed_from_one_field_into_the_next() -> None:
    one = {**_FIELDS, "member": "ab", "subject": "c", "payload": b"xy", "data": b"z"}
    assert link(GENESIS, **one) != link(GENESIS, **{**one, "member": "a", "subject": "bc"})
    assert link(GENESIS, **one) != link(GENESIS, **{**one, "payload": b"x", "data": b"yz"})
    assert link(GENESIS, **{**one, "payload": None, "data": b""}) != link(
        GENESIS, **{**one, "payload": b"", "data": None}
    )


@pytest.mark.parametrize(("name", "value"), [("seq", -1), ("seq", 2**64), ("at", 2**63), ("kind", 2**16)])
def test_a_number_that_no_log_has_is_refused(name: str, value: int) -> None:
    with pytest.raises(OverflowError):
        link(GENESIS, **{**_FIELDS, name: value})
    with pytest.raises(OverflowError):
        head_message("r", 2**64, 0, GENESIS)
