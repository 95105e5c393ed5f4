"""A line of text that people wrote is fit to be stored and shown, and known for what it is."""

from __future__ import annotations

import pytest

from jupyter_interview.core.text import EMAIL_CHARS, FILE_NAME_BYTES, is_email, is_file_name, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Two \t Sum\n", "Two Sum"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202eevil\u202c", "evil"),
        ("e\u0301", "é"),
        ("\ud800", ""),
        ("你好 😀", "你好 😀"),
    ],
)
def test_control_characters_and_double_spaces_go(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("text", ["a@b", "ada.lovelace+x@example.org", "ü@exämple.org", '"a@b"@c', "a" * 250 + "@b.c"])
def test_email_addresses_are_known(text: str) -> None:
    assert len(text) <= EMAIL_CHARS and is_email(text)


@pytest.mark.parametrize(
    "text", ["", "@", "a", "a@", "@b", "a b@c", "a@b\u00a0c", "a@b\n", "a\0@b", "\u202ea@b", "a" * 251 + "@b.c"]
)
def test_what_is_no_email_address_is_refused(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    "text",
    ["a", "data.csv", ".hidden", "a..b", "-rf", "two words.txt", "ü.csv", "u\u0308.csv", "漢 😀", "~", "x" * 200],
)
def test_file_names_are_known(text: str) -> None:
    assert is_file_name(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "...", "..data", "a/b", "/", "a\\b", "a\0", "a\nb", "\x7f", "\x9b", "\u202egnp.exe", "a\u200bb",
     "a\u2028b", "\u00a0", "\ud800", "\ue000", "x" * 201, "ü" * 101],
)  # fmt: skip
def test_what_cannot_name_a_file_is_refused(text: str) -> None:
    assert FILE_NAME_BYTES == 200 and not is_file_name(text)
