"""Every string goes through gettext, and every catalogue says all of them."""

import gettext
import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format

from tests import messages
from tests.messages import PLURALS, ROOT, as_mo, as_po, catalogue, entries, folder, key, lacking, said, strings, words

PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%\{\w+\}|%%")
# Names of programs and formats, and what stands on a key, are the same in every language.
NAMES = {"MediaHub", "px"}
# What of a template is no text: classes, strings that do go through gettext, comments, tags and values.
TAGS = re.compile(
    r"{% block bodyclass %}.*?{% endblock bodyclass %}|{% blocktranslate.*?{% endblocktranslate %}"
    r"|{#.*?#}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LANGUAGES = sorted(PLURALS)


def places(text: str) -> set[str]:
    return set(PLACES.findall(text))


def misplaced(message: Message) -> bool:
    """Return whether a form of the translation fills in something else; one for a single number need not name it."""
    wanted = places(words(message)[-1])
    several = len(words(message)) > 1
    counted = {"%(n)d", "%(n)s", "{n}"} if several else set()
    return any(places(form) - wanted or wanted - counted - places(form) for form in said(message))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_each_string_of_the_source_and_no_other(language: str) -> None:
    assert {key(one) for one in entries(catalogue(language))} == {key(one) for one in entries(strings())}
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated_in_all_forms(language: str) -> None:
    catalog = catalogue(language)
    assert [words(one) for one in lacking(catalog)] == []
    assert not any(one.fuzzy for one in entries(catalog))
    assert catalog.num_plurals == {"de": 2, "ar": 6}[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_what_the_string_does(language: str) -> None:
    assert [words(one) for one in entries(catalogue(language)) if misplaced(one)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_site_reads_what_translators_wrote(language: str) -> None:
    path = folder(language) / "django.mo"
    translations = gettext.GNUTranslations(BytesIO(path.read_bytes()))
    assert translations._catalog == gettext.GNUTranslations(BytesIO(as_mo(catalogue(language))))._catalog  # type: ignore[attr-defined]
    assert (folder(language) / "django.po").read_bytes() == as_po(messages.updated(language, strings()), language)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_passes_by_gettext(path: Path) -> None:
    text = TAGS.sub("", path.read_text())
    shown = re.findall(r"\b(?:alt|title|placeholder|aria-label|label)=\"([^\"]*)\"", text)
    shown += re.findall(r">([^<]+)<", f">{text}<")
    texts = {part.strip() for part in shown} - NAMES
    assert [part for part in texts if re.search(r"[^\W\d_]{2}", re.sub(r"&\w+;", "", part))] == []


def test_dates_and_numbers_are_written_as_the_language_does() -> None:
    moment = datetime(2026, 11, 3, 14, 5)
    with translation.override("de"):
        assert date_format(moment, "DATETIME_FORMAT") == "3. November 2026 14:05"
    with translation.override("ar"):
        assert date_format(moment, "DATETIME_FORMAT") == "3 نوفمبر 2026، 2:05 م"


def test_before_the_sign_in_the_browser_decides(db: None) -> None:
    for asked, shown in (("ar", ("ar", "rtl")), ("de-CH, en;q=0.5", ("de", "ltr")), ("fr", ("en", "ltr"))):
        page = Client(headers={"Accept-Language": asked}).get("/admin/login/").content.decode()
        assert re.search(r'<html lang="([a-z-]+)" dir="(\w+)"', page).groups() == shown  # type: ignore[union-attr]
