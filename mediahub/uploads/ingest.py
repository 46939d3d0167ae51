"""From a file in the upload bucket to an image: claim, fetch, process, record, each safe to do twice."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library import cataloging, focal_point, purges
from mediahub.library.models import Image, Version
from mediahub.library.versions import Original, is_current, is_made_of_key
from mediahub.messages import ObjectCreated, ObjectRemoved
from mediahub.reasons import Reason, build_error, read_reason
from mediahub.uploads import error_kinds, folder_batches, originals, upload_batches
from mediahub.uploads.models import Claim, Upload, match_free, pad_sequencer
from mediahub.uploads.original_limits import build_limits
from mediahub.uploads.system_files import is_system_file
from mediahub.uploads.tickets import clean_file_name
from processing import Missing, ProcessingError, Rejected, Result, Unavailable, process

log = logging.getLogger(__name__)
State = Upload.State

# Recipes: what an editor allowed this once.
WITHOUT_LABELS = "without_labels"
MORE_PIXELS = "more_pixels"
TOO_MANY_PIXELS = "too_many_pixels"
# What becomes of an event: the first three are cases inside this module, the others are answers to the caller as well.
CLAIMED = "claimed"
ASK_BUCKET = "ask the bucket"
BUSY = "busy"
DUPLICATE = "duplicate"
SUPERSEDED = "superseded"
SYSTEM_FILE = "system file"
PURGED = "purged"


class Superseded(Exception):
    """A newer version of the file arrived while this one was worked on; nothing of this one is kept."""


def ingest_file(event: ObjectCreated, *, deadline: datetime, request: str = "") -> str:
    """Process one file that S3 announced; return the upload's state, or a word for what else became of the event.

    The words are "duplicate", "superseded", "overwritten" where a ticket was used twice (the first version stays, and
    the later one is not taken), "purged" where the image was erased for good, and "system file" for one of which nobody
    wants an image, and no record is kept.

    Raises:
        Unavailable: The message should be delivered again.
        Misconfigured: An operator has to act.
    """
    if is_system_file(event.key):
        folder_batches.count_system_file(event.key)
        return SYSTEM_FILE
    try:
        upload = _find_or_adopt(event.key)
    except purges.Purged:
        return PURGED
    claim = Claim(event.version_id, pad_sequencer(event.sequencer), deadline, request)
    case = _claim_announced_version(upload, claim)
    if case == CLAIMED:
        try:
            return _process_claimed(upload, claim)
        except Missing:
            # This version is gone; only the bucket knows whether the file is.
            return check_key(event.key, deadline=deadline, request=request)
    if case == ASK_BUCKET:
        return check_key(event.key, deadline=deadline, request=request, sequencer=claim.sequencer)
    if case == BUSY:
        raise _build_busy_error(upload)
    return case


def _claim_announced_version(upload: Upload, claim: Claim) -> str:
    """Claim the version that an event announces; return CLAIMED, or the case that keeps it from being processed now."""
    if not claim.sequencer or upload.has_other_version(claim.version_id):
        # Only the bucket knows which version is the file, and when each was put there.
        return ASK_BUCKET
    if claim.version_id and upload.version_id == claim.version_id and upload.state in Upload.SETTLED:
        if upload.unsequenced:
            # The record learns the sequencer that this version was found without.
            Upload.objects.filter(upload.match_unchanged(), pk=upload.pk).update(
                sequencer=max(upload.sequencer, claim.sequencer), unsequenced=False
            )
        return DUPLICATE
    if Upload.claim_version(upload.pk, claim):
        return CLAIMED
    upload.refresh_from_db()
    if upload.sequencer > claim.sequencer:
        return SUPERSEDED
    if upload.has_other_version(claim.version_id) or (upload.unsequenced and upload.version_id != claim.version_id):
        return ASK_BUCKET
    return DUPLICATE if upload.state in Upload.ENDED else BUSY


def follow_removal(event: ObjectRemoved, *, deadline: datetime, request: str = "") -> str:
    """Follow a removal: the file may be gone, or an older version of it be the current one again."""
    return check_key(event.key, deadline=deadline, request=request, sequencer=pad_sequencer(event.sequencer))


def check_key(key: str, *, deadline: datetime, request: str = "", sequencer: str = "") -> str:
    """Bring the record of a key to what the bucket has there now; return and raise as `ingest_file` does.

    Without a sequencer the order among events is unknown: the next event asks the bucket again.
    """
    if is_system_file(key):
        return SYSTEM_FILE
    try:
        upload = _find_or_adopt(key)
    except purges.Purged:
        return PURGED
    order = {"sequencer": max(upload.sequencer, sequencer), "unsequenced": upload.unsequenced or not sequencer}
    try:
        latest = clients.get_upload_store().head(key)
    except Missing:
        return _end_deleted(upload, order)
    except ProcessingError as error:
        _record_waiting(upload.pk, read_reason(error), error)
        raise
    if upload.version_id == latest.version_id and upload.state in Upload.SETTLED:
        _take_out_of_use(upload)
        return DUPLICATE
    is_overwritten = upload.refuses_version(latest.version_id, latest.last_modified)
    if is_overwritten and upload.state in Upload.ENDED:
        log.warning("%s has a later version, which was put there by a used ticket and is not taken", upload.key)
        _take_out_of_use(upload)
        return "overwritten"
    version_id = upload.version_id if is_overwritten else latest.version_id
    claim = Claim(version_id, str(order["sequencer"]), deadline, request)
    if not upload.claim_current_version(claim):
        raise _build_busy_error(upload)
    try:
        return _process_claimed(upload, claim)
    except Missing as error:
        if not is_overwritten:
            raise build_error(Unavailable, "removed_while_read", name=upload.file_name) from error
    upload.refresh_from_db()
    return _end_deleted(upload, {"sequencer": claim.sequencer, "unsequenced": True})


def resume_upload(upload_id: UUID, *, deadline: datetime, request: str = "") -> str:
    """Continue an upload that stopped on its way, with the file that the bucket has now."""
    upload = Upload.objects.filter(pk=upload_id).first()
    return check_key(upload.key, deadline=deadline, request=request) if upload else State.DELETED


def find_abandoned_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys whose worker neither finished nor recorded an error: it died, perhaps of the file."""
    working = Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key__in=keys, state=State.WORKING, code="")
    return list(working.filter(match_free()).values_list("key", flat=True))


