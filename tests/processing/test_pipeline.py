"""The steps of one file, in order, with their faults."""

import threading
from dataclasses import dataclass, field
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from PIL import Image, ImageStat

from processing import (
    SPECS,
    LabelAnswer,
    MeasuredLabeler,
    Misconfigured,
    NotAnalyzable,
    Rejected,
    RenditionSpec,
    Unavailable,
    process,
)
from processing.formats import get_output
from processing.keys import parse_rendition_key
from tests.doubles import MemoryStore
from tests.pictures import encoded, jpeg, picture
from tests.specs import count_files

IMAGE = UUID("00000000-0000-0000-0000-000000000001")


@dataclass
class FailingLabeler:
    """A labeler that always raises."""

    error: Exception
    source: str = field(default="rekognition")

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        raise self.error


class FullStore(MemoryStore):
    """A store that takes a number of objects and then no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        with self._lock:
            if len(self.objects) >= self.room:
                raise Unavailable("full", f"{key} could not be written.")
            super().put(key, data, content_type, cache_control)


def test_renditions_lie_under_their_content() -> None:
    store = MemoryStore()
    result = process(BytesIO(jpeg(1500, 1000)), IMAGE, store=store, labeler=MeasuredLabeler())
    assert [(made.name, made.mode, made.format) for made in result.renditions] == [
        (spec.name, spec.mode, name) for spec in SPECS for name in spec.formats
    ]
    for made in result.renditions:
        data, content_type, cache = store.objects[made.key]
        key = parse_rendition_key(made.key)
        assert key
        assert (key.size, key.image_id, key.content_hash) == (made.name, IMAGE, made.sha256)
        assert (len(data), content_type, cache) == (
            made.bytes,
            made.content_type,
            "public, max-age=31536000, immutable",
        )
        assert key.suffix == get_output(made.format).suffix
    assert (result.label_state, list(result.seconds)) == (
        "done",
        ["decode", "metadata", "render", "look", "crop", "store", "label"],
    )


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unavailable("throttled", "Later."), "unavailable"),
        (Misconfigured("denied", "No rights."), "unavailable"),
        (NotAnalyzable("odd", "Never."), "not_analyzable"),
    ],
)
def test_c5_labels_never_hold_back_renditions(error: Exception, state: str) -> None:
    result = process(BytesIO(jpeg()), IMAGE, store=MemoryStore(), labeler=FailingLabeler(error))
    assert result.label_note
    assert (result.label_state, result.label_note.message) == (state, str(error))
    assert len(result.renditions) == count_files()


def test_b21_a_picture_under_80_px_is_not_analyzable() -> None:
    labeler = FailingLabeler(AssertionError("it was asked all the same"))
    tiny = encoded(picture(500, 79), "PNG")
    assert process(BytesIO(tiny), IMAGE, store=MemoryStore(), labeler=labeler).label_state == "not_analyzable"


def test_without_labeler_labels_are_off() -> None:
    assert process(BytesIO(jpeg()), IMAGE, store=MemoryStore(), labeler=None).label_state == "off"


@dataclass
class ListeningLabeler:
    """A labeler that keeps what it was sent."""

    source: str = field(default="recorded")
    sent: list[bytes] = field(default_factory=list)

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        self.sent.append(jpeg)
        return LabelAnswer((), self.source, "1", {})


@pytest.mark.parametrize(
    ("specs", "size"),
    [
        (SPECS, (1024, 768)),
        ([RenditionSpec("webp", 300, 300, formats=("WEBP",))], (300, 225)),
        ([RenditionSpec("huge", 1200, 1200), RenditionSpec("tall", 500, 900, "crop")], (1200, 900)),
    ],
)
def test_labels_are_asked_of_a_jpeg_of_at_most_1024_pixels(specs: list[RenditionSpec], size: tuple[int, int]) -> None:
    labeler = ListeningLabeler()
    process(BytesIO(jpeg(1600, 1200)), IMAGE, store=MemoryStore(), labeler=labeler, specs=specs)
    [sent] = [Image.open(BytesIO(data)) for data in labeler.sent]
    assert (sent.format, sent.size) == ("JPEG", size)


def test_labels_fingerprint_and_colors_see_a_white_logo_that_is_transparent() -> None:
    logo = Image.new("RGBA", (800, 600), (255, 255, 255, 0))
    logo.paste((255, 255, 255, 255), (200, 100, 400, 500))
    logo.paste((255, 255, 255, 255), (400, 100, 700, 200))
    labeler, store = ListeningLabeler(), MemoryStore()
    result = process(BytesIO(encoded(logo, "PNG")), IMAGE, store=store, labeler=labeler)
    assert {made.format for made in result.renditions} == {"WEBP", "AVIF"}
    [sent] = [Image.open(BytesIO(data)) for data in labeler.sent]
    assert ImageStat.Stat(sent.convert("L")).stddev[0] > 30
    assert result.fingerprint
    assert "white" in result.colors
    assert "gray" in result.colors


@pytest.mark.parametrize("room", range(3))
def test_c3_a_store_that_fails_names_its_step_and_trying_again_writes_the_same(room: int) -> None:
    store = FullStore(room)
    with pytest.raises(Unavailable) as error:
        process(BytesIO(jpeg()), IMAGE, store=store, labeler=None)
    assert error.value.step == "store"
    store.room = count_files()
    process(BytesIO(jpeg()), IMAGE, store=store, labeler=None)
    assert len(store.objects) == count_files()


class ForgetfulStore(MemoryStore):
    """A store that takes every object, and whose answer to one of them is lost on the way."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        with self._lock:
            super().put(key, data, content_type, cache_control)
            self.left -= 1
            is_lost = self.left == 0
        if is_lost:
            raise Unavailable("lost", f"The store did not answer for {key}.")


