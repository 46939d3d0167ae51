"""The figures of a large library: the clock counts it part by part, and pages add up what it has counted.

A small library counts itself on each page. In a large one a page reads rows of this module's tables, each of which
tells of the images of one audience, so that nobody learns a number of what is hidden from them.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from mediahub import rounds
from mediahub.library import access
from mediahub.library.access import Person
from mediahub.library.models import (
    Collection,
    CollectionFigures,
    FigureRound,
    Image,
    ImageFigures,
    Membership,
    Rendition,
    Tag,
    TagFigures,
    Tagging,
    Version,
)

# A library with more images is counted by the clock.
LARGE = 20_000
# Between two rounds of counting, and between two looks at how large the library is.
REST = timedelta(minutes=10)
# The images are counted in parts by the first byte of their ids, which are random.
PARTS = 256
IMAGES, TAGS, COLLECTIONS = "images", "tags", "collections"


def keep_figures(large: int = LARGE) -> int:
    """Count what is to be counted in this round of the clock; return how many parts of the library that were."""
    if not exceeds(Image, large):
        forget_rounds([IMAGES, TAGS, COLLECTIONS])
        return 0
    return (
        advance_round(IMAGES, lambda after: range(after + 1, PARTS + 1), _count_images)
        + advance_round(TAGS, partial(_list_ids, Tag), _count_tag)
        + advance_round(COLLECTIONS, partial(_list_ids, Collection), _count_collection)
    )


def forget_rounds(kinds: Iterable[str]) -> None:
    """Let pages count again what these kinds of figures told."""
    FigureRound.objects.filter(kind__in=kinds).delete()
    CollectionFigures.objects.all().delete() if COLLECTIONS in kinds else None


def exceeds(model: type[Model], number: int) -> bool:
    """Return whether there are more records than this number; reads no more of the index than that."""
    return bool(model._default_manager.order_by("pk").values("pk")[number : number + 1])


def advance_round(kind: str, list_parts: Callable[[int], Iterable[int]], count_part: Callable[[int], None]) -> int:
    """Count parts, from where the last round of the clock was, until its time is over; return how many.

    `list_parts` gives the numbers of the parts behind one, in ascending order. Each part is a transaction of its own.
    """
    current, _is_new = FigureRound.objects.get_or_create(kind=kind)
    if not current.after and current.ended_at and current.ended_at > timezone.now() - REST:
        return 0
    number = 0
    for part in list_parts(current.after):
        if rounds.is_over():
            return number
        with transaction.atomic():
            count_part(part)
            FigureRound.objects.filter(pk=current.pk).update(after=part)
        number += 1
    FigureRound.objects.filter(pk=current.pk).update(after=0, ended_at=timezone.now())
    return number


def match_kept(kind: str) -> Q:
    """Return the condition that a kind of figures was counted to the end, at least once."""
    return Q(Exists(FigureRound.objects.filter(kind=kind, ended_at__isnull=False)))


def is_kept(kind: str) -> bool:
    """Return whether pages read this kind of figures instead of counting."""
    return FigureRound.objects.filter(kind=kind, ended_at__isnull=False).exists()


def count_images(user: Person) -> list[dict[str, Any]]:
    """Return, by `state`, how many `images` in use are open to a person, and how many `without_alt_text`."""
    names = ("images", "without_alt_text")
    counted = ImageFigures.objects.filter(access.match_open_audiences(user), match_kept(IMAGES), deleted=False)
    sums = {f"{name}_sum": Sum(name) for name in names}
    if rows := [
        dict(zip(("state", *names), row, strict=True)) for row in counted.values_list("state").annotate(**sums)
    ]:
        return rows
    counts = {"images": Count("pk"), "without_alt_text": Count("pk", filter=Q(alt_text=""))}
    images = access.open_images(user).filter(deleted_at=None).order_by()
    columns = images.values_list("state").annotate(**counts)
    return [dict(zip(("state", *counts), row, strict=True)) for row in columns]


def measure_bytes(user: Person) -> dict[str, int] | None:
    """Return the bytes of the files of images that are open to a person; None while pages count.

    They are the `originals` in use, the `renditions`, those of `published` images, and all `earlier` files.
    """
    rows = ImageFigures.objects.filter(access.match_open_audiences(user), match_kept(IMAGES))
    published = Q(state=Image.State.PUBLISHED, deleted=False)
    sums = rows.aggregate(
        originals=Sum("bytes", filter=Q(deleted=False)),
        renditions=Sum("rendition_bytes"),
        published=Sum("rendition_bytes", filter=published),
        earlier=Sum("earlier_bytes"),
    )
    return {name: number or 0 for name, number in sums.items()} if sums["renditions"] is not None else None


def read_month(first: date) -> dict[str, int] | None:
    """Return `images` of this month, of which `published`, and how many were `labeled`; None while pages count."""
    rows = ImageFigures.objects.filter(match_kept(IMAGES))
    of_month, published = Q(month=first), Q(state=Image.State.PUBLISHED)
    sums = rows.aggregate(
        images=Sum("created", filter=of_month, default=0),
        published=Sum("created", filter=of_month & published, default=0),
        labeled=Sum("labeled", filter=of_month, default=0),
        parts=Count("pk"),
    )
    return sums if sums["parts"] else None


def list_common_tags(user: Person, most: int) -> list[tuple[int, str]]:
    """Return (id, name) of the tags that most of the images have which are open to a person, the commonest first."""
    rows = TagFigures.objects.filter(access.match_open_audiences(user), match_kept(TAGS)).values("tag")
    common = rows.annotate(n=Sum(F("accepted") + F("suggested"))).filter(n__gt=0).order_by("-n", "tag")
    common_tags = access.visible_tags(user).filter(pk__in=common.values("tag")[:most]).annotate(n=sum_for_tag(user))
    if tags := list(common_tags.order_by("-n", "pk").values_list("pk", "name")):
        return tags
    taggings = access.visible_taggings(user).exclude(state=Tagging.State.REJECTED).order_by().values("tag")
    counts = taggings.annotate(n=Count("tag")).order_by("-n", "tag")
    return list(counts.values_list("tag", "tag__name")[:most])


def sum_for_tag(user: Person, *names: str) -> Coalesce:
    """Return the expression for a tag's sum of `accepted`, `suggested`, or both over the images open to a person."""
    rows = TagFigures.objects.filter(access.match_open_audiences(user), tag=OuterRef("pk")).order_by().values("tag")
    number = F(names[0]) if names else F("accepted") + F("suggested")
    return Coalesce(Subquery(rows.annotate(n=Sum(number)).values("n")), 0, output_field=BigIntegerField())


