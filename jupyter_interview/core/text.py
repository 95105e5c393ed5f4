"""How is text that people wrote made fit to be stored and shown, and what is it?"""

# ruff: noqa: RUF001  # letters that look like others are what this is about

from __future__ import annotations

import re
import unicodedata

EMAIL_CHARS = 254
FILE_NAME_BYTES = 200
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_JOINERS = frozenset({_ZWNJ, _ZWJ})
_VIRAMA = 9
_EMOJI = "\ufe0f"
_KEYCAP = "\u20e3"
_SKINS = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LINE_ENDS = frozenset({"Zl", "Zp"})
_BLANK = frozenset(
    map(
        chr,
        [
            # Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt) that no category of the above has:
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
            # and what fonts draw as nothing: the empty Braille pattern, a note without a head.
            *(0x2800, 0x1D159),
        ],
    )
)
_INK = frozenset("LNPS")
"""Letters, numbers, punctuation and symbols: a mark alone is not a text."""


def shown(text: str) -> str:
    """One line, composed (NFC), of what can be seen, with single spaces; the empty text where nothing can.

    Control, direction-changing, unassigned and invisible characters go. Joiners stay where they change how a word
    looks, and so does what makes an emoji of a sign. Two texts can look alike all the same: see `skeletons`.
    """
    kept = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in kept if char in _JOINERS or unicodedata.category(char) not in _UNSHOWN)
    kept = _joined(_inked(unicodedata.normalize("NFC", kept)))
    kept = " ".join(unicodedata.normalize("NFC", kept).split())
    return kept if any(unicodedata.category(char)[0] in _INK for char in kept) else ""


def visible(text: str) -> str:
    """A text of others on one line of a terminal: what a terminal obeys, or does not show, is written as an escape.

    All characters can be told from it, and each of those that shape a word stays (`shown`).
    """
    return "".join(
        char if _is_plain(char) or _shapes(text, at) else char.encode("unicode_escape", "surrogatepass").decode()
        for at, char in enumerate(text)
    )


def is_line(text: str) -> bool:
    """Whether a text is one line that no character of it ends, hides or turns round."""
    return not any(
        unicodedata.category(char) in _UNSHOWN | _LINE_ENDS and not _shapes(text, at) for at, char in enumerate(text)
    )


_ALIKE = str.maketrans(
    # Cyrillic, Greek, Cherokee and small capitals that fonts draw as Latin letters. Not all of UTS #39: nothing here
    # brings its tables.
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝгкмт"
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρυαικ"
    "ᎪᏴᏟᎬᎻᎫᏦᏞᎷᏢᏒᏚᎢᏙᏔᏃ"
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ"
    "\u04c0\u04cf\u0131\u03c2\u03f2\u0251\u0261\ua7fe",
    "ABESIJKMHOPCTYXaesijopcyxhdqwrkmtABEZHIKMNOPTYXovpuaikABCEHJKLMPRSTVWZabcdefghijklmnoprstuvwyzlliccagI",
)
_STROKES = str.maketrans("I1|0", "lllo")
_OPENS, _CLOSES = "([{<⟨⟦⟪«‹〈《「『【〔〖〘〚❨❪❬❮❰❲❴", ")]}>⟩⟧⟫»›〉》」』】〕〗〙〛❩❫❭❯❱❳❵"
_BEHIND = re.compile(
    # In brackets, or behind a colon, a dash and the like.
    rf"(?<=\S)\s*[{re.escape(_OPENS)}][^{re.escape(_OPENS + _CLOSES)}]*[{re.escape(_CLOSES)}]\s*\Z"
    r"|(?<=\S)(?:\s*[:;|•]|\s+[-–—―·/~])\s+\S.*\Z"
)


def skeletons(name: str) -> frozenset[str]:
    """By what names are compared: two that have one of these in common look alike.

    Forms, letter case, accents, spaces, signs, and letters of other scripts that look the same do not count. Source:
    UTS #39, section 4, with a table of the common letters only.
    """
    # A letter in a circle is a letter to one reader and a sign to another.
    unsigned = "".join(char for char in name if unicodedata.category(char) != "So") or name
    return frozenset(form for text in (name, unsigned) for form in _forms(text))


