"""`python -m bench.likeness IMAGES`: what it costs to find near images and groups of them among so many.

In a test database of its own beside the one that DATABASE_URL names; the fingerprints are drawn at random, one image in
twenty is near an earlier one.
"""

import random
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from bench.database import analyze, database

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from mediahub.library.models import Image

ROUNDS = 20
NEAR = 20


def main(number: int) -> None:
    """Prints a line for each question, median milliseconds."""
    with database() as vendor:
        print(f"{vendor}, {number:,} images, median of {ROUNDS} rounds")
        _measure(number)


def _looks(chance: random.Random, one: str) -> str:
    """A fingerprint, near this one where there is one."""
    if not one:
        return f"{chance.getrandbits(64):016x}{chance.getrandbits(24):06x}"
    flipped = int(one[:16], 16)
    for place in chance.sample(range(64), chance.choice((0, 2, 4, 6, 8))):
        flipped ^= 1 << place
    return f"{flipped:016x}{one[16:]}"


def _fill(number: int) -> None:
    from mediahub.library.models import Band, Image, Likeness
    from processing import COLORS, split_bands

    chance, earlier = random.Random(5), list[Image]()
    for start in range(0, number, 5000):
        images, pairs = [], []
        for n in range(start, min(number, start + 5000)):
            one = chance.choice(earlier) if earlier and chance.randrange(NEAR) == 0 else None
            looks = _looks(chance, one.fingerprint if one else "")
            fields = {"format": "JPEG", "width": 4000, "height": 3000, "bytes": 3_000_000, "sha256": f"{n:064x}"}
            colours = f" {' '.join(chance.sample(COLORS, 2))} "
            names = {"title": f"Image {n}", "file_name": f"{n}.jpg", "fingerprint": looks, "colours": colours}
            images.append(Image(id=uuid.UUID(int=chance.getrandbits(128)), **names, **fields))
            if one:
                pairs.append(Likeness(first=one, second=images[-1], distance=2))
        Image.objects.bulk_create(images)
        Band.objects.bulk_create(
            [Band(image=image, part=part) for image in images for part in split_bands(image.fingerprint)],
            batch_size=5000,
        )
        Likeness.objects.bulk_create(pairs)
        earlier += images


def _measure(number: int) -> None:
    from django.contrib.auth.models import User
    from django.http import QueryDict

    from mediahub.library import duplicates, similarity
    from mediahub.library.models import Image, Likeness
    from mediahub.library.search import Search

    _fill(number)
    analyze()
    ids = list(Image.objects.order_by("pk").values_list("pk", flat=True))
    print(f"{Likeness.objects.count():,} pairs")
    user = User.objects.create_superuser("bench")
    chosen = random.Random(7).sample(ids, ROUNDS)
    paired = list(Likeness.objects.values_list("second", flat=True)[:ROUNDS])
    groups = duplicates.Groups(user)
    _say("compare one with all", [partial(similarity.compare, pk) for pk in chosen])
    _say("all groups, in order", [partial(duplicates.Groups, user)] * ROUNDS)
    _say("the images of a group", [partial(duplicates.group, user, pk, groups) for pk in paired])
    _say("how many an image has", [partial(duplicates.number, user, Image(pk=pk)) for pk in chosen])
    for query in ("near=only", "twice=only", "colour=blue"):
        found = Search.parse(QueryDict(query)).images(user)
        _say(f"{query}, first page", [partial(_page, found)] * ROUNDS)
        _say(f"{query}, how many", [found.order_by().count] * ROUNDS)


def _page(found: "QuerySet[Image]") -> int:
    return len(found.all()[:60])


def _say(what: str, asked: list[Callable[[], object]]) -> None:
    taken = []
    for ask in asked:
        start = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - start))
    print(f"{what}: {median(taken):.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]))
