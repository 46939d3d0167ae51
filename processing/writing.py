"""Renditions → objects in a store, written beside the work on pixels."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from processing.keys import build_rendition_key
from processing.renditions import RenderedFile
from processing.store import Store

# The key changes with the bytes, so a copy never becomes wrong.
CACHE_CONTROL = "public, max-age=31536000, immutable"
# Requests at a time. They wait for the network, while the processor encodes the next file.
_REQUESTS = 4


@dataclass(frozen=True)
class StoredRendition:
    """A rendition in one format as it is in the store; `sha256` is of its bytes, width and height are pixels."""

    name: str
    mode: str
    format: str
    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    sha256: str


class RenditionWriter:
    """Writes the renditions of one image, a few at a time.

    Used as a context: at its end no request is under way any more, and after an error none begins.
    """

    def __init__(self, store: Store, image_id: UUID) -> None:
        """Write into a store, under keys of this image."""
        self._store, self._image_id = store, image_id
        self._pool = ThreadPoolExecutor(_REQUESTS, "rendition")
        self._pending: list[Future[StoredRendition]] = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for the requests that are under way."""
        self._pool.shutdown(cancel_futures=True)

    def write(self, rendered: RenderedFile) -> None:
        """Begin to write a file."""
        self._pending.append(self._pool.submit(self._write, rendered))

    def wait(self) -> list[StoredRendition]:
        """Return what was written since the last time, in the order of the calls; raise the first error."""
        pending, self._pending = self._pending, []
        return [future.result() for future in pending]

    def _write(self, rendered: RenderedFile) -> StoredRendition:
        key = build_rendition_key(rendered.name, self._image_id, rendered.sha256, rendered.suffix)
        self._store.put(key, rendered.data, rendered.content_type, CACHE_CONTROL)
        return StoredRendition(
            rendered.name,
            rendered.mode,
            rendered.format,
            key,
            rendered.width,
            rendered.height,
            len(rendered.data),
            rendered.content_type,
            rendered.sha256,
        )