def _forms(name: str) -> tuple[str, str]:
    """Once as people read it, where case does not count, and once as it looks, where a capital I is an l."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(char for char in plain if not _is_mark(char)).translate(_ALIKE)
    # Again where only the small letter, or only the capital, looks like a Latin one.
    read, seen = (text.casefold().translate(_ALIKE).casefold() for text in (plain, plain.translate(_STROKES)))
    seen = seen.replace("rn", "m")
    return _letters(unicodedata.normalize("NFKC", read)), _letters(unicodedata.normalize("NFKC", seen))


def _letters(text: str) -> str:
    """What of a text is letters and digits; all of it where nothing is."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LNM") or " ".join(text.split())


def bare(name: str) -> str:
    """A name without what stands behind it, in brackets of whatever form, or after a colon, a dash and the like: that
    says who one is, and is not part of how one is called.
    """
    name = unicodedata.normalize("NFKC", name)
    while (shorter := _BEHIND.sub("", name)) != name:
        name = shorter
    head, comma, _ = name.partition(",")
    # "Lovelace, Ada" is a name; in "Ada Lovelace, host" the name is over.
    return head if comma and len(head.split()) > 1 else name


def _is_mark(char: str) -> bool:
    """Whether a character is an accent, goes around another, or is not seen."""
    category = unicodedata.category(char)
    return bool(unicodedata.combining(char)) or category in _UNSHOWN or category == "Me" or char in _BLANK


def _is_plain(char: str) -> bool:
    return unicodedata.category(char) not in _UNSHOWN | _LINE_ENDS and char not in _BLANK


def _shapes(text: str, at: int) -> bool:
    """Whether a character that is not seen changes how its neighbours look."""
    return (text[at] in _JOINERS and _joins(text, at)) or (text[at] == _EMOJI and _is_emoji(text, at))


def _inked(text: str) -> str:
    return "".join(char for at, char in enumerate(text) if char not in _BLANK or _shapes(text, at))


def _is_emoji(text: str, at: int) -> bool:
    """Whether the selector of emoji follows a sign. Source: UTS #51, emoji presentation sequence and keycaps."""
    if at == 0:
        return False
    before = text[at - 1]
    keycap = text[at + 1 : at + 2] == _KEYCAP
    return (unicodedata.category(before) in ("So", "Sm") or before in "‼⁉〰" or keycap) and before not in _BLANK


def _joined(text: str) -> str:
    return "".join(char for at, char in enumerate(text) if char not in _JOINERS or _joins(text, at))


def _joins(text: str, at: int) -> bool:
    """Whether a joiner has a meaning where it stands.

    Source: RFC 5892, appendix A.1 and A.2 (after a virama, between Arabic letters); UTS #51, 1.4.3 (between emoji).
    """
    if not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if unicodedata.combining(before) == _VIRAMA:
        return after not in _JOINERS
    if text[at] == _ZWJ and unicodedata.category(after) == "So":
        return unicodedata.category(before) == "So" or before == _EMOJI or before in _SKINS
    return unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


def with_line_feeds(text: str) -> str:
    """Lines that end as everywhere else in a notebook: an editor shows each of the three ends as one, and counts so."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_email(text: str) -> bool:
    """Whether a text has the form of an email address: printable, with something on both sides of an ``@``.

    It may have `EMAIL_CHARS` characters (RFC 5321, 4.5.3.1.3).
    """
    local, at, domain = text.rpartition("@")
    visible = text.isprintable() and not any(char.isspace() for char in text)
    return bool(local and at and domain) and visible and len(text) <= EMAIL_CHARS


def is_file_name(text: str) -> bool:
    """Whether a text can name a file in a directory of its own, leads nowhere else, and shows all that is in it.

    It may have `FILE_NAME_BYTES` bytes of UTF-8, no slashes of either kind, no ``..`` at its beginning, and of white
    space the space alone.
    """
    visible = "".join(char for char in text if char not in _JOINERS)
    plain = visible.isprintable() and not text.startswith("..") and not any(char in "/\\" for char in text)
    plain = plain and _joined(text) == text
    return plain and text not in ("", ".") and len(text.encode()) <= FILE_NAME_BYTES
