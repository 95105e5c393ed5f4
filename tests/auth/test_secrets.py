"""Is the secret file private, complete and one for all?"""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from jupyter_interview.auth.secrets import SecretFileError, hash_secret, load_secret, new_secret, secret_matches


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "interview_secret"


def written(path: Path, content: bytes = b"s" * 64, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def test_made_once_and_private(path: Path) -> None:
    secret = load_secret(path)
    assert len(secret) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_secret(path) == secret
    assert os.listdir(path.parent) == [path.name]


def test_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        load_secret(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _load(path: Path, start: object, answers: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    answers.put(load_secret(path))  # type: ignore[attr-defined]


def test_servers_that_start_together_share_one_secret(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(6)
    answers = context.Queue()
    processes = [context.Process(target=_load, args=(path, start, answers)) for _ in range(6)]
    for process in processes:
        process.start()
    secrets_read = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert secrets_read == {path.read_bytes()}
    assert os.listdir(path.parent) == [path.name]


def test_loser_of_the_race_takes_the_winners_secret(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = b"w" * 64

    def link(source: Path, target: Path) -> None:
        written(path, winner)
        raise FileExistsError

    monkeypatch.setattr(os, "link", link)
    assert load_secret(path) == winner
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o777])
def test_open_to_others(path: Path, mode: int) -> None:
    written(path, mode=mode)
    with pytest.raises(SecretFileError, match=f"mode {mode:04o}.*Remove it"):
        load_secret(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("size", [0, 31, 4_097])
def test_wrong_size(path: Path, size: int) -> None:
    written(path, b"s" * size)
    with pytest.raises(SecretFileError, match=f"{size} bytes"):
        load_secret(path)


@pytest.mark.parametrize("size", [32, 4_096])
def test_sizes_that_are_taken(path: Path, size: int) -> None:
    written(path, b"s" * size)
    assert load_secret(path) == b"s" * size


def test_symbolic_link(path: Path, tmp_path: Path) -> None:
    written(path)
    other = tmp_path / "link"
    other.symlink_to(path)
    with pytest.raises(SecretFileError, match="symbolic link"):
        load_secret(other)


def test_dangling_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SecretFileError, match="symbolic link"):
        load_secret(path)
    assert not (tmp_path / "elsewhere").exists()


def test_named_pipe_does_not_hang(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(SecretFileError, match="not a regular file"):
        load_secret(path)


def test_directory(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(SecretFileError, match="not a regular file"):
        load_secret(path)


def test_another_users_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SecretFileError, match="another user"):
        load_secret(path)


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretFileError, match="file/secret cannot be"):
        load_secret(tmp_path / "file" / "secret")


def test_place_that_is_made(tmp_path: Path) -> None:
    secret = load_secret(tmp_path / "some" / "where" / "secret")
    assert load_secret(tmp_path / "some" / "where" / "secret") == secret
    assert load_secret(tmp_path / "some" / "where" / "other") != secret


def test_link_secrets() -> None:
    secret = new_secret()
    assert len(secret) == 43
    assert secret != new_secret()
    assert set(hash_secret(secret)) <= set("0123456789abcdef")
    assert len(hash_secret(secret)) == 64
    assert secret_matches(secret, hash_secret(secret))
    assert not secret_matches(secret + "x", hash_secret(secret))


@pytest.mark.parametrize("text", ["", "\ud800", "é" * 1_000])
def test_hostile_link_secrets_match_nothing(text: str) -> None:
    assert not secret_matches(text, hash_secret(new_secret()))
    assert not secret_matches(text, text)
