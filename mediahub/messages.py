"""The messages of the upload queue: S3's events and our own, each encoded and decoded in one place, strictly."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings

from mediahub.aws import clients
from mediahub.reasons import build_error
from processing import Misconfigured, ProcessingError, is_storable

# SQS carries no more in one message, and S3 tells of one object in each.
MOST_CHARACTERS = 1024 * 1024
MOST_RECORDS = 100
# S3 has no longer keys.
MOST_KEY_BYTES = 1024
# Other events of a bucket, which change nothing here.
IGNORED = (
    "IntelligentTiering",
    "LifecycleTransition",
    "ObjectAcl:",
    "ObjectRestore:",
    "ObjectTagging:",
    "Replication:",
)
REMOVED = ("ObjectRemoved:", "LifecycleExpiration:")


# Of many messages so many are delivered at once, and then so many in each second: what an editor uploads meanwhile is
# not behind them all. SQS delays none for longer than a quarter of an hour.
AT_ONCE = 50
PER_SECOND = 5
MOST_DELAY = 900


class Unreadable(ProcessingError):
    """A message that nobody here handles: it stays on the queue and becomes a dead letter, never a success."""


@dataclass(frozen=True)
class ObjectCreated:
    """S3 announces a file in the upload bucket; the sequencer is S3's own text, empty when S3 sent none."""

    bucket: str
    key: str
    version_id: str
    sequencer: str


@dataclass(frozen=True)
class ObjectRemoved:
    """S3 announces that a file, or a version of it, was removed from the upload bucket."""

    bucket: str
    key: str
    sequencer: str


@dataclass(frozen=True)
class _OwnMessage:
    """A message of our own: in JSON its `kind` stands under "mediahub", and an id under its name without "_id".

    A message with anything but ids has an `encode` and a `decode` of its own.
    """

    kind: ClassVar[str]

    def encode(self) -> dict[str, Any]:
        """Return the message as JSON holds it."""
        ids = {name.removesuffix("_id"): value for name, value in vars(self).items()}
        return {"mediahub": self.kind, **{name: str(v) if isinstance(v, UUID) else v for name, v in ids.items()}}

    @classmethod
    def decode(cls, body: Mapping[str, Any]) -> Self:
        """Return the message that a body holds; raise Unreadable when a value is missing or of another type."""
        return cls(*(_read_id(body, field.name.removesuffix("_id"), field.type) for field in fields(cls)))


@dataclass(frozen=True)
class CheckKey(_OwnMessage):
    """Bring the record of a key of the upload bucket to what the bucket has there now."""

    kind = "look"
    key: str

    def encode(self) -> dict[str, Any]:
        return {"mediahub": self.kind, "key": self.key}

    @classmethod
    def decode(cls, body: Mapping[str, Any]) -> Self:
        return cls(_check_key(_read(body, "key", str)))


@dataclass(frozen=True)
class ResumeUpload(_OwnMessage):
    """Take up an upload that nobody works on any more."""

    kind = "retry"
    upload_id: UUID


@dataclass(frozen=True)
class RetryFailedItem(_OwnMessage):
    """Try a failed item again, as an editor ordered."""

    kind = "again"
    item_id: int


@dataclass(frozen=True)
class SendRetries(_OwnMessage):
    """Put the next failed items of an editor's order back on the queue."""

    kind = "redrive"
    order_id: int


@dataclass(frozen=True)
class ReprocessImage(_OwnMessage):
    """Make the renditions of an image again."""

    kind = "reprocess"
    image_id: UUID


@dataclass(frozen=True)
class CutCrops(_OwnMessage):
    """Cut the crops of an image around its focal point."""

    kind = "cut"
    image_id: UUID


@dataclass(frozen=True)
class SweepRenditions(_OwnMessage):
    """Remove objects of the renditions bucket that no record names."""

    kind = "sweep"
    keys: tuple[str, ...]

    def encode(self) -> dict[str, Any]:
        return {"mediahub": self.kind, "keys": list(self.keys)}

    @classmethod
    def decode(cls, body: Mapping[str, Any]) -> Self:
        keys = _read(body, "keys", list)
        if not all(isinstance(key, str) for key in keys):
            raise _lacking(body)
        return cls(tuple(keys))


@dataclass(frozen=True)
class MirrorImage(_OwnMessage):
    """Mirror an image that has changed."""

    kind = "mirror"
    image_id: UUID


@dataclass(frozen=True)
class PurgeImage(_OwnMessage):
    """Erase the files of an image for good, as a chief editor ordered or a tombstone in the bucket says."""

    kind = "purge"
    image_id: UUID


@dataclass(frozen=True)
class WakeClock(_OwnMessage):
    """Let the clock tick again: work has begun that it may have to finish."""

    kind = "wake"


@dataclass(frozen=True)
class ContinueJob(_OwnMessage):
    """Work on a job for a while."""

    kind = "job"
    job_id: UUID


OwnMessage = (
    CheckKey
    | ResumeUpload
    | RetryFailedItem
    | SendRetries
    | ReprocessImage
    | CutCrops
    | SweepRenditions
    | MirrorImage
    | PurgeImage
    | WakeClock
    | ContinueJob
)
Message = ObjectCreated | ObjectRemoved | OwnMessage
_BY_KIND: dict[str, type[OwnMessage]] = {message.kind: message for message in OwnMessage.__args__}


def send(message: OwnMessage, delay: int = 0) -> None:
    """Put a message of ours on the upload queue, to be delivered after `delay` seconds.

    Raise Unavailable or Misconfigured when the queue does not take it.
    """
    clients.get_upload_queue().send(message.encode(), delay)


