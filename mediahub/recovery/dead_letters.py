"""Dead letters: from the dead-letter queue to an editor's desk, each a failed item, in groups of one cause."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from mediahub import messages, reasons, rounds
from mediahub.aws import clients
from mediahub.library import purges
from mediahub.library.models import Image, PurgedUpload
from mediahub.reasons import Reason, read_reason
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload, match_free, pad_sequencer
from processing import ProcessingError

log = logging.getLogger(__name__)
State = FailedItem.State

PAYLOAD_CHARACTERS = 256 * 1024
# What failed, by the message that asked for it: the kind of the failed item, and the code of its reason.
OTHER_KINDS: dict[type[messages.Message], tuple[str, str]] = {
    messages.MirrorImage: ("mirror", "mirror_failed"),
    messages.ReprocessImage: ("reprocess", "reprocess_failed"),
    messages.CutCrops: ("cut", "cut_failed"),
    messages.SweepRenditions: ("sweep", "sweep_failed"),
    messages.SendRetries: ("redrive", "retries_unsent"),
}


@dataclass(frozen=True)
class Group:
    """The open failed items of one cause; `sample` is the latest of them."""

    fingerprint: str
    count: int
    first: datetime
    last: datetime
    sample: FailedItem

    def explain(self) -> str:
        """Return the reason in the language of the page; of several items without what differs between them."""
        return reasons.explain_cause(self.sample) if self.count > 1 else reasons.explain(self.sample)


@dataclass(frozen=True)
class _Letter:
    """What a dead letter is about; `has_ended` when what it asked for has come to its end without it."""

    kind: str
    reason: Reason
    upload: Upload | None = None
    image: Image | None = None
    item: FailedItem | None = None
    has_ended: bool = False


def collect_letters(limit: int = 100) -> int:
    """Turn dead letters into failed items, the row first and then the message; return how many."""
    queue = clients.get_dead_letter_queue()

    def collect_one(message: dict[str, Any]) -> None:
        _collect_letter(message)
        queue.delete(message["ReceiptHandle"])

    received = collected = 0
    while received < limit and not rounds.is_over() and (letters := queue.receive()):
        received += len(letters)
        collected += rounds.process_each(letters, collect_one, "dead letter", lambda message: message["MessageId"])
    return collected


def announce_upload(message_id: str, payload: str, upload: Upload) -> bool:
    """Put an upload on the desk that keeps failing while its message is still tried again; False when it is there."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if not upload.waits_for_another_try or _find_item(message_id, upload):
            return False
        now, reason = timezone.now(), read_reason(upload)
        FailedItem.objects.create(
            message_id=message_id,
            upload=upload,
            image=upload.image,
            kind="upload",
            step=upload.step,
            **reason.to_json(),
            error=upload.error,
            fingerprint=build_fingerprint("upload", upload.step, reason),
            request_id=upload.request_id,
            attempts=upload.attempts,
            payload=payload[:PAYLOAD_CHARACTERS],
            first_failed_at=now,
            last_failed_at=now,
        )
    return True


def group_by_cause(items: QuerySet[FailedItem]) -> list[Group]:
    """Return the open ones of the failed items by cause, the largest group first."""
    causes = (
        items.filter(state=State.OPEN)
        .order_by()
        .values("fingerprint")
        .annotate(n=Count("pk"), first=Min("first_failed_at"), last=Max("last_failed_at"), sample=Max("pk"))
        .order_by("-n", "-last")
    )
    rows = list(causes)
    samples = items.in_bulk([row["sample"] for row in rows])
    return [
        Group(row["fingerprint"], row["n"], row["first"], row["last"], samples[row["sample"]])
        for row in rows
        if row["sample"] in samples
    ]


def build_fingerprint(kind: str, step: str, reason: Reason) -> str:
    """Return what failures of one cause have in common, as 16 hexadecimal characters."""
    return hashlib.sha256(f"{kind}|{step}|{reason.specific_code}".encode()).hexdigest()[:16]


def _collect_letter(message: dict[str, Any]) -> None:
    """Write the failed item of a dead letter, or on the one that is there already."""
    payload = str(message.get("Body", ""))[:PAYLOAD_CHARACTERS].replace("\0", "")
    if _is_about_purged(payload):
        return
    attributes = message.get("Attributes", {})
    received, sent = int(attributes.get("ApproximateReceiveCount", 1)), attributes.get("SentTimestamp")
    with transaction.atomic():
        letter = _read_letter(payload)
        fields = _build_fields(letter)
        item = letter.item or _find_item(message["MessageId"], letter.upload)
        if item is None:
            FailedItem.objects.create(
                message_id=message["MessageId"],
                upload=letter.upload,
                kind=letter.kind,
                attempts=letter.upload.attempts if letter.upload else received,
                payload=payload,
                # SQS counts milliseconds since 1970.
                first_failed_at=datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else timezone.now(),
                **fields,
            )
        elif item.state != State.DISCARDED:
            attempts = letter.upload.attempts if letter.upload else F("attempts") + received
            undiscarded = FailedItem.objects.filter(~Q(state=State.DISCARDED), pk=item.pk)
            undiscarded.update(attempts=attempts, **fields)


