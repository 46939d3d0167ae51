"""`python -m bench.search IMAGES`: measure searches, orders and counts of the library, with so many images.

Each image has three words of fifteen in its title, two of five hundred tags, and a membership in one of fifty
collections, ten of which are closed to the editor who asks.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.database import analyze, open_test_database
from bench.pages import WORDS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROUNDS = 7
ROWS = 5000
PAGE_SIZE = 60
# Words that stand on one image in five hundred, and together on none.
RARE = ("zeppelin", "quarry")
SEARCHES = {
    "everything": "",
    "one word": "q=harbour",
    "three words": "q=harbour+mist+festival",
    "the beginning of a word": "q=ha",
    "a phrase": 'q="harbour+mist"',
    "a word without another": "q=harbour+-mist",
    "a rare word": "q=zeppelin",
    "a rare word in a file name": "q=file:77777",
    "two words that never meet": "q=zeppelin+quarry",
    "a word that is nowhere": "q=xylophone",
    "a phrase of common words that is nowhere": 'q="harbour+harbour"',
    "two tags": "tag=1,2",
    "any of two tags": "any_tag=1,2",
    "neither of two tags": "no_tag=1,2",
    "one word, in review": "q=harbour&state=in_review",
}


def main(number: int) -> None:
    """Print the median milliseconds of each first page, each order, and each count, for two people."""
    with open_test_database() as vendor:
        people = _create_people()
        _fill(number, people[0])
        analyze()
        print(f"{vendor}, {number:,} images, median of {ROUNDS} rounds, milliseconds: an editor, a chief editor")
        _print_table("First page", SEARCHES, people, _load_page)
        _print_table("Count to 10,001, after the page", SEARCHES, people, _count)
        orders = {name: f"sort={name}" for name in ("newest", "taken", "title", "file", "size")}
        orders |= {f"{name}, one word": f"{query}&q=harbour" for name, query in orders.items()}
        orders |= {"relevance, one word": "sort=relevance&q=harbour", "relevance, rare": "sort=relevance&q=zeppelin"}
        _print_table("First page by", orders, people, _load_page)
        _print_table("Hundredth page by", orders, people[1:], _load_hundredth_page)
        _print_table("Second try", {"a slip": "q=harbuor", "a plural": "q=quarries"}, people, _correct)


def _print_table(
    title: str, searches: dict[str, str], people: "Sequence[User]", measure: Callable[..., Callable[[], object]]
) -> None:
    print(f"\n| {title} | {' | '.join(person.username for person in people)} |\n| --- |{' ---: |' * len(people)}")
    for name, query in searches.items():
        figures = [_measure(measure(query, person)) for person in people]
        print(f"| {name} | {' | '.join(figures)} |", flush=True)


def _measure(work: Callable[[], object]) -> str:
    work()
    milliseconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        milliseconds.append(1000 * (time.perf_counter() - start))
    return f"{median(milliseconds):.1f}"


def _parse(query: str) -> Any:
    from django.http import QueryDict

    from mediahub.library.search import Search

    return Search.parse(QueryDict(query))


def _load_page(query: str, user: "User", after: str = "") -> Callable[[], Any]:
    """Return what loads a page as the view does: what it shows for the actions on all results, then its images."""
    from mediahub.desk.library.selection import ShownPage
    from mediahub.library.search.sorts import SORTS, list_page

    def load() -> Any:
        search = _parse(query)
        images = search.images(user).defer("label_raw")
        narrowed = ShownPage.show(images).narrow(images)
        return list_page(narrowed, SORTS[search.sort], search.looked_for, after, PAGE_SIZE)

    return load


def _load_hundredth_page(query: str, user: "User") -> Callable[[], Any]:
    after = ""
    for _ in range(99):
        after = _load_page(query, user, after)()[1] or after
    return _load_page(query, user, after)


def _count(query: str, user: "User") -> Callable[[], object]:
    from mediahub.library.search.query import count_images

    return lambda: count_images(_parse(query).images(user))


def _correct(query: str, user: "User") -> Callable[[], object]:
    from mediahub.library.search.suggestions import correct

    return lambda: correct(_parse(query), user)


def _create_people() -> "list[User]":
    from django.contrib.auth.models import Group, User

    people = []
    for name in ("Editor", "Chief editor"):
        people.append(User.objects.create(username=name, is_staff=True))
        people[-1].groups.add(Group.objects.get(name=name))
    return people


def _fill(number: int, editor: "User") -> None:
    """Write the rows past the models, which would take an hour; then compare some with what the product makes."""
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from mediahub.history.change_set import ChangeSet
    from mediahub.library import collections
    from mediahub.library.models import Image, KnownWord, Membership, SearchEntry, Tag, Tagging
    from mediahub.library.search import index

    chance = random.Random(5)
    tags = Tag.objects.bulk_create([Tag(name=f"{WORDS[n % len(WORDS)]} {n}") for n in range(500)])
    legal = [Group.objects.create(name="Legal")]
    places = [
        collections.create(ChangeSet(editor), f"Collection {n}", groups=legal if n % 5 == 4 else ()) for n in range(50)
    ]
    words = (*WORDS, *RARE)
    KnownWord.objects.bulk_create([KnownWord(word=word, reversed=word[::-1]) for word in words])
    now = timezone.now()
    for first in range(0, number, ROWS):
        images = [_build_image(n, number, now, chance) for n in range(first, min(first + ROWS, number))]
        taggings = [
            Tagging(
                image=image, tag=tag, source="rekognition", confidence=80, state=chance.choice(Tagging.State.values)
            )
            for image in images
            for tag in chance.sample(tags, 2)
        ]
        _insert(Image, images)
        _insert(Tagging, taggings)
        _insert(Membership, [Membership(collection=chance.choice(places), image=image, at=now) for image in images])
        _insert(SearchEntry, _build_entries(images, taggings))
    some = list(Image.objects.values_list("pk", flat=True)[:500])
    assert index.find_drifted(some) == []


def _build_image(n: int, total: int, now: Any, chance: random.Random) -> Any:
    from mediahub.library.models import Image

    title = f"{' '.join(chance.sample(WORDS, 3)).capitalize()} {n}"
    if n % 500 < len(RARE):
        title += f" {RARE[n % 500]}"
    return Image(
        id=UUID(int=chance.getrandbits(128)),
        state=("published", "published", "archived", "in_review")[n % 4] if n < total * 0.97 else "in_review",
        title=title,
        alt_text=f"{title} seen from afar" if n % 3 else "",
        caption="",
        credit=f"Photographer {n % 300}",
        copyright="",
        license="CC BY 4.0",
        creators=[],
        extended_description="",
        file_name=f"IMG_{n}.jpg",
        format="JPEG",
        width=4000,
        height=3000,
        bytes=chance.randrange(100_000, 9_000_000),
        sha256=f"{n:064x}",
        placeholder="x" * 700,
        taken_at=now - timedelta(minutes=chance.randrange(5_000_000)) if n % 10 else None,
        created_at=now - timedelta(seconds=10 * (total - n)),
        updated_at=now,
    )


def _build_entries(images: Sequence[Any], taggings: Sequence[Any]) -> list[Any]:
    from mediahub.library.models import Tagging
    from mediahub.library.search import index

    standing: dict[UUID, list[Any]] = {image.pk: [] for image in images}
    for tagging in taggings:
        tagging.tag._prefetched_objects_cache = {"synonyms": []}
        if tagging.state != Tagging.State.REJECTED:
            standing[tagging.image_id].append(tagging)
    for image in images:
        image._prefetched_objects_cache = {"taggings": standing[image.pk]}
    return [index.build_entry(image) for image in images]


def _insert(model: Any, rows: Iterable[Any]) -> None:
    """Insert rows as fast as the database takes them."""
    from django.db import connection

    if connection.vendor != "postgresql":
        model.objects.bulk_create(rows)
        return
    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_prepare(field, row) for field in fields])


def _prepare(field: Any, row: Any) -> Any:
    from django.db.models.expressions import DatabaseDefault

    value = getattr(row, field.attname)
    if isinstance(value, DatabaseDefault):
        value = field.get_default() if field.has_default() else ""
    return json.dumps(value) if field.get_internal_type() == "JSONField" else value


if __name__ == "__main__":
    main(int(sys.argv[1]))
