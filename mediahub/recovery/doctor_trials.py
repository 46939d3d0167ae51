"""What the worker does with each part, tried with the worker's own rights: on originals, and on probes elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from mediahub.aws import clients
from mediahub.aws.queue import Queue
from mediahub.aws.table import Table
from mediahub.messages import WakeClock
from mediahub.reasons import read_reason
from mediahub.uploads.models import Upload
from processing import (
    Misconfigured,
    Missing,
    ProcessingError,
    S3Store,
    translate_botocore_error,
    translate_botocore_errors,
)

NEWEST = 3
LISTED = 20
READ = (
    "Let the worker's role read it: look at the bucket's policy, the key that encrypts the object, and its owner. "
    "It is then tried again by itself, or at once by a retry under Failed items."
)
WRITE = "The worker cannot do its work. Check its role, the bucket's policy and the key's policy."
Trial = Callable[[str | None], str]


def try_parts(profile: str | None) -> Iterator[tuple[str, str]]:
    """Try each part with the credentials of a profile, or of this process; yield what was seen, and what to do."""
    for what, trial, advice in TRIALS:
        try:
            yield trial(profile), ""
        except (ProcessingError, ClientError, BotoCoreError) as error:
            yield translate_botocore_error(error, "call", name=what).message, advice
        except Exception as error:
            yield f"{what}: {type(error).__name__}: {error}", advice
    yield from _try_refused_uploads(profile)


def _try_originals(profile: str | None) -> str:
    read = 0
    arrived = Upload.objects.exclude(version_id="").exclude(state__in=[Upload.State.DELETED, Upload.State.EXPIRED])
    for upload in arrived.order_by("-issued_at")[:NEWEST]:
        with suppress(Missing):
            _read_original(profile, upload)
            read += 1
    return f"the newest originals were read: {read}" if read else "there is no original to read yet"


def _read_original(profile: str | None, upload: Upload) -> None:
    """Ask for an original as the worker does: by its key, and by its version; raise Missing, or what AWS answered."""
    client = clients.get_client("s3", profile)
    S3Store(client, upload.bucket).head(upload.key)
    version = {"VersionId": upload.version_id} if upload.version_id else {}
    with translate_botocore_errors("read_object", key=upload.key):
        client.get_object(Bucket=upload.bucket, Key=upload.key, **version)["Body"].close()


def _try_renditions(profile: str | None) -> str:
    store = S3Store(clients.get_client("s3", profile), settings.RENDITION_BUCKET, settings.KMS_KEY_ARN)
    key = f"doctor/{uuid4()}.txt"
    store.put(key, b"written by the doctor", "text/plain")
    store.get(key).close()
    store.delete(key)
    return "a rendition was written, read and removed"


def _try_mirror(profile: str | None) -> str:
    table = Table(clients.get_client("dynamodb", profile), settings.MIRROR_TABLE)
    place = {"pk": "doctor", "sk": str(uuid4())}
    table.put(place)
    table.query_items(place["pk"])
    table.delete(place["pk"], [place["sk"]])
    return "an item of the mirror was written, read and removed"


def _try_queues(profile: str | None) -> str:
    client = clients.get_client("sqs", profile)
    # Whoever takes it lets the clock tick, and no more.
    Queue(client, settings.UPLOAD_QUEUE_URL).send(WakeClock().encode())
    Queue(client, settings.DEAD_LETTER_QUEUE_URL).count_waiting()
    return "a message was put on the queue"


def _try_labels(profile: str | None) -> str:
    if settings.LABELER != "rekognition":
        return "labels need no service"
    client = clients.get_client("rekognition", profile)
    asked = [client.detect_labels, *([client.detect_moderation_labels] if settings.MODERATION else [])]
    for ask in asked:
        # Who may not ask is told so before the picture is looked at; one that is none costs nothing.
        with suppress(client.exceptions.InvalidImageFormatException):
            ask(Image={"Bytes": b"no picture"})
    return "Rekognition answers"


TRIALS: tuple[tuple[str, Trial, str], ...] = (
    ("reading originals", _try_originals, READ),
    ("renditions", _try_renditions, WRITE),
    ("the mirror", _try_mirror, WRITE),
    ("the queues", _try_queues, WRITE),
    ("the label service", _try_labels, "Images come in without labels. Check the worker's role, or set LABELER=off."),
)


def _try_refused_uploads(profile: str | None) -> Iterator[tuple[str, str]]:
    """Try each upload that AWS refused and that waits or failed for it once more."""
    waiting = Q(
        state__in=[Upload.State.WORKING, Upload.State.ISSUED, Upload.State.FAILED],
        code__in=["aws_refused", "not_begun"],
    )
    refused = Upload.objects.filter(waiting).order_by("-issued_at")
    for upload in refused[:LISTED]:
        yield _try_refused_upload(profile, upload)
    if (more := refused.count() - LISTED) > 0:
        yield f"and {more} more files that AWS refused", READ


def _try_refused_upload(profile: str | None, upload: Upload) -> tuple[str, str]:
    what = f"{upload.file_name} ({upload.key})"
    if upload.step:
        return f"{what} waits: {upload.reason}", WRITE
    try:
        _read_original(profile, upload)
    except Missing:
        return f"{what} was refused ({read_reason(upload).specific_code}) and is not in the bucket any more", ""
    except Misconfigured as error:
        return f"{what} {_describe_next_try(upload)}: AWS refuses it with {error.specific_code}", READ
    except ProcessingError as error:
        return f"{what} {_describe_next_try(upload)}: {error.message}", READ
    return (
        f"{what} was refused ({read_reason(upload).specific_code}) and can be read now; "
        f"it {_describe_next_try(upload)}",
        "",
    )


def _describe_next_try(upload: Upload) -> str:
    if upload.state == Upload.State.FAILED:
        return "waits for a retry under Failed items"
    if upload.next_try_at and upload.next_try_at > timezone.now():
        return f"is tried again at {timezone.localtime(upload.next_try_at):%H:%M}"
    return "is tried again by itself"
