"""From what lies on the queue to what MediaHub does about it: S3's events and messages of our own, read strictly."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings

from mediahub.library.texts import is_storable
from processing import Misconfigured

# SQS carries no more in one message, and S3 tells of one object in each.
MOST_CHARACTERS = 1024 * 1024
MOST_RECORDS = 100
# S3 has no longer keys.
MOST_KEY_BYTES = 1024
# What S3 may also tell of a bucket, which changes nothing here.
IGNORED = (
    "IntelligentTiering",
    "LifecycleTransition",
    "ObjectAcl:",
    "ObjectRestore:",
    "ObjectTagging:",
    "Replication:",
)
REMOVED = ("ObjectRemoved:", "LifecycleExpiration:")


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
class ObjectRemoved:
    """A file, or a version of it, was removed from the upload bucket."""

    bucket: str
    key: str
    sequencer: str


@dataclass(frozen=True)
class Look:
    """A key of the upload bucket is to be brought to what the bucket has there now."""

    key: str


@dataclass(frozen=True)
class Retry:
    """An upload that nobody works on any more is to be taken up."""

    upload_id: UUID


@dataclass(frozen=True)
class Again:
    """A failed item is to be tried again, because an editor said so."""

    item: int


@dataclass(frozen=True)
class Redrive:
    """The next failed items of an editor's order are to go back to the queue."""

    order: int


@dataclass(frozen=True)
class Reprocess:
    """The renditions of an image are to be made anew."""

    image_id: UUID


@dataclass(frozen=True)
class Cut:
    """The filled renditions of an image are to be cut where they should be."""

    image_id: UUID


@dataclass(frozen=True)
class Sweep:
    """Objects of the renditions bucket that no record names are to be removed."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class MirrorImage:
    """An image changed and waits to be mirrored."""

    image_id: UUID


@dataclass(frozen=True)
class Wake:
    """The clock is not to rest: something was begun that it may have to bring to its end."""


@dataclass(frozen=True)
class JobTurn:
    """Some worker is to go on with a job on many images for a while."""

    job_id: UUID


Message = (
    ObjectCreated
    | ObjectRemoved
    | Look
    | Retry
    | Again
    | Redrive
    | Reprocess
    | Cut
    | Sweep
    | Wake
    | MirrorImage
    | JobTurn
)


def parse(text: str) -> list[Message]:
    """The messages in the text of one body; raises Unreadable, or Misconfigured for a bucket that is not ours."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"The message has {len(text)} characters; at most {MOST_CHARACTERS} are read.")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The message is no JSON text. See its payload.") from error
    return read(body)


def keys(text: str) -> list[str]:
    """The keys of the upload bucket whose arrival a body tells of; raises as `parse` does."""
    return [message.key for message in parse(text) if isinstance(message, ObjectCreated | Look)]


def read(body: Any) -> list[Message]:
    """The messages in one decoded body; raises Unreadable, or Misconfigured for a bucket that is not ours."""
    match body:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"mediahub": str(kind)}:
            return [_own(kind, body)]
        case {"Type": "Notification", "Message": str(inner)}:
            return parse(inner)
        case {"source": "aws.s3", "detail-type": str(name), "detail": dict(detail)}:
            return _of_bridge(name, detail)
        case {"Records": [_, *_] as records} if len(records) <= MOST_RECORDS:
            return [message for record in records for message in _of_record(record)]
        case {"Records": [_, *_] as records}:
            raise Unreadable(f"The event has {len(records)} records; at most {MOST_RECORDS} are read.")
    raise Unreadable("This message is neither an event of S3 nor one of MediaHub's own.")


def _own(kind: str, body: dict[str, Any]) -> Message:
    match {**body, "mediahub": kind}:
        case {"mediahub": "retry", "upload": str(upload)}:
            return Retry(_uuid(upload))
        case {"mediahub": "again", "item": int(item)}:
            return Again(item)
        case {"mediahub": "redrive", "order": int(order)}:
            return Redrive(order)
        case {"mediahub": "mirror", "image": str(image)}:
            return MirrorImage(_uuid(image))
        case {"mediahub": "reprocess", "image": str(image)}:
            return Reprocess(_uuid(image))
        case {"mediahub": "cut", "image": str(image)}:
            return Cut(_uuid(image))
        case {"mediahub": "job", "job": str(job)}:
            return JobTurn(_uuid(job))
        case {"mediahub": "look", "key": str(key)}:
            return Look(_key(key))
        case {"mediahub": "wake"}:
            return Wake()
        case {"mediahub": "sweep", "keys": [*keys]} if all(isinstance(key, str) for key in keys):
            return Sweep(tuple(keys))
    raise Unreadable(f"A message of the kind {kind[:40]!r} is not known to this version, or lacks what it needs.")


def _of_record(record: Any) -> list[Message]:
    match record:
        case {"EventSource": "aws:sns", "Sns": {"Message": str(inner)}}:
            return parse(inner)
        case {
            "eventName": str(name),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}},
        }:
            pass
        case _:
            raise Unreadable("A record of this event names no bucket and object.")
    version = str(record.get("eventVersion") or "2.1")
    if not version.startswith("2."):
        raise Unreadable(f"The event has the form {version}; 2.x is read here.")
    # S3 encodes keys as HTML forms do: a space is a plus. Decoding twice would open another object.
    return _of_object(name, bucket, unquote_plus(key), details.get("versionId"), details.get("sequencer"))


def _of_bridge(name: str, detail: dict[str, Any]) -> list[Message]:
    """EventBridge's form of the event, whose keys are not encoded."""
    match name, detail:
        case "Object Created" | "Object Deleted", {
            "bucket": {"name": str(bucket)},
            "object": {"key": str(key), **details},
        }:
            verb = {"Object Created": "ObjectCreated:", "Object Deleted": "ObjectRemoved:"}[name]
            return _of_object(verb, bucket, key, details.get("version-id"), details.get("sequencer"))
    raise Unreadable(f"Nothing is done on the event {name[:80]} of EventBridge.")


def _of_object(name: str, bucket: str, key: str, version: Any, sequencer: Any) -> list[Message]:
    kind, key = name.removeprefix("s3:"), _key(key)
    if bucket != settings.UPLOAD_BUCKET:
        raise Misconfigured(
            "foreign_bucket",
            f"An event came from the bucket {bucket}, but uploads go to {settings.UPLOAD_BUCKET}. "
            "Remove the notification of that bucket or correct UPLOAD_BUCKET.",
        )
    if kind.startswith(REMOVED):
        return [ObjectRemoved(bucket, key, str(sequencer or ""))]
    if kind.startswith(IGNORED):
        return []
    if not kind.startswith("ObjectCreated:"):
        raise Unreadable(f"Nothing is done on the event {name[:80]}.")
    return [ObjectCreated(bucket, key, str(version or ""), str(sequencer or ""))]


def _key(key: str) -> str:
    if not key or len(key.encode(errors="replace")) > MOST_KEY_BYTES:
        raise Unreadable(f"The key {key[:80]!r} is empty or longer than the {MOST_KEY_BYTES} bytes that S3 allows.")
    if not is_storable(key):
        raise Unreadable(f"The key {key[:80]!r} holds what no database takes. Copy the file to another key.")
    return key


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Unreadable(f"{text[:80]!r} is not the id of an upload, image or job.") from error
