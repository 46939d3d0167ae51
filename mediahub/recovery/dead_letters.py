"""Dead letters: from the dead-letter queue to an editor's desk, each a failed item, in groups of one cause."""

import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.library.models import Image
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload, free, padded
from processing import ProcessingError

log = logging.getLogger(__name__)
State = FailedItem.State

PAYLOAD_CHARACTERS = 256 * 1024
UNKNOWN = "The message failed too often, and nothing was noted of why. See its payload."
KILLED = (
    "The worker was ended before it could say why: it ran out of time or memory. Retry it; if that fails, discard it."
)
# What differs between two failures of one cause: quoted words, keys, ids and numbers.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d+")


@dataclass(frozen=True)
class Group:
    """The open failed items of one cause; `sample` is the latest of them."""

    fingerprint: str
    count: int
    first: datetime
    last: datetime
    sample: FailedItem

    @property
    def cause(self) -> str:
        """The reason, without what differs from one file to the next."""
        return _PARTICULAR.sub("…", self.sample.reason) if self.count > 1 else self.sample.reason


@dataclass(frozen=True)
class _Letter:
    """What a dead letter is about; `over` when what it asked for has come to its end without it."""

    kind: str
    reason: str
    upload: Upload | None = None
    image: Image | None = None
    item: FailedItem | None = None
    over: bool = False


def collect(most: int = 100) -> int:
    """Turn dead letters into failed items, the row first and then the message; returns how many."""
    queue = clients.dead_letters()

    def collect_one(message: dict[str, Any]) -> None:
        _keep(message)
        queue.delete(message["ReceiptHandle"])

    received = collected = 0
    while received < most and not rounds.is_over() and (letters := queue.receive()):
        received += len(letters)
        collected += rounds.each(letters, collect_one, "dead letter", lambda message: message["MessageId"])
    return collected


