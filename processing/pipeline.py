"""The steps of one file in order, on one page: `process`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any
from uuid import UUID

from processing.crop import CENTER, Point
from processing.decode import open_picture
from processing.decoding import Look, Order, build_credit
from processing.errors import Misconfigured, NotAnalyzable, Note, Unavailable
from processing.jail import run_decoder
from processing.labels import MIN_SIDE, LabelAnswer, Labeler
from processing.limits import Limits
from processing.memory import keep_freed_memory
from processing.metadata import Metadata, read_metadata
from processing.metadata.write import embed_blocks
from processing.renditions import SPECS, RenderedFile, RenditionSpec, decode_raster, render
from processing.steps import Steps
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


def process(
    file: IO[bytes],
    image_id: UUID,
    *,
    store: Store,
    labeler: Labeler | None,
    specs: Sequence[RenditionSpec] = SPECS,
    limits: Limits | None = None,
    choose_point: Callable[[LabelAnswer | None], Point] = lambda labels: CENTER,
    seconds: float | None = None,
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
        seconds: How long the decoder may take, by the clock; None for as long as the file may.
    """
    order = Order(tuple(specs), limits or Limits(), wants_label_jpeg=labeler is not None, seconds=seconds)
    with RenditionWriter(store, image_id) as writer:
        collector = _Collector(writer, labeler, choose_point)
        return collector.build_result(run_decoder(file, order, collector))


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
    order = Order(tuple(specs), limits or Limits(), crop_point=point)
    with RenditionWriter(store, image_id) as writer:
        collector = _Collector(writer, None, lambda labels: point)
        run_decoder(file, order, collector)
        return tuple(collector.wait_for_store())


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
    credit = build_credit(metadata)
    raster = decode_raster(picture, specs or SPECS, notes)
    # Encoding would take its memory beside that of the decoded picture.
    del picture
    renditions, placeholder = render(raster, specs or SPECS)
    thumbnails = [replace(each, data=embed_blocks(each.data, each.format, credit)) for each in renditions]
    metadata = replace(metadata, notes=(*notes, *metadata.notes))
    return {"thumbnails": thumbnails, "metadata": metadata, "placeholder": placeholder}


@dataclass
class _Collector:
    """Gets what is made of a file, stores it, and has it labeled."""

    writer: RenditionWriter
    labeler: Labeler | None
    choose: Callable[[LabelAnswer | None], Point]
    steps: Steps = field(default_factory=Steps)
    stored: list[StoredRendition] = field(default_factory=list)
    look: Look | None = None
    answer: tuple[LabelAnswer | None, str, Note | None] = (None, "off", None)
    point: Point = CENTER

    def allow(self, pixels: int, memory: int) -> None:
        """Let the decoder take what it needs: the jail has limits of its own."""

    def begin_rendering(self) -> None:
        """Go on: what is rendered is stored as it comes."""

    def take_file(self, rendered: RenderedFile) -> None:
        """Begin to store a rendition."""
        self.writer.write(rendered)

    def choose_point(self, look: Look) -> Point:
        """Store what there is, then ask for labels, which cost money, and return where the crops are cut."""
        self.look = look
        self.stored += self.wait_for_store()
        with self.steps.step("label"):
            self.answer = _label(self.labeler, look.label_jpeg, look.metadata.sha256)
        self.point = self.choose(self.answer[0])
        return self.point

    def wait_for_store(self) -> list[StoredRendition]:
        """Return what was stored since the last time."""
        with self.steps.step("store"):
            return self.writer.wait()

    def build_result(self, seconds: dict[str, float]) -> Result:
        """Return what became of the file."""
        assert self.look
        self.stored += self.wait_for_store()
        return Result(
            self.look.metadata,
            tuple(self.stored),
            self.look.placeholder,
            *self.answer,
            {**seconds, **self.steps.seconds},
            self.look.fingerprint,
            self.look.colors,
            self.point,
        )


def _label(labeler: Labeler | None, jpeg: bytes | None, sha256: str) -> tuple[LabelAnswer | None, str, Note | None]:
    if labeler is None:
        return None, "off", None
    if jpeg is None:
        return None, "not_analyzable", Note("too_small_to_label", {"side": MIN_SIDE})
    try:
        return labeler.label(jpeg, sha256=sha256), "done", None
    except (NotAnalyzable, Unavailable, Misconfigured) as error:
        state = "not_analyzable" if isinstance(error, NotAnalyzable) else "unavailable"
        return None, state, Note(error.code, error.params, error.message)
