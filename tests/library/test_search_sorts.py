"""The orders of the library: each is the same on both databases, and its pages follow one another whatever changes."""

from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.http import QueryDict
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships
from mediahub.library.models import Image, SearchEntry, Tag, Tagging
from mediahub.library.search import Search, index
from mediahub.library.search.folding import LONGEST_WORD
from mediahub.library.search.schema import MOST_WORDS
from mediahub.library.search.sorts import SORTS, list_page
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db


def pages(user: User, query: str, most: int = 2) -> list[str]:
    """Return the titles of all pages, one after the other."""
    search = Search.parse(QueryDict(query))
    titles, after = [], ""
    while True:
        part, after = list_page(search.images(user), search.choose_sort(), search.looked_for, after, most)
        titles += [new_image.title for new_image in part]
        if not after:
            return titles


@pytest.fixture
def five(chief: User) -> None:
    """Five images, of which no two orders are the same; two share a date, and one has none."""
    day = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        ("Boat 10", "b.jpg", 50, day),
        ("boat 9", "IMG_10.jpg", 10, day + timedelta(days=3)),
        ("Äpfel", "IMG_9.jpg", 40, None),
        ("Zebra", "a.jpg", 30, day),
        ("Apfel 2", "c.jpg", 20, day - timedelta(days=900)),
    ]
    for n, (title, file_name, size, taken_at) in enumerate(rows):
        new_image = image(title=title, file_name=file_name, bytes=size, taken_at=taken_at)
        Image.objects.filter(pk=new_image.pk).update(created_at=day + timedelta(hours=n))
    index.update_entries(Image.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("newest", ["Apfel 2", "Zebra", "Äpfel", "boat 9", "Boat 10"]),
        ("title", ["Äpfel", "Apfel 2", "boat 9", "Boat 10", "Zebra"]),
        ("file", ["Zebra", "Boat 10", "Apfel 2", "Äpfel", "boat 9"]),
        ("size", ["Boat 10", "Äpfel", "Zebra", "Apfel 2", "boat 9"]),
    ],
)
@pytest.mark.parametrize("most", [1, 2, 5])
def test_each_order(chief: User, five: None, sort: str, titles: list[str], most: int) -> None:
    assert pages(chief, f"sort={sort}", most) == titles


@pytest.mark.parametrize("most", [1, 2, 3, 9])
def test_images_of_a_tag_or_a_collection_are_listed_once_the_newest_first(chief: User, most: int) -> None:
    images = [image_with_tags("Sea", *(["Fog"] if n % 2 else []), title=f"Sea {n}") for n in range(6)]
    image(title="Neither")
    # Two came at the same moment.
    moments = Image.objects.filter(pk__in=[images[0].pk, images[1].pk])
    Tagging.objects.filter(image__in=moments).update(created_key=images[0].created_at)
    moments.update(created_at=images[0].created_at)
    above = collections.create(ChangeSet(chief), "Above")
    below = collections.create(ChangeSet(chief), "Below", parent=above)
    for place, members in ((above, images[1:4]), (below, images[2:])):
        memberships.add_images(
            ChangeSet(chief), list(Image.objects.filter(pk__in=[each.pk for each in members])), place
        )
    sea, fog = (Tag.objects.get(name=name).pk for name in ("Sea", "Fog"))
    newest = [each.title for each in Image.objects.exclude(title="Neither").order_by("-created_at", "pk")]
    assert pages(chief, f"tag={sea}", most) == newest
    assert pages(chief, f"tag={sea},{fog}", most) == [title for title in newest if int(title[-1]) % 2]
    assert pages(chief, f"any_tag={sea},{fog}", most) == newest
    assert pages(chief, f"any_tag={fog}", most) == pages(chief, f"tag={fog}", most)
    assert pages(chief, f"collection={below.pk}", most) == newest[:4]
    assert set(pages(chief, f"collection={above.pk}", most)) == set(newest) - {"Sea 0"}
    assert pages(chief, f"collection={below.pk}&tag={fog}", most) == ["Sea 5", "Sea 3"]
    Tagging.objects.filter(image__title="Sea 5", tag=sea).update(state=Tagging.State.REJECTED)
    assert pages(chief, f"tag={sea}", most) == newest[1:]
    assert pages(chief, f"any_tag={sea},{fog}", most) == newest


