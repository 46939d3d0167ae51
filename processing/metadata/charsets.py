"""The bytes of a text whose encoding nobody is sure of → text, or nothing: half a word is worse than none.

Texts of EXIF before its version 3 and of IPTC-IIM are written in UTF-8, in Windows-1252, which contains Latin-1, or in
whatever the writer's computer used. Nearly all bytes that are no UTF-8 are some text in Windows-1252, so that how the
text looks decides: whether letters, capitals and signs stand where European writing has them.
"""

import re
import unicodedata
from collections.abc import Mapping

# Escape sequences of ISO 2022 in dataset 1:90, which name the encoding of record 2. Source: "IPTC - NAA Information
# Interchange Model", version 4.2, and the ISO International Register of Coded Character Sets.
UTF8 = b"\x1b%G"
_LATIN_1 = (b"\x1b.A", b"\x1b-A")
_NAMED: Mapping[bytes, str] = {
    b"\x1b-B": "iso8859-2",
    b"\x1b-C": "iso8859-3",
    b"\x1b-D": "iso8859-4",
    b"\x1b-L": "iso8859-5",
    b"\x1b-G": "iso8859-6",
    b"\x1b-F": "iso8859-7",
    b"\x1b-H": "iso8859-8",
    b"\x1b-M": "iso8859-9",
    b"\x1b-V": "iso8859-10",
    b"\x1b-T": "iso8859-11",
    b"\x1b-Y": "iso8859-13",
    b"\x1b-b": "iso8859-15",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$)A": "gb2312",
    b"\x1b$)C": "euc_kr",
}
# Whatever texts of files are decoded with: Python loads an encoding when it is first used.
ENCODINGS = (*_NAMED.values(), "cp1252", "latin-1", "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
_LETTER = r"[^\W\d_]"
# Signs that stand alone or at the edge of a word, never between two letters.
_INNER_SIGN = re.compile(rf"(?<={_LETTER})(?:[^\w\s\x00-\x7f‘’–—·´…\xad]|[¹²³¼½¾])(?={_LETTER})")
# Marks without the letter that they belong to, closing signs at the beginning of a word, opening ones at its end.
_STRAY = re.compile(rf"[ˆ˜¨¯¸]|[£€¥](?={_LETTER})|{_LETTER}[¿¡‚„†‡](?!\d)|[^\w\s\x00-\x7f’‘“”„«»–—…]{{2}}")
# A dash or an apostrophe where a letter was meant: what is left behind it is no word, and no ending of English.
_LOST_LETTER = re.compile(rf"{_LETTER}{{2}}–{_LETTER}(?!\w)|{_LETTER}{{3}}(?<!qu)’(?![stdm]\b){_LETTER}(?!\w)")
_OPENING_AT_END = re.compile(rf"{_LETTER}(?:‘(?!{_LETTER})|“)")
_FOREIGN_RUN = 3


def decode_text(raw: bytes, encoding: bytes = b"") -> str:
    """Return the text of bytes; raise ValueError where they fit no encoding that is known for them.

    UTF-8 comes first. Then comes an encoding that the file names, unless it is Latin-1, and Windows-1252 last.

    Args:
        raw: The text, whose ends may be filled with NULs.
        encoding: The escape sequences of dataset 1:90; empty where the format has none.
    """
    raw = raw.strip(b"\0")
    names = [name for escape, name in _NAMED.items() if escape in encoding]
    if names and b"\x1b" in raw:
        # Encodings of Japanese mail switch by such sequences, and are ASCII to any other reader.
        return raw.decode(names[0])
    try:
        return _decode_utf8(raw, is_declared=UTF8 in encoding)
    except UnicodeDecodeError:
        pass
    if names and not any(escape in encoding for escape in _LATIN_1):
        return raw.decode(names[0])
    text = raw.decode("cp1252")
    if not looks_western(text):
        raise ValueError("The bytes are no text in Windows-1252.")
    return text


def _decode_utf8(raw: bytes, *, is_declared: bool) -> str:
    """Decode UTF-8, whose last character a writer may have cut at the length that IPTC-IIM allows."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data" and len(raw) - error.start < 4
        beginning = raw[: error.start]
        if is_cut and (is_declared or not beginning.isascii()):
            return beginning.decode("utf-8")
        raise


def looks_western(text: str) -> bool:
    """Return whether a text that was decoded as Windows-1252 looks like one."""
    if any(unicodedata.category(character) == "Cc" and not character.isspace() for character in text):
        return False
    if any(pattern.search(text) for pattern in (_INNER_SIGN, _STRAY, _LOST_LETTER)):
        return False
    if _OPENING_AT_END.search(text) and not re.search("[‚„]", text):
        return False
    words = "".join(character if character.isalpha() else " " for character in text).split()
    letters = "".join(words)
    foreign = sum(not letter.isascii() for letter in letters)
    return all(map(_is_western_word, words)) and foreign * 3 <= max(len(letters), 2) * 2


def _is_western_word(word: str) -> bool:
    """Return whether capitals stand at the word's beginning or all over, and not only accented letters follow."""
    rest = word[1:]
    has_inner_capital = any(letter.isupper() and not letter.isascii() for letter in rest)
    if has_inner_capital and not word.isupper():
        return False
    run = 0
    for letter in word:
        run = 0 if letter.isascii() else run + 1
        if run == _FOREIGN_RUN:
            return False
    return True
