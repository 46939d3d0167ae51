"""`python -m bench.pages IMAGES`: measure the pages that editors open all day, with so many images.

Each image has six renditions in two formats, five of five hundred tags, an upload, a version, and a membership in one
of fifty collections, ten of which are closed to the editor who opens the pages.
"""

import random
import sys
import time
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from bench.database import analyze, open_test_database

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from mediahub.library.models import Image, Tag

ROUNDS = 7
BATCH = 2000
SIZES = {
    **{"xlarge": (2048, "fit"), "large": (1024, "fit"), "medium": (512, "fit"), "small": (256, "fit")},
    **{"square": (512, "crop"), "wide": (1024, "crop")},
}
WORDS = (
    *("harbour", "dawn", "mist", "market", "council", "bridge", "river", "festival"),
    *("choir", "museum", "archive", "garden", "protest", "election", "snow"),
)


def main(number: int) -> None:
    """Print the median milliseconds of each page, for an editor and for a chief editor."""
    with open_test_database() as vendor:
        from django.test import Client

        print(f"{vendor}, {number:,} images, median of {ROUNDS} rounds")
        editor, chief = _create_people()
        collection, image = _fill(number, editor)
        analyze()
        clients = []
        for person in (editor, chief):
            clients.append(Client())
            clients[-1].force_login(person)
        print("| Page | an editor, ms | a chief editor, ms |")
        print("| --- | ---: | ---: |")
        for name, path in _list_pages(image, collection).items():
            print(f"| {name} | {' | '.join(_measure_page(client, path) for client in clients)} |", flush=True)


def _create_people() -> "tuple[User, User]":
    from django.contrib.auth.models import Group, User

    people = []
    for name in ("Editor", "Chief editor"):
        people.append(User.objects.create(username=name, is_staff=True))
        people[-1].groups.add(Group.objects.get(name=name))
    return people[0], people[1]


def _list_pages(image: UUID, collection: int) -> dict[str, str]:
    grid = "/admin/library/image/"
    return {
        "home": "/admin/",
        "library": grid,
        "library, in review": f"{grid}?state=in_review",
        "library, one word": f"{grid}?q=harbour",
        "library, three words": f"{grid}?q={quote('harbour mist festival')}",
        "library, a word that is nowhere": f"{grid}?q=zeppelin",
        "library, a tag": f"{grid}?tag=1",
        "library, a collection": f"{grid}?collection={collection}",
        "library, landscape in blue without alt text": f"{grid}?shape=landscape&color=blue&alt=no",
        "whether anything is new": "/admin/pulse/",
        "one image": f"{grid}{image}/change/",
        "review": f"/admin/images/{image}/review/",
        "collections": "/admin/collections/",
        "failed items": "/admin/recovery/faileditem/",
        "uploads": "/admin/uploads/upload/",
        "tags": "/admin/library/tag/",
        "activity": "/admin/activity/",
        "dashboard, 30 days": "/admin/dashboard/?days=30",
    }


def _measure_page(client: "Client", path: str) -> str:
    status = client.get(path).status_code
    assert status == 200, (path, status)
    milliseconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        client.get(path)
        milliseconds.append(1000 * (time.perf_counter() - start))
    return f"{median(milliseconds):.0f}"


def _fill(number: int, editor: "User") -> tuple[int, UUID]:
    """Create all records; return a collection that is open to the editor, and an image in it."""
    from django.contrib.auth.models import Group

    from mediahub.history.change_set import ChangeSet
    from mediahub.library import collections
    from mediahub.library.models import Membership, Tag
    from mediahub.library.search import index

    chance = random.Random(5)
    tags = Tag.objects.bulk_create([Tag(name=f"{WORDS[n % len(WORDS)]} {n}") for n in range(500)])
    legal = [Group.objects.create(name="Legal")]
    places = [
        collections.create(ChangeSet(editor), f"Collection {n}", groups=legal if n % 5 == 4 else ()) for n in range(50)
    ]
    for first in range(0, number, BATCH):
        images = _create_images(range(first, min(number, first + BATCH)), number, chance)
        _create_tags(images, tags, chance)
        index.update_entries(image.pk for image in images)
        Membership.objects.bulk_create(Membership(collection=chance.choice(places), image=image) for image in images)
        _create_past(images, editor, chance)
    _create_queue_hours()
    _create_failed_items(chance)
    return places[0].pk, Membership.objects.filter(collection=places[0]).values_list("image", flat=True)[0]


