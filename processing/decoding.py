"""All that is done with the bytes of a stranger, as one function without a store, a labeler or a network.

The worker runs it in the jail (processing.jail), a process that has none of these either.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Protocol

from processing.color import name_dominant_colors
from processing.crop import Point
from processing.decode import open_picture
from processing.errors import Note
from processing.fingerprint import compute_fingerprint
from processing.labels import MIN_SIDE
from processing.limits import Limits
from processing.memory import keep_freed_memory
from processing.metadata import Metadata, read_metadata
from processing.metadata.write import CreditBlocks, CreditFields, build_blocks, choose_creators, embed_blocks
from processing.renditions import (
    FitRenditions,
    RenderedFile,
    RenditionSpec,
    decode_raster,
    encode_label_jpeg,
    render_crops,
    render_fits,
)
from processing.steps import Steps


@dataclass(frozen=True)
class Order:
    """Hold what is to be made of a file.

    Attributes:
        specs: The renditions; they also say how large the picture is decoded.
        limits: What the file may ask for.
        crop_point: Where the crops are cut, if they alone are made.
        wants_label_jpeg: Whether a labeler waits for a JPEG.
        seconds: How long whoever ordered it can wait, by the clock; None for as long as it takes.
    """

    specs: tuple[RenditionSpec, ...]
    limits: Limits
    crop_point: Point | None = None
    wants_label_jpeg: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class Look:
    """Hold what is known of a picture when it is decoded and its renditions, but for the crops, are made.

    Attributes:
        metadata: What the file says of itself.
        placeholder: A tiny picture as a data URI.
        fingerprint: What the picture looks like; see processing.fingerprint.
        colors: Its dominant colors; see processing.color.
        label_jpeg: For the labeler; None where nobody asked for it, or the picture is too small to be labeled.
    """

    metadata: Metadata
    placeholder: str
    fingerprint: str
    colors: tuple[str, ...]
    label_jpeg: bytes | None


class Receiver(Protocol):
    """Gets what is made of a file, as soon as it is there."""

    def allow(self, pixels: int, memory: int) -> None:
        """Let the file take what a picture of so many pixels takes; called when its header has been checked.

        Args:
            pixels: Width × height.
            memory: The bytes that decoding takes at most.
        """

    def begin_rendering(self) -> None:
        """Note that the picture is decoded: from here on nothing of the file decides what is done."""

    def take_file(self, rendered: RenderedFile) -> None:
        """Take a rendition, with the credit in it."""

    def choose_point(self, look: Look) -> Point:
        """Return where the crops are cut, now that the picture is known."""


def decode_file(file: IO[bytes], order: Order, receiver: Receiver) -> dict[str, float]:
    """Decode, read and render one file; return the seconds that each step took.

    Raise Rejected for the file's faults.
    """
    keep_freed_memory()
    steps, notes = Steps(), list[Note]()
    with steps.step("decode"):
        picture = open_picture(file, order.limits, notes, receiver.allow)
    with steps.step("metadata"):
        metadata = read_metadata(file, picture)
        credit = build_credit(metadata)
    with steps.step("render"):
        raster = decode_raster(picture, order.specs, notes)
        del picture  # encoding would take its memory beside this
    receiver.begin_rendering()
    point = order.crop_point
    take_file = _embed_before(receiver.take_file, credit)
    if point is None:
        with steps.step("render"):
            fits = render_fits(raster, order.specs, take_file)
        with steps.step("look"):
            metadata = replace(metadata, notes=(*notes, *metadata.notes))
            look = _look_at(fits, metadata, wants_label_jpeg=order.wants_label_jpeg)
        point = receiver.choose_point(look)
    with steps.step("crop"):
        for rendered in render_crops(raster, order.specs, point):
            take_file(rendered)
    return steps.seconds


def build_credit(metadata: Metadata) -> CreditBlocks:
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


def _embed_before(take_file: Callable[[RenderedFile], None], credit: CreditBlocks) -> Callable[[RenderedFile], None]:
    """Return what writes the credit into a file before it is taken."""

    def embed_and_take(rendered: RenderedFile) -> None:
        take_file(replace(rendered, data=embed_blocks(rendered.data, rendered.format, credit)))

    return embed_and_take


def _look_at(fits: FitRenditions, metadata: Metadata, *, wants_label_jpeg: bool) -> Look:
    pixels = fits.label_pixels
    return Look(
        metadata,
        fits.placeholder,
        compute_fingerprint(fits.thumbnail),
        name_dominant_colors(fits.thumbnail),
        encode_label_jpeg(pixels) if wants_label_jpeg and min(pixels.size) >= MIN_SIDE else None,
    )
