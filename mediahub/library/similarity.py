"""Which images are the same file, or look alike: noted when a file comes in, so that no page compares all with all."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mediahub.library.models import Band, Image, Likeness
from processing import list_near_bands, measure_distance, split_bands

# More would tell an editor nothing: the oldest of the nearest hold all copies of one picture together.
NEAREST = 20


def in_use(images: QuerySet[Image]) -> QuerySet[Image]:
    """Those among which it matters that one is there twice."""
    return images.filter(deleted_at=None).exclude(state=Image.State.ARCHIVED)


def pairs(images: QuerySet[Image]) -> QuerySet[Likeness]:
    """The pairs of these images that look alike, and that nobody has said are different."""
    both = [Exists(images.filter(pk=OuterRef(side))) for side in ("first", "second")]
    return Likeness.objects.filter(*both, parted_at=None)


def note(image: Image) -> None:
    """Keep what the image looks like now, within the caller's transaction, and after its commit what is like it.

    Two that come at the same time do not see each other before both are committed.
    """
    held = list(image.bands.order_by("part").values_list("part", flat=True))
    wanted = sorted(split_bands(image.fingerprint)) if image.fingerprint else []
    if held != wanted:
        image.bands.all().delete()
        Band.objects.bulk_create([Band(image=image, part=part) for part in wanted])
    transaction.on_commit(partial(compare, image.pk))


def compare(image_id: UUID) -> None:
    """Enter the images that this one is like, and take out those it is not like any more, unless a person judged."""
    image = Image.objects.filter(pk=image_id).only("pk", "sha256", "fingerprint", "created_at").first()
    if image is None:
        return
    near = _near(image)
    came = dict(Image.objects.filter(pk__in=near).values_list("pk", "created_at"))
    found = []
    for other in sorted(came, key=lambda pk: (near[pk], came[pk]))[:NEAREST]:
        (_at, first), (_later, second) = sorted([(came[other], other), (image.created_at, image.pk)])
        found.append(Likeness(first_id=first, second_id=second, distance=near[other]))
    held = Likeness.objects.filter(Q(first=image) | Q(second=image), parted_at=None)
    if not found and not held.exists():
        return
    with transaction.atomic():
        held.exclude(Q(first__in=near) | Q(second__in=near)).delete()
        Likeness.objects.bulk_create(
            found, update_conflicts=True, unique_fields=["first", "second"], update_fields=["distance"]
        )


def _near(image: Image) -> dict[UUID, int]:
    """The images that are like this one, and in how many bits they differ."""
    others = Image.objects.exclude(pk=image.pk)
    found = dict.fromkeys(others.filter(sha256=image.sha256).values_list("pk", flat=True), 0)
    if image.fingerprint:
        alike = Band.objects.filter(part__in=list_near_bands(image.fingerprint)).values("image")
        for pk, looks in others.filter(pk__in=alike).values_list("pk", "fingerprint"):
            bits = measure_distance(image.fingerprint, looks)
            if bits is not None:
                found.setdefault(pk, bits)
    return found