def _build_fields(letter: _Letter) -> dict[str, Any]:
    """Return what a failed item says of why; the upload is failed with it, unless a worker has it in hand."""
    upload, reason, step, error, request = letter.upload, letter.reason, "", "", ""
    if upload:
        if upload.reason:
            reason = read_reason(upload)
        elif upload.state == Upload.State.WORKING:
            reason = Reason("worker_killed")
        step, error, request = upload.step, upload.error, upload.request_id
        if not letter.has_ended:
            fields = {**reason.to_json(), "lease_until": None, "finished_at": timezone.now()}
            Upload.move(upload.pk, Upload.State.FAILED, match_free(), **fields)
    return {
        "image": letter.image or (upload.image if upload else None),
        # A file that was never begun got to no step.
        "step": step if upload is None or upload.attempts else "",
        **reason.to_json(),
        "error": error,
        "fingerprint": build_fingerprint(letter.kind, step, reason),
        "request_id": request,
        "state": State.RESOLVED if letter.has_ended else State.OPEN,
        "last_failed_at": timezone.now(),
    }


def _is_about_purged(payload: str) -> bool:
    """Return whether a dead letter asks for something of an image that was erased for good, and of nothing else."""
    try:
        decoded = messages.decode_text(payload)
    except ProcessingError:
        return False
    return bool(decoded) and all(map(_is_of_purged, decoded))


def _is_of_purged(message: messages.Message) -> bool:
    match message:
        case messages.PurgeImage():
            # The clock carries out what is ordered.
            return True
        case messages.ObjectCreated(key=key) | messages.ObjectRemoved(key=key) | messages.CheckKey(key=key):
            return purges.is_purged_key(key)
        case messages.ResumeUpload(upload_id=upload_id):
            return PurgedUpload.objects.filter(pk=upload_id).exists()
        case (
            messages.MirrorImage(image_id=image_id)
            | messages.ReprocessImage(image_id=image_id)
            | messages.CutCrops(image_id=image_id)
        ):
            return purges.is_purged_image(image_id)
    return False


def _read_letter(payload: str) -> _Letter:
    """Return what a dead letter is about, whatever it holds."""
    try:
        decoded = messages.decode_text(payload)
    except ProcessingError as error:
        return _Letter("unknown", read_reason(error))
    match decoded:
        case [messages.ObjectCreated() as event, *_]:
            upload = Upload.objects.filter(bucket=event.bucket, key=event.key).first()
            is_older = upload is not None and pad_sequencer(event.sequencer) < upload.sequencer
            return _describe_upload(upload, has_ended=is_older)
        case [messages.ObjectRemoved(key=key) | messages.CheckKey(key=key), *_]:
            return _describe_upload(Upload.objects.filter(key=key).first())
        case [messages.ResumeUpload(upload_id=upload_id), *_]:
            return _describe_upload(Upload.objects.filter(pk=upload_id).first())
        case [messages.RetryFailedItem(item_id=pk), *_]:
            return _describe_item(pk)
        case [messages.ContinueJob(), *_]:
            return _Letter("job", Reason("job_stopped"), has_ended=True)
        case [message, *_] if type(message) in OTHER_KINDS:
            kind, code = OTHER_KINDS[type(message)]
            image_ids = [image_id] if (image_id := getattr(message, "image_id", None)) else []
            return _Letter(kind, Reason(code), image=Image.objects.filter(pk__in=image_ids).first())
    return _Letter("unknown", Reason("unexplained"))


def _describe_upload(upload: Upload | None, *, has_ended: bool = False) -> _Letter:
    ended = (Upload.State.READY, Upload.State.REJECTED, Upload.State.DELETED)
    has_ended = has_ended or (upload is not None and upload.state in ended)
    return _Letter("upload", Reason("unexplained"), upload=upload, has_ended=has_ended)


def _describe_item(pk: int) -> _Letter:
    item = FailedItem.objects.select_related("upload", "image").filter(pk=pk).first()
    if item is None:
        return _Letter("unknown", Reason("unexplained"))
    reason = read_reason(item)
    if item.upload:
        has_ended = _describe_upload(item.upload).has_ended
        return _Letter(item.kind, reason, upload=item.upload, item=item, has_ended=has_ended)
    return _Letter(item.kind, reason, image=item.image, item=item, has_ended=item.state == State.RESOLVED)


def _find_item(message_id: str, upload: Upload | None) -> FailedItem | None:
    """Return the item that this dead letter belongs to already: collected before, or the upload's that failed again."""
    item = FailedItem.objects.filter(message_id=message_id).first()
    if item is None and upload is not None:
        item = FailedItem.objects.filter(upload=upload, state__in=[State.OPEN, State.RETRIED]).first()
    return item