def announce(message_id: str, payload: str, upload: Upload) -> bool:
    """Put an upload on the desk that keeps failing while its message is still tried again; False when it is there."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if not upload.waits_for_another_try or _known(message_id, upload):
            return False
        now = timezone.now()
        FailedItem.objects.create(
            message_id=message_id,
            upload=upload,
            image=upload.image,
            kind="upload",
            step=upload.step,
            reason=upload.reason,
            error=upload.error,
            fingerprint=fingerprint("upload", upload.step, upload.code, upload.reason),
            request_id=upload.request_id,
            attempts=upload.attempts,
            payload=payload[:PAYLOAD_CHARACTERS],
            first_failed_at=now,
            last_failed_at=now,
        )
    return True


def groups(items: QuerySet[FailedItem]) -> list[Group]:
    """Those of the failed items that are open by cause, the largest group first."""
    found = (
        items.filter(state=State.OPEN)
        .order_by()
        .values("fingerprint")
        .annotate(n=Count("pk"), first=Min("first_failed_at"), last=Max("last_failed_at"), sample=Max("pk"))
        .order_by("-n", "-last")
    )
    rows = list(found)
    samples = items.in_bulk([row["sample"] for row in rows])
    return [
        Group(row["fingerprint"], row["n"], row["first"], row["last"], samples[row["sample"]])
        for row in rows
        if row["sample"] in samples
    ]


def fingerprint(kind: str, step: str, code: str, reason: str) -> str:
    """What failures of one cause have in common, as 16 hexadecimal characters."""
    cause = code or _PARTICULAR.sub("…", reason)
    return hashlib.sha256(f"{kind}|{step}|{cause}".encode()).hexdigest()[:16]


def _keep(message: dict[str, Any]) -> None:
    payload = str(message.get("Body", ""))[:PAYLOAD_CHARACTERS].replace("\0", "")
    received = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    with transaction.atomic():
        letter = _read(payload)
        fields = _fields(letter)
        known = letter.item or _known(message["MessageId"], letter.upload)
        if known is None:
            FailedItem.objects.create(
                message_id=message["MessageId"],
                upload=letter.upload,
                kind=letter.kind,
                attempts=letter.upload.attempts if letter.upload else received,
                payload=payload,
                first_failed_at=_time(message.get("Attributes", {}).get("SentTimestamp")),
                **fields,
            )
        elif known.state != State.DISCARDED:
            more = Q(pk=known.pk) & ~Q(state=State.DISCARDED)
            attempts = letter.upload.attempts if letter.upload else F("attempts") + received
            FailedItem.objects.filter(more).update(attempts=attempts, **fields)


def _fields(letter: _Letter) -> dict[str, Any]:
    """What a failed item says of why; the upload is failed with it, unless a worker has it in hand."""
    upload, step, code, error, request = letter.upload, "", "", "", ""
    # PostgreSQL holds no NUL, which the reason may quote from the message.
    reason = letter.reason.replace("\0", "")
    if upload:
        reason = upload.reason or (KILLED if upload.state == Upload.State.WORKING else reason)
        step, code, error, request = upload.step, upload.code, upload.error, upload.request_id
        if not letter.over:
            ended = {"reason": reason[:500], "lease_until": None, "finished_at": timezone.now()}
            Upload.move(upload.pk, Upload.State.FAILED, free(), **ended)
    return {
        "image": letter.image or (upload.image if upload else None),
        # A file that was never begun got to no step.
        "step": step if upload is None or upload.attempts else "",
        "reason": reason[:500],
        "error": error,
        "fingerprint": fingerprint(letter.kind, step, code, reason),
        "request_id": request,
        "state": State.RESOLVED if letter.over else State.OPEN,
        "last_failed_at": timezone.now(),
    }


def _read(payload: str) -> _Letter:
    """What a dead letter is about, whatever it holds."""
    try:
        decoded = messages.decode_text(payload)
    except (messages.Unreadable, ProcessingError) as error:
        return _Letter("unknown", str(error))
    match decoded:
        case [messages.ObjectCreated() as event, *_]:
            upload = Upload.objects.filter(bucket=event.bucket, key=event.key).first()
            older = upload is not None and padded(event.sequencer) < upload.sequencer
            return _of_upload(upload, over=older)
        case [messages.ObjectRemoved(key=key) | messages.CheckKey(key=key), *_]:
            return _of_upload(Upload.objects.filter(key=key).first())
        case [messages.ResumeUpload(upload_id=upload_id), *_]:
            return _of_upload(Upload.objects.filter(pk=upload_id).first())
        case [messages.RetryFailedItem(item_id=pk), *_]:
            return _of_item(pk)
        case [messages.MirrorImage(image_id=image_id), *_]:
            return _Letter("mirror", "The image could not be mirrored.", image=_image(image_id))
        case [messages.ReprocessImage(image_id=image_id), *_]:
            return _Letter("reprocess", "The renditions could not be made anew.", image=_image(image_id))
        case [messages.CutCrops(image_id=image_id), *_]:
            return _Letter("cut", "The renditions could not be cut at the focal point.", image=_image(image_id))
        case [messages.SweepRenditions(), *_]:
            return _Letter("sweep", "Renditions that no record names could not be removed.")
        case [messages.ContinueJob(), *_]:
            return _Letter("job", "A job on many images could not go on. It is asked for again by itself.", over=True)
        case [messages.SendRetries(), *_]:
            return _Letter("redrive", "Failed items could not be sent back to the queue.")
    return _Letter("unknown", UNKNOWN)


def _of_upload(upload: Upload | None, *, over: bool = False) -> _Letter:
    ended = upload is not None and upload.state in (Upload.State.READY, Upload.State.REJECTED, Upload.State.DELETED)
    return _Letter("upload", UNKNOWN, upload=upload, over=over or ended)


def _of_item(pk: int) -> _Letter:
    item = FailedItem.objects.select_related("upload", "image").filter(pk=pk).first()
    if item is None:
        return _Letter("unknown", UNKNOWN)
    if item.upload:
        letter = _of_upload(item.upload)
        return _Letter(item.kind, item.reason, upload=item.upload, item=item, over=letter.over)
    return _Letter(item.kind, item.reason, image=item.image, item=item, over=item.state == State.RESOLVED)


def _image(image_id: Any) -> Image | None:
    return Image.objects.filter(pk=image_id).first()


def _known(message_id: str, upload: Upload | None) -> FailedItem | None:
    """The item this dead letter belongs to already: collected before, or the same upload's that failed again."""
    known = FailedItem.objects.filter(message_id=message_id).first()
    if known is None and upload is not None:
        known = FailedItem.objects.filter(upload=upload, state__in=[State.OPEN, State.RETRIED]).first()
    return known


def _time(milliseconds: Any) -> datetime:
    """SQS counts milliseconds since 1970; a message without a time failed now."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else timezone.now()
