"""The steps of one file in order, on one page: `process`."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Any
from uuid import UUID

from processing.color import name_dominant_colors
from processing.crop import CENTER, Point
from processing.decode import open_picture
from processing.errors import Misconfigured, NotAnalyzable, Note, ProcessingError, Unavailable
from processing.fingerprint import compute_fingerprint
from processing.labels import MIN_SIDE, LabelAnswer, Labeler
from processing.limits import Limits
from processing.memory import keep_freed_memory
from processing.metadata import Metadata, read_metadata
from processing.metadata.write import CreditBlocks, CreditFields, build_blocks, choose_creators, embed_blocks
from processing.raster import Pixels
from processing.renditions import (
    SPECS,
    RenditionSpec,
    decode_raster,
    encode_label_jpeg,
    render,
    render_crops,
    render_fits,
)
from processing.store import Store
from processing.writing import RenditionWriter, StoredRendition


@dataclass(frozen=True)
class Result:
    """What became of one file.

    Attributes:
        metadata: What the file says of itself.
        renditions: In the order of their specs, crops last.
        placeholder: A tiny picture as a data URI.
        labels: The labeler's answer, if there is one.
        label_state: "done", "not_analyzable", "unavailable" or "off".
        label_note: Why there is no answer.
        seconds: How long each step took.
        fingerprint: What the picture looks like; see processing.fingerprint.
        colors: Its dominant colors; see processing.color.
        point: Where the crops were cut.
    """

    metadata: Metadata
    renditions: tuple[StoredRendition, ...]
    placeholder: str
    labels: LabelAnswer | None
    label_state: str
    label_note: Note | None
    seconds: dict[str, float]
    fingerprint: str = ""
    colors: tuple[str, ...] = ()
    point: Point = CENTER


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
    choose_point: Callable[[LabelAnswer | None], Point] = lambda labels: CENTER,
) -> Result:
    """Decode, read, render and label one file and store its renditions; the same file gives the same objects again.

    Raise Rejected for the file's faults, Unavailable or Misconfigured for the store's. A labeler's never stop it.

    Args:
        file: The file, which can be read and sought.
        image_id: Part of the keys of the renditions.
        store: Gets the renditions.
        labeler: Labels a JPEG of at most LABEL_EDGE pixels a side; None for no labels.
        specs: The renditions.
        limits: What the file may ask for.
        choose_point: Says by the labels where the crops are cut, which is why they come last.
    """
    keep_freed_memory()
    steps, notes = _Steps(), list[Note]()
    with steps.step("decode"):
        picture = open_picture(file, limits or Limits(), notes)
    with steps.step("metadata"):
        metadata = read_metadata(file, picture)
        credit = _build_credit(metadata)
    with RenditionWriter(store, image_id, credit) as writer:
        with steps.step("render"):
            raster = decode_raster(picture, specs, notes)
            del picture  # encoding would take its memory beside this
            fits = render_fits(raster, specs, writer.write)
        with steps.step("look"):
            fingerprint, colors = compute_fingerprint(fits.thumbnail), name_dominant_colors(fits.thumbnail)
        with steps.step("store"):
            # Labels cost money: nobody asks for them where the files cannot be stored.
            stored = writer.wait()
        with steps.step("label"):
            labels, label_state, label_note = _label(labeler, fits.label_pixels, metadata.sha256)
        with steps.step("crop"):
            point = choose_point(labels)
            writer.write_all(render_crops(raster, specs, point))
        with steps.step("store"):
            stored += writer.wait()
    metadata = replace(metadata, notes=(*notes, *metadata.notes))
    answer = (labels, label_state, label_note)
    return Result(metadata, tuple(stored), fits.placeholder, *answer, steps.seconds, fingerprint, colors, point)


def process_crops(
    file: IO[bytes],
    image_id: UUID,
    *,
    store: Store,
    specs: Sequence[RenditionSpec],
    point: Point,
    limits: Limits | None = None,
) -> tuple[StoredRendition, ...]:
    """Cut the crops of one file around a point and store them: the same objects as `process` makes.

    Raise what `process` raises.

    Args:
        file: The original.
        image_id: Part of the keys of the renditions.
        store: Gets the crops.
        specs: All renditions: they say how large the picture is decoded, so that the bytes are those of `process`.
        point: What the crops are centered on.
        limits: What the file may ask for.
    """
    steps = _Steps()
    with steps.step("decode"):
        picture = open_picture(file, limits or Limits())
    with steps.step("metadata"):
        credit = _build_credit(read_metadata(file, picture))
    with RenditionWriter(store, image_id, credit) as writer:
        with steps.step("crop"):
            writer.write_all(render_crops(decode_raster(picture, specs), specs, point))
        with steps.step("store"):
            return tuple(writer.wait())


def process_image(
    file: IO[bytes],
    sizes: Sequence[tuple[int, int]] | None = None,
    specs: Sequence[RenditionSpec] | None = None,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Render one file in memory.

    Args:
        file: The file, which can be read and sought.
        sizes: (width, height) in pixels, into which the whole picture is fitted.
        specs: Renditions in place of sizes; without either they are SPECS.
        limits: What the file may ask for.

    Returns:
        {"thumbnails": [RenderedFile, …], "metadata": Metadata, "placeholder": data URI}

    Raises:
        Rejected: The file is not a picture, damaged, or larger than the limits.
    """
    if sizes is not None:
        specs = [RenditionSpec(f"{width}x{height}", width, height, formats=("JPEG",)) for width, height in sizes]
    keep_freed_memory()
    notes: list[Note] = []
    picture = open_picture(file, limits or Limits(), notes)
    metadata = read_metadata(file, picture)
    credit = _build_credit(metadata)
    raster = decode_raster(picture, specs or SPECS, notes)
    # Encoding would take its memory beside that of the decoded picture.
    del picture
    renditions, placeholder = render(raster, specs or SPECS)
    thumbnails = [replace(each, data=embed_blocks(each.data, each.format, credit)) for each in renditions]
    metadata = replace(metadata, notes=(*notes, *metadata.notes))
    return {"thumbnails": thumbnails, "metadata": metadata, "placeholder": placeholder}


def _build_credit(metadata: Metadata) -> CreditBlocks:
    """Return what a file says of whose it is, as it stands in the files that are made of it."""
    fields = metadata.fields
    credit = CreditFields(
        title=fields.title,
        alt_text=fields.alt_text,
        creators=choose_creators(fields.creators, fields.credit),
        credit_line=fields.credit,
        copyright=fields.copyright,
        license=fields.license,
        license_url=fields.license_url,
        taken_at=metadata.taken_at.date() if metadata.taken_at and metadata.taken_day_only else metadata.taken_at,
        digital_source_type=fields.digital_source_type,
        data_mining=fields.data_mining,
    )
    return build_blocks(credit)


def _label(labeler: Labeler | None, pixels: Pixels, sha256: str) -> tuple[LabelAnswer | None, str, Note | None]:
    if labeler is None:
        return None, "off", None
    if min(pixels.size) < MIN_SIDE:
        return None, "not_analyzable", Note("too_small_to_label", {"side": MIN_SIDE})
    try:
        return labeler.label(encode_label_jpeg(pixels), sha256=sha256), "done", None
    except (NotAnalyzable, Unavailable, Misconfigured) as error:
        state = "not_analyzable" if isinstance(error, NotAnalyzable) else "unavailable"
        return None, state, Note(error.code, error.params, error.message)