def record_not_begun(key: str, error: ProcessingError) -> None:
    """Record on a file why it is not begun; `error` is another file's, of which nothing is told here."""
    if is_system_file(key):
        return
    # The step is that of the error, so that both files have one cause on the desk.
    reason = Reason("not_begun", {"cause": error.specific_code})
    with suppress(purges.Purged):
        _record_waiting(_find_or_adopt(key).pk, reason, error)


def _record_waiting(upload_id: UUID, reason: Reason, error: ProcessingError) -> None:
    """Record why a file waits, unless a worker has it or it has ended."""
    waiting = Upload.objects.filter(match_free(), pk=upload_id, state__in=[State.ISSUED, State.WORKING])
    waiting.update(**_build_error_fields(reason, error))


def reprocess_upload(upload: Upload, *, relabel: bool = False) -> bool:
    """Regenerate the renditions of a ready upload; return False when a newer version of the file came in between.

    Labels that were paid for are kept unless `relabel`, or unless there were none to be had.
    """
    image = upload.image
    keep_labels = image is not None and image.label_state == Image.LabelState.DONE and not relabel
    result = _run_pipeline(upload, upload.version_id, labels=not keep_labels, keep_labels=keep_labels)
    with transaction.atomic():
        unchanged = Upload.objects.select_for_update().filter(upload.match_unchanged(), pk=upload.pk, state=State.READY)
        if not unchanged.exists() or not (image is None or is_current(image, upload.key, upload.version_id)):
            return False
        original = Original(upload.key, upload.version_id, upload.uploaded_by)
        with error_kinds.reject_unstorable():
            recorded = cataloging.record_result(
                _image_id(upload), upload.file_name, result, original=original, keep_labels=keep_labels
            )
        transaction.on_commit(partial(_push_to_mirror, recorded.pk))
    return True


