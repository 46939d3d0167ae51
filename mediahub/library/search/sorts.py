"""The orders of the library's images, and pages of them that begin where the one before ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, FilteredRelation, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mediahub.library.models import Image
from mediahub.library.parsing import read_moment, read_number
from mediahub.library.search.terms import Term, build_query

DEFAULT_SORT = "newest"
RELEVANCE = "relevance"
ENTRY = "search_entry__image_id"
CREATED_AT = "created_at"


def _moment(text: str) -> datetime:
    moment = read_moment(text)
    if moment is None:
        raise ValueError(text)
    return moment


def _size(text: str) -> int:
    number = read_number(text)
    if number is None:
        raise ValueError(text)
    return number


@dataclass(frozen=True)
class Rows:
    """Rows of another table, which an index has by the moments of their images.

    A page of the newest images that have such a row walks that index, not past all images that came since. Where an
    image may have several, `repeated` is true of all but one of them; it calls the row's tag `row_tag`. `filter_name`
    is that of a filter that finds nothing else.
    """

    relation: str
    condition: Q
    repeated: Exists | None = None
    filter_name: str = ""

    def join(self, images: QuerySet[Image]) -> QuerySet[Image]:
        """Return those of the images that have such a row, each with `row_moment` and `row_image`."""
        joined = images.annotate(row=FilteredRelation(self.relation, condition=self.condition))
        moment, image = F("row__created_key"), F("row__image_id")
        joined = joined.filter(row__isnull=False).annotate(row_moment=moment, row_image=image)
        return joined.annotate(row_tag=F("row__tag_id")).filter(~self.repeated) if self.repeated else joined


@dataclass(frozen=True)
class Sort:
    """An order by one column and, among equal ones, by the image's id; `read` makes a value of it of a text."""

    name: str
    title: str | Promise
    column: str
    read: Callable[[str], Any]
    descending: bool = True
    # The image's id where the column is: the index there holds both.
    key: str = "pk"
    rows: "Rows | None" = None

    def order(self, images: QuerySet[Image]) -> QuerySet[Image]:
        """Return the images in this order, each with its `sort_value`."""
        if self.rows:
            images = self.rows.join(images)
        column = F(self.column)
        if self.key == ENTRY:
            # By an inner join alone the index of the entries gives the order.
            images = images.filter(search_entry__isnull=False)
        return images.annotate(sort_value=column).order_by(column.desc() if self.descending else column.asc(), self.key)

    def match_after(self, value: Any, pk: UUID) -> Q:
        """Return the condition that an image comes after that of this value and id.

        The first part alone says where to begin in the index.
        """
        there, beyond = ("lte", "lt") if self.descending else ("gte", "gt")
        behind = Q(**{f"{self.column}__{beyond}": value}) | Q(**{f"{self.key}__gt": pk})
        return Q(**{f"{self.column}__{there}": value}) & behind


SORTS = {
    sort.name: sort
    for sort in (
        Sort(DEFAULT_SORT, gettext_lazy("Newest first"), CREATED_AT, _moment),
        Sort("taken", gettext_lazy("Date taken"), "search_entry__taken_key", _moment, key=ENTRY),
        Sort("title", gettext_lazy("Title"), "search_entry__title_key", str, descending=False, key=ENTRY),
        Sort("file", gettext_lazy("File name"), "search_entry__file_key", str, descending=False, key=ENTRY),
        Sort("size", gettext_lazy("File size"), "bytes", _size),
        # Within a level, the newest first.
        Sort(RELEVANCE, gettext_lazy("Best match"), CREATED_AT, _moment),
    )
}


def list_page(
    images: QuerySet[Image], sort: Sort, terms: Sequence[Term], after: str, most: int
) -> tuple[list[Image], str]:
    """Return at most so many images in this order, and the mark of where the next page begins; empty at the end.

    `after` is the mark of the page before; one that makes no sense is ignored. No image is listed twice or left out
    because others came or went meanwhile.
    """
    if terms and sort.column == CREATED_AT:
        # What the words find is sorted among the entries, before any image is read.
        sort = replace(sort, column="search_entry__created_key", key=ENTRY)
    first_level, condition = _read_mark(sort, after)
    page: list[tuple[int, Image]] = []
    for level, matching in enumerate(_list_levels(images, sort, terms)):
        if level < first_level or len(page) > most:
            continue
        rest = matching.filter(condition) if condition and level == first_level else matching
        page += [(level, image) for image in rest[: most + 1 - len(page)]]
    mark = _build_mark(*page[most - 1]) if len(page) > most else ""
    return [image for _level, image in page[:most]], mark


def _list_levels(images: QuerySet[Image], sort: Sort, terms: Sequence[Term]) -> list[QuerySet[Image]]:
    """Return the images in order; by relevance those with the words in the title first, then in tags, then elsewhere.

    To rank each match would read them all, 300,000 for a common word; levels need no more than the first page.
    """
    ordered = sort.order(images)
    if sort.name != RELEVANCE or not terms:
        return [ordered]
    levels = [
        build_query(terms, "title", exact=True),
        build_query(terms, "title"),
        build_query(terms, "tags"),
        build_query(terms),
    ]
    return [
        ordered.filter(search_entry__title__matches=level.without(levels[:place])) for place, level in enumerate(levels)
    ]


def _build_mark(level: int, image: Image) -> str:
    value = image.sort_value  # type: ignore[attr-defined]
    text = value.isoformat() if isinstance(value, datetime) else value
    return f"{level},{image.pk},{text}"


def _read_mark(sort: Sort, mark: str) -> tuple[int, Q | None]:
    try:
        level, pk, text = mark.split(",", 2)
        return read_number(level, 3) or 0, sort.match_after(sort.read(text), UUID(pk))
    except ValueError:
        return 0, None