def test_a_closed_collection_is_no_way_to_its_images(chief: User, editor: User) -> None:
    place = collections.create(ChangeSet(chief), "Closed", groups=[Group.objects.create(name="Law")])
    other = collections.create(ChangeSet(chief), "Open")
    for each in (place, other):
        memberships.add_images(ChangeSet(chief), Image.objects.filter(pk=image(title=each.name).pk), each)
    both = image(title="In both")
    for each in (place, other):
        memberships.add_images(ChangeSet(chief), Image.objects.filter(pk=both.pk), each)
    assert pages(chief, f"collection={place.pk}") == ["In both", "Closed"]
    assert pages(editor, f"collection={place.pk}") == []
    assert pages(editor, f"collection={other.pk}") == ["In both", "Open"]


@pytest.mark.parametrize("most", [1, 2, 3, 9])
def test_by_date_taken_those_without_one_come_last_and_equal_ones_once(chief: User, five: None, most: int) -> None:
    titles = pages(chief, "sort=taken", most)
    assert (titles[0], set(titles[1:3]), titles[3:]) == ("boat 9", {"Boat 10", "Zebra"}, ["Apfel 2", "Äpfel"])


@pytest.mark.parametrize("most", [1, 2, 9])
def test_the_best_match_has_the_words_in_its_title_then_in_its_tags(chief: User, most: int) -> None:
    rows: dict[str, dict[str, Any]] = {
        "Elsewhere": {"caption": "A sea"},
        "Seaside": {},
        "The sea": {},
        "Old sea": {},
        "Tagged": {"tags": ("Sea",)},
        "Town": {},
    }
    for title, values in rows.items():
        image_with_tags(*values.pop("tags", ()), title=title, **values)
    wanted = ["Old sea", "The sea", "Seaside", "Tagged", "Elsewhere"]
    assert pages(chief, "q=sea&sort=relevance", most) == wanted
    assert pages(chief, "q=sea+-old&sort=relevance", most) == wanted[1:]
    # Without words nothing matches better.
    assert Search.parse(QueryDict("sort=relevance")).sort == "newest"


