"""Which images are the same file, or look alike: noted when a file comes in, so that no page compares all with all."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from mediahub.library.models import FingerprintPart, Image, SimilarPair
from processing import list_near_bands, measure_distance, split_bands

# More would tell an editor nothing: the oldest of the nearest hold all copies of one picture together.
NEAREST = 20


def in_use(images: QuerySet[Image]) -> QuerySet[Image]:
    """Return the images in use: among these, duplicates matter."""
    return images.filter(deleted_at=None).exclude(state=Image.State.ARCHIVED)


def undecided_pairs(images: QuerySet[Image]) -> QuerySet[SimilarPair]:
    """Return the pairs of these images that look alike and that nobody has marked as different."""
    # Looked up for each pair: of an “exists” PostgreSQL would make a join with all images.
    sides = [Subquery(images.filter(pk=OuterRef(side)).order_by().values("pk")[:1]) for side in ("first", "second")]
    return SimilarPair.objects.filter(*(IsNull(side, False) for side in sides), different_at=None)


def update_bands(image: Image) -> None:
    """Store the image's fingerprint in parts, within the caller's transaction, and after its commit its similar pairs.

    Two that come at the same time do not see each other before both are committed.
    """
    existing = list(image.bands.order_by("part").values_list("part", flat=True))
    parts = sorted(split_bands(image.fingerprint)) if image.fingerprint else []
    if existing != parts:
        image.bands.all().delete()
        FingerprintPart.objects.bulk_create([FingerprintPart(image=image, part=part) for part in parts])
    transaction.on_commit(partial(update_pairs, image.pk))


def update_pairs(image_id: UUID) -> None:
    """Store the image's similar pairs, and delete those not similar any more, unless a person decided on them."""
    image = Image.objects.filter(pk=image_id).only("pk", "sha256", "fingerprint", "created_at").first()
    if image is None:
        return
    near = _near(image)
    created_at = dict(Image.objects.filter(pk__in=near).values_list("pk", "created_at"))
    pairs = []
    for other in sorted(created_at, key=lambda pk: (near[pk], created_at[pk]))[:NEAREST]:
        (_at, first), (_later, second) = sorted([(created_at[other], other), (image.created_at, image.pk)])
        pairs.append(SimilarPair(first_id=first, second_id=second, distance=near[other]))
    existing = SimilarPair.objects.filter(Q(first=image) | Q(second=image), different_at=None)
    if not pairs and not existing.exists():
        return
    with transaction.atomic():
        existing.exclude(Q(first__in=near) | Q(second__in=near)).delete()
        SimilarPair.objects.bulk_create(
            pairs, update_conflicts=True, unique_fields=["first", "second"], update_fields=["distance"]
        )


def _near(image: Image) -> dict[UUID, int]:
    """Return the images that are like this one, and in how many bits they differ."""
    others = Image.objects.exclude(pk=image.pk)
    distances = dict.fromkeys(others.filter(sha256=image.sha256).values_list("pk", flat=True), 0)
    if image.fingerprint:
        alike = FingerprintPart.objects.filter(part__in=list_near_bands(image.fingerprint)).values("image")
        for pk, fingerprint in others.filter(pk__in=alike).values_list("pk", "fingerprint"):
            bits = measure_distance(image.fingerprint, fingerprint)
            if bits is not None:
                distances.setdefault(pk, bits)
    return distances
