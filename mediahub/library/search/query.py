"""The search of the library as a value: what an address asks, and the images it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.http import QueryDict
from django.utils.translation import gettext as _

from mediahub.library import access
from mediahub.library.access import Person
from mediahub.library.models import Collection, Image, SearchEntry
from mediahub.library.search import filters
from mediahub.library.search.filters import BY_NAME, FILTERS, NONE, Filter
from mediahub.library.search.folding import split_words
from mediahub.library.search.sorts import CREATED_AT, DEFAULT_SORT, RELEVANCE, SORTS, Rows, Sort
from mediahub.library.search.terms import Term, build_query, parse_term, split_pieces
from processing import compose

# Words beyond these narrow nothing.
MOST_WORDS = 12
# Nobody types more; what is pasted is cut.
MOST_CHARACTERS = 1000
MOST_COUNTED = 10_000
MOST_CANDIDATES = 3000


@dataclass(frozen=True)
class Search:
    """Words and phrases as they were typed, the values of the filters that are set as their texts, and the order.

    `problems` has a sentence for each part of the address that makes no sense; it narrows nothing. `is_exact` says
    that nothing else is tried when nothing was found.
    """

    words: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    sort: str = DEFAULT_SORT
    is_exact: bool = False

    @classmethod
    def parse(cls, asked: QueryDict) -> "Search":
        """Return the search that a query string asks for; names that are no filter are ignored."""
        texts, problems = {}, []
        for filter_ in FILTERS:
            text = _read_text(filter_, asked)
            if not text:
                continue
            try:
                filter_.where(filter_.read(text))
            except ValueError:
                sentence = _("“%(text)s” is not valid for “%(filter)s”. The filter was ignored.")
                problems.append(sentence % {"text": text[:50], "filter": filter_.title})
            else:
                texts[filter_.name] = text
        pieces = split_pieces(compose(asked.get("q", "")[:MOST_CHARACTERS]))
        if len(pieces) > MOST_WORDS:
            problems.append(_("Only the first %(n)d words of the search were used.") % {"n": MOST_WORDS})
        words = tuple(pieces[:MOST_WORDS])
        problems += _find_empty(words)
        sort = asked.get("sort", "")
        if sort not in SORTS or (sort == RELEVANCE and not words):
            sort = DEFAULT_SORT
        return cls(words, texts, tuple(problems), sort, is_exact=asked.get("exact") == "1")

    @property
    def q(self) -> str:
        """Return the words on one line."""
        return " ".join(self.words)

    @cached_property
    def terms(self) -> list[Term]:
        """Return what the words ask for."""
        return [term for word in self.words if (term := parse_term(word))]

    @property
    def looked_for(self) -> list[Term]:
        """Return the terms that the index of words answers, without the excluded ones."""
        return [term for term in self.terms if not term.is_excluded and term.operator != "by"]

    @cached_property
    def single_collection(self) -> int | None:
        """Return the id of the collection to search, if none lies below it: then an image is in it once."""
        text = self.texts.get("collection", NONE)
        return None if text == NONE or Collection.objects.filter(parent=int(text)).exists() else int(text)

    def __bool__(self) -> bool:
        return bool(self.words or self.texts)

    def without(self, name: str, value: str = "") -> "Search":
        """Return the search without one filter, or without one value of it; `q` stands for the words."""
        if name == "q":
            sort = DEFAULT_SORT if self.sort == RELEVANCE else self.sort
            return replace(self, words=(), problems=(), sort=sort, is_exact=False)
        texts = {key: text for key, text in self.texts.items() if key != name}
        others = [text for text in self.texts.get(name, "").split(",") if value and text != value]
        if others:
            texts = {key: ",".join(others) if key == name else text for key, text in self.texts.items()}
        return replace(self, texts=texts, problems=())

    def query(self) -> str:
        """Return the search as the query string of an address."""
        asked = QueryDict(mutable=True)
        if self.words:
            asked["q"] = self.q
        asked.update(dict(self.texts))
        if self.sort != DEFAULT_SORT:
            asked["sort"] = self.sort
        if self.is_exact:
            asked["exact"] = "1"
        return asked.urlencode(safe=",")

    def images(
        self, user: Person, *, are_many: bool = False, candidates: Sequence[int] = (), rows: Rows | None = None
    ) -> QuerySet[Image]:
        """Return the matching images that the person may see, the newest first; `are_many` where that is known.

        With `candidates`, those of them alone: the words are not asked again. What `rows` say, which the caller joins,
        is not asked either: of both PostgreSQL takes the matches for few. Images whose original was deleted are out of
        use: only who asks for them finds them.
        """
        images = access.visible_images(user).filter(deleted_at__isnull="original" not in self.texts)
        for condition in self._list_conditions("matches_many" if are_many else "matches", candidates):
            images = images.filter(condition)
        for name, text in self.texts.items():
            filter_ = BY_NAME[name]
            value = filter_.read(text)
            if rows and rows.filter_name == name:
                continue
            if name == "collection" and self.single_collection:
                images = images.filter(filters.match_members(self.single_collection, user))
            else:
                images = images.filter(filter_.where(value), filter_.seen_by(value, user))
        return images.order_by("-created_at", "pk")

    def choose_sort(self) -> Sort:
        """Return the order of the images, with the rows by which a page of them is filled fastest."""
        sort = SORTS[self.sort]
        if sort.column != CREATED_AT or self.looked_for:
            return sort
        rows = filters.list_tagged(self.texts)
        if not rows and self.single_collection:
            rows = filters.list_members(self.single_collection)
        return replace(sort, column="row_moment", key="row_image", rows=rows) if rows else sort

    def count(self, user: Person) -> int:
        """Return how many images match that the person may see, at most one more than MOST_COUNTED."""
        if self.looked_for and self.looked_for == self.terms and not self.texts:
            # Looked up for each entry: PostgreSQL would join the words with all images that are open to the person.
            images = access.visible_images(user).filter(pk=OuterRef("image"), deleted_at=None).order_by()
            visible = Subquery(images.values("pk")[:1])
            entries = SearchEntry.objects.filter(title__matches=build_query(self.looked_for)).order_by()
            return entries.filter(IsNull(visible, False))[: MOST_COUNTED + 1].count()
        # Asked for the rows and the filter: for the rows alone, PostgreSQL would read all images to count some.
        images, rows = self.images(user).order_by(), self.choose_sort().rows
        return count_images(rows.join(images) if rows else images)

    def list_candidates(self) -> tuple[list[int], bool]:
        """Return the ids of search entries that the words name, whoever may see the image, and whether these are all.

        The index of words alone is asked. Where it is joined with images, PostgreSQL takes words that seldom stand
        together for common, and reads all images.
        """
        entries = SearchEntry.objects.filter(title__matches=build_query(self.looked_for)).order_by()
        ids = list(entries.values_list("pk", flat=True)[: MOST_CANDIDATES + 1])
        return ids[:MOST_CANDIDATES], len(ids) <= MOST_CANDIDATES

    def _list_conditions(self, matches: str, candidates: Sequence[int]) -> list[Q]:
        """Return the conditions that the words make, each for a filter of its own."""
        conditions = []
        if candidates:
            conditions.append(Q(search_entry__in=candidates))
        elif self.looked_for:
            conditions.append(Q(**{f"search_entry__title__{matches}": build_query(self.looked_for)}))
        for term in self.terms:
            if term.operator == "by":
                sent = Q(pk__in=Image.objects.filter(uploads__uploaded_by__in=_find_people(term)).values("pk"))
                conditions.append(~sent if term.is_excluded else sent)
        excluded = [term for term in self.terms if term.is_excluded and term.operator != "by"]
        if excluded:
            conditions.append(Q(search_entry__title__lacks=build_query(excluded, any_of=True)))
        return conditions


def count_images(images: QuerySet[Image]) -> int:
    """Return how many images there are, at most one more than MOST_COUNTED: to count a million takes a second."""
    return images[: MOST_COUNTED + 1].count()


def _read_text(filter_: Filter, asked: QueryDict) -> str:
    if not filter_.several:
        return asked.get(filter_.name, "").strip()
    parts = [part.strip() for text in asked.getlist(filter_.name) for part in text.split(",")]
    return ",".join(dict.fromkeys(part for part in parts if part))


def _find_empty(words: tuple[str, ...]) -> list[str]:
    return [
        _("“%(text)s” has no letters or digits to search for, and was ignored.") % {"text": word[:50]}
        for word in words
        if parse_term(word) is None
    ]


def _find_people(term: Term) -> list[Any]:
    """Return the ids of the people whose user name, first name or last name begins with each of the words."""
    words = term.spellings[0]
    people = []
    for pk, *names in User.objects.values_list("pk", "username", "first_name", "last_name"):
        parts = [part for name in names for part in split_words(name)]
        if all(any(part == word if term.is_exact else part.startswith(word) for part in parts) for word in words):
            people.append(pk)
    return people
