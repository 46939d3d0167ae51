"""Searches as people type them, in three languages: what each must find, and what it must not."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships, vocabulary
from mediahub.library.models import Tag
from mediahub.library.search import Search
from mediahub.library.search.suggestions import correct
from mediahub.uploads.models import Upload
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)

# By the name that the table calls an image: its fields; "tags" are names of suggested tags.
IMAGES: dict[str, dict[str, Any]] = {
    "cafe": {"title": "Café at the corner", "credit": "Ada Lund"},
    "york": {"title": "New York skyline", "file_name": "IMG-2024.jpg"},
    "yorker": {"title": "New Yorker reading in old York", "file_name": "DSC_1234.jpg", "credit": "York Press"},
    "ete": {"title": "Fête", "file_name": "e\u0301te\u0301_plage.jpg"},
    "ferry": {"title": "Ferry", "caption": "The Queen's e-mail was read on board", "tags": ("Open Sea", "Boat")},
    "ladies": {"title": "Two ladies with a seal", "tags": ("Seal",)},
    "cathedral": {"title": "Cathedral", "file_name": "HarbourAtDawn.jpg", "copyright": "© Getty & Sons"},
    "obrien": {"title": "Portrait", "credit": "Nóra O’Brien", "license": "CC BY-SA 4.0"},
    "covid": {"title": "COVID-19 ward: 50% full", "caption": "C++ and foo:bar on http://example.org/a_b"},
    "coffee": {"title": "☕ Morning 👩‍🌾", "alt_text": "A ½ cup — “hot”"},
    "strasse": {"title": "Große Straße in Köln", "credit": "Jörg Müller"},
    "haus": {"title": "Haus am See", "tags": ("Gebäude",)},
    "hafen": {"title": "Hafenrundfahrt im Überseehafen", "caption": "Süßes Gebäck für die Gäste"},
    "kinder": {"title": "Kind auf der Brücke", "file_name": "Brücke_007.JPG"},
    "baum": {"title": "Baum im Herbst", "file_name": "FUSSBALL2024.png"},
    "mina": {"title": "الميناء القديم", "credit": "أحمد الزهراني"},
    "madrasa": {"title": "مَدْرَسَة في القاهرة", "caption": "صورة رقم ٩٨٧٦٥"},
    "germany": {"title": "وزير ألمانيا", "tags": ("سياسة",)},
    "quran": {"title": "كتـــاب على المكتبة", "file_name": "مكتبة_عامة.jpg"},
    "tokyo": {"title": "東京タワー", "caption": "夜の東京"},
    "kyoto": {"title": "京都の東", "file_name": "ﾊﾟﾝ.jpg"},
    "seoul": {"title": "서울타워 야경"},
}

# As typed: what is found, in any order. What is not named must not be found.
TYPED: list[tuple[str, str]] = [
    # English
    ("cafe", "cafe"),
    ("CAFÉ", "cafe"),
    ("corner café", "cafe"),
    ('"new york"', "york"),
    ("“New York”", "york"),
    ("new york", "york yorker"),
    ('"york new"', ""),
    ("york -skyline", "yorker"),
    ('york -"new york"', "yorker"),
    ("-york tag:seal", "ladies"),
    ("sky", "york"),
    ("line", ""),
    ("1234", "yorker"),
    ("dsc_1234", "yorker"),
    ("DSC1234", "yorker"),
    ("img 2024", "york"),
    ("2024", "york baum"),
    ("file:2024", "york baum"),
    ("file:york", ""),
    ("harbour dawn", "cathedral"),
    ("harbouratdawn", "cathedral"),
    ("credit:lund", "cafe"),
    ("credit: lund", "cafe"),
    ("credit:york", "yorker"),
    ("credit:getty", ""),
    ("getty", "cathedral"),
    ('credit:"ada lund"', "cafe"),
    ("tag:sea", "ferry ladies"),
    ('tag:"open sea"', "ferry"),
    ("tag:vessel", "ferry"),
    ("tag:ferry", ""),
    ("-tag:boat sea", "ladies"),
    ("by:bob fête", "ete"),
    ("by:ada", ""),
    ("o'brien", "obrien"),
    ("obrien", "obrien"),
    ("email", "ferry"),
    ("e-mail", "ferry"),
    ("queens", "ferry"),
    ("covid19", "covid"),
    ("foo:bar", "covid"),
    ("http://example.org/a_b", "covid"),
    ("☕", "coffee"),
    ("👩‍🌾", "coffee"),
    # German
    ("grosse strasse", "strasse"),
    ("STRASSE", "strasse"),
    ("koln", "strasse"),
    ("muller", "strasse"),
    ("Gebäude", "haus"),
    ("gebäude -haus", ""),
    ("susses geback", "hafen"),
    ("hafen", "hafen"),
    ("bru\u0308cke 007", "kinder"),
    ("fußball", "baum"),
    ("„am See“", "haus"),
    # Arabic
    ("ميناء", "mina"),
    ("الميناء", "mina"),
    ("احمد", "mina"),
    ("credit:الزهرانى", "mina"),
    ("مدرسه", "madrasa"),
    ("98765", "madrasa"),
    ("٩٨٧٦٥", "madrasa"),
    ("القاهره مدرسة", "madrasa"),
    ("المانيا", "germany"),
    ("tag:سياسه", "germany"),
    ("كتاب", "quran"),
    ("file:مكتبة", "quran"),
    # Scripts without spaces
    ("東京", "tokyo"),
    ("タワー", "tokyo"),
    ("京都", "kyoto"),
    ("パン", "kyoto"),
    ("서울", "seoul"),
]

# As typed, where nothing is found: what is shown instead, and what that finds.
CORRECTED = [
    ("harbuor", "harbour", "cathedral"),
    ("skyilne", "skyline", "york"),
    ("cathedrall", "cathedral", "cathedral"),
    ("cafés", "cafe", "cafe"),
    ("lady", "ladies", "ladies"),
    ("tag:seals", "tag:seal", "ladies"),
    ("mueller", "muller", "strasse"),
    ("häuser", "haus", "haus"),
    ("bäume herbst", "baum herbst", "baum"),
    ("مدرسات", "مدرسه", "madrasa"),
]


@pytest.fixture
def library(chief: User) -> dict[Any, str]:
    """Provide the images, by id."""
    names: dict[Any, str] = {}
    for name, fields in IMAGES.items():
        tags, others = fields.get("tags", ()), {key: value for key, value in fields.items() if key != "tags"}
        others.setdefault("file_name", f"{len(names)}.x")
        new_image = image_with_tags(*tags, **{"license": "", **others})
        names[new_image.pk] = name
    vocabulary.set_synonyms(chief, Tag.objects.get(name="Boat"), ["Vessel"])
    bob = User.objects.create_user("bob", first_name="Bob")
    pk = next(pk for pk, name in names.items() if name == "ete")
    Upload.objects.create(file_name="a.jpg", bucket="b", key="k", uploaded_by=bob, image_id=pk)
    return names


def search(typed: str) -> Search:
    asked = QueryDict(mutable=True)
    asked["q"] = typed
    return Search.parse(asked)


def test_searches_as_people_type_them(chief: User, library: dict[Any, str]) -> None:
    wrong = {}
    for typed, names in TYPED:
        answer = sorted(library[new_image.pk] for new_image in search(typed).images(chief))
        if answer != sorted(names.split()):
            wrong[typed] = answer
    assert len(TYPED) >= 60
    assert wrong == {}


@pytest.mark.parametrize("are_many", [False, True])
def test_each_way_to_ask_finds_the_same(chief: User, library: dict[Any, str], *, are_many: bool) -> None:
    """Whether the matches are few or many, and whether the index is asked before the images or together with them."""
    wrong = {}
    for typed, names in TYPED:
        asked = search(typed)
        images = asked.images(chief, are_many=are_many)
        assert asked.count(chief) == images.count()
        if asked.looked_for:
            candidates, are_all = asked.list_candidates()
            assert are_all
            assert set(asked.images(chief, candidates=candidates)) == set(images)
            images = images.filter(search_entry__in=candidates)
        answer = sorted(library[new_image.pk] for new_image in images)
        if answer != sorted(names.split()):
            wrong[typed] = answer
    assert wrong == {}


def test_a_second_try_corrects_singular_plural_and_one_slip(chief: User, library: dict[Any, str]) -> None:
    wrong = {}
    for typed, words, name in CORRECTED:
        assert not search(typed).images(chief).exists(), typed
        corrected = correct(search(typed), chief)
        answer = corrected and (corrected.q, [library[new_image.pk] for new_image in corrected.images(chief)])
        if answer != (words, [name]):
            wrong[typed] = answer
    assert wrong == {}


@pytest.mark.parametrize("typed", ["zzzzzz", "ski", '"harbuor"', "york 99", "-harbuor", "!!!", "😀"])
def test_what_cannot_be_meant_is_not_corrected(chief: User, library: dict[Any, str], typed: str) -> None:
    assert correct(search(typed), chief) is None


def test_no_word_of_a_hidden_image_is_proposed(chief: User, editor: User, db: Any) -> None:
    hidden = image(title="Takeover")
    closed = collections.create(ChangeSet(None), "Deals", None, groups=[Group.objects.create(name="Legal")])
    memberships.add_images(ChangeSet(None), [hidden], closed)
    image(title="Takeoverland")
    corrected = correct(search("takeovre"), chief)
    assert corrected
    assert corrected.q == "takeover"
    assert correct(search("takeovre"), editor) is None
