"""Check that answers of the site hold a naughty string as text, and nothing that a browser or a program acts on."""

import csv
import json
import unicodedata
from html.parser import HTMLParser
from io import StringIO
from typing import Any

from tests.naughty import COMPUTED, MARK

ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "srcset", "cite", "xlink:href")
SCHEMES = ("javascript:", "vbscript:", "data:text/html")
# Elements whose content is no text to a browser.
CODE = ("script", "style")


class PageReader(HTMLParser):
    """Reads a page as a browser does, and collects what of it is of a naughty string and no text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.raw: list[str] = []
        self._code = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code = tag if tag in CODE and ("type", "application/json") not in attrs else ""
        if MARK in tag:
            self.raw.append(f"tag <{tag}>")
        for name, value in attrs:
            address = "".join((value or "").split()).casefold()
            if MARK in name or name.startswith("on"):
                self.raw.append(f"attribute {name} of <{tag}>")
            if name in ADDRESSES and address.startswith(SCHEMES):
                self.raw.append(f"{name} of <{tag}> begins with {address[:15]}")

    def handle_endtag(self, tag: str) -> None:
        self._code = ""
        if MARK in tag:
            self.raw.append(f"end of <{tag}>")

    def handle_data(self, data: str) -> None:
        if self._code and MARK in data:
            self.raw.append(f"{self._code} {data[:60]!r}")

    def handle_comment(self, data: str) -> None:
        self._note(data)

    def handle_decl(self, decl: str) -> None:
        self._note(decl)

    def handle_pi(self, data: str) -> None:
        self._note(data)

    def unknown_decl(self, data: str) -> None:
        self._note(data)

    def _note(self, data: str) -> None:
        if MARK in data:
            self.raw.append(f"markup {data[:60]!r}")


def find_raw(answer: Any) -> list[str]:
    """Return what an answer holds of naughty strings that is not text; of a table, of JSON, of a page, of headers."""
    text = answer.getvalue().decode()
    kind = answer.get("Content-Type", "")
    raw = [f"header {name}" for name, value in answer.items() if not value.isprintable()]
    if answer.status_code >= 500:
        raw.append(f"status {answer.status_code}")
    if COMPUTED in text:
        raw.append("a computed number")
    if "\0" in text:
        raw.append("NUL")
    if answer.get("X-Content-Type-Options") != "nosniff":
        raw.append("no nosniff")
    if "html" in kind:
        reader = PageReader()
        reader.feed(text)
        reader.close()
        return raw + reader.raw
    if kind.startswith("text/csv"):
        return raw + _find_formulas(text)
    if kind.startswith("application/jsonl"):
        for line in text.split("\n"):
            json.loads(line or "{}")
    elif "json" in kind:
        json.loads(text)
    return raw


def _find_formulas(text: str) -> list[str]:
    head, *rows = csv.reader(StringIO(text, newline=""))
    raw = [f"row of {len(row)} cells" for row in rows if len(row) != len(head)]
    for cell in (cell for row in rows for cell in row):
        seen = [sign for sign in unicodedata.normalize("NFKC", cell) if not _is_hidden(sign)]
        if seen and seen[0] in "=+-@":
            raw.append(f"cell {cell[:40]!r}")
    return raw


def _is_hidden(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")
