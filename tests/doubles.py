"""Twins in memory of parts that lie elsewhere; each passes the contract tests of the real one."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any

from mediahub.aws.table import PAGE, Item, Overtaken
from processing import Missing, ObjectVersion, StoredObject, VersionPage
from processing.errors import too_large


def now() -> float:
    """Seconds since 1970, by the same clock as the records."""
    return datetime.now(UTC).timestamp()


@dataclass
class _Version:
    listed: ObjectVersion
    data: bytes
    content_type: str
    cache_control: str


@dataclass
class MemoryStore:
    """A Store that holds every version of its objects in memory."""

    versioned: bool = True
    versions: dict[str, list[_Version]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    @property
    def objects(self) -> dict[str, tuple[bytes, str, str]]:
        """The current version of each object: bytes, content type, cache control."""
        current = {key: versions[-1] for key, versions in self.versions.items() if versions}
        return {key: (v.data, v.content_type, v.cache_control) for key, v in current.items() if not v.listed.removed}

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        version = self._find_version(key, version_id)
        etag = hashlib.md5(version.data, usedforsecurity=False).hexdigest()
        listed = version.listed
        return StoredObject(key, listed.version_id, listed.bytes, etag, version.content_type, listed.last_modified)

    def get(self, key: str, version_id: str | None = None, max_bytes: int | None = None) -> IO[bytes]:
        data = self._find_version(key, version_id).data
        if max_bytes is not None and len(data) > max_bytes:
            raise too_large(len(data), max_bytes)
        return BytesIO(data)

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        self._add(key, _Version(self._listed(key, len(data)), data, content_type, cache_control))

    def put_file(self, key: str, file: IO[bytes], content_type: str) -> None:
        file.seek(0)
        self.put(key, file.read(), content_type)

    def delete(self, key: str) -> None:
        if not self.versioned:
            self.versions.pop(key, None)
        elif key in self.versions:
            self._add(key, _Version(self._listed(key, 0, removed=True), b"", "", ""))

    def list_page(self, start: Mapping[str, str] | None = None, limit: int = 1000, *, prefix: str = "") -> VersionPage:
        listed = [
            ObjectVersion(v.key, v.version_id, v.bytes, v.last_modified, place == 0, v.removed)
            for key in sorted(self.versions)
            if key.startswith(prefix)
            for place, v in enumerate(version.listed for version in reversed(self.versions[key]))
        ]
        first = int((start or {}).get("first", 0))
        after = first + limit
        return VersionPage(tuple(listed[first:after]), {"first": str(after)} if after < len(listed) else None)

    def erase(self, key: str, version_id: str) -> None:
        """Remove one version, or a delete marker, for good."""
        self.versions[key] = [version for version in self.versions[key] if version.listed.version_id != version_id]

    def list_folders(self) -> list[str]:
        return sorted({key.partition("/")[0] for key in self.versions if "/" in key})

    def erase_key(self, key: str) -> int:
        return len(self.versions.pop(key, []))

    def erase_folder(self, prefix: str) -> int:
        return sum(self.erase_key(key) for key in list(self.versions) if key.startswith(prefix))

    def list_versions(self, key: str) -> tuple[ObjectVersion, ...]:
        versions = reversed(self.versions.get(key, []))
        return tuple(replace(version.listed, latest=place == 0) for place, version in enumerate(versions))

    def _listed(self, key: str, size: int, *, removed: bool = False) -> ObjectVersion:
        version = f"v{next(self._ids)}" if self.versioned else "null"
        return ObjectVersion(key, version, size, datetime.now(UTC), removed=removed)

    def _add(self, key: str, version: _Version) -> None:
        if not self.versioned:
            self.versions.pop(key, None)
        self.versions.setdefault(key, []).append(version)

    def _find_version(self, key: str, version_id: str | None) -> _Version:
        for version in reversed(self.versions.get(key, [])):
            if version_id in (None, version.listed.version_id):
                if version.listed.removed:
                    break
                return version
        raise Missing("missing", action="read_object", key=key)


@dataclass
class MemoryTable:
    """A Table that holds its items in memory."""

    items: dict[str, dict[str, Item]] = field(default_factory=dict)

    def query_items(self, pk: str) -> dict[str, Item]:
        return {sk: dict(item) for sk, item in self.items.get(pk, {}).items()}

    def replace(self, guard: Item, read: Any, puts: Sequence[Item], gone: Sequence[str]) -> None:
        items = self.items.setdefault(guard["pk"], {})
        if items.get(guard["sk"], {}).get("revision") != read:
            raise Overtaken
        items.update({item["sk"]: dict(item) for item in (guard, *puts)})
        for sk in gone:
            items.pop(sk, None)

    def put(self, item: Item) -> None:
        self.items.setdefault(item["pk"], {})[item["sk"]] = dict(item)

    def delete(self, pk: str, sks: Sequence[str]) -> None:
        for sk in sks:
            self.items.get(pk, {}).pop(sk, None)

    def list_keys(self) -> Iterator[tuple[str, str]]:
        yield from [(pk, sk) for pk, items in self.items.items() for sk in items]

    def scan_keys(self, after: Item, most: int = PAGE) -> tuple[list[tuple[str, str]], Item | None]:
        keys = sorted(self.list_keys())
        if after:
            keys = [key for key in keys if key > (after["pk"], after["sk"])]
        last = {"pk": keys[most - 1][0], "sk": keys[most - 1][1]} if len(keys) > most else None
        return keys[:most], last


@dataclass
class _Message:
    message_id: str
    body: str
    sent: float
    visible: float
    received: int = 0


@dataclass
class MemoryQueue:
    """A Queue with visibility time-out and redrive, as SQS has them."""

    visibility: float = 2
    receives: int = 2
    dead_letters: "MemoryQueue | None" = None
    messages: dict[str, _Message] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def send(self, body: Any, delay: int = 0) -> None:
        message_id = f"m{next(self._ids)}"
        self.messages[message_id] = _Message(message_id, json.dumps(body), now(), now() + delay)

    def send_all(self, bodies: Iterable[Any], delay: Callable[[int], int] = lambda place: 0) -> None:
        for place, body in enumerate(bodies):
            self.send(body, delay(place))

    def receive(self, most: int = 10) -> list[dict[str, Any]]:
        due = [message for message in self.messages.values() if message.visible <= now()]
        messages = []
        for message in due[:most]:
            if self.dead_letters is not None and message.received >= self.receives:
                del self.messages[message.message_id]
                dead = _Message(message.message_id, message.body, message.sent, now(), message.received)
                self.dead_letters.messages[message.message_id] = dead
                continue
            message.received += 1
            message.visible = now() + self.visibility
            messages.append(_as_sqs_says(message))
        return messages

    def count_waiting(self) -> int:
        return sum(message.visible <= now() for message in self.messages.values())

    def delete(self, receipt: str) -> None:
        self.messages.pop(receipt.split("/")[0], None)

    def hide_message(self, receipt: str, seconds: int) -> None:
        message = self.messages.get(receipt.split("/")[0])
        if message:
            message.visible = now() + seconds


def _as_sqs_says(message: _Message) -> dict[str, Any]:
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": f"{message.message_id}/{message.received}",
        "Body": message.body,
        "MD5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {
            "ApproximateReceiveCount": str(message.received),
            "SentTimestamp": str(int(message.sent * 1000)),
        },
    }