@pytest.mark.parametrize("at", [1, 2, 3])
def test_c4_an_answer_that_is_lost_leaves_no_second_file(at: int) -> None:
    forgetful, calm = ForgetfulStore(at), MemoryStore()
    with pytest.raises(Unavailable):
        process(BytesIO(jpeg()), IMAGE, store=forgetful, labeler=None)
    for store in (forgetful, calm):
        process(BytesIO(jpeg()), IMAGE, store=store, labeler=None)
    assert forgetful.objects == calm.objects


class SlowStore(MemoryStore):
    """A store that answers its first requests together, once the last of them has come."""

    def __init__(self, requests: int) -> None:
        super().__init__()
        self.arrivals = threading.Barrier(requests)
        self.left = requests

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        super().put(key, data, content_type, cache_control)
        if self.left:
            self.arrivals.wait(60)
            self.left = 0


def test_files_are_written_beside_each_other_and_all_before_the_result() -> None:
    store = SlowStore(4)
    result = process(BytesIO(jpeg(1500, 1000)), IMAGE, store=store, labeler=None)
    assert {each.key for each in result.renditions} == set(store.objects)
    assert len(result.renditions) == count_files()


class BrokenStore(MemoryStore):
    """A store with a bug."""

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        raise RuntimeError("a bug that nobody foresaw")


def test_no_labels_are_bought_for_a_file_that_cannot_be_stored() -> None:
    labeler = FailingLabeler(AssertionError("It was asked for labels."))
    with pytest.raises(RuntimeError, match="a bug that nobody foresaw"):
        process(BytesIO(jpeg()), IMAGE, store=BrokenStore(), labeler=labeler)
    with pytest.raises(Unavailable):
        process(BytesIO(jpeg()), IMAGE, store=FullStore(count_files() - 1), labeler=labeler)


def test_a_bad_file_is_rejected_and_leaves_nothing() -> None:
    store = MemoryStore()
    with pytest.raises(Rejected) as error:
        process(BytesIO(b"words"), uuid4(), store=store, labeler=None)
    assert error.value.step == "decode"
    assert not store.objects
