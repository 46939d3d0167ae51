"""Tickets: what a browser is handed so that it can send one file, and nothing else, straight into the upload bucket."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import BigIntegerField, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub import messages
from mediahub.aws import clients
from mediahub.library.file_names import split_file_name
from mediahub.library.models import Image
from mediahub.messages import WakeClock
from mediahub.uploads import upload_batches
from mediahub.uploads.models import Upload, UploadBatch
from processing import Missing, ProcessingError, clean_text, formats, shorten
from processing.keys import build_original_key

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Uppy and S3 ask for parts of at least 5 MiB; larger ones make fewer requests and a retry dearer.
PART_BYTES = 8 * 1024 * 1024
# A paused upload may be resumed this long after its ticket was issued.
LONGEST = timedelta(hours=24)
DAY = timedelta(days=1)
PLAIN_SECONDS = 3600
# Characters of a file's name and of its ending; of a longer name so many are looked at.
_MAX_NAME, _MAX_ENDING, _MAX_READ = 255, 20, 5000

Operation = Literal["create", "part", "list", "complete", "abort"]
_PRESIGNED = {
    "create": "create_multipart_upload",
    "part": "upload_part",
    "list": "list_parts",
    "complete": "complete_multipart_upload",
    "abort": "abort_multipart_upload",
}


class AlreadySent(Exception):
    """The file of this upload has arrived: there is nothing left to send."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(_("%(name)s has already arrived.") % {"name": upload.file_name})
        self.upload_id = upload.pk


