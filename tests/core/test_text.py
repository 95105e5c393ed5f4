"""A line of text that people wrote is fit to be stored and shown, and known for what it is."""

from __future__ import annotations

import pytest

from jupyter_interview.core.text import (
    EMAIL_CHARS,
    FILE_NAME_BYTES,
    bare,
    is_email,
    is_file_name,
    is_line,
    shown,
    skeletons,
    visible,
)

#: A Persian name, Hindi and Sinhala with joiners after a virama, emoji of several.
JOINED = ["علی\u200cرضا", "क्\u200dष", "ශ්\u200dරී", "क्\u200cष", "🏳\ufe0f\u200d🌈", "👩🏽\u200d💻", "👨\u200d👩\u200d👧"]  # noqa: RUF001
LOOSE = ["Iv_an", "_Ivan", "Ivan_", "I _van", "7_7", "ا_a", "علی__رضا"]  # noqa: RUF001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Two \t Sum\n", "Two Sum"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202eevil\u202c", "evil"),
        ("e\u0301", "é"),
        ("\ud800", ""),
        ("你好 😀", "你好 😀"),
        *((word, word) for word in JOINED),
        *((word.replace("_", joiner), word.replace("_", "")) for word in LOOSE for joiner in "\u200c\u200d"),
    ],
)
def test_control_characters_and_double_spaces_go(text: str, expected: str) -> None:
    assert shown(text) == expected


BLANK = [
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180f", "\u200b", "\u2800", "\u3164", "\ufe00"),
    *("\ufe0f", "\uffa0", "\U0001d159", "\U000e0100", "\U000e01ef"),
]
KEPT = ["❤\ufe0f", "1\ufe0f\u20e3", "‼\ufe0f", "ぁ", "한국", "क्\u200dष"]


@pytest.mark.parametrize("blank", BLANK)
def test_what_cannot_be_seen_goes(blank: str) -> None:
    assert shown(f"Iv{blank}an {blank}") == "Ivan"
    assert shown(blank) == shown(f"{blank} {blank}") == shown(f"{blank}\u0301") == ""
    assert skeletons(f"Iv{blank}an") == skeletons("Ivan")
    assert f"Iv{blank}an" != visible(f"Iv{blank}an") == f"Iv{blank.encode('unicode_escape').decode()}an"


@pytest.mark.parametrize("text", [*KEPT, *JOINED])
def test_what_shapes_a_sign_stays(text: str) -> None:
    assert shown(text) == visible(text) == text and is_line(text)


@pytest.mark.parametrize("text", ["e_\u0301", "_e_\u0301_", "a_\u0327_\u0301", "❤__\ufe0f"])
def test_what_is_shown_is_shown_as_it_is(text: str) -> None:
    for odd in ("\u200d", "\u3164", "\ufe0f"):
        once = shown(text.replace("_", odd))
        assert shown(once) == once


@pytest.mark.parametrize(
    "odd", ["\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800", "\u200d"]
)
def test_what_ends_or_turns_a_line_is_written_as_an_escape(odd: str) -> None:
    assert visible(f"a{odd}b") == f"a{odd.encode('unicode_escape', 'surrogatepass').decode()}b"
    assert not is_line(f"a{odd}b")


SIGNED = (
    *(
        "AliceMiller",
        "Alice Miller.",
        "Alice_Miller",
        "\u201cAlice Miller\u201d",
        "Alice\u00b7Miller",
        "Alice Miller \u2713",
    ),
    *("Alice Miller \u24d8", "\u13aalice Miller", "\u1d00lice Miller", "Alice-Miller!", "\u24b6lice Miller"),
)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Ivan", "IVAN", True),
        ("Ivan", "lvan", True),
        ("Ivan", "1van", True),
        ("Ivan", "Iván", True),
        ("Ada", "\u0410da", True),
        ("Olga", "\u039flga", True),
        ("Ａｄａ", "Ada", True),  # noqa: RUF001
        ("A  da", "A da", True),
        ("Arne", "Ame", True),
        *(("Alice Miller", other, True) for other in SIGNED),
        ("Interviewer", "Interviewe\u0433", True),
        *(
            ("\u041e\u041b\u0415\u0413", "\u041e\u043b\u0435\u0433", True),
            ("\u04ba", "\u04bb", True),
            ("\u0393\u03a1", "\u03b3\u03c1", True),
        ),
        ("Chen, Wei", "Chen, Li", False),
        ("Ivan", "Ivana", False),
        ("Ada 2", "Ada 3", False),
        ("\U0001f389", "\U0001f38a", False),
        ("Lia", "Ila", False),
        ("की", "कु", False),
        ("한국", "한글", False),
        ("张伟", "张三", False),
    ],
)
def test_names_that_look_alike_are_known(one: str, other: str, alike: bool) -> None:
    assert bool(skeletons(one) & skeletons(other)) is alike


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            ("Ada (you)", "Ada"),
            ("Ada (a) [b]", "Ada"),
            ("(Ada)", "(Ada)"),
            ("Ada (x) B", "Ada (x) B"),
            ("Ada(x)", "Ada"),
        ),
        *((f"Ada {opens}host{closes}", "Ada") for opens, closes in ("\u3010\u3011", "<>", "\u00ab\u00bb", "{}")),
        *(("Ada Lovelace, host", "Ada Lovelace"), ("Lovelace, Ada", "Lovelace, Ada"), ("Ada: host", "Ada")),
        *(("Ada - host", "Ada"), ("Ada \u2014 host (x)", "Ada"), ("Ada | host", "Ada")),
        *(("Jean-Luc", "Jean-Luc"), ("a/b", "a/b"), ("Ada -", "Ada -"), ("O'Neil", "O'Neil")),
    ],
)
def test_what_stands_in_brackets_behind_a_name_is_no_part_of_it(name: str, expected: str) -> None:
    assert bare(name) == expected


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
    ["a", "data.csv", ".hidden", "a..b", "-rf", "two words.txt", "ü.csv", "u\u0308.csv", "漢 😀", "~", "x" * 200,
     *(f"{word}.txt" for word in JOINED)],
)  # fmt: skip
def test_file_names_are_known(text: str) -> None:
    assert is_file_name(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "...", "..data", "a/b", "/", "a\\b", "a\0", "a\nb", "\x7f", "\x9b", "\u202egnp.exe", "a\u200bb",
     "a\u2028b", "\u00a0", "a\u200db", "علی\u200c.txt", "\ud800", "\ue000", "x" * 201, "ü" * 101],
)  # fmt: skip
def test_what_cannot_name_a_file_is_refused(text: str) -> None:
    assert FILE_NAME_BYTES == 200 and not is_file_name(text)