def test_a_page_goes_on_where_the_one_before_ended_whatever_came_or_went(chief: User, five: None) -> None:
    search = Search.parse(QueryDict("sort=title"))
    first, after = list_page(search.images(chief), SORTS["title"], [], "", 2)
    image(title="Aardvark")
    first[1].delete()
    second, _after = list_page(search.images(chief), SORTS["title"], [], after, 9)
    assert [new_image.title for new_image in second] == ["boat 9", "Boat 10", "Zebra"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("after", ["x", "0,x,y", "9,,", "0,00000000-0000-0000-0000-000000000000,", ",,,,", "\x00", "٣"])
def test_a_mark_that_makes_no_sense_is_no_error(chief: User, five: None, sort: str, after: str) -> None:
    search = Search.parse(QueryDict(f"sort={sort}&q=boat"))
    assert len(list_page(search.images(chief), SORTS[sort], search.looked_for, after, 9)[0]) <= 2


def test_several_tags_at_once(chief: User) -> None:
    for names in (("Sea", "Fog"), ("Sea",), ("Fog", "Ice"), ()):
        image_with_tags(*names, title=" ".join(names) or "none")
    rejected = Tagging.objects.get(image__title="Sea")
    pks = {tag.name: tag.pk for tag in Tag.objects.all()}

    def found(query: str) -> set[str]:
        return set(Search.parse(QueryDict(query.format(**pks))).images(chief).values_list("title", flat=True))

    assert found("tag={Sea}&tag={Fog}") == found("tag={Sea},{Fog}") == {"Sea Fog"}
    assert found("any_tag={Sea}&any_tag={Ice}") == {"Sea Fog", "Sea", "Fog Ice"}
    assert found("no_tag={Sea},{Ice}") == {"none"}
    assert found("tag={Fog}&no_tag={Ice}") == {"Sea Fog"}
    Tagging.objects.filter(pk=rejected.pk).update(state=Tagging.State.REJECTED)
    assert found("tag={Sea}") == {"Sea Fog"}
    assert found("no_tag={Sea}") == {"Sea", "Fog Ice", "none"}


def test_a_search_survives_its_address_and_loses_one_value_at_a_time(chief: User) -> None:
    search = Search.parse(QueryDict('q="new  york" -tag:"two words" credit: Lund&tag=3&tag=5,7&sort=title&x=1'))
    assert search.words == ('"new york"', '-tag:"two words"', "credit:Lund")
    assert search.texts == {"tag": "3,5,7"}
    again = Search.parse(QueryDict(search.query()))
    assert again == search
    assert again.without("tag", "5").texts == {"tag": "3,7"}
    assert again.without("tag").texts == {}
    assert again.without("q").sort == "title"


@pytest.mark.parametrize("tags", ["x", "1,x", ",".join(map(str, range(1, 40))), "-1", "1;2", "٣"])
def test_tags_that_make_no_sense_are_said_and_narrow_nothing(chief: User, tags: str) -> None:
    search = Search.parse(QueryDict(f"tag={tags}"))
    assert (len(search.problems), search.texts) == (1, {})


ODD_TEXTS = r"""
- -- -" " "" "a a"b tag: tag:"" -tag: tag:- by: by:" credit:' : :: tag:tag:tag: a:* ( ))) ^a a* ' '' \ \' % _
¦ /a a/b --x ;DROP $$ %s {} ٣٤ ½ ﬀ İ ß ا ال لل ☕ 👨 a&b|!c a<->b NEAR(a)
"""
ODD = [
    *ODD_TEXTS.split(),
    *("\u202e", "\u200d", "e\u0301", "\U000e0041", "\ufffd", "👨\u200d👩\u200d👧", "a" * 900, "東" * 500, "1" * 500),
    *("a-" * 400, "a AND (b OR c) NOT d", "{title}: a", "a & b | !c", "NEAR(a b, 2)"),
]


@pytest.mark.parametrize("typed", ODD)
def test_d17_nothing_that_is_typed_is_an_error(chief: User, typed: str) -> None:
    image(title=f"Odd {typed}"[:300])
    asked = QueryDict(mutable=True)
    for text in (typed, f"-{typed}", f"tag:{typed}", f'file:"{typed}"', f"odd {typed}"):
        for sort in ("newest", "relevance"):
            asked["q"], asked["sort"] = text, sort
            search = Search.parse(asked)
            list_page(search.images(chief), SORTS[search.sort], search.looked_for, "", 9)
    asked["q"], asked["sort"] = f"odd {typed[:200]}", "newest"
    if "-" not in typed and ":" not in typed and len(typed) < 100:
        assert Search.parse(asked).images(chief).count() == 1


def test_a_long_text_is_found_by_what_stands_at_its_end(chief: User) -> None:
    new_image = image(title="Long", caption="fog " * 2400 + "zebra end", taken_at=timezone.now())
    asked: Any = QueryDict('q="zebra end"')
    assert [each.pk for each in Search.parse(asked).images(chief)] == [new_image.pk]


@pytest.mark.parametrize("letter", ["a", "ж", "𐐨"])
def test_d17_the_most_and_longest_words_that_an_image_may_have_fit_into_the_index(db: None, letter: str) -> None:
    """PostgreSQL takes a megabyte for each row, and letters have up to four bytes."""

    def join(number: int, letters: int) -> str:
        # What tells them apart comes first, so that no two pairs are alike.
        beginnings = islice(product("abcdefghijklmnop", repeat=3), number)
        return " ".join("".join(beginning) + letter * (letters - 3) for beginning in beginnings)

    entries = SearchEntry.objects.filter(image=image(title="Long"))
    tags, credit = join(MOST_WORDS["tags"], LONGEST_WORD), join(20, LONGEST_WORD)
    assert entries.update(tags=tags, credit=credit, text=join(2500, 6)) == 1
