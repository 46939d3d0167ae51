"""The mirror: one DynamoDB item for each image, and a pointer for each accepted tag, for readers outside Django.

Its readers know nothing of the desk's people and collections. So it holds words, tags and addresses of what everybody
may see, and of all other images only that they are there: state, revision, and the sizes of their renditions.

Keys: `pk` is the image's id. The image's own item has `sk` = "image"; a pointer has `sk` = "tag#<name>" and stands in
the index `by_tag` (`tag`, `date`). All items of an image carry its revision and are written in one transaction that
holds only while the image's item is still the one that was read.
"""

import logging
from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.aws.table import MOST_CHANGES, PAGE, Item, Overtaken
from mediahub.delivery import public
from mediahub.delivery.models import PublicFile
from mediahub.library import rendition_choice, revisions
from mediahub.library.credit import build_credit
from mediahub.library.date_taken import get_local_moment
from mediahub.library.models import Image, Purge, Rendition, Tagging
from mediahub.library.publishing import is_public
from mediahub.messages import PurgeImage
from processing.formats import get_output
from processing.keys import build_content_key, build_permanent_key

log = logging.getLogger(__name__)

ItemsByImage = dict[UUID, dict[str, Item]]
# One transaction holds them, the image's own item, and as many that are to go; other tags stay on the own item.
MOST_POINTERS = 45
# No image has a higher revision: so no push that was under way, and none of a restored record, goes over it.
LAST_REVISION = 2**31 - 1
PURGED = "purged"
# The item stays without its content, so that a push which was overtaken cannot bring the image back.
DELETED = "deleted"


def push_image(image_id: UUID) -> bool:
    """Copy the image to the mirror if the mirror's revision is lower; False when it was not.

    Raise Unavailable or Misconfigured when DynamoDB cannot be written.
    """
    try:
        image = Image.objects.filter(pk=image_id).prefetch_related("renditions").first()
    except Exception:
        # A row that cannot be read whole must not keep its files public.
        public.withdraw_files(image_id)
        raise
    if image is None:
        return False
    # The files come before the item that names them, and go before it says that they are gone.
    public.update_public_files(image)
    written = _write_items(image)
    # A mirror that is ahead of this copy is no reason to push again.
    revisions.note_mirrored({image.pk: image.revision})
    return written


def push_stale_images(most: int = 100) -> int:
    """Push the images whose mirror lags behind, first those that are public no more; return how many were written."""
    files = PublicFile.objects.filter(image=OuterRef("pk"))
    ended = Q(deleted_at__isnull=False) | ~Q(state=Image.State.PUBLISHED) | Q(rights_until__lt=timezone.localdate())
    stale = Image.objects.filter(mirrored_revision__lt=F("revision"))
    first = Case(When(ended & Exists(files), then=0), default=1)
    ids = rounds.pick_items(stale.order_by(first, "updated_at").values_list("pk", flat=True), most, "image")
    return rounds.process_each(ids, push_image, "image")


def read_item(image_id: UUID) -> Item | None:
    """Return the image's own item as the mirror holds it."""
    return clients.get_mirror_table().query_items(str(image_id)).get("image")


def has_drifted(image: Image) -> bool:
    """Return whether the mirror lacks what it should hold of this image; one that waits to be pushed is no drift."""
    mirrored_items = clients.get_mirror_table().query_items(str(image.pk))
    image_item, pointers = _build_items(image)
    expected_items = {item["sk"]: item for item in (image_item, *pointers)}
    return mirrored_items != expected_items and image.mirrored_revision >= image.revision


def mend_image(image_id: UUID) -> None:
    """Have the image pushed anew, above whatever revision the mirror holds of it; one that was erased is erased again.

    A record of an erased image is one of a database that was restored.
    """
    mirrored_item = read_item(image_id)
    if is_buried(mirrored_item):
        messages.send(PurgeImage(image_id))
        return
    revisions.record_change(image_id, above=int(mirrored_item["revision"]) if mirrored_item else 0)


# Where the clock leaves word that it rests: the one `pk` of the table that is no image's.
CLOCK = "clock"


def find_strangers() -> Iterator[str]:
    """Yield the `pk` of each image that is in the mirror and in no record."""
    seen: set[str] = set()
    after: Item | None = {}
    while after is not None:
        strangers, after = find_strangers_after(after)
        yield from (pk for pk in strangers if pk not in seen)
        seen.update(strangers)


