"""From what lies on the queue to what MediaHub does about it: S3's events and messages of our own, read strictly."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings

from processing import Misconfigured


class Unreadable(Exception):
    """A message that nobody here handles: it stays on the queue and becomes a dead letter, never a success."""


@dataclass(frozen=True)
class ObjectCreated:
    """A file arrived in the upload bucket; the sequencer is S3's own text, empty when S3 sent none."""

    bucket: str
    key: str
    version_id: str
    sequencer: str


@dataclass(frozen=True)
class Retry:
    """An editor asks for an upload to be tried again."""

    upload_id: UUID


@dataclass(frozen=True)
class MirrorImage:
    """An image changed and waits to be mirrored."""

    image_id: UUID


Message = ObjectCreated | Retry | MirrorImage


def read(body: Any) -> list[Message]:
    """The messages in one decoded body; raises Unreadable, or Misconfigured for a bucket that is not ours."""
    match body:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"mediahub": "retry", "upload": str(upload)}:
            return [Retry(_uuid(upload))]
        case {"mediahub": "mirror", "image": str(image)}:
            return [MirrorImage(_uuid(image))]
        case {"Records": [_, *_] as records}:
            return [_object_created(record) for record in records]
    raise Unreadable("This message is neither an event of S3 nor one of MediaHub's own.")


def _object_created(record: Any) -> ObjectCreated:
    match record:
        case {
            "eventName": str(name),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}},
        }:
            pass
        case _:
            raise Unreadable("A record of this event names no bucket and object.")
    if "ObjectCreated:" not in name:
        raise Unreadable(f"Nothing is done on the event {name}.")
    if bucket != settings.UPLOAD_BUCKET:
        raise Misconfigured(
            "foreign_bucket",
            f"An event came from the bucket {bucket}, but uploads go to {settings.UPLOAD_BUCKET}. "
            "Remove the notification of that bucket or correct UPLOAD_BUCKET.",
        )
    version, sequencer = details.get("versionId") or "", details.get("sequencer") or ""
    # S3 encodes keys as HTML forms do: a space is a plus. Decoding twice would open another object.
    return ObjectCreated(bucket, unquote_plus(key), str(version), str(sequencer))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Unreadable(f"{text[:80]!r} is not the id of an upload or image.") from error
