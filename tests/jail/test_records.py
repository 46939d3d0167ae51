"""Nothing that a child says is believed: whatever differs from what an honest one says is refused."""

import json
import math
import os
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing import CENTER, SPECS, Limits, RenderedFile, decoding
from processing.crop import Point
from processing.decoding import Look, Order
from processing.jail import records
from processing.jail.child import JailedFile
from processing.jail.records import BadRecord
from processing.jail.wire import BadFrame, Closed, read_frame, write_frame
from tests.pictures import jpeg

JPEG = jpeg(20, 10)
FILE: dict[str, Any] = {"name": "large", "mode": "fit", "format": "JPEG", "width": 20, "height": 10}


class _Listener:
    look: Look

    def allow(self, pixels: int, memory: int) -> None: ...

    def begin_rendering(self) -> None: ...

    def take_file(self, rendered: RenderedFile) -> None: ...

    def choose_point(self, look: Look) -> Point:
        self.look = look
        return CENTER


def honest() -> dict[str, Any]:
    listener = _Listener()
    decoding.decode_file(BytesIO(JPEG), Order(SPECS, Limits()), listener)
    look: dict[str, Any] = json.loads(json.dumps(records.encode_look(listener.look)))
    assert records.decode_look(look, b"") == listener.look
    return look


@pytest.mark.parametrize(
    "changed",
    [
        {"colors": ["ultraviolet"]},
        {"colors": "red"},
        {"placeholder": "data:\0"},
        {"placeholder": "a" * 200_000},
        {"fingerprint": None},
        {"has_label_jpeg": 1},
        {"metadata": []},
    ],
)
def test_a_look_that_no_picture_has_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        records.decode_look({**honest(), **changed}, b"")


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "SVG"},
        {"content_type": "text/html"},
        {"width": True},
        {"width": "9"},
        {"latitude": 4000},
        {"taken_at": "yesterday"},
        {"taken_at": 5},
        {"notes": [["no such code", {}]]},
        {"notes": [["pages", {}]]},
        {"notes": [["pages"]]},
        {"notes": [["pages", {"n": [1]}]]},
        {"notes": [[]] * 2000},
        {"fields": {}},
        {"camera": "\ud800"},
    ],
)
def test_metadata_that_no_file_has_is_refused(changed: dict[str, Any]) -> None:
    look = honest()
    with pytest.raises(BadRecord):
        records.decode_look({**look, "metadata": {**look["metadata"], **changed}}, b"")


@pytest.mark.parametrize(
    "changed",
    [{"name": "poster"}, {"format": "GIF"}, {"format": "PNG"}, {"width": 5000}, {"height": 0}, {"width": 2.5}],
)
def test_a_rendition_that_nobody_ordered_is_refused(changed: dict[str, Any]) -> None:
    assert records.decode_file(FILE, JPEG, SPECS).data == JPEG
    with pytest.raises(BadRecord):
        records.decode_file({**FILE, **changed}, JPEG, SPECS)


@pytest.mark.parametrize("data", [b"", b"<svg/>", JPEG + bytes(2_000_000)])
def test_a_rendition_of_other_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(BadRecord):
        records.decode_file(FILE, data, SPECS)


@pytest.mark.parametrize(
    "message",
    [
        {"code": "broken", "params": {}, "step": "dance"},
        {"code": "unheard of", "params": {}, "step": "decode"},
        {"code": "broken", "params": {"sentence": "x"}, "step": "decode"},
    ],
)
def test_a_refusal_without_a_sentence_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        records.decode_error(message)


@pytest.mark.parametrize("seconds", [{"dance": 1}, {"decode": math.nan}, {"decode": -1}, {"decode": "1"}, 5])
def test_seconds_that_no_step_takes_are_refused(seconds: Any) -> None:
    with pytest.raises(BadRecord):
        records.decode_seconds({"seconds": seconds})


@pytest.mark.parametrize("pixels", [10**12, 0, True, "9", math.inf])
def test_a_header_that_nobody_checked_is_refused(pixels: Any) -> None:
    with pytest.raises(BadRecord):
        records.decode_allowance({"pixels": pixels, "memory": 5}, Limits())


def through_a_pipe(write: Callable[[int], object]) -> Any:
    reading, writing = os.pipe()
    try:
        write(writing)
        os.close(writing)
        return read_frame(reading)
    finally:
        os.close(reading)


def test_a_frame_comes_back_as_it_was() -> None:
    assert through_a_pipe(lambda pipe: write_frame(pipe, {"a": "é"}, b"\0\1")) == ({"a": "é"}, b"\0\1")


@pytest.mark.parametrize(
    "sent",
    [b"\xff" * 12, b"\0\0\0\1" + bytes(8) + b"[", b"\0\0\0\2" + bytes(8) + b"[]", b"\0\0\0\1" + b"\xff" * 8 + b"1"],
)
def test_a_frame_that_is_none_is_refused(sent: bytes) -> None:
    with pytest.raises(BadFrame):
        through_a_pipe(lambda pipe: os.write(pipe, sent))


def test_the_end_of_a_pipe_is_told() -> None:
    with pytest.raises(Closed):
        through_a_pipe(lambda pipe: os.write(pipe, b"\0\0"))


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(0, 70)), max_size=5))
def test_a_file_in_the_jail_is_read_as_any_other(data: bytes, reads: list[tuple[int, int]]) -> None:
    descriptor = os.memfd_create("file") if hasattr(os, "memfd_create") else os.open("/dev/null", os.O_RDWR)
    try:
        os.write(descriptor, data + b"what comes after it")
        jailed, free = JailedFile(descriptor, len(data)), BytesIO(data)
        for place, number in reads:
            whence = 0 if place >= 0 else 2
            place = place if place >= 0 else max(place, -len(data))
            assert jailed.seek(place, whence) == free.seek(place, whence)
            assert jailed.read(number) == free.read(number)
        with pytest.raises(OSError, match="nothing before"):
            jailed.seek(-1)
    finally:
        os.close(descriptor)
