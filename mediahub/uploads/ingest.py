"""From a file in the upload bucket to an image: claim, fetch, process, record, each safe to do twice."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library import cataloging, focal_point
from mediahub.library.models import Image, Version
from mediahub.library.versions import Original, is_current, is_made_of_key
from mediahub.messages import ObjectCreated, ObjectRemoved
from mediahub.uploads import error_kinds, originals, upload_batches
from mediahub.uploads.models import Claim, Upload, free, padded
from mediahub.uploads.tickets import display_name
from processing import Limits, Missing, ProcessingError, Rejected, Result, Unavailable, process
from processing.keys import parse_upload_id

log = logging.getLogger(__name__)
State = Upload.State

# Words of a recipe: what an editor allowed this once.
WITHOUT_LABELS = "without_labels"
MORE_PIXELS = "more_pixels"
TOO_MANY_PIXELS = "too_many_pixels"
WAITS = "The image is published, so its new file waits until somebody who may publish puts it to use."
# No JPEG is longer.
LONGEST_SIDE = 65_500


class Superseded(Exception):
    """A newer version of the file arrived while this one was worked on; nothing of this one is kept."""


def arrived(event: ObjectCreated, *, deadline: datetime, request: str = "") -> str:
    """Bring one file that S3 announced to its end; returns the upload's state, "duplicate" or "superseded".

    It is "overwritten" where a ticket was used twice: the first version stays, and the later one is not taken.

    Raises Unavailable when it should be delivered again, Misconfigured when an operator has to act.
    """
    if not event.sequencer:
        return look(event.key, deadline=deadline, request=request)
    upload = _find_or_adopt(event.key)
    claim = Claim(event.version_id, padded(event.sequencer), deadline, request)
    if upload.has_another(event.version_id):
        # Which of the two is the file, and when they were put there, only the bucket knows.
        return look(event.key, deadline=deadline, request=request, sequencer=claim.sequencer)
    if _settled(upload, claim):
        return "duplicate"
    if not Upload.claim(upload.pk, claim):
        return _not_ours(upload.pk, claim)
    try:
        return _work(upload, claim)
    except Missing:
        # This version is gone; whether the file is, only the bucket knows.
        return look(event.key, deadline=deadline, request=request)


def removed(event: ObjectRemoved, *, deadline: datetime, request: str = "") -> str:
    """Follow a removal: the file may be gone, or an older version of it be the current one again."""
    return look(event.key, deadline=deadline, request=request, sequencer=padded(event.sequencer))


def look(key: str, *, deadline: datetime, request: str = "", sequencer: str = "") -> str:
    """Bring the record of a key to what the bucket has there now; returns and raises as `arrived` does."""
    upload = _find_or_adopt(key)
    # Who found the file gone without an order may have seen more than this event tells: the next one looks again.
    unsequenced = upload.unsequenced or not sequencer
    sequencer = max(upload.sequencer, sequencer)
    try:
        found = clients.uploads().head(key)
    except Missing:
        return _gone(upload, {"sequencer": sequencer, "unsequenced": unsequenced})
    except ProcessingError as fault:
        _leave_word(upload.pk, fault)
        raise
    if upload.version_id == found.version_id and upload.state in Upload.SETTLED:
        _take_out_of_use(upload)
        return "duplicate"
    if upload.is_closed_to(found.version_id, found.last_modified):
        return _keep_first(upload, Claim(upload.version_id, sequencer, deadline, request))
    claim = Claim(found.version_id, sequencer, deadline, request)
    if not upload.claim_current(claim):
        raise _busy(upload)
    try:
        return _work(upload, claim)
    except Missing as error:
        raise Unavailable("changed", f"{upload.file_name} was removed while it was read.") from error


def _keep_first(upload: Upload, claim: Claim) -> str:
    """Leave the version alone that was put over the one a ticket brought, and bring that one to its end."""
    if upload.state in Upload.ENDED:
        log.warning("%s has a later version, which was put there by a used ticket and is not taken", upload.key)
        _take_out_of_use(upload)
        return "overwritten"
    if not upload.claim_current(claim):
        raise _busy(upload)
    try:
        return _work(upload, claim)
    except Missing:
        upload.refresh_from_db()
        return _gone(upload, {"sequencer": claim.sequencer, "unsequenced": True})


def again(upload_id: UUID, *, deadline: datetime, request: str = "") -> str:
    """Take up an upload that stopped on its way, with the file as it lies in the bucket now."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        return State.DELETED
    return look(upload.key, deadline=deadline, request=request)


def left_behind(keys: Iterable[str]) -> list[str]:
    """Those of the keys that a worker took up and neither finished nor put down: it died, perhaps of the file."""
    dead = Upload.objects.filter(free(), bucket=settings.UPLOAD_BUCKET, key__in=keys, state=State.WORKING, code="")
    return list(dead.values_list("key", flat=True))


def put_off(key: str, fault: ProcessingError) -> None:
    """Note on a file that is not begun why that is; `fault` befell another one, of which nothing is told here."""
    code = fault.specific_code
    met = f"the work on another file met a fault of the setup ({code})"
    reason = f"It was not begun yet: {met}. {error_kinds.OPERATOR}"
    # The step is that of the fault, so that both are one cause on the desk.
    _leave_word(_find_or_adopt(key).pk, type(fault)(code, reason, fault.step))


