"""`python -m bench.bulk IMAGES [LIBRARY]`: measure what editors do to so many images at once, and undoing it.

The images are among LIBRARY others (ten times as many), in a test database beside the one that DATABASE_URL names; the
messages go to a local AWS. Each line is one action from its beginning until the last message is on the queue.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.database import analyze, open_test_database
from bench.local_aws import run_local_aws

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from mediahub.library.models import Image

BATCH = 2000
# A function of the site ends after 29 seconds; an editor waits less long.
MOST_SECONDS = 3.0


def main(number: int, others: int) -> int:
    """Print seconds, statements and requests of each action and of its undo; return 1 when one takes too long."""
    with (
        open_test_database() as vendor,
        tempfile.TemporaryDirectory() as folder,
        run_local_aws(Path(folder), "web"),
    ):
        chief = _create_chief()
        _fill(number + others)
        analyze()
        print(f"{vendor}, {number:,} images at once, among {number + others:,}")
        print("| Action | seconds | statements | requests | undo, seconds | statements | requests |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        slowest = max(_measure(chief, name, act, number) for name, act in _list_actions().items())
    print(f"\nThe slowest: {slowest:.1f} s (required: under {MOST_SECONDS:g} s).")
    return int(slowest >= MOST_SECONDS)


def _create_chief() -> "User":
    from django.contrib.auth.models import Group, User

    chief = User.objects.create(username="Chief editor", is_staff=True)
    chief.groups.add(Group.objects.get(name="Chief editor"))
    return chief


def _fill(number: int) -> None:
    from mediahub.library.models import Image, Tag, Tagging
    from mediahub.library.search import index

    sea = Tag.objects.create(name="Sea")
    facts = {"format": "JPEG", "width": 4000, "height": 3000, "bytes": 2_900_000, "license": "CC BY 4.0"}
    texts = {"credit": "Ada", "alt_text": "A boat at a quay", "placeholder": "x" * 700}
    for first in range(0, number, BATCH):
        images = Image.objects.bulk_create(
            Image(
                title=f"Boat {n}",
                file_name=f"IMG_{n}.jpg",
                sha256=f"{n:064x}",
                label_raw={"Labels": ["x" * 1500]},
                **facts,
                **texts,
            )
            for n in range(first, min(first + BATCH, number))
        )
        Tagging.objects.bulk_create(Tagging(image=image, tag=sea, source="measured", confidence=80) for image in images)
        index.update_entries(image.pk for image in images)


def _list_actions() -> "dict[str, Callable[[Any, list[Image]], Any]]":
    from django.utils import timezone

    from mediahub.library import metadata, publishing, tag_decisions
    from mediahub.library.models import Tagging

    return {
        "tag": lambda act, images: tag_decisions.add_tag_to_images(act, images, "Harbour"),
        "accept a tag": lambda act, images: tag_decisions.accept(
            act, Tagging.objects.filter(image__in=images).select_related("tag")
        ),
        "credit": lambda act, images: metadata.set_field(
            act, {image.pk: image for image in images}, "credit", "Ada Lund", timezone.now()
        ),
        "publish": lambda act, images: publishing.publish(act, images),
        "archive": lambda act, images: publishing.archive(act, images),
    }


def _measure(chief: "User", name: str, act: "Callable[[Any, list[Image]], Any]", number: int) -> float:
    from mediahub.history.change_set import ChangeSet
    from mediahub.history.undo import undo
    from mediahub.library.models import Image

    change_set = ChangeSet(chief)
    images = list(Image.objects.order_by("created_at", "pk").defer("label_raw")[:number])
    seconds, *counts = _count(lambda: act(change_set, images))
    assert change_set.images == number, (name, change_set.images)
    undo_seconds, *undo_counts = _count(lambda: undo(chief, change_set.id))
    cells = [f"{seconds:.2f}", *map(str, counts), f"{undo_seconds:.2f}", *map(str, undo_counts)]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return max(seconds, undo_seconds)


def _count(act: Callable[[], Any]) -> tuple[float, int, int]:
    """Return the seconds that it takes, the statements, and the requests to the queue."""
    from django.db import connection

    from mediahub.aws import clients

    counts = {"statements": 0, "requests": 0}

    def count_statement(execute: Any, *arguments: Any) -> Any:
        counts["statements"] += 1
        return execute(*arguments)

    def count_request(**_: Any) -> None:
        counts["requests"] += 1

    events = clients.get_client("sqs").meta.events
    events.register("before-call.sqs", count_request)
    start = time.perf_counter()
    with connection.execute_wrapper(count_statement):
        act()
    seconds = time.perf_counter() - start
    events.unregister("before-call.sqs", count_request)
    return seconds, counts["statements"], counts["requests"]


if __name__ == "__main__":
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    sys.exit(main(images, int(sys.argv[2]) if len(sys.argv) > 2 else 10 * images))
