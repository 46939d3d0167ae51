"""The filters of the library: each a question that an address may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import and_
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mediahub.library import access, collection_tree, similarity
from mediahub.library.models import Image, Membership, Tagging
from mediahub.library.parsing import read_day, read_number
from mediahub.library.search.sorts import Rows
from processing import MONOCHROME

SQUARE = 0.05
# Each of them is a look-up for each image.
MOST_TAGS = 12
TAG_FILTERS = ("tag", "any_tag", "no_tag")
# Of pixels, megabytes and ids.
MOST = 999_999_999
STANDING = (Tagging.State.SUGGESTED, Tagging.State.ACCEPTED)
# As the value of the filter `collection`: those that lie in none.
NONE = "none"

Choices = Mapping[str, str | Promise]
SHAPES: Choices = {
    "landscape": gettext_lazy("landscape"),
    "portrait": gettext_lazy("portrait"),
    "square": gettext_lazy("square"),
}
YES_NO: Choices = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
HUES: Choices = {
    "red": gettext_lazy("red"),
    "orange": gettext_lazy("orange"),
    "yellow": gettext_lazy("yellow"),
    "green": gettext_lazy("green"),
    "cyan": gettext_lazy("cyan"),
    "blue": gettext_lazy("blue"),
    "purple": gettext_lazy("purple"),
    "pink": gettext_lazy("pink"),
    "brown": gettext_lazy("brown"),
    "black": gettext_lazy("black"),
    "gray": gettext_lazy("gray"),
    "white": gettext_lazy("white"),
    MONOCHROME: gettext_lazy("black and white only"),
}
ONLY: Choices = {"only": gettext_lazy("only these")}


Person = User | AnonymousUser


@dataclass(frozen=True)
class Filter:
    """One question an address may ask: `read` makes its value of a text, or raises ValueError; `where` narrows.

    What is hidden from the person who asks must not show in what is found: such filters ask `seen_by` with the person.
    One that takes `several` values has them in one text with commas between them.
    """

    name: str
    title: str | Promise
    read: Callable[[str], Any]
    where: Callable[[Any], Q] = lambda _value: Q()
    choices: Choices | None = None
    seen_by: Callable[[Any, Person], Q] = lambda _value, _person: Q()
    several: bool = False


def _choice(choices: Choices) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read


def _number(text: str) -> int:
    number = read_number(text, MOST)
    if number is None:
        raise ValueError(text)
    return number


def _day(text: str) -> date:
    day = read_day(text)
    if day is None:
        raise ValueError(text)
    return day


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _shape(shape: str) -> Q:
    wide, tall = F("height") * (1 + SQUARE), F("width") * (1 + SQUARE)
    match shape:
        case "landscape":
            return Q(width__gt=wide)
        case "portrait":
            return Q(height__gt=tall)
    return Q(width__lte=wide, height__lte=tall)


def _ids(text: str) -> list[int]:
    ids = [_number(part) for part in text.split(",")]
    if len(ids) > MOST_TAGS:
        raise ValueError(text)
    return ids


def _tagged(ids: list[int]) -> Q:
    """Return the condition that an image has one of these tags, and no editor rejected it."""
    standing = Tagging.objects.filter(state__in=STANDING)
    return Q(Exists(standing.filter(tag__in=ids, image=OuterRef("pk"))))


def list_tagged(texts: Mapping[str, str]) -> Rows | None:
    """Return the taggings with the first of the tags that the images must have, or with any of which they need one."""
    if "tag" in texts:
        return Rows("taggings", Q(taggings__tag=_ids(texts["tag"])[0], taggings__state__in=STANDING))
    if "any_tag" not in texts:
        return None
    ids = _ids(texts["any_tag"])
    standing = Tagging.objects.filter(tag__in=ids, state__in=STANDING).order_by()
    repeated = Exists(standing.filter(image=OuterRef("row_image"), tag__lt=OuterRef("row_tag")))
    return Rows("taggings", Q(taggings__tag__in=ids, taggings__state__in=STANDING), repeated, "any_tag")


def list_members(collection: int) -> Rows:
    """Return the memberships of one collection, without those below it."""
    return Rows("memberships", Q(memberships__collection=collection))


def match_members(collection: int, person: Person) -> Q:
    """Return the condition that an image is in this very collection, and that the person may see the collection."""
    members = Membership.objects.filter(collection=collection).order_by()
    is_open = Exists(access.visible_collections(person).filter(pk=collection))
    return Q(is_open) & Q(pk__in=members.values("image"))


def _tagged_with_each(ids: list[int]) -> Q:
    return reduce(and_, (_tagged([pk]) for pk in ids))


def _twice(_only: str, person: Person) -> Q:
    seen = access.visible_images(person).filter(deleted_at=None).order_by()
    shared = seen.values("sha256").annotate(n=Count("pk")).filter(n__gt=1)
    return Q(sha256__in=shared.values("sha256"))


def _near(_only: str, person: Person) -> Q:
    pairs = similarity.undecided_pairs(similarity.in_use(access.visible_images(person)))
    # One list instead of two: with an “or” the database would look through all images.
    return Q(pk__in=pairs.values_list("first").union(pairs.values_list("second")))


def _among(where: Q) -> Q:
    """Return the condition as a query of its own, so that an image with several such rows is found once."""
    return Q(pk__in=Image.objects.filter(where).values("pk"))


def _within(collection: str, person: Person) -> Q:
    if collection == NONE:
        return ~Q(Exists(Membership.objects.filter(image=OuterRef("pk"))))
    return Q(pk__in=collection_tree.memberships_within(person, int(collection)).values("image"))


def _collection(text: str) -> str:
    return text if text == NONE else str(_number(text))


STATES: Choices = dict(Image.State.choices)
LABEL_STATES: Choices = dict(Image.LabelState.choices)
DELETED: Choices = {"deleted": gettext_lazy("deleted")}
FILTERS = (
    Filter("state", gettext_lazy("State"), _choice(STATES), lambda state: Q(state=state), STATES),
    Filter("tag", gettext_lazy("Has all of these tags"), _ids, _tagged_with_each, several=True),
    Filter("any_tag", gettext_lazy("Has any of these tags"), _ids, _tagged, several=True),
    Filter("no_tag", gettext_lazy("Has none of these tags"), _ids, lambda ids: ~_tagged(ids), several=True),
    Filter("collection", gettext_lazy("Collection"), _collection, seen_by=_within),
    Filter("by", gettext_lazy("Uploaded by"), _number, lambda pk: _among(Q(uploads__uploaded_by=pk))),
    Filter(
        "alt",
        gettext_lazy("Alt text"),
        _choice(YES_NO),
        lambda has: ~Q(alt_text="") if has == "yes" else Q(alt_text=""),
        YES_NO,
    ),
    Filter("shape", gettext_lazy("Shape"), _choice(SHAPES), _shape, SHAPES),
    Filter("least", gettext_lazy("Minimum pixels per side"), _number, lambda n: Q(width__gte=n) & Q(height__gte=n)),
    Filter("heavy", gettext_lazy("Minimum megabytes"), _number, lambda n: Q(bytes__gte=n * 1_000_000)),
    Filter(
        "color",
        gettext_lazy("Color"),
        _choice(HUES),
        lambda name: Q(colors__contains=f" {name} "),
        HUES,
    ),
    Filter("taken_from", gettext_lazy("Taken on or after"), _day, lambda day: Q(taken_day__gte=day)),
    Filter("taken_to", gettext_lazy("Taken on or before"), _day, lambda day: Q(taken_day__lte=day)),
    Filter("came_from", gettext_lazy("Uploaded on or after"), _day, lambda day: Q(created_at__gte=_begin(day))),
    Filter(
        "came_to",
        gettext_lazy("Uploaded on or before"),
        _day,
        lambda day: Q(created_at__lt=_begin(day + timedelta(days=1))),
    ),
    Filter("failed", gettext_lazy("Failed"), _choice(ONLY), lambda _only: _among(Q(failed_items__state="open")), ONLY),
    Filter(
        "waiting",
        gettext_lazy("Newer file waiting"),
        _choice(ONLY),
        lambda _only: _among(Q(versions__waiting=True)),
        ONLY,
    ),
    Filter("twice", gettext_lazy("Exact duplicates"), _choice(ONLY), choices=ONLY, seen_by=_twice),
    Filter("near", gettext_lazy("Similar images"), _choice(ONLY), choices=ONLY, seen_by=_near),
    Filter("labels", gettext_lazy("Labels"), _choice(LABEL_STATES), lambda state: Q(label_state=state), LABEL_STATES),
    Filter("batch", gettext_lazy("Upload batch"), UUID, lambda pk: _among(Q(uploads__batch=pk))),
    Filter("original", gettext_lazy("Original"), _choice(DELETED), choices=DELETED),
)
BY_NAME = {filter_.name: filter_ for filter_ in FILTERS}
