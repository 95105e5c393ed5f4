"""Are signatures told from forgeries, and does trust follow rotations, and nothing else?"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.auth.secrets import SecretFileError
from jupyter_interview.auth.signing import BadKeys, SigningKeys, TrustedKeys, key_id, read_statements, vouched
from jupyter_interview.core.errors import StorageUnavailable


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "data" / "signing.json")


def test_a_signature_is_of_its_key_and_message(keys: SigningKeys) -> None:
    name, public, signature = keys.sign(b"message")
    assert keys.holds(name, public, signature, b"message") and keys.trusts(public)
    assert name == key_id(public) == keys.statements()[-1].id
    assert not keys.holds(name, public, signature, b"other")
    assert not keys.holds("0" * 16, public, signature, b"message")
    # One of sixteen signatures ends with a zero already.
    assert not keys.holds(name, public, signature[:-1] + bytes((signature[-1] ^ 1,)), b"message")
    for odd in (b"", b"short", b"\0" * 32):
        assert not keys.holds(key_id(odd), odd, signature, b"message")
    assert not keys.trusts(b"\0" * 32)


def test_old_keys_stay_trusted_and_sign_no_more(keys: SigningKeys) -> None:
    before = keys.sign(b"m")
    made = keys.rotate()
    after = keys.sign(b"m")
    assert after[1] == made.public_key != before[1]
    assert all(keys.trusts(public) and keys.holds(name, public, said, b"m") for name, public, said in (before, after))


def test_trust_follows_genuine_rotations_in_both_directions(keys: SigningKeys, tmp_path: Path) -> None:
    keys.statements()
    for _ in range(3):
        keys.rotate()
    statements = keys.statements()
    everything = {item.public_key for item in statements}
    for known in everything:
        assert vouched(statements, [known]) == everything
        assert vouched(statements[::-1], [known]) == everything
    stranger = SigningKeys(tmp_path / "stranger.json")
    theirs = stranger.statements()[0]
    assert vouched(statements, [theirs.public_key]) == {theirs.public_key}
    assert vouched(statements, []) == frozenset()
    taken = replace(theirs, previous=statements[-1].public_key)
    for forged in (
        taken,
        replace(taken, signature=statements[-1].signature, countersignature=statements[-1].countersignature),
        replace(statements[1], since=statements[1].since + 1),
        replace(statements[1], countersignature=b""),
        replace(statements[1], signature=b""),
    ):
        assert not forged.holds
        assert vouched([forged], [statements[0].public_key]) == {statements[0].public_key}


def test_statements_survive_their_json(keys: SigningKeys) -> None:
    keys.statements()
    keys.rotate()
    value = json.loads(json.dumps([item.to_json() for item in keys.statements()]))
    assert read_statements(value) == keys.statements()
    assert [item["id"] for item in value] == [item.id for item in keys.statements()]
    odd_lists: list[Any] = [None, 3, [3], [{}]]
    for broken in odd_lists:
        with pytest.raises(BadKeys, match=r"^this is no list of a server's keys$"):
            read_statements(broken)
    for field, odd, said in (
        ("public_key", "AA==", "a key or signature has a wrong size"),
        ("public_key", 5, "bytes are written in base64"),
        ("signature", "!!", "bytes are written in base64"),
        ("signature", "é", "bytes are written in base64"),
        ("previous", "AA", "bytes are written in base64"),
        ("since", "now", "a moment is a number of microseconds"),
        ("since", 2**63, "a moment is a number of microseconds"),
        ("since", True, "a moment is a number of microseconds"),
    ):
        with pytest.raises(BadKeys, match=f"^{said}$"):
            read_statements([{**value[1], field: odd}])


def test_any_genuine_signature_counts_where_nobody_is_known(keys: SigningKeys) -> None:
    name, public, signature = keys.sign(b"m")
    assert TrustedKeys(None).trusts(public) and TrustedKeys(None).holds(name, public, signature, b"m")
    assert TrustedKeys([public]).trusts(public) and not TrustedKeys([]).trusts(public)


def _first(path: Path, start: Any, answers: Any) -> None:
    start.wait()
    answers.put(SigningKeys(path).sign(b"m"))


def test_servers_that_start_together_share_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(4), context.Queue()
    path = tmp_path / "signing.json"
    processes = [context.Process(target=_first, args=(path, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    found = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1 and [file.name for file in tmp_path.iterdir()] == ["signing.json"]


def _break(path: Path, how: str) -> None:
    if how == "link":
        path.rename(path.with_name("real"))
        path.symlink_to(path.with_name("real"))
    elif how == "folder":
        path.unlink()
        path.mkdir()
    elif how == "open":
        path.chmod(0o604)
    elif how == "other key":
        other = SigningKeys(path.with_name("other"))
        other.statements()
        value = json.loads(path.read_text())
        path.write_text(json.dumps({**value, "private_key": json.loads(other._path.read_text())["private_key"]}))
    else:
        path.write_text(how)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        *((text, "is damaged") for text in ("", "{}", "[]", '{"private_key": "AA==", "keys": []}', "other key")),
        ("link", "cannot be read: Too many levels of symbolic links"),
        ("folder", "is not a regular file of this user"),
        ("open", r"is open to other users \(mode 0604\)"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_and_left_alone(
    keys: SigningKeys, how: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys.statements()
    _break(keys._path, how)
    for use in (keys.statements, keys.rotate):
        with pytest.raises(SecretFileError, match=f"signing keys .*{said}"):
            use()
    with pytest.raises(StorageUnavailable, match="cannot sign"):
        keys.sign(b"m")
    assert "signing keys" in caplog.text, "the operator reads which file it is"
