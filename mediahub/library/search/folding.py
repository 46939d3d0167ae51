"""Texts as they are searched: without case, accents and other differences that people do not type, cut into words."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

# Stands between two fields or two names in one text, so that no phrase is found across them. No word holds it.
BOUNDARY = "¦"
LONGEST_WORD = 60
LONGEST_KEY = 200

# Accents, the points and vowel signs of Hebrew and Arabic with the tatweel, what has no width, variation selectors,
# and the skin colors of emoji. The signs of Indic scripts and the dakuten of Japanese make other letters: they stay.
_STRIPPED = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2069\u20d0-\u20ff\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
# Letters that Unicode does not decompose, and the forms of Arabic letters that are typed for one another.
_ALIKE = str.maketrans(
    {
        **{"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t"},
        **{"ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه"},
    }
)
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_ASCII_WORD = re.compile(r"[a-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ])")
# An apostrophe or hyphen within a word, which many leave out.
_JOINT = re.compile(r"(?<=[^\W\d_])['’ʼ`\-‐‑](?=[^\W\d_])")
# Scripts without spaces between words: each character is a word, and several are found as a phrase.
_SPACELESS = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3031, 0x3035)),
    *((0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
)


def fold(text: str) -> str:
    """Return a text with everything alike that people type for one another.

    NFKC makes a composed character of what a Mac writes as two; case folding makes "ss" of "ß". Source: "Unicode
    Normalization Forms", Unicode Standard Annex 15.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFC", _STRIPPED.sub("", decomposed)).translate(_ALIKE)
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), plain)


def split_words(text: str) -> list[str]:
    """Return the words of a text, folded: runs of letters, runs of digits, and single signs such as emoji."""
    folded = fold(text)
    if folded.isascii():
        return [word[:LONGEST_WORD] for word in _ASCII_WORD.findall(folded)]
    words: list[str] = []
    for kind, characters in groupby(folded, _classify):
        run = "".join(characters)
        if kind in ("letter", "digit"):
            words.append(run[:LONGEST_WORD])
        elif kind == "sign":
            words.extend(run)
    return words


def join_words(texts: Iterable[str], most: int, *, is_file_name: bool = False) -> str:
    """Return the words of several texts as one text, at most so many words; `most` bounds what the index holds.

    File names are split at capital letters as well. What is written with an apostrophe, a hyphen or capitals within
    stands there a second time as one word.
    """
    parts: list[str] = []
    for text in texts:
        pieces = _CAMEL.sub(" ", text) if is_file_name else text
        words = split_words(pieces)
        joined = [word for word in split_words(_JOINT.sub("", text)) if word not in words]
        for part in (words, joined):
            if part:
                parts += [BOUNDARY, *part] if parts else part
    return " ".join(parts[:most])


def list_spellings(text: str) -> list[list[str]]:
    """Return the words of a typed text, and again without the apostrophes and hyphens in it where it has any."""
    spellings = [split_words(text), split_words(_JOINT.sub("", text))]
    return spellings[:1] if spellings[0] == spellings[1] else spellings


def build_sort_key(text: str) -> str:
    """Return what a text is sorted by: its words, numbers by their value."""
    words = (word.lstrip("0").rjust(12, "0") if word.isdigit() else word for word in split_words(text))
    return " ".join(words)[:LONGEST_KEY] or text[:LONGEST_KEY]


@lru_cache(maxsize=8192)
def _classify(character: str) -> str:
    category = unicodedata.category(character)
    if any(first <= ord(character) <= last for first, last in _SPACELESS) and category[0] in "LNM":
        return "sign"
    if category[0] == "L" or category in ("Mn", "Mc"):
        return "letter"
    if category[0] == "N":
        return "digit"
    return "sign" if category in ("So", "Sm", "Sc") and not character.isascii() and character != BOUNDARY else "space"