class TicketRefused(Exception):
    """Why no ticket is given, in a sentence for the editor; `retry_after` counts seconds when waiting helps."""

    def __init__(self, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class UploadTicket:
    """The server's key for one file, and for a file sent in one request its address and form fields."""

    upload_id: UUID
    key: str
    method: str
    url: str
    fields: dict[str, str]
    part_bytes: int
    expires_at: datetime
    # The same ticket was handed out before, and nothing has arrived by it.
    is_reused: bool = False


def clean_file_name(file_name: str) -> str:
    """Return the name a person sees: no folders, nothing that is not seen or turns directions, at most 255 long.

    A longer name loses the end of its stem, and keeps its ending.
    """
    whole = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    name = clean_text(whole, _MAX_READ, keep_directions=False)
    if len(name) > _MAX_NAME:
        stem, ending = split_file_name(name)
        ending = ending[:_MAX_ENDING]
        name = shorten(stem, _MAX_NAME - len(ending)) + ending
    return name or _("unnamed file")


def issue_ticket(
    user: "User",
    file_name: str,
    content_type: str,
    size: int,
    batch: UUID | None = None,
    sha256: str = "",
    *,
    image: Image | None = None,
) -> UploadTicket:
    """Return a ticket for one file of `size` bytes; raise TicketRefused for its type, its size, or too many tickets.

    It belongs to the batch of this id, which begins with its first ticket. `sha256` is what the browser counted.
    With an image the file becomes its next version.
    """
    name = clean_file_name(file_name)
    _check_file(user, name, content_type, size)
    method = Upload.Method.POST if size <= settings.UPLOAD_PART_THRESHOLD else Upload.Method.MULTIPART
    declared: dict[str, Any] = {"content_type": content_type, "declared_bytes": size, "declared_sha256": sha256}
    upload = _create_upload(
        user, name, method, batch=_get_batch(user, batch) if batch else None, image=image, **declared
    )
    return _sign_ticket(upload)


def reissue_ticket(
    user: "User", upload_id: UUID, content_type: str, size: int, image: Image | None = None
) -> UploadTicket | None:
    """Return a fresh ticket for a file whose sending broke off, under its own key; None when a new one must be issued.

    So a file that is sent twice, because the first answer was lost, becomes one image. Raises AlreadySent when the
    worker has seen the file.
    """
    upload = Upload.objects.filter(pk=upload_id, uploaded_by=user).exclude(state=Upload.State.DELETED).first()
    if upload is None:
        return None
    if upload.version_id:
        raise AlreadySent(upload)
    same = (upload.content_type, upload.declared_bytes, upload.image) == (content_type, size, image)
    if not same or not _filter_open_uploads(user).filter(pk=upload.pk).exists():
        return None
    _extend_ticket(upload)
    return _sign_ticket(upload)


def _sign_ticket(upload: Upload) -> UploadTicket:
    if upload.method == Upload.Method.MULTIPART:
        return _build_ticket(upload, "", {})
    size = upload.declared_bytes or settings.UPLOAD_MAX_BYTES
    post = clients.get_upload_signer().sign_post(upload.key, upload.content_type, size, settings.UPLOAD_TICKET_SECONDS)
    return _build_ticket(upload, post.url, post.fields)


def issue_plain_ticket(user: "User", redirect: Callable[[UUID], str], image: Image | None = None) -> UploadTicket:
    """Return this editor's one open ticket for a form without JavaScript, which leads to `redirect(upload id)`.

    With an image the file becomes its next version.
    """
    upload = _filter_open_uploads(user).filter(method=Upload.Method.PLAIN, image=image).order_by("-issued_at").first()
    is_reused = bool(upload and upload.expires_at and upload.expires_at >= timezone.now() + timedelta(minutes=10))
    if upload is None or not is_reused:
        _check_open_tickets(user)
        _check_daily_bytes(user, settings.UPLOAD_MAX_BYTES)
        name = image.file_name if image else _("file from the plain form")
        upload = _create_upload(user, name, Upload.Method.PLAIN, seconds=PLAIN_SECONDS, image=image)
    seconds = int((upload.expires_at - timezone.now()).total_seconds()) if upload.expires_at else PLAIN_SECONDS
    # The form cannot say the type before the file is chosen; the bytes decide when it arrives.
    post = clients.get_upload_signer().sign_post(
        upload.key, "application/octet-stream", settings.UPLOAD_MAX_BYTES, seconds, redirect=redirect(upload.pk)
    )
    return replace(_build_ticket(upload, post.url, post.fields), is_reused=is_reused)


def sign_step(user: "User", key: str, operation: Operation, multipart_id: str = "", part: int = 0) -> str:
    """Return the signed address for one step of a file sent in parts; raise TicketRefused for another's key."""
    upload = (
        _filter_open_uploads(user)
        .filter(bucket=settings.UPLOAD_BUCKET, key=key, method=Upload.Method.MULTIPART)
        .first()
    )
    if upload is None:
        raise TicketRefused(_("This upload is no longer open. Add the file again to start a new one."))
    params: dict[str, str | int] = {}
    if operation == "create":
        params["ContentType"] = upload.content_type
    elif not multipart_id:
        raise TicketRefused(_("The request does not say which upload it belongs to. Add the file again."))
    else:
        params["UploadId"] = multipart_id
    if operation == "part":
        most = math.ceil((upload.declared_bytes or 0) / PART_BYTES)
        if not 1 <= part <= most:
            raise TicketRefused(
                _("%(name)s has %(most)d parts, but part %(part)d was requested. Add the file again.")
                % {"name": upload.file_name, "most": most, "part": part}
            )
        params["PartNumber"] = part
        # Signed, so that no part is larger, and all parts together are the file that was declared.
        params["ContentLength"] = min(PART_BYTES, (upload.declared_bytes or 0) - (part - 1) * PART_BYTES)
    if operation == "complete":
        _compare_parts(upload, multipart_id)
    _extend_ticket(upload)
    return clients.get_upload_signer().sign_address(_PRESIGNED[operation], key, settings.UPLOAD_TICKET_SECONDS, params)


def _compare_parts(upload: Upload, multipart_id: str) -> None:
    """Raise TicketRefused unless the parts in the store are as many bytes as the ticket is for."""
    try:
        size = clients.get_upload_store().measure_parts(upload.key, multipart_id)
    except Missing:
        # It was completed or aborted: S3 itself answers what became of it.
        return
    if size != upload.declared_bytes:
        raise TicketRefused(
            _("%(name)s arrived with %(size)d of %(declared)d bytes. Add the file again.")
            % {"name": upload.file_name, "size": size, "declared": upload.declared_bytes}
        )


def list_signed_headers(operation: Operation) -> dict[str, str]:
    """Return the headers that the browser must send with a step, because they are signed."""
    return clients.get_upload_signer().list_headers(_PRESIGNED[operation])


def close_ticket(upload: Upload) -> None:
    """Hand the ticket out no more: its file has arrived, though no worker has seen it yet."""
    still_open = Upload.objects.filter(pk=upload.pk, state=Upload.State.ISSUED, expires_at__gt=timezone.now())
    still_open.update(expires_at=timezone.now())


def _filter_open_uploads(user: "User") -> QuerySet[Upload]:
    # A ticket brings one file: what arrived and waits to be tried again has no place for another.
    open_states = Upload.objects.filter(state=Upload.State.ISSUED, version_id="")
    return open_states.filter(uploaded_by=user, expires_at__gt=timezone.now())


def _check_file(user: "User", name: str, content_type: str, size: int) -> None:
    limits = clients.get_limits()
    accepted = formats.list_inputs(limits.list_disabled())
    known = next((each for each in accepted if content_type in each.content_types), None)
    if known is None:
        raise TicketRefused(
            _(
                "%(name)s is not an image in a supported format. Export it in one of these formats and add it again: "
                "%(formats)s."
            )
            % {"name": name, "formats": ", ".join(each.label for each in accepted)}
        )
    if size < 1:
        raise TicketRefused(_("%(name)s is empty. Check the file and add it again.") % {"name": name})
    most = limits.get_max_bytes(known)
    if size > most:
        raise TicketRefused(
            _("%(name)s is %(size)d MB; the limit is %(most)d MB. Reduce its size and add it again.")
            % {"name": name, "size": math.ceil(size / 1_000_000), "most": most // 1_000_000}
        )
    _check_open_tickets(user)
    _check_daily_bytes(user, size)


def _check_open_tickets(user: "User") -> None:
    if _filter_open_uploads(user).count() >= settings.UPLOAD_MAX_OPEN_TICKETS:
        raise TicketRefused(
            _("%(most)d of your files are still in progress. Wait until some of them have arrived.")
            % {"most": settings.UPLOAD_MAX_OPEN_TICKETS},
            retry_after=60,
        )


def _check_daily_bytes(user: "User", size: int) -> None:
    """Raise TicketRefused where the person's tickets of the last 24 hours and this one are for too many bytes."""
    now, most = timezone.now(), settings.UPLOAD_MAX_BYTES_PER_DAY
    # Parts lie in the store for two days, whether or not they are put together.
    unused = Q(version_id="", expires_at__lte=now) & ~Q(method=Upload.Method.MULTIPART)
    # The plain form does not say how large the file is; the image knows once it is there.
    largest = Value(settings.UPLOAD_MAX_BYTES, BigIntegerField())
    recent = Upload.objects.filter(uploaded_by=user, issued_at__gt=now - DAY).exclude(unused)
    if (recent.aggregate(sum=Sum(Coalesce("declared_bytes", "image__bytes", largest)))["sum"] or 0) + size <= most:
        return
    first = recent.order_by("issued_at").values_list("issued_at", flat=True).first() or now
    raise TicketRefused(
        _("You can upload %(most)d MB in 24 hours, and this file would exceed that. Try again later.")
        % {"most": most // 1_000_000},
        retry_after=max(60, math.ceil((first + DAY - now).total_seconds())),
    )


def _get_batch(user: "User", batch_id: UUID) -> UploadBatch:
    try:
        return upload_batches.get_or_create_batch(user, batch_id)
    except upload_batches.NotYourBatch as error:
        raise TicketRefused(str(error)) from error


def _create_upload(user: "User", name: str, method: Upload.Method, *, seconds: int = 0, **values: Any) -> Upload:
    _wake_clock()
    upload_id = uuid4()
    return Upload.objects.create(
        id=upload_id,
        method=method,
        file_name=name,
        bucket=settings.UPLOAD_BUCKET,
        key=build_original_key(upload_id),
        uploaded_by=user,
        expires_at=timezone.now() + timedelta(seconds=seconds or settings.UPLOAD_TICKET_SECONDS),
        **values,
    )


def _wake_clock() -> None:
    """Let the clock tick again, unless another upload is on its way, for which it does so already."""
    on_their_way = Upload.objects.filter(state__in=[Upload.State.ISSUED, Upload.State.WORKING])
    if not settings.CLOCK_REST_SECONDS or on_their_way.exists():
        return
    try:
        messages.send(WakeClock())
    except ProcessingError as error:
        # The file's own event wakes it as well.
        log.warning("the clock could not be woken: %s", error)


def _extend_ticket(upload: Upload) -> None:
    """Let someone who still sends parts keep the ticket, for a day at most."""
    until = min(timezone.now() + timedelta(seconds=settings.UPLOAD_TICKET_SECONDS), upload.issued_at + LONGEST)
    Upload.objects.filter(pk=upload.pk, state=Upload.State.ISSUED).update(expires_at=until)


def _build_ticket(upload: Upload, url: str, fields: dict[str, str]) -> UploadTicket:
    return UploadTicket(
        upload.pk, upload.key, upload.method, url, fields, PART_BYTES, upload.expires_at or timezone.now()
    )
