"""The interface keeps its plain words: sentences that were replaced stand nowhere."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.messages import ROOT

# What the interface said before → what it says now. Templates and catalogs break long sentences over lines.
REPLACED = {
    "Drop pictures, and watch them become images.": "Add photos to the library",
    "nothing waits for you": "All clear",
    "still on the way": "in progress",
    "Just in": "Recently added",
    "What became of them": "Your uploads",
    "There already, and held back": "are already in the library",
    "Send all of them anyway": "Upload anyway",
    "Leave all of them out": "Skip all",
    "could not be brought back whole": "couldn't be restored",
    "All of this image": "Open full record",
    "Take back the last act": "Undo",
    "Make renditions anew": "Regenerate renditions",
    "Same file twice": "Exact duplicates",
    "Looks like another": "Similar images",
    "nothing: at the top": "None (top level)",
    "took down, as the rights ended": "(rights expired)",
    "To take along": "Downloads",
    "They are not the same": "Keep all",
    "95 of 100 within": "95th percentile",
    "Who cannot see a picture reads its alt text": "Screen readers read alt text aloud",
}
# Single words are looked for as a whole string of the interface.
REPLACED_LABELS = {
    "Work": "Background jobs",
    "Checks": "Consistency checks",
    "Words": "Details",
    "take away": "Remove",
    "Lies in": "Parent",
    "Make": "Create",
}
BRITISH = re.compile(r"\b(?:licen[c]e\w*|colou[r]\w*|labell[e]\w*|cancell[e]d|centr[e]|gr[e]y)\b", re.I)


@cache
def texts() -> list[tuple[str, str]]:
    """Return the name and the text of each file that a person reads, with line breaks taken for spaces."""
    patterns = ("mediahub/**/*.py", "mediahub/**/*.po", "processing/**/*.py", "templates/**/*.html", "docs/**/*.md")
    paths = [path for pattern in patterns for path in ROOT.glob(pattern)]
    paths += [path for path in (ROOT / "mediahub").rglob("*.js") if not {"node_modules", "upload"} & set(path.parts)]
    read = [path for path in [*paths, *ROOT.glob("*.md")] if path.name != "CHANGELOG.md"]
    return [(path.relative_to(ROOT).as_posix(), joined(path)) for path in read]


def joined(path: Path) -> str:
    """Return the text with the parts of a string on several lines put together."""
    text = re.sub(r"\"\s*\n\s*\"", "", path.read_text())
    return re.sub(r"\s+", " ", text)


def msgids() -> set[str]:
    """Return the English strings of the interface."""
    text = re.sub(r"\"\n\"", "", (ROOT / "mediahub/locale/de/LC_MESSAGES/django.po").read_text())
    return set(re.findall(r"^msgid(?:_plural)? \"(.+)\"$", text, re.M))


@pytest.mark.parametrize("old", REPLACED)
def test_a_replaced_sentence_stands_nowhere(old: str) -> None:
    assert [name for name, text in texts() if old in text] == []


@pytest.mark.parametrize("old", REPLACED_LABELS)
def test_a_replaced_label_is_no_string_of_the_interface(old: str) -> None:
    assert old not in msgids()


@pytest.mark.parametrize("new", sorted({*REPLACED.values(), *REPLACED_LABELS.values()}))
def test_the_interface_says_it_in_plain_words(new: str) -> None:
    assert any(new in string for string in msgids())


def test_the_interface_is_spelled_in_american_english() -> None:
    assert sorted(string for string in msgids() if BRITISH.search(string)) == []
