"""A library of very many images: two thousand are written as the product does, and copied within the database."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from mediahub.library.models import Image, Tag

# So many images are written with all that the product writes; the others are their copies.
BASE = 2000
# Between two images of the base there is room for a copy of each of them every ten seconds.
SPACE = timedelta(seconds=5000)
SIZES = {
    **{"xlarge": (2048, "fit"), "large": (1024, "fit"), "medium": (512, "fit"), "small": (256, "fit")},
    **{"square": (512, "crop"), "wide": (1024, "crop")},
}
WORDS = (
    *("harbour", "dawn", "mist", "market", "council", "bridge", "river", "festival"),
    *("choir", "museum", "archive", "garden", "protest", "election", "snow"),
)
# Words that stand on one image in five hundred, and together on none.
RARE = ("zeppelin", "quarry")
TAGS, COLLECTIONS, PEOPLE = 500, 50, 5
TAGS_OF_AN_IMAGE = 5
_SET_READY = "UPDATE pg_index SET indisready = {} WHERE indrelid = %s::regclass"
PLACEHOLDER = f"data:image/jpeg;base64,{'x' * 180}"
# As the image that an earlier row is about is called in the copy: the number of the copy is `copy.n`.
NEW_ID = "MD5(CAST({} AS text) || '/' || copy.n)"


def fill(number: int) -> None:
    """Write all records of a library with so many images, and compare some with what the product makes."""
    from mediahub.library import audiences
    from mediahub.library.models import Image
    from mediahub.library.search import index

    copies = max(1, number // BASE)
    assert number < BASE or number % BASE == 0, f"Above {BASE:,} images, ask for a multiple of it."
    _write_base(min(number, BASE))
    if copies > 1:
        _copy_all(copies)
    some = list(Image.objects.order_by("pk").values_list("pk", flat=True)[:500])
    assert index.find_drifted(some) == []
    assert audiences.find_drifted(some) == []
    assert Image.objects.count() == number


def _write_base(number: int) -> None:
    from django.contrib.auth.models import Group, User

    from mediahub.history.change_set import ChangeSet
    from mediahub.library import audiences, collections
    from mediahub.library.models import Membership, Tag
    from mediahub.library.search import index

    chance = random.Random(5)
    people = [User.objects.create(username=name, is_staff=True) for name in ("Editor", "Chief editor")]
    for person in people:
        person.groups.add(Group.objects.get(name=person.username))
    people += [User.objects.create(username=f"Person {n}", is_staff=True) for n in range(PEOPLE)]
    tags = Tag.objects.bulk_create([Tag(name=f"{WORDS[n % len(WORDS)]} {n}") for n in range(TAGS)])
    legal = [Group.objects.create(name="Legal")]
    places = [
        collections.create(ChangeSet(people[0]), f"Collection {n}", groups=legal if n % 5 == 4 else ())
        for n in range(COLLECTIONS)
    ]
    images = _create_images(number, chance)
    _create_tags(images, tags, chance)
    index.update_entries(image.pk for image in images)
    Membership.objects.bulk_create(Membership(collection=chance.choice(places), image=image) for image in images)
    audiences.update_images(image.pk for image in images)
    _create_past(images, people[2:], chance)
    _create_queue_hours()
    _create_failed_items(chance)


def _create_images(number: int, chance: random.Random) -> "list[Image]":
    from django.utils import timezone

    from mediahub.library.models import Image, Rendition, SimilarPair
    from processing.formats import get_output

    now = timezone.now()
    images = [_build_image(n, now, chance) for n in range(number)]
    Image.objects.bulk_create(images)
    for n, image in enumerate(images):
        image.created_at = now - SPACE * (number - n)
    Image.objects.bulk_update(images, ["created_at"])
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
    pairs = zip(images[::100], images[1::100], strict=False)
    SimilarPair.objects.bulk_create(SimilarPair(first=first, second=second, distance=3) for first, second in pairs)
    return images


def _build_image(n: int, now: Any, chance: random.Random) -> "Image":
    from mediahub.library.models import Image
    from processing import COLORS

    title = f"{' '.join(chance.sample(WORDS, 3)).capitalize()} {n}"
    if n % 500 < len(RARE):
        title += f" {RARE[n % 500]}"
    return Image(
        id=UUID(int=chance.getrandbits(128)),
        state=("published", "published", "archived", "in_review")[n % 4],
        title=title,
        alt_text=f"{title} seen from afar" if n % 3 else "",
        credit=f"Photographer {n % 300}",
        license="CC BY 4.0",
        file_name=f"IMG_{n}.jpg",
        format="JPEG",
        width=4000 + n % 3,
        height=3000,
        bytes=chance.randrange(100_000, 9_000_000),
        sha256=f"{n:064x}",
        taken_at=now - timedelta(minutes=chance.randrange(5_000_000)) if n % 10 else None,
        colors=f" {' '.join(chance.sample(COLORS, 2))} ",
        placeholder=PLACEHOLDER,
        label_raw={"Labels": ["x" * 1500]},
        label_source="rekognition",
        label_state="done",
        labeled_at=now - timedelta(days=chance.random() * 90),
        mirrored_revision=1,
    )


def _create_tags(images: "list[Image]", tags: "list[Tag]", chance: random.Random) -> None:
    from mediahub.library.models import Tagging

    Tagging.objects.bulk_create(
        Tagging(image=image, tag=tag, source="rekognition", confidence=80, state=chance.choice(Tagging.State.values))
        for image in images
        for tag in chance.sample(tags, TAGS_OF_AN_IMAGE)
    )


def _create_past(images: "list[Image]", people: "list[User]", chance: random.Random) -> None:
    """Create the upload, the first version and an activity of each image."""
    from django.utils import timezone

    from mediahub.history.models import Change
    from mediahub.library.changes import to_json
    from mediahub.library.models import Version
    from mediahub.library.versions import FACTS
    from mediahub.uploads.models import Upload

    now = timezone.now()
    Version.objects.bulk_create(
        Version(
            image=image,
            number=1,
            key=f"u/{image.pk}",
            facts={name: to_json(getattr(image, name)) for name in FACTS},
            rendition_bytes=1_500_000,
        )
        for image in images
    )
    Change.objects.bulk_create(
        Change(image=image, subject=image.title, action="edited", by=chance.choice(people), at=image.created_at)
        for image in images
    )
    Upload.objects.bulk_create(
        Upload(
            file_name=image.file_name,
            bucket="b",
            key=f"k/{image.pk}",
            state="ready",
            issued_at=now - timedelta(days=chance.random() * 60),
            work_ms=chance.randrange(50, 4000),
            image=image,
            uploaded_by=chance.choice(people),
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


def _copy_all(copies: int) -> None:
    """Write so many of each image, the first included, in a statement for each table."""
    from django.db import connection

    from mediahub.history.models import Change
    from mediahub.library.models import Image, Membership, Rendition, SearchEntry, SimilarPair, Tagging, Version
    from mediahub.uploads.models import Upload

    is_postgresql = connection.vendor == "postgresql"
    image = {"image_id": _new_id("image_id")}
    number = "LPAD(CAST(copy.n AS text), 12, '0')"
    title = {"title": "base.title || ' ' || copy.n"}
    with connection.cursor() as cursor:
        if is_postgresql:
            # The copies refer to each other as their bases do: no reference has to be looked up.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("CREATE TEMPORARY TABLE bench_copy (n integer)")
        cursor.executemany("INSERT INTO bench_copy VALUES (%s)", [(n,) for n in range(1, copies)])
    file_name = "REPLACE(base.file_name, '.jpg', '_' || copy.n || '.jpg')"
    image_values = {
        "id": _new_id("id"),
        "sha256": "MD5(base.sha256 || copy.n) || MD5(base.sha256)",
        "file_name": file_name,
    }
    _copy(Image, {**image_values, **title, "created_at": _later("created_at")}, "created_at")
    moment = {"created_key": _later("created_key")}
    entry = {
        **image,
        **title,
        "title_key": f"base.title_key || ' ' || {number}",
        "file": "REPLACE(base.file, ' jpg', ' ' || copy.n || ' jpg')",
        "file_key": f"REPLACE(base.file_key, ' jpg', ' ' || {number} || ' jpg')",
        **moment,
    }
    _copy(SearchEntry, entry, "created_key")
    _copy(Tagging, {**image, **moment})
    _copy(Membership, {**image, **moment})
    _copy(Rendition, {**image, "key": f"base.name || '/' || {NEW_ID.format('base.image_id')} || base.format"})
    _copy(SimilarPair, {name: _new_id(name) for name in ("first_id", "second_id")})
    _copy(Version, {**image, "key": f"'u/' || {NEW_ID.format('base.image_id')}"})
    _copy(Change, {**image, "change_set": _new_id("change_set"), "at": _later("at")})
    upload = {**image, "id": _new_id("id"), "key": f"'k/' || {NEW_ID.format('base.id')}", "file_name": file_name}
    _copy(Upload, {**upload, "issued_at": _later("issued_at")})
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_copy")
        if is_postgresql:
            cursor.execute("RESET session_replication_role")


def _copy(model: Any, changes: Mapping[str, str], order: str = "id") -> None:
    """Insert a copy of each row for each number, with other values where `changes` says so, in the order of time."""
    from django.db import connection

    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    columns = [field.column for field in fields]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(changes.get(column, f'base."{column}"') for column in columns)
    table = model._meta.db_table
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgresql:
            # To sort once is ten times as fast as to find the place of each row in each index.
            cursor.execute(_SET_READY.format("false"), [table])
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} base "  # noqa: S608 - names of models
            f"CROSS JOIN bench_copy copy ORDER BY base.{order}, copy.n"
        )
        if is_postgresql:
            cursor.execute(_SET_READY.format("true"), [table])
            cursor.execute(f"REINDEX TABLE {table}")


def _new_id(column: str) -> str:
    from django.db import connection

    cast = "::uuid" if connection.vendor == "postgresql" else ""
    return NEW_ID.format(f"base.{column}") + cast


def _later(column: str) -> str:
    """Return the moment of a copy: ten seconds later for each."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return f"base.{column} + copy.n * interval '10 seconds'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', base.{column}, '+' || (10 * copy.n) || ' seconds')"