def find_strangers_after(after: Item) -> tuple[list[str], Item | None]:
    """Return the strangers among the next keys of the mirror, and where to go on; None at its end."""
    keys, next_key = clients.get_mirror_table().scan_keys(after, PAGE)
    pks = {pk for pk, _ in keys} - {CLOCK}
    ids = {pk: image_id for pk in pks if (image_id := _parse_image_id(pk))}
    recorded_ids = set(Image.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
    recorded_ids |= set(Purge.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
    return sorted(pk for pk in pks if ids.get(pk) not in recorded_ids), next_key


def forget_image(pk: str) -> None:
    """Take all items of one `pk` out of the mirror."""
    table = clients.get_mirror_table()
    table.delete(pk, list(table.query_items(pk)))


def bury_image(image_id: UUID) -> None:
    """Leave nothing of an image in the mirror but that it was erased for good."""
    pk, table = str(image_id), clients.get_mirror_table()
    table.put({"pk": pk, "sk": "image", "revision": LAST_REVISION, "state": PURGED})
    table.delete(pk, [sk for sk in table.query_items(pk) if sk != "image"])


def is_buried(item: Item | None) -> bool:
    """Return whether the image's own item says that it was erased for good."""
    return item is not None and item.get("state") == PURGED


def read_items(image_ids: Collection[UUID]) -> ItemsByImage:
    """Return all items that the mirror holds of each of these images, by `sk`.

    An image that was erased for good is left out, and erased again: its record is one of a database that was restored.
    """
    table = clients.get_mirror_table()
    items = {image_id: table.query_items(str(image_id)) for image_id in image_ids}
    buried_ids = {image_id for image_id in items if is_buried(items[image_id].get("image"))}
    for image_id in buried_ids:
        messages.send(PurgeImage(image_id))
    return {image_id: items[image_id] for image_id in items if image_id not in buried_ids}


def outdo_items(items: ItemsByImage) -> None:
    """Count a change of each image, above the revision that the mirror holds, within the caller's transaction.

    The mirror may have been restored from a newer copy than the records, or they from an older one: they are the truth.
    Whatever ends the worker from here on, the clock pushes these images.
    """
    above = {
        image_id: int(mirrored["image"]["revision"]) if "image" in mirrored else 0
        for image_id, mirrored in items.items()
    }
    revisions.increment_above(above)


def push_over_items(items: ItemsByImage) -> dict[UUID, Exception]:
    """Write what the records say of images over the items that were read of them; return by image what failed."""
    images = list(Image.objects.filter(pk__in=items).prefetch_related("renditions"))
    files = PublicFile.objects.filter(image__in=items).order_by()
    with_files = set(files.values_list("image", flat=True).distinct())
    failures: dict[UUID, Exception] = {}
    for image in images:
        try:
            if is_public(image) or image.pk in with_files:
                public.update_public_files(image)
            _write_items(image, items[image.pk])
        except Exception as error:
            log.warning("image %s waits for the clock to be mirrored: %r", image.pk, error, exc_info=error)
            failures[image.pk] = error
    pushed = {image.pk: image.revision for image in images if image.pk not in failures}
    revisions.note_mirrored(pushed)
    return failures


def build_item(image: Image, tags: list[str]) -> Item:
    """Return what a reader may know of an image; of one whose original was deleted, only that it was."""
    header: Item = {"pk": str(image.pk), "sk": "image", "revision": image.revision}
    if image.deleted_at:
        return {**header, "state": DELETED}
    public_fields = {"title": image.title, "alt_text": image.alt_text, "tags": tags} if is_public(image) else {}
    return {
        **header,
        **public_fields,
        "state": image.state,
        "renditions": {
            fallback.name: {
                **_build_file(image, fallback),
                "width": fallback.width,
                "height": fallback.height,
                "formats": {
                    get_output(modern.format).suffix: _build_file(image, modern)
                    for modern in [rendition_choice.find_modern(image, fallback)]
                    if modern
                },
            }
            for fallback in rendition_choice.list_fallbacks(image)
        },
    }


def _build_file(image: Image, rendition: Rendition) -> Item:
    """Return a file's bytes and where all may fetch it: `address` by its content, `permanent` as the image is then."""
    if not is_public(image):
        return {"bytes": rendition.bytes}
    content_key = build_content_key(image.pk, rendition.name, rendition.key, build_credit(image).digest)
    permanent_key = build_permanent_key(image.pk, rendition.name, is_fallback=rendition.is_fallback)
    return {
        "address": public.build_public_address(content_key),
        "permanent": public.build_public_address(permanent_key),
        "bytes": rendition.bytes,
    }


def _list_public_tags(image: Image) -> list[str]:
    """Return the names of the tags that are told to everybody: the accepted ones of a public image."""
    if not is_public(image):
        return []
    accepted = image.taggings.filter(state=Tagging.State.ACCEPTED)
    return list(accepted.values_list("tag__name", flat=True).order_by("tag__name"))


def _write_items(image: Image, mirrored_items: dict[str, Item] | None = None) -> bool:
    """Write the image's items over those that were read, or else are read now; return whether they were older."""
    table = clients.get_mirror_table()
    if mirrored_items is None:
        mirrored_items = table.query_items(str(image.pk))
    read_revision = mirrored_items["image"]["revision"] if "image" in mirrored_items else None
    if read_revision is not None and read_revision >= image.revision:
        return False
    image_item, pointers = _build_items(image)
    pointer_keys = {pointer["sk"] for pointer in pointers}
    removed_keys = [sk for sk in mirrored_items if sk != "image" and sk not in pointer_keys][
        : MOST_CHANGES - 1 - len(pointers)
    ]
    try:
        table.replace(image_item, read_revision, pointers, removed_keys)
    except Overtaken:
        log.info("image %s: another push to the mirror came first", image.pk)
        return _write_items(image)
    return True


def _build_items(image: Image) -> tuple[Item, list[Item]]:
    """Return the image's own item, and the pointers of the tags that are told to everybody."""
    tags = _list_public_tags(image)
    # The clock of the place where the picture was taken, so that a day is searched as the day there.
    date = (get_local_moment(image) or image.created_at.astimezone(timezone.get_default_timezone())).isoformat()
    pointers = [{"pk": str(image.pk), "sk": f"tag#{tag}", "tag": tag, "date": date} for tag in tags[:MOST_POINTERS]]
    return build_item(image, tags), pointers


def _parse_image_id(pk: str) -> UUID | None:
    try:
        return UUID(pk)
    except ValueError:
        return None
