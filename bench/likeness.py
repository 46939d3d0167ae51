"""`python -m bench.likeness IMAGES`: measure how long it takes to find similar images, and groups of them.

The images are in a test database beside the one that DATABASE_URL names. Their fingerprints are drawn at random, one in
twenty close to an earlier one; there must be more than 5,000 for that.
"""

import random
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from bench.database import analyze, open_test_database

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from mediahub.library.models import Image

ROUNDS = 20
NEAR = 20


def main(number: int) -> None:
    """Print the median milliseconds of each query."""
    with open_test_database() as vendor:
        print(f"{vendor}, {number:,} images, median of {ROUNDS} rounds")
        _measure(number)


def _draw_fingerprint(chance: random.Random, earlier: str) -> str:
    """Return a random fingerprint, or one that is close to an earlier one."""
    if not earlier:
        return f"{chance.getrandbits(64):016x}{chance.getrandbits(24):06x}"
    flipped = int(earlier[:16], 16)
    for place in chance.sample(range(64), chance.choice((0, 2, 4, 6, 8))):
        flipped ^= 1 << place
    return f"{flipped:016x}{earlier[16:]}"


def _create_images(number: int) -> None:
    from mediahub.library.models import FingerprintPart, Image, SimilarPair
    from processing import COLORS, split_bands

    chance, earlier = random.Random(5), list[Image]()
    for start in range(0, number, 5000):
        images, pairs = [], []
        for n in range(start, min(number, start + 5000)):
            original = chance.choice(earlier) if earlier and chance.randrange(NEAR) == 0 else None
            looks = _draw_fingerprint(chance, original.fingerprint if original else "")
            fields = {"format": "JPEG", "width": 4000, "height": 3000, "bytes": 3_000_000, "sha256": f"{n:064x}"}
            colors = f" {' '.join(chance.sample(COLORS, 2))} "
            names = {"title": f"Image {n}", "file_name": f"{n}.jpg", "fingerprint": looks, "colors": colors}
            images.append(Image(id=uuid.UUID(int=chance.getrandbits(128)), **names, **fields))
            if original:
                pairs.append(SimilarPair(first=original, second=images[-1], distance=2))
        Image.objects.bulk_create(images)
        FingerprintPart.objects.bulk_create(
            [FingerprintPart(image=image, part=part) for image in images for part in split_bands(image.fingerprint)],
            batch_size=5000,
        )
        SimilarPair.objects.bulk_create(pairs)
        earlier += images


def _measure(number: int) -> None:
    from django.contrib.auth.models import User
    from django.http import QueryDict

    from mediahub.library import duplicates, similarity
    from mediahub.library.models import Image, SimilarPair
    from mediahub.library.search import Search

    _create_images(number)
    analyze()
    ids = list(Image.objects.order_by("pk").values_list("pk", flat=True))
    print(f"{SimilarPair.objects.count():,} pairs")
    user = User.objects.create_superuser("bench")
    chosen = random.Random(7).sample(ids, ROUNDS)
    paired = list(SimilarPair.objects.values_list("second", flat=True)[:ROUNDS])
    groups = duplicates.Groups(user)
    _print_median("compare one with all", [partial(similarity.update_pairs, pk) for pk in chosen])
    _print_median("all groups, in order", [partial(duplicates.Groups, user)] * ROUNDS)
    _print_median("the images of a group", [partial(duplicates.list_group, user, pk, groups) for pk in paired])
    _print_median("how many an image has", [partial(duplicates.count_similar, user, Image(pk=pk)) for pk in chosen])
    for query in ("near=only", "twice=only", "color=blue"):
        images = Search.parse(QueryDict(query)).images(user)
        _print_median(f"{query}, first page", [partial(_count_first_page, images)] * ROUNDS)
        _print_median(f"{query}, how many", [images.order_by().count] * ROUNDS)


def _count_first_page(images: "QuerySet[Image]") -> int:
    return len(images.all()[:60])


def _print_median(title: str, questions: list[Callable[[], object]]) -> None:
    milliseconds = []
    for ask in questions:
        start = time.perf_counter()
        ask()
        milliseconds.append(1000 * (time.perf_counter() - start))
    print(f"{title}: {median(milliseconds):.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]))
