"""The images that a review goes through: newest first, of those that match the filters."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.http import QueryDict

from mediahub.library import access, tag_decisions
from mediahub.library.models import Image, Tagging
from mediahub.library.search import Search

MOST_COUNTED = 1000


@dataclass(frozen=True)
class QueuePosition:
    """Where an image stands: `number` counts from 1 and is None for one that the filters leave out.

    Only the first images of a long review are counted: then it `goes_on`, and an image that comes later `is_beyond`.
    """

    number: int | None
    total: int
    left: int
    goes_on: bool = False
    is_beyond: bool = False


class ReviewQueue:
    """A person's images as the library's search finds them by an address; without a search, those in review."""

    def __init__(self, user: User | AnonymousUser, asked: QueryDict) -> None:
        self.user = user
        search = Search.parse(asked)
        self.query = search.query()
        self.filters = [(name, value) for name, values in QueryDict(self.query).lists() for value in values]
        self._chosen = (search or Search(texts={"state": Image.State.IN_REVIEW})).images(user)

    def list_images(self) -> QuerySet[Image]:
        """Return the images in their order, with all that the page shows of them."""
        return prefetch_for_review(self._chosen).order_by("-created_at", "pk")

    def get(self, image_id: Any) -> Image | None:
        """Return an image that the person may see, whatever the filters say."""
        return prefetch_for_review(access.visible_images(self.user)).filter(pk=image_id).first()

    def list_after(self, image: Image, most: int) -> list[Image]:
        """Return the images that follow, nearest first."""
        return list(
            self.list_images().filter(
                Q(created_at__lt=image.created_at) | Q(created_at=image.created_at, pk__gt=image.pk)
            )[:most]
        )

    def list_before(self, image: Image, most: int) -> list[Image]:
        """Return the images that come before, nearest first."""
        nearer = self.list_images().filter(_precedes(image)).order_by("created_at", "-pk")
        return list(nearer[:most])

    def get_position(self, image: Image) -> QueuePosition:
        """Return the image's position among all, and how many images wait for a first decision."""
        # Nobody reviews more in a day: to count further would look at each image of a large library.
        ids = list(self._chosen.values_list("pk", flat=True)[: MOST_COUNTED + 1])
        goes_on = len(ids) > MOST_COUNTED
        counted = Image.objects.filter(pk__in=ids[:MOST_COUNTED])
        counts = counted.aggregate(
            total=Count("pk"),
            before=Count("pk", filter=_precedes(image)),
            here=Count("pk", filter=Q(pk=image.pk)),
            left=Count("pk", filter=tag_decisions.unreviewed()),
        )
        number = counts["before"] + 1 if counts["here"] else None
        is_beyond = goes_on and number is None and self._chosen.filter(pk=image.pk).exists()
        return QueuePosition(number, counts["total"], counts["left"], goes_on, is_beyond)


def prefetch_for_review(images: QuerySet[Image]) -> QuerySet[Image]:
    """Return these images with their renditions and taggings, surest tagging first."""
    surest = Tagging.objects.select_related("tag").order_by(F("confidence").desc(nulls_last=True), "tag__name")
    return images.defer("label_raw").prefetch_related("renditions", Prefetch("taggings", surest))


def _precedes(image: Image) -> Q:
    return Q(created_at__gt=image.created_at) | Q(created_at=image.created_at, pk__lt=image.pk)