def _leave_word(upload_id: UUID, fault: ProcessingError) -> None:
    """Note why a file is not begun, unless somebody has it or it has an end."""
    waiting = Upload.objects.filter(free(), pk=upload_id, state__in=[State.ISSUED, State.WORKING])
    waiting.update(**_word(fault))


def reprocess(upload: Upload, *, relabel: bool = False) -> bool:
    """Make the renditions of a ready upload anew; False when a newer version of the file came in between.

    Labels that were paid for are kept unless `relabel`, or unless there were none to be had.
    """
    image = upload.image
    keep = image is not None and image.label_state == Image.LabelState.DONE and not relabel
    result = _process(upload, upload.version_id, labels=not keep, keep_labels=keep)
    with transaction.atomic():
        same = Upload.objects.select_for_update().filter(upload.unchanged(), pk=upload.pk, state=State.READY)
        if not same.exists() or not (image is None or is_current(image, upload.key, upload.version_id)):
            return False
        original = Original(upload.key, upload.version_id, upload.uploaded_by)
        with error_kinds.refusing_unstorable():
            entered = cataloging.record_result(
                _image_id(upload), upload.file_name, result, original=original, keep_labels=keep
            )
        transaction.on_commit(partial(_mirror, entered.pk))
    return True


def upload_of(image_id: UUID) -> Upload | None:
    """The upload whose file the image is made of; None when it is not in the bucket any more."""
    ready = Upload.objects.filter(image=image_id, state=State.READY)
    current = Version.objects.filter(image=image_id, current=True, key=OuterRef("key"))
    return ready.filter(Exists(current)).first() or ready.exclude(image__versions__isnull=False).first()


def _find_or_adopt(key: str) -> Upload:
    # The id of an adopted file follows from its place, so that two workers adopt it once.
    upload_id = parse_upload_id(key) or uuid5(NAMESPACE_URL, f"s3://{settings.UPLOAD_BUCKET}/{key}")
    upload, adopted = Upload.objects.get_or_create(
        bucket=settings.UPLOAD_BUCKET,
        key=key,
        defaults={
            "id": upload_id,
            "source": Upload.Source.BUCKET,
            "method": Upload.Method.DIRECT,
            "file_name": display_name(key),
        },
    )
    if adopted:
        log.info("adopted %s, which no ticket announced", key)
    return upload


def _settled(upload: Upload, claim: Claim) -> bool:
    """That this very version has its end already; the record then learns the sequencer it was found without."""
    if not claim.version_id or upload.version_id != claim.version_id or upload.state not in Upload.SETTLED:
        return False
    if upload.unsequenced:
        Upload.objects.filter(upload.unchanged(), pk=upload.pk).update(
            sequencer=max(upload.sequencer, claim.sequencer), unsequenced=False
        )
    return True


def _not_ours(upload_id: UUID, claim: Claim) -> str:
    now = Upload.objects.get(pk=upload_id)
    if now.sequencer > claim.sequencer:
        return "superseded"
    if now.unsequenced and now.version_id != claim.version_id:
        return look(now.key, deadline=claim.until, request=claim.request, sequencer=claim.sequencer)
    if now.has_another(claim.version_id):
        return look(now.key, deadline=claim.until, request=claim.request, sequencer=claim.sequencer)
    if now.state in Upload.ENDED:
        return "duplicate"
    raise _busy(now)


def _busy(upload: Upload) -> Unavailable:
    # Deleting this message now would lose the file if the other worker died: it comes back when the lease is over.
    return Unavailable("busy", f"{upload.file_name} is being worked on by another worker; this delivery waits for it.")


def _work(upload: Upload, claim: Claim) -> str:
    """Process the version that is claimed; raises Missing when it is not in the bucket, with the claim given back."""
    try:
        result = _process(upload, claim.version_id, labels=upload.recipe != WITHOUT_LABELS)
        _record(upload.pk, claim, result)
    except Superseded:
        return "superseded"
    except Exception as error:
        fault = error_kinds.of(error, upload.file_name)
        if isinstance(fault, Rejected):
            return _reject(upload.pk, claim, fault)
        _release(upload.pk, claim, fault, error)
        if fault is error:
            raise
        raise fault from error
    return State.READY


def _process(upload: Upload, version_id: str, *, labels: bool, keep_labels: bool = False) -> Result:
    limits = _limits(upload)
    with clients.uploads().get(upload.key, version_id or None, max_bytes=limits.max_bytes) as file:
        return process(
            file,
            _image_id(upload),
            store=clients.renditions(),
            labeler=clients.labeler() if labels else None,
            specs=clients.specs(),
            limits=limits,
            choose_point=focal_point.build_point_chooser(_image_id(upload), keep_labels=keep_labels),
        )


def _limits(upload: Upload) -> Limits:
    limits = clients.limits()
    if upload.recipe != MORE_PIXELS:
        return limits
    most = max(limits.max_pixels, settings.IMAGE_MAX_PIXELS_ONCE)
    return replace(limits, max_pixels=most, max_side=max(limits.max_side, LONGEST_SIDE))


