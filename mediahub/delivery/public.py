"""The public's copies of an image's renditions: there while the image is published, gone when it is not.

Each rendition has two addresses: one by its content, which shows the same bytes for ever, and a permanent one that
follows the image. A copy has the record's credit inside it as it is now, so that another credit makes other copies.
Nothing here runs in a transaction: what was done is looked at again after it was done, so that the
worker that comes last sees the records as they are.
"""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache, partial
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.delivery.credited_files import read_rendition
from mediahub.delivery.models import PublicFile
from mediahub.library import rendition_choice
from mediahub.library.credit import build_credit
from mediahub.library.models import Image, Rendition
from mediahub.library.publishing import is_public
from mediahub.reasons import build_error
from processing import Missing, Unavailable
from processing.keys import build_content_key, build_permanent_key, build_public_prefix

log = logging.getLogger(__name__)

# The CDN keeps what it has until it is told; a browser asks again, because a picture may be taken down or replaced.
CACHE_BY_CONTENT = "public, max-age=3600, s-maxage=31536000"
CACHE_PERMANENT = "public, max-age=60, s-maxage=31536000"
ROUNDS = 5
# The source of a file that is being replaced: it is there, and no rendition has this key.
REPLACING = "replacing"
_PUBLIC = re.compile(r"public/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")


def build_public_address(key: str) -> str:
    """Return the address of a public file."""
    return f"{settings.PUBLIC_URL}/{key}"


def list_public_files(image: Image) -> dict[str, str]:
    """Return the public files there should be, by key, with the source of each: rendition and credit."""
    if not is_public(image):
        return {}
    files = {}
    digest = build_credit(image).digest
    for fallback in rendition_choice.list_fallbacks(image):
        modern = rendition_choice.find_modern(image, fallback)
        for rendition in filter(None, (fallback, modern)):
            content_key = build_content_key(image.pk, rendition.name, rendition.key, digest)
            files[content_key] = _build_source(rendition, digest)
        files[build_permanent_key(image.pk, fallback.name)] = _build_source(fallback, digest)
        # A browser that shows the modern format is sent there by the CDN, whether the image has it or not.
        files[build_permanent_key(image.pk, fallback.name, is_fallback=False)] = _build_source(
            modern or fallback, digest
        )
    return files


def _build_source(rendition: Rendition, digest: str) -> str:
    return f"{rendition.key} {digest}"


def update_public_files(image: Image) -> None:
    """Make the public files what the record says, and tell the CDN exactly what changed.

    Raise Unavailable or Misconfigured when the store or the queue of the CDN does not take it.
    """
    for _round in range(ROUNDS):
        files = list_public_files(image)
        _update_files(image, files)
        fresh_image = Image.objects.prefetch_related("renditions").get(pk=image.pk)
        if list_public_files(fresh_image) == files:
            return
        image = fresh_image
    raise build_error(Unavailable, "changing", name=image.title)


def withdraw_files(image_id: UUID) -> None:
    """Remove the public files of an image that is public no more, reading no more of its row than says so."""
    image = Image.objects.only("state", "deleted_at", "rights_until").filter(pk=image_id).first()
    if image is not None and not is_public(image):
        _update_files(image, {})


def is_public_file(key: str) -> bool:
    """Return whether everyone may fetch the file, and it has been copied."""
    return PublicFile.objects.filter(key=key).exclude(source="").exists()


def find_unknown(keys: Iterable[str]) -> list[str]:
    """Return those of the bucket's keys that everyone may fetch, and that no record knows, as after a restore."""
    open_to_all = [key for key in keys if _PUBLIC.match(key)]
    known = set(PublicFile.objects.filter(key__in=open_to_all).values_list("key", flat=True))
    return [key for key in open_to_all if key not in known]


def settle_unknown_file(key: str) -> None:
    """Record a public file that no record knew, and do with it what its image asks for; remove it without an image."""
    address = _PUBLIC.match(key)
    image = Image.objects.prefetch_related("renditions").filter(pk=address[1]).first() if address else None
    if image is None:
        clients.get_rendition_store().delete(key)
        _invalidate([f"/{key}"])
        return
    PublicFile.objects.get_or_create(key=key, defaults={"image": image, "source": REPLACING})
    update_public_files(image)


def has_lost_files(image: Image) -> bool:
    """Return whether a public image's files are recorded and not there, by one of them: they come and go together."""
    rows = PublicFile.objects.filter(image=image, superseded_at=None).exclude(source="")
    row = rows.first() if is_public(image) else None
    if row is None:
        return False
    try:
        clients.get_rendition_store().head(row.key)
    except Missing:
        return True
    return False


