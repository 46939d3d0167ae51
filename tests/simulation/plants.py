"""Six bugs that a tired programmer might write; the simulation must find each, or it proves nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from django.db.models import F, Q

from mediahub.library.models import Image
from mediahub.library.versions import is_current
from mediahub.recovery import comparisons
from mediahub.uploads import ingest
from mediahub.uploads.models import Claim, Upload
from processing import ObjectVersion, RenderedFile, Unavailable
from processing.writing import RenditionWriter, StoredRendition
from tests.doubles import MemoryStore, MemoryTable


def _records_without_fence() -> Any:
    """Lost: the result of an older version replaces the result of a newer one."""
    return patch.object(Claim, "match_held", lambda self: Q())


def _claims_what_has_an_end() -> Any:
    """Duplicated: each delivery of one event is processed and recorded again."""
    honest = ingest._claim_announced_version

    def claim_again(upload: Upload, claim: Claim) -> str:
        if claim.version_id and upload.version_id == claim.version_id:
            Upload.objects.filter(pk=upload.pk, state=Upload.State.READY).update(
                state=Upload.State.WORKING, attempts=F("attempts"), lease_until=None
            )
            upload.refresh_from_db()
        return honest(upload, claim)

    return patch.object(ingest, "_claim_announced_version", claim_again)


def _mirrors_without_condition() -> Any:
    """Drift: of two simultaneous pushes, the older one may win."""

    def replace(self: MemoryTable, guard: Any, read: Any, puts: Sequence[Any], gone: Sequence[str]) -> None:
        items = self.items.setdefault(guard["pk"], {})
        items.update({item["sk"]: dict(item) for item in (guard, *puts)})

    return patch.object(MemoryTable, "replace", replace)


def _compares_keys_only() -> Any:
    """Lost: a newer version whose event was dropped is never noticed, because a record with its key exists."""
    honest = comparisons._judge_upload

    def judge(listed: ObjectVersion, record: Upload | None) -> Any:
        return None if record else honest(listed, record)

    return patch.object(comparisons, "_judge_upload", judge)


def _believes_every_put() -> Any:
    """Orphaned: a rendition is recorded although the store did not take it."""
    honest = RenditionWriter._write

    def write(self: RenditionWriter, rendered: RenderedFile) -> StoredRendition:
        with suppress(Unavailable):
            return honest(self, rendered)
        return honest(RenditionWriter(MemoryStore(), self._image_id), rendered)

    return patch.object(RenditionWriter, "_write", write)


def _keeps_what_was_deleted() -> Any:
    """Lost: an image stays in use after its file was deleted, because an earlier version never became the image."""

    def is_made_of_key(image: Image, key: str) -> bool:
        return is_current(image, key, Upload.objects.get(key=key).version_id)

    return patch.object(ingest, "is_made_of_key", is_made_of_key)


PLANTS: dict[str, Callable[[], Any]] = {
    "records-without-fence": _records_without_fence,
    "claims-what-has-an-end": _claims_what_has_an_end,
    "mirrors-without-condition": _mirrors_without_condition,
    "compares-keys-only": _compares_keys_only,
    "believes-every-put": _believes_every_put,
    "keeps-what-was-deleted": _keeps_what_was_deleted,
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """With this bug in the code; with none when the name is empty."""
    if not name:
        yield
        return
    with PLANTS[name]():
        yield
