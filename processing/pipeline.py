"""process(): the steps of one file in order, on one page."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any
from uuid import UUID

from PIL import Image

from processing import metadata, renditions
from processing.colours import dominant
from processing.crop import CENTRE, Point
from processing.decode import Limits, open_picture
from processing.errors import Misconfigured, NotAnalysable, Note, ProcessingError, Unavailable
from processing.fingerprint import fingerprint
from processing.keys import rendition_key
from processing.labels import SMALLEST_SIDE, LabelAnswer, Labeler
from processing.metadata import Metadata
from processing.renditions import SPECS, RenderedFile, RenditionSpec, render
from processing.store import Store

# The key changes with the bytes, so a copy is good for ever.
CACHE = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StoredRendition:
    """A rendition as it lies in the store; `sha256` is of its bytes."""

    name: str
    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    sha256: str


@dataclass(frozen=True)
class Result:
    """All that became of one file; `label_state` is done, not_analysable, unavailable or off; seconds by step.

    `fingerprint` and `colours` say what it looks like: processing.fingerprint, processing.colours. `point` is where the
    filled renditions were cut.
    """

    metadata: Metadata
    renditions: tuple[StoredRendition, ...]
    placeholder: str
    labels: LabelAnswer | None
    label_state: str
    label_note: Note | None
    seconds: dict[str, float]
    fingerprint: str = ""
    colours: tuple[str, ...] = ()
    point: Point = CENTRE


@dataclass
class _Steps:
    """Times each step and writes its name on the error that ends it."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        except ProcessingError as error:
            error.step = name
            raise
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def process(
    file: IO[bytes],
    image_id: UUID,
    *,
    store: Store,
    labeler: Labeler | None,
    specs: Sequence[RenditionSpec] = SPECS,
    limits: Limits | None = None,
    focus: Callable[[LabelAnswer | None], Point] = lambda labels: CENTRE,
) -> Result:
    """Decode, read, render and label one file and store its renditions; the same file gives the same objects again.

    Filled renditions come last, because `focus` says by the labels where they are cut.
    Raises Rejected for the file's faults, Unavailable or Misconfigured for the store's; a labeler's never hold it up.
    """
    steps = _Steps()
    with steps.step("decode"):
        picture = open_picture(file, limits or Limits())
    with steps.step("metadata"):
        found = metadata.read(file, picture)
    with steps.step("render"):
        held = renditions.raster(picture, specs)
        rendered, placeholder = renditions.fit(held, specs)
    with steps.step("look"):
        small = _smallest(rendered)
        looks, names = fingerprint(small), dominant(small)
    with steps.step("store"):
        stored = [_store(store, image_id, made) for made in rendered]
    with steps.step("label"):
        answer, state, note = _label(labeler, rendered, found.sha256)
    with steps.step("crop"):
        point = focus(answer)
        filled = renditions.fill(held, specs, point)
    with steps.step("store"):
        stored += [_store(store, image_id, made) for made in filled]
    return Result(found, tuple(stored), placeholder, answer, state, note, steps.seconds, looks, names, point)


def cut(
    file: IO[bytes],
    image_id: UUID,
    *,
    store: Store,
    specs: Sequence[RenditionSpec],
    point: Point,
    limits: Limits | None = None,
) -> tuple[StoredRendition, ...]:
    """Cut the filled renditions of one file around a point and store them: the objects that `process` would make.

    Raises as `process` does.
    """
    steps = _Steps()
    with steps.step("decode"):
        picture = open_picture(file, limits or Limits())
    with steps.step("crop"):
        # All the specs say how large the picture is decoded, so that the bytes are those of the whole run.
        filled = renditions.fill(renditions.raster(picture, specs), specs, point)
    with steps.step("store"):
        return tuple(_store(store, image_id, made) for made in filled)


def process_image(
    file: IO[bytes],
    sizes: Sequence[tuple[int, int]] | None = None,
    specs: Sequence[RenditionSpec] | None = None,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Renditions of one file in memory: {"thumbnails": [RenderedFile…], "metadata": Metadata, "placeholder": data URI}.

    Each of `sizes`, (width, height) in pixels, is fitted to; without sizes and specs they are large, medium and small.
    """
    if sizes is not None:
        specs = [RenditionSpec(f"{width}x{height}", width, height) for width, height in sizes]
    picture = open_picture(file, limits or Limits())
    found = metadata.read(file, picture)
    rendered, placeholder = render(picture, specs or SPECS)
    return {"thumbnails": rendered, "metadata": found, "placeholder": placeholder}


def _smallest(rendered: Sequence[RenderedFile]) -> Image.Image:
    """The smallest rendition that shows the whole picture."""
    return Image.open(BytesIO(min(rendered, key=lambda made: made.width * made.height).data))


def _store(store: Store, image_id: UUID, made: RenderedFile) -> StoredRendition:
    key = rendition_key(made.name, image_id, made.sha256, made.suffix)
    store.put(key, made.data, made.content_type, CACHE)
    return StoredRendition(made.name, key, made.width, made.height, len(made.data), made.content_type, made.sha256)


def _label(
    labeler: Labeler | None, rendered: Sequence[RenderedFile], sha256: str
) -> tuple[LabelAnswer | None, str, Note | None]:
    if labeler is None:
        return None, "off", None
    jpegs = [made for made in rendered if made.content_type == "image/jpeg"]
    largest = max(jpegs, key=lambda made: made.width * made.height, default=None)
    if largest is None or min(largest.width, largest.height) < SMALLEST_SIDE:
        return None, "not_analysable", Note("too_small_to_label", {"side": SMALLEST_SIDE})
    try:
        return labeler.label(largest.data, sha256=sha256), "done", None
    except NotAnalysable as error:
        return None, "not_analysable", Note(error.code, error.params, error.message)
    except (Unavailable, Misconfigured) as error:
        return None, "unavailable", Note(error.code, error.params, error.message)