def send_all(messages: Iterable[OwnMessage]) -> None:
    """Put many messages of ours on the upload queue in few requests, and so that files that arrive need not wait.

    The first are delivered at once, the others one after the other, as fast as a few workers can work on them.
    Raise Unavailable or Misconfigured when the queue does not take all of them; the others are on the queue then.
    """
    clients.get_upload_queue().send_all((message.encode() for message in messages), _calculate_delay)


def _calculate_delay(place: int) -> int:
    """Return in how many seconds a message at this place among many is delivered."""
    return min(max(0, place - AT_ONCE) // PER_SECOND, MOST_DELAY)


def decode_text(text: str) -> list[Message]:
    """Return the messages in the text of one body; raise Unreadable, or Misconfigured for a bucket that is not ours."""
    if len(text) > MOST_CHARACTERS:
        raise build_error(Unreadable, "message_too_long", length=len(text), limit=MOST_CHARACTERS)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise build_error(Unreadable, "not_json") from error
    return decode(body)


def list_arrived_keys(text: str) -> list[str]:
    """Return the keys of the upload bucket whose arrival a body announces; raise as `decode_text` does."""
    return [message.key for message in decode_text(text) if isinstance(message, ObjectCreated | CheckKey)]


def decode(body: Any) -> list[Message]:
    """Return the messages in one body of JSON; raise Unreadable, or Misconfigured for a bucket that is not ours."""
    match body:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"mediahub": str(kind)}:
            if kind not in _BY_KIND:
                raise _lacking(body)
            return [_BY_KIND[kind].decode(body)]
        case {"Type": "Notification", "Message": str(inner)}:
            return decode_text(inner)
        case {"source": "aws.s3", "detail-type": str(name), "detail": dict(detail)}:
            return _decode_bridge_event(name, detail)
        case {"Records": [_, *_] as records} if len(records) <= MOST_RECORDS:
            return [message for record in records for message in _decode_record(record)]
        case {"Records": [_, *_] as records}:
            raise build_error(Unreadable, "too_many_records", count=len(records), limit=MOST_RECORDS)
    raise build_error(Unreadable, "unknown_message")


def _decode_record(record: Any) -> list[Message]:
    match record:
        case {"EventSource": "aws:sns", "Sns": {"Message": str(inner)}}:
            return decode_text(inner)
        case {
            "eventName": str(name),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}},
        }:
            pass
        case _:
            raise build_error(Unreadable, "incomplete_record")
    version = str(record.get("eventVersion") or "2.1")
    if not version.startswith("2."):
        raise build_error(Unreadable, "unknown_event_version", version=version[:80])
    # S3 encodes keys as HTML forms do: a space is a plus. Decoding twice would open another object.
    return _decode_object_event(name, bucket, unquote_plus(key), details.get("versionId"), details.get("sequencer"))


def _decode_bridge_event(name: str, detail: dict[str, Any]) -> list[Message]:
    """Return the messages of EventBridge's form of an event, whose keys are not encoded."""
    match name, detail:
        case "Object Created" | "Object Deleted", {
            "bucket": {"name": str(bucket)},
            "object": {"key": str(key), **details},
        }:
            verb = {"Object Created": "ObjectCreated:", "Object Deleted": "ObjectRemoved:"}[name]
            return _decode_object_event(verb, bucket, key, details.get("version-id"), details.get("sequencer"))
    raise build_error(Unreadable, "unknown_bridge_event", event=name[:80])


def _decode_object_event(name: str, bucket: str, key: str, version: Any, sequencer: Any) -> list[Message]:
    kind, key = name.removeprefix("s3:"), _check_key(key)
    # They are stored too, and no longer than keys.
    version, sequencer = (_check_key(str(part)) if part else "" for part in (version, sequencer))
    if bucket != settings.UPLOAD_BUCKET:
        raise build_error(Misconfigured, "foreign_bucket", bucket=bucket, expected=settings.UPLOAD_BUCKET)
    if kind.startswith(REMOVED):
        return [ObjectRemoved(bucket, key, sequencer)]
    if kind.startswith(IGNORED):
        return []
    if not kind.startswith("ObjectCreated:"):
        raise build_error(Unreadable, "unknown_event", event=name[:80])
    return [ObjectCreated(bucket, key, version, sequencer)]


def _read(body: Mapping[str, Any], name: str, expected: type[Any]) -> Any:
    value = body.get(name)
    # JSON's true is an int in Python.
    if not isinstance(value, expected) or isinstance(value, bool):
        raise _lacking(body)
    return value


def _read_id(body: Mapping[str, Any], name: str, id_type: object) -> Any:
    if id_type is int:
        return _read(body, name, int)
    text = _read(body, name, str)
    try:
        return UUID(text)
    except ValueError as error:
        raise build_error(Unreadable, "invalid_id", text=repr(text[:80])) from error


def _lacking(body: Mapping[str, Any]) -> Unreadable:
    return build_error(Unreadable, "incomplete_message", kind=repr(str(body["mediahub"])[:40]))


def _check_key(key: str) -> str:
    if not key or len(key.encode(errors="replace")) > MOST_KEY_BYTES:
        raise build_error(Unreadable, "key_too_long", key=repr(key[:80]), limit=MOST_KEY_BYTES)
    if not is_storable(key):
        raise build_error(Unreadable, "unstorable_key", key=repr(key[:80]))
    return key
