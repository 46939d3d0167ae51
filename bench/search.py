"""`python -m bench.search IMAGES`: measure searches, orders and counts of the library, with so many images.

Each image has three words of fifteen in its title, five of five hundred tags, and a membership in one of fifty
collections, ten of which are closed to the editor who asks. With `--folder` the filled database is kept for the next
run, and `bench.pages` uses the same.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.database import open_library, parse_library
from bench.filling import fill

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROUNDS = 7
PAGE_SIZE = 60
SEARCHES = {
    "everything": "",
    "one word": "q=harbour",
    "three words": "q=harbour+mist+festival",
    "the beginning of a word": "q=ha",
    "a phrase": 'q="harbour+mist"',
    "a word without another": "q=harbour+-mist",
    "a rare word": "q=zeppelin",
    "a rare word in a file name": "q=file:1234",
    "two words that never meet": "q=zeppelin+quarry",
    "a word that is nowhere": "q=xylophone",
    "a phrase of common words that is nowhere": 'q="harbour+harbour"',
    "two tags": "tag=1,2",
    "any of two tags": "any_tag=1,2",
    "neither of two tags": "no_tag=1,2",
    "one word, in review": "q=harbour&state=in_review",
}


def main() -> None:
    """Print the median milliseconds of each first page, each order, and each count, for two people."""
    library = parse_library("--folder", "--sqlite")
    with open_library(library, fill) as vendor:
        from django.contrib.auth.models import User

        people = [User.objects.get(username=name) for name in ("Editor", "Chief editor")]
        print(f"{vendor}, {library.number:,} images, median of {ROUNDS} rounds, milliseconds")
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
    from mediahub.library.search.sorts import list_page

    def load() -> Any:
        search = _parse(query)
        narrowed = ShownPage.show(search, user).narrow(search, user).defer("label_raw")
        return list_page(narrowed, search.choose_sort(), search.looked_for, after, PAGE_SIZE)

    return load


def _load_hundredth_page(query: str, user: "User") -> Callable[[], Any]:
    after = ""
    for _ in range(99):
        after = _load_page(query, user, after)()[1] or after
    return _load_page(query, user, after)


def _count(query: str, user: "User") -> Callable[[], object]:
    return lambda: _parse(query).count(user)


def _correct(query: str, user: "User") -> Callable[[], object]:
    from mediahub.library.search.suggestions import correct

    return lambda: correct(_parse(query), user)


if __name__ == "__main__":
    main()