def _list_ids(model: type[Model], after: int) -> Iterable[int]:
    return model._default_manager.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True).iterator(500)


def _count_images(part: int) -> None:
    first, end = UUID(int=(part - 1) << 120), UUID(int=min(part << 120, (1 << 128) - 1))
    in_part = Q(image__gte=first) & (Q(image__lt=end) if part < PARTS else Q())
    month = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    labeled = Q(labeled_at__gte=month, label_source="rekognition")
    sums = {
        "images": Count("pk"),
        "without_alt_text": Count("pk", filter=Q(alt_text="")),
        "created": Count("pk", filter=Q(created_at__gte=month)),
        "labeled": Count("pk", filter=labeled),
        "bytes": Sum("bytes"),
    }
    images = Image.objects.filter(pk__gte=first).filter(Q(pk__lt=end) if part < PARTS else Q())
    rows = _group(images, "", **sums)
    renditions = _group(Rendition.objects.filter(in_part), "image__", rendition_bytes=Sum("bytes"))
    originals = Sum(Cast(KT("facts__bytes"), BigIntegerField()), default=0)
    earlier = Version.objects.filter(in_part, current=False)
    versions = _group(earlier, "image__", earlier_bytes=originals + Sum("rendition_bytes"))
    for key, values in rows.items():
        values |= renditions.get(key, {}) | versions.get(key, {})
    ImageFigures.objects.filter(part=part).delete()
    ImageFigures.objects.bulk_create(
        ImageFigures(
            part=part,
            audience_id=audience,
            state=state,
            deleted=deleted,
            month=month.date(),
            **{name: number or 0 for name, number in values.items()},
        )
        for (audience, state, deleted), values in rows.items()
    )


def _group(records: QuerySet[Any], image: str, **sums: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return sums over records of images by the images' audience, their state, and whether they are out of use."""
    rows = records.order_by().annotate(is_deleted=Q(**{f"{image}deleted_at__isnull": False}))
    keys = (f"{image}audience", f"{image}state", "is_deleted")
    grouped = rows.values(*keys).annotate(**{f"sum_{name}": value for name, value in sums.items()})
    return {tuple(row[key] for key in keys): {name: row[f"sum_{name}"] for name in sums} for row in grouped}


def _count_tag(pk: int) -> None:
    state = Tagging.State
    numbers = {name: Count("pk", filter=Q(state=name)) for name in (state.ACCEPTED, state.SUGGESTED)}
    rows = Tagging.objects.filter(tag=pk).exclude(state=state.REJECTED).order_by().values_list("image__audience")
    TagFigures.objects.filter(tag=pk).delete()
    TagFigures.objects.bulk_create(
        TagFigures(tag_id=pk, audience_id=audience, accepted=accepted, suggested=suggested)
        for audience, accepted, suggested in rows.annotate(**numbers)
    )


def _count_collection(pk: int) -> None:
    members = Membership.objects.filter(collection=pk)
    # Those out of use are few: to take them off is quicker than to look at each image.
    number = members.count() - members.filter(image__deleted_at__isnull=False).count()
    CollectionFigures.objects.update_or_create(collection_id=pk, defaults={"images": number})