def find_current_upload(image_id: UUID) -> Upload | None:
    """Return the upload whose file the image is made of; None when the file is no longer in the bucket."""
    ready = Upload.objects.filter(image=image_id, state=State.READY)
    current = Version.objects.filter(image=image_id, current=True, key=OuterRef("key"))
    return ready.filter(Exists(current)).first() or ready.exclude(image__versions__isnull=False).first()


def _find_or_adopt(key: str) -> Upload:
    """Return the record of a key, a new one where no ticket announced it; raise Purged where it was erased for good."""
    if upload := Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key=key).first():
        return upload
    # Asked after the record: whoever erases an image deletes the record and notes the file in one transaction.
    purges.refuse_late_file(key)
    # The id of an adopted file follows from its place, so that two workers adopt it once.
    defaults: dict[str, Any] = {
        "id": purges.identify_file(key),
        "source": Upload.Source.BUCKET,
        "method": Upload.Method.DIRECT,
        "file_name": clean_file_name(key),
        "batch": partial(folder_batches.get_or_create_folder_batch, key),
    }
    log.info("adopting %s, which no ticket announced", key)
    return Upload.objects.get_or_create(bucket=settings.UPLOAD_BUCKET, key=key, defaults=defaults)[0]


def _build_busy_error(upload: Upload) -> Unavailable:
    # Deleting this message now would lose the file if the other worker died: it comes back when the lease is over.
    return build_error(Unavailable, "busy", name=upload.file_name)


def _process_claimed(upload: Upload, claim: Claim) -> str:
    """Process the claimed version; raise Missing when it is not in the bucket, with the claim given back."""
    try:
        # The row as it was read before the claim: what a person sent while they were active is tried again later.
        if upload.outlives_sender():
            raise build_error(Rejected, "sender_left", name=upload.file_name)
        seconds = (claim.until - timezone.now()).total_seconds()
        labels = upload.recipe != WITHOUT_LABELS
        result = _run_pipeline(upload, claim.version_id, labels=labels, seconds=seconds)
        _record(upload.pk, claim, result)
    except Superseded:
        return SUPERSEDED
    except Exception as error:
        translated = error_kinds.translate_error(error, upload.file_name)
        if isinstance(translated, Rejected):
            return _reject(upload.pk, claim, translated)
        _release(upload.pk, claim, translated, error)
        if translated is error:
            raise
        raise translated from error
    return State.READY


def _run_pipeline(
    upload: Upload, version_id: str, *, labels: bool, keep_labels: bool = False, seconds: float | None = None
) -> Result:
    limits = build_limits(more_pixels=upload.recipe == MORE_PIXELS)
    with clients.get_upload_store().get(upload.key, version_id or None, max_bytes=limits.max_bytes) as file:
        return process(
            file,
            _image_id(upload),
            store=clients.get_rendition_store(),
            labeler=clients.get_labeler() if labels else None,
            specs=clients.get_specs(),
            limits=limits,
            choose_point=focal_point.build_point_chooser(_image_id(upload), keep_labels=keep_labels),
            seconds=seconds,
        )


def _image_id(upload: Upload) -> UUID:
    """Return the image's id, known before its row, so that a second attempt writes the same files."""
    return upload.image_id or upload.pk


def _record(upload_id: UUID, claim: Claim, result: Result) -> None:
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(claim.match_held(), pk=upload_id).first()
        if upload is None:
            raise Superseded
        original = Original(upload.key, claim.version_id, upload.uploaded_by, _may_publish(upload))
        with error_kinds.reject_unstorable():
            image = cataloging.record_result(_image_id(upload), upload.file_name, result, original=original)
        work_ms = round(sum(result.seconds.values()) * 1000)
        fields = _build_end_fields()
        if image.versions.filter(key=upload.key, version_id=claim.version_id, waiting=True).exists():
            fields |= Reason("waits_for_publisher").to_json()
        Upload.move(upload_id, State.READY, image=image, work_ms=work_ms, **fields)
        if upload.image_id is None:
            upload_batches.apply_to_new_image(upload, image)
        Upload(pk=upload_id).resolve_failed_items()
        transaction.on_commit(partial(_push_to_mirror, image.pk))


