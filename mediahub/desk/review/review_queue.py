"""The images that a review goes through: newest first, of those that match the filters."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import BooleanField, ExpressionWrapper, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import QueryDict

from mediahub.library import access, tag_decisions
from mediahub.library.models import Image, Tagging
from mediahub.library.search import Search

MOST_COUNTED = 1000


@dataclass(frozen=True)
class QueuePosition:
    """Where an image stands: `number` counts from 1 and is None for one that the filters leave out.

    Only the first images of a long review are counted: then it `goes_on`.
    """

    number: int | None
    total: int
    left: int
    goes_on: bool = False


class ReviewQueue:
    """A person's images as the library's search finds them by an address; without a search, those in review."""

    def __init__(self, user: User | AnonymousUser, asked: QueryDict) -> None:
        self.user = user
        search = Search.parse(asked)
        self.query = search.query()
        self.filters = [(name, value) for name, values in QueryDict(self.query).lists() for value in values]
        search = search or Search(texts={"state": Image.State.IN_REVIEW})
        candidates, are_all = search.list_candidates() if search.looked_for else ([], False)
        self._chosen = search.images(user, are_many=not are_all)
        if are_all:
            self._chosen = self._chosen.filter(search_entry__in=candidates)

    def list_images(self) -> QuerySet[Image]:
        """Return the images in their order, with all that the page shows of them."""
        return prefetch_for_review(self._chosen).order_by("-created_at", "pk")

    def get(self, image_id: Any) -> Image | None:
        """Return an image that the person may see, whatever the filters say."""
        return prefetch_for_review(access.visible_images(self.user)).filter(pk=image_id).first()

    def load(self, image_id: Any, after: int, before: int) -> tuple[Image, list[Image], list[Image]] | None:
        """Return an image that the person may see with so many that follow and come before; nearest first."""
        image = access.visible_images(self.user).defer("label_raw").filter(pk=image_id).first()
        if image is None:
            return None
        rows = self._chosen.defer("label_raw")
        following = list(rows.filter(_follows(image))[:after])
        preceding = list(rows.filter(_precedes(image)).order_by("created_at", "-pk")[:before])
        prefetch_related_objects([image, *following, *preceding], *_list_prefetches())
        return image, following, preceding

    def list_after(self, image: Image, most: int) -> list[Image]:
        """Return the images that follow, nearest first."""
        return list(self.list_images().filter(_follows(image))[:most])

    def list_before(self, image: Image, most: int) -> list[Image]:
        """Return the images that come before, nearest first."""
        nearer = self.list_images().filter(_precedes(image)).order_by("created_at", "-pk")
        return list(nearer[:most])

    def get_position(self, image: Image) -> QueuePosition:
        """Return the image's position among all, and how many images wait for a first decision."""
        # Nobody reviews more in a day: to count further would look at each image of a large library.
        waits = ExpressionWrapper(tag_decisions.unreviewed(), BooleanField())
        rows = list(self._chosen.values_list("pk", waits)[: MOST_COUNTED + 1])
        goes_on, counted = len(rows) > MOST_COUNTED, rows[:MOST_COUNTED]
        number = next((n for n, (pk, _waits) in enumerate(counted, 1) if pk == image.pk), None)
        left = sum(is_waiting for _pk, is_waiting in counted)
        return QueuePosition(number, len(counted), left, goes_on)


def prefetch_for_review(images: QuerySet[Image]) -> QuerySet[Image]:
    """Return these images with their renditions and taggings, surest tagging first."""
    return images.defer("label_raw").prefetch_related(*_list_prefetches())


def _list_prefetches() -> tuple[str, "Prefetch[Any]"]:
    surest = Tagging.objects.select_related("tag").order_by(F("confidence").desc(nulls_last=True), "tag__name")
    return "renditions", Prefetch("taggings", surest)


# The first part of each alone says where to begin in the index.
def _precedes(image: Image) -> Q:
    at = image.created_at
    return Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__lt=image.pk))


def _follows(image: Image) -> Q:
    at = image.created_at
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__gt=image.pk))
