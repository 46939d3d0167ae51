"""Twins in memory of parts that lie elsewhere; each passes the contract tests of the real one."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import IO

from processing import Missing, Rejected, StoredObject


@dataclass
class MemoryStore:
    """A Store that holds its objects in a dict, without versions."""

    objects: dict[str, tuple[bytes, str, str]] = field(default_factory=dict)

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        data, content_type, _ = self._found(key)
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return StoredObject(key, "", len(data), etag, content_type, datetime.now(UTC))

    def get(self, key: str, version_id: str | None = None, max_bytes: int | None = None) -> IO[bytes]:
        data = self._found(key)[0]
        if max_bytes is not None and len(data) > max_bytes:
            raise Rejected("too_large", "The file is too large.")
        return BytesIO(data)

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        self.objects[key] = data, content_type, cache_control

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def _found(self, key: str) -> tuple[bytes, str, str]:
        if key not in self.objects:
            raise Missing("missing", f"the object {key} is not there any more.")
        return self.objects[key]