def _image_id(upload: Upload) -> UUID:
    """The image's id is known before its row, so that a second attempt writes the same files."""
    return upload.image_id or upload.pk


def _record(upload_id: UUID, claim: Claim, result: Result) -> None:
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(claim.held(), pk=upload_id).first()
        if upload is None:
            raise Superseded
        original = Original(upload.key, claim.version_id, upload.uploaded_by, _may_go_out(upload))
        with error_kinds.refusing_unstorable():
            image = cataloging.record_result(_image_id(upload), upload.file_name, result, original=original)
        work_ms = round(sum(result.seconds.values()) * 1000)
        waits = image.versions.filter(key=upload.key, version_id=claim.version_id, waiting=True).exists()
        ended = {**_ended(), "reason": WAITS if waits else ""}
        Upload.move(upload_id, State.READY, image=image, work_ms=work_ms, **ended)
        if upload.image_id is None:
            upload_batches.give(upload, image)
        Upload(pk=upload_id).resolve_failed_items()
        transaction.on_commit(partial(_mirror, image.pk))


def _may_go_out(upload: Upload) -> bool:
    """Return whether the file may take the place of one that the public sees.

    Its sender may publish, or put it into the bucket with rights of the operator's giving.
    """
    sender = upload.uploaded_by
    if upload.source == Upload.Source.BUCKET:
        return True
    return sender is not None and sender.is_active and sender.has_perm("library.publish_image")


def _reject(upload_id: UUID, claim: Claim, error: Rejected) -> str:
    with transaction.atomic():
        ended = Upload.move(upload_id, State.REJECTED, claim.held(), **{**_ended(), **_word(error)})
        if ended:
            Upload(pk=upload_id).resolve_failed_items()
    if not ended:
        return "superseded"
    # The file before may be gone, and this one took its place under the same key.
    _take_out_of_use(Upload.objects.select_related("image").get(pk=upload_id))
    return State.REJECTED


def _gone(upload: Upload, order: dict[str, Any]) -> str:
    """The bucket has no such file: end the journey, and take the image that is made of it out of use."""
    if upload.state == State.DELETED:
        Upload.objects.filter(upload.unchanged(), pk=upload.pk).update(**order)
        return State.DELETED if _take_out_of_use(upload) else "duplicate"
    with transaction.atomic():
        word = {"reason": "The file was deleted from the upload bucket.", "step": "", "code": "", "error": ""}
        ended = {**_ended(), **word, **order}
        if not Upload.move(upload.pk, State.DELETED, upload.unchanged(), **ended):
            raise _busy(upload)
        upload.resolve_failed_items()
        image = Image.objects.select_for_update().filter(uploads=upload).first()
        # The key decides: a newer version of the file may have come that never became the image.
        if image and is_made_of_key(image, upload.key) and cataloging.mark_deleted(image.pk):
            transaction.on_commit(partial(_mirror, image.pk))
    return State.DELETED


def _take_out_of_use(upload: Upload) -> bool:
    """Take the upload's image out of use if the file that it is made of was deleted; returns whether it was."""
    image = upload.image
    if image is None or not is_made_of_key(image, upload.key) or not (file := originals.find_gone(image)):
        return False
    with transaction.atomic():
        Image.objects.select_for_update().get(pk=image.pk)
        # What was put in its place while the bucket was asked is another file.
        taken = Version.objects.filter(pk=file.pk, current=True).exists() and cataloging.mark_deleted(image.pk)
        if taken:
            transaction.on_commit(partial(_mirror, image.pk))
    return taken


def _release(upload_id: UUID, claim: Claim, fault: ProcessingError, error: Exception) -> None:
    """Leave word of what went wrong and let the next delivery begin at once."""
    held = Upload.objects.filter(claim.held(), pk=upload_id)
    try:
        held.update(lease_until=timezone.now(), **{**_word(fault), "error": _name(error)})
    except DatabaseError:
        # The lease ends by itself; what matters is the error that led here.
        log.exception("upload %s keeps its lease until it runs out", upload_id)


def _ended() -> dict[str, Any]:
    return {
        "step": "",
        "reason": "",
        "code": "",
        "error": "",
        "recipe": "",
        "lease_until": None,
        "next_try_at": None,
        "finished_at": timezone.now(),
    }


def _word(error: ProcessingError) -> dict[str, Any]:
    """What a record says of an error."""
    return {
        "reason": error.message[:500],
        "step": error.step[:16],
        "code": error.specific_code[:64],
        "error": _name(error),
    }


def _name(error: BaseException) -> str:
    """The exception as a programmer knows it: the one it began with."""
    first = error
    while first.__cause__ is not None:
        first = first.__cause__
    return type(first).__name__[:100]


def _mirror(image_id: UUID) -> None:
    try:
        mirror.push(image_id)
    except Exception as error:
        # The image is ready all the same; the clock pushes it again because its revision is not mirrored.
        log.warning("image %s waits for the clock to be mirrored: %r", image_id, error, exc_info=error)