def _create_images(numbers: range, total: int, chance: random.Random) -> "list[Image]":
    from django.utils import timezone

    from mediahub.library.models import Image, Rendition
    from processing import COLORS
    from processing.formats import get_output

    images = []
    for n in numbers:
        state = ("published", "published", "archived", "in_review")[n % 4] if n < total * 0.97 else "in_review"
        title = f"{' '.join(chance.sample(WORDS, 3)).capitalize()} {n}"
        colors = f" {' '.join(chance.sample(COLORS, 2))} "
        words = {
            "title": title,
            "alt_text": f"{title} seen from afar" if n % 3 else "",
            "file_name": f"IMG_{n}.jpg",
        }
        facts = {"format": "JPEG", "width": 4000 + n % 3, "height": 3000, "bytes": 2_900_000, "sha256": f"{n:064x}"}
        labels = {"label_raw": {"Labels": ["x" * 1500]}, "label_source": "rekognition", "label_state": "done"}
        images.append(
            Image(
                id=UUID(int=chance.getrandbits(128)),
                state=state,
                colors=colors,
                placeholder="x" * 700,
                labeled_at=timezone.now() - timedelta(days=chance.random() * 90),
                **words,
                **facts,
                **labels,
            )
        )
    Image.objects.bulk_create(images)
    Rendition.objects.bulk_create(
        Rendition(
            image=image,
            name=name,
            mode=mode,
            format=output.name,
            key=f"{name}/{image.pk}/{image.sha256}.{output.suffix}",
            width=side,
            height=side,
            bytes=side * 100,
            content_type=output.content_type,
            sha256="0" * 64,
        )
        for image in images
        for name, (side, mode) in SIZES.items()
        for output in (get_output("JPEG"), get_output("AVIF"))
    )
    return images


def _create_tags(images: "list[Image]", tags: "list[Tag]", chance: random.Random) -> None:
    from mediahub.library.models import Tagging

    Tagging.objects.bulk_create(
        Tagging(image=image, tag=tag, source="rekognition", confidence=80, state=chance.choice(Tagging.State.values))
        for image in images
        for tag in chance.sample(tags, 5)
    )


def _create_past(images: "list[Image]", editor: "User", chance: random.Random) -> None:
    """Create the upload, the first version and an activity of each image."""
    from django.utils import timezone

    from mediahub.history.models import Change
    from mediahub.library.models import Version
    from mediahub.uploads.models import Upload

    Version.objects.bulk_create(
        Version(image=image, number=1, key=f"u/{image.pk}", facts={"bytes": 2_900_000}, files={}) for image in images
    )
    Change.objects.bulk_create(Change(image=image, subject=image.title, action="edited", by=editor) for image in images)
    Upload.objects.bulk_create(
        Upload(
            file_name=image.file_name,
            bucket="b",
            key=f"k/{image.pk}",
            state="ready",
            issued_at=timezone.now() - timedelta(days=chance.random() * 60),
            work_ms=chance.randrange(50, 4000),
            image=image,
            uploaded_by=editor,
        )
        for image in images
    )


def _create_queue_hours() -> None:
    from django.utils import timezone

    from mediahub.recovery.models import QueueHour

    now = timezone.now()
    QueueHour.objects.bulk_create(
        QueueHour(
            hour=(now - timedelta(hours=n)).replace(minute=0, second=0, microsecond=0),
            at=now,
            waiting=1,
            waiting_most=n % 90,
            oldest=1,
            oldest_most=n % 300,
            dead_letters=0,
        )
        for n in range(24 * 90)
    )


def _create_failed_items(chance: random.Random) -> None:
    from django.utils import timezone

    from mediahub.recovery.models import FailedItem

    now = timezone.now()
    FailedItem.objects.bulk_create(
        FailedItem(
            message_id=str(n),
            kind="upload",
            reason=f"Reason {n % 9}",
            fingerprint=str(n % 9),
            payload="",
            state="open" if n % 5 == 0 else "resolved",
            first_failed_at=now,
            last_failed_at=now - timedelta(days=chance.random() * 30),
        )
        for n in range(5000)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