def copy_files_again(image_id: UUID) -> None:
    """Copy all public files of an image anew, whatever their records say."""
    PublicFile.objects.filter(image_id=image_id).update(source="")
    update_public_files(Image.objects.prefetch_related("renditions").get(pk=image_id))


def invalidate_folders(folders: Iterable[str]) -> None:
    """Have the CDN forget all files below these folders of the bucket, whoever may fetch them."""
    _invalidate([f"/{folder}*" for folder in folders])


def sweep_superseded(most: int = 100) -> int:
    """Remove the files that were superseded long enough ago; return how many."""
    before = timezone.now() - timedelta(seconds=settings.PUBLIC_GRACE_SECONDS)
    old = PublicFile.objects.filter(superseded_at__lt=before)

    def remove(pk: int) -> bool:
        row = old.filter(pk=pk).first()
        if row is None:
            return False
        clients.get_rendition_store().delete(row.key)
        removed, _ = PublicFile.objects.filter(pk=row.pk, superseded_at=row.superseded_at).delete()
        if not removed:
            # It was wanted again in the meantime: it is copied once more.
            PublicFile.objects.filter(pk=row.pk).update(source="")
            update_public_files(row.image)
        return True

    return rounds.process_each(rounds.pick_items(old.values_list("pk", flat=True), most, "file"), remove, "file")


def _update_files(image: Image, files: dict[str, str]) -> None:
    recorded = {row.key: row for row in PublicFile.objects.filter(image=image)}
    stale: dict[str, str] = {}
    for key, source in files.items():
        row = recorded.get(key)
        if row is None or row.source != source:
            stale[key] = source
        elif row.superseded_at:
            PublicFile.objects.filter(pk=row.pk).update(superseded_at=None)
    _copy_all(image, stale, recorded)
    unneeded = [row for key, row in recorded.items() if key not in files]
    if files:
        ids = [row.pk for row in unneeded]
        PublicFile.objects.filter(pk__in=ids, superseded_at=None).update(superseded_at=timezone.now())
    elif unneeded:
        _remove_files(image, unneeded)


def _copy_all(image: Image, stale: dict[str, str], recorded: dict[str, PublicFile]) -> None:
    """Copy what is missing or was replaced, and tell the CDN at once of all that now differs from what it may hold."""
    copied: list[tuple[str, str]] = []
    # The same rendition goes to several addresses.
    read_file = cache(partial(_read_with_credit, image))
    try:
        for key, source in stale.items():
            if _copy_file(image, key, source, read_file, over=recorded.get(key)):
                copied.append((key, source))
    finally:
        # By content nothing ever changes, and what was never there nobody holds.
        _invalidate([f"/{key}" for key, source in copied if key in recorded and _is_permanent(image, key, source)])
        for key, source in copied:
            PublicFile.objects.filter(key=key).update(source=source)


def _copy_file(
    image: Image,
    key: str,
    source: str,
    read_file: Callable[[str], tuple[bytes, str]],
    *,
    over: PublicFile | None,
) -> bool:
    """Copy one file; return whether it was there to be copied."""
    # Who dies on the way leaves the bytes of one or the other: whoever comes next copies, whatever is wanted then.
    begun = {"source": REPLACING} if over and over.source else {}
    PublicFile.objects.update_or_create(key=key, defaults={"image": image, "superseded_at": None, **begun})
    rendition_key = source.partition(" ")[0]
    try:
        data, content_type = read_file(rendition_key)
    except Missing:
        # The comparison finds that it is missing and has it made anew, which leads here again.
        log.warning("the rendition %s is not in the bucket; it is published when it is made anew", rendition_key)
        return False
    cache_control = CACHE_PERMANENT if _is_permanent(image, key, source) else CACHE_BY_CONTENT
    clients.get_rendition_store().put(key, data, content_type, cache_control)
    return True


def _read_with_credit(image: Image, rendition_key: str) -> tuple[bytes, str]:
    """Return a rendition with the record's credit inside it, and its content type; raise Missing."""
    rendition = next(each for each in image.renditions.all() if each.key == rendition_key)
    return read_rendition(image, rendition), rendition.content_type


def _is_permanent(image: Image, key: str, source: str) -> bool:
    name = source.split("/", 1)[0]
    return key in (build_permanent_key(image.pk, name), build_permanent_key(image.pk, name, is_fallback=False))


def _remove_files(image: Image, rows: list[PublicFile]) -> None:
    for row in rows:
        clients.get_rendition_store().delete(row.key)
    _invalidate([f"/{build_public_prefix(image.pk)}*"])
    PublicFile.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _invalidate(paths: list[str]) -> None:
    cdn = clients.get_cdn_queue()
    if cdn and paths:
        cdn.send({"paths": paths})