def _may_publish(upload: Upload) -> bool:
    """Return whether the file may replace one that the public sees.

    Its sender may publish, or put it into the bucket with rights that the operator gave them.
    """
    sender = upload.uploaded_by
    if upload.source == Upload.Source.BUCKET:
        return True
    return sender is not None and sender.is_active and sender.has_perm("library.publish_image")


def _reject(upload_id: UUID, claim: Claim, error: Rejected) -> str:
    with transaction.atomic():
        has_ended = Upload.move(
            upload_id,
            State.REJECTED,
            claim.match_held(),
            **{**_build_end_fields(), **_build_error_fields(read_reason(error), error)},
        )
        if has_ended:
            Upload(pk=upload_id).resolve_failed_items()
    if not has_ended:
        return SUPERSEDED
    # The file before may be gone, and this one took its place under the same key.
    _take_out_of_use(Upload.objects.select_related("image").get(pk=upload_id))
    return State.REJECTED


def _end_deleted(upload: Upload, order: dict[str, Any]) -> str:
    """End the journey of a file that the bucket no longer has, and take the image that is made of it out of use."""
    if upload.state == State.DELETED:
        Upload.objects.filter(upload.match_unchanged(), pk=upload.pk).update(**order)
        return State.DELETED if _take_out_of_use(upload) else DUPLICATE
    with transaction.atomic():
        fields = {**_build_end_fields(), **Reason("file_deleted").to_json(), **order}
        if not Upload.move(upload.pk, State.DELETED, upload.match_unchanged(), **fields):
            raise _build_busy_error(upload)
        upload.resolve_failed_items()
        image = Image.objects.select_for_update().filter(uploads=upload).first()
        # The key decides: a newer version of the file may have come that never became the image.
        if image and is_made_of_key(image, upload.key) and cataloging.mark_deleted(image.pk):
            transaction.on_commit(partial(_push_to_mirror, image.pk))
    return State.DELETED


def _take_out_of_use(upload: Upload) -> bool:
    """Take the upload's image out of use if the file that it is made of was deleted; return whether it was."""
    image = upload.image
    if image is None or not is_made_of_key(image, upload.key) or not (file := originals.find_deleted_original(image)):
        return False
    with transaction.atomic():
        Image.objects.select_for_update().get(pk=image.pk)
        # What was put in its place while the bucket was asked is another file.
        is_removed = Version.objects.filter(pk=file.pk, current=True).exists() and cataloging.mark_deleted(image.pk)
        if is_removed:
            transaction.on_commit(partial(_push_to_mirror, image.pk))
    return is_removed


def _release(upload_id: UUID, claim: Claim, translated: ProcessingError, error: Exception) -> None:
    """Record what went wrong and let the next delivery begin at once."""
    fields = _build_error_fields(read_reason(translated), translated, error)
    claimed = Upload.objects.filter(claim.match_held(), pk=upload_id)
    try:
        claimed.update(lease_until=timezone.now(), **fields)
    except DatabaseError:
        # The lease ends by itself; what matters is the error that led here.
        log.exception("upload %s keeps its lease until it runs out", upload_id)


def _build_end_fields() -> dict[str, Any]:
    return {
        "step": "",
        "reason": "",
        "code": "",
        "params": {},
        "error": "",
        "recipe": "",
        "lease_until": None,
        "next_try_at": None,
        "finished_at": timezone.now(),
    }


def _build_error_fields(
    reason: Reason, error: ProcessingError, original_error: Exception | None = None
) -> dict[str, Any]:
    """Return what a record keeps of an error: its reason, its step, and the class of the error that it began with."""
    first: BaseException = original_error or error
    while first.__cause__ is not None:
        first = first.__cause__
    return {**reason.to_json(), "step": error.step[:16], "error": type(first).__name__[:100]}


def _push_to_mirror(image_id: UUID) -> None:
    try:
        mirror.push_image(image_id)
    except Exception as error:
        # The image is ready all the same; the clock pushes it again because its revision is not mirrored.
        log.warning("image %s waits for the clock to be mirrored: %r", image_id, error, exc_info=error)
