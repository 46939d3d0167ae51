"""The catalogues: `make messages` brings the strings of the source into them, and says which nobody has translated.

Files are written so that the same strings give the same bytes: sorted, without dates and places.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "mediahub" / "locale"
# The language → how it counts, as Django's own catalogues have it.
PLURALS = {
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5;",
    "de": "nplurals=2; plural=(n != 1);",
}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "ngettext_noop"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
Key = tuple[str | None, str | tuple[str, ...]]


def sources() -> Iterator[Path]:
    """Yield the files whose strings editors read."""
    for path in sorted((ROOT / "mediahub").rglob("*.py")):
        if not {"migrations", "node_modules", "local"} & set(path.parts[len(ROOT.parts) :]):
            yield path
    yield ROOT / "processing" / "sentences.py"
    yield from sorted((ROOT / "templates").rglob("*.html"))


def strings() -> Catalog:
    """All strings of the source, none of them translated."""
    catalog = Catalog()
    for path in sources():
        text = path.read_text()
        if path.suffix == ".html":
            # Not Python, but what its tokenizer reads once no line is indented.
            text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
        for _line, says, _notes, context in extract("python", BytesIO(text.encode()), KEYWORDS):
            if says:
                catalog.add(says, context=context)
    return catalog


def catalogue(language: str) -> Catalog:
    """Return a language's catalogue as it is written down; empty where there is none."""
    path = folder(language) / "django.po"
    catalog = read_po(BytesIO(path.read_bytes()), locale=language) if path.is_file() else Catalog(locale=language)
    # The header says how the language counts; read back, Babel takes that instead of its own.
    catalog.mime_headers = [("Plural-Forms", PLURALS[language])]
    return catalog


def folder(language: str) -> Path:
    """Where a language's files lie."""
    return LOCALE / language / "LC_MESSAGES"


def updated(language: str, wanted: Catalog) -> Catalog:
    """Return the catalogue of exactly the wanted strings, with the translations that are there."""
    catalog, fresh = catalogue(language), Catalog(locale=language)
    fresh.mime_headers = [("Plural-Forms", PLURALS[language])]
    for message in sorted(entries(wanted), key=lambda one: (key(one)[0] or "", words(one))):
        known = catalog.get(message.id, message.context)
        fresh.add(message.id, known.string if known else "", context=message.context)
    return fresh


def entries(catalog: Catalog) -> list[Message]:
    """Return the messages of a catalogue, without its header."""
    return [message for message in catalog if message.id]


def key(message: Message) -> Key:
    """Return what makes a message the one it is."""
    return message.context, message.id if isinstance(message.id, str) else tuple(message.id)


def words(message: Message) -> tuple[str, ...]:
    """Return the message in English, with its plural when it has one."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def said(message: Message) -> tuple[str, ...]:
    """All forms of the translation."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def lacking(catalog: Catalog) -> list[Message]:
    """Return the messages that have no translation, or not in every form."""
    forms = {False: 1, True: catalog.num_plurals}
    return [one for one in entries(catalog) if not all(said(one)) or len(said(one)) != forms[len(words(one)) > 1]]


def as_po(catalog: Catalog, language: str) -> bytes:
    """Return the catalogue as a text for translators."""
    out = BytesIO()
    write_po(out, catalog, no_location=True, omit_header=True, width=120)
    # Whether a text is a Python format is seen from the text; Babel's guess changes with its versions.
    body = re.sub(rb"^#, .*\n", b"", out.getvalue(), flags=re.M)
    header = ("Content-Type: text/plain; charset=UTF-8", f"Language: {language}", f"Plural-Forms: {PLURALS[language]}")
    lines = "".join(f'"{line}\\n"\n' for line in header)
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + body


def as_mo(catalog: Catalog) -> bytes:
    """Return the catalogue as the site reads it."""
    catalog.creation_date = catalog.revision_date = LONG_AGO
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main() -> int:
    """Write both files of each language; 1 while something has no translation."""
    wanted, open_ones = strings(), 0
    for language in PLURALS:
        catalog = updated(language, wanted)
        folder(language).mkdir(parents=True, exist_ok=True)
        (folder(language) / "django.po").write_bytes(as_po(catalog, language))
        (folder(language) / "django.mo").write_bytes(as_mo(catalog))
        missing = lacking(catalog)
        open_ones += len(missing)
        for message in missing:
            print(f"{language}: {' | '.join(words(message))}")
        print(f"{language}: {len(entries(catalog))} strings, {len(missing)} without a translation")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
