"""Pictures whose pixels did not come whole are refused, whatever a decoder makes of what is there."""

import contextlib
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from processing import CENTER, SPECS, Note, Rejected, process, process_crops, process_image
from processing.decode import open_picture
from processing.limits import Limits
from tests.doubles import MemoryStore
from tests.pictures import encoded, jpeg, picture
from tests.specs import ONE_SIZE, count_files

MAGIC = b"\x89PNG\r\n\x1a\n"
Chunks = list[tuple[bytes, bytes]]
# Where each pass of Adam7 begins, and how far its pixels stand apart.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(MAGIC)
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def joined(parts: Chunks) -> bytes:
    """Return a PNG whose checksums are right, whatever is in its chunks."""
    written = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    ]
    return MAGIC + b"".join(written)


@cache
def photo() -> bytes:
    """Return a PNG of several hundred kilobytes, whose pixels lie in many chunks."""
    scene = picture(400, 300)
    noise = Image.effect_noise(scene.size, 60)
    return encoded(Image.merge("RGB", (*scene.split()[:2], noise)), "PNG")


def with_pixels(data: bytes, pixels: bytes) -> bytes:
    """Return the same PNG with other compressed pixels."""
    head = [part for part in chunks(data) if part[0] not in (b"IDAT", b"IEND")]
    return joined([*head, (b"IDAT", pixels), (b"IEND", b"")])


def raw(data: bytes) -> bytes:
    return zlib.decompress(b"".join(body for kind, body in chunks(data) if kind == b"IDAT"))


def interlaced(scene: Image.Image, part: float = 1.0) -> bytes:
    """Return an RGB picture in the seven passes of Adam7, or the beginning of them in a stream that ends well."""
    width, height = scene.size
    rows = b""
    for left, top, across, down in ADAM7:
        for y in range(top, height, down):
            pixels = [scene.getpixel((x, y)) for x in range(left, width, across)]
            if pixels:
                rows += b"\0" + b"".join(bytes(pixel) for pixel in pixels)  # type: ignore[arg-type]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return joined([(b"IHDR", header), (b"IDAT", zlib.compress(rows[: int(len(rows) * part)])), (b"IEND", b"")])


def refused(data: bytes) -> Rejected:
    with pytest.raises(Rejected) as error:
        process_image(BytesIO(data), specs=ONE_SIZE)
    assert error.value.code in ("broken", "cut_off")
    return error.value


def test_each_of_forty_pngs_with_one_flipped_byte_is_refused() -> None:
    whole, chance = photo(), random.Random(1)
    assert len(process_image(BytesIO(whole))["thumbnails"]) == count_files()
    for _ in range(20):
        data = bytearray(whole)
        data[chance.randrange(200, len(whole) - 60)] ^= 0x55
        refused(bytes(data))
    for _ in range(20):
        parts = [(kind, bytearray(body)) for kind, body in chunks(whole)]
        body = chance.choice([body for kind, body in parts if kind == b"IDAT"])
        body[chance.randrange(len(body))] ^= 0x55
        # The damage came before the chunk was written: only the checksum of all pixels tells.
        refused(joined([(kind, bytes(body)) for kind, body in parts]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + bytes(len(data) // 2),
        lambda data: data[:-12],
        lambda data: data[:-14],
        lambda data: with_pixels(data, zlib.compress(raw(data)[: len(raw(data)) // 3])),
        lambda data: with_pixels(data, b""),
        lambda data: joined([part for part in chunks(data) if part[0] != b"IDAT"]),
        lambda data: joined([(b"fdAT" if kind == b"IDAT" else kind, body) for kind, body in chunks(data)]),
    ],
    ids=["half", "zeros at the end", "no end", "end cut", "a third of the rows", "no rows", "no pixels", "frames only"],
)
def test_a_png_that_lacks_pixels_is_refused(damage: Callable[[bytes], bytes]) -> None:
    refused(damage(photo()))


def test_an_interlaced_png_is_taken_whole_and_refused_without_its_last_passes() -> None:
    scene = picture(45, 31)
    taken = [
        process_image(BytesIO(data), specs=ONE_SIZE)["thumbnails"][0]
        for data in (interlaced(scene), encoded(scene, "PNG"))
    ]
    assert taken[0].sha256 == taken[1].sha256
    refused(interlaced(scene, 0.7))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 17)])
def test_a_png_of_every_kind_of_pixel_is_taken(mode: str, size: tuple[int, int]) -> None:
    scene = picture(*size).convert("L")
    deep = scene.convert("I").point(lambda value: value * 257).convert("I;16")
    data = encoded(deep if mode == "I;16" else scene.convert(mode), "PNG")
    assert process_image(BytesIO(data), specs=ONE_SIZE)["metadata"].width == size[0]


def test_an_animated_png_is_taken_by_its_first_frame() -> None:
    frames = [picture(60, 40).rotate(angle) for angle in range(3)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert process_image(BytesIO(data), specs=ONE_SIZE)["metadata"].width == 60


@pytest.mark.parametrize(
    "chunk",
    [(b"zTXt", b"workflow\0\0" + zlib.compress(b"{node}" * 350_000)), (b"zTXt", b"a\0\7b"), (b"eXIf", b"broken")],
    ids=["long", "of another kind", "no EXIF"],
)
def test_b17_what_stands_after_the_pixels_and_cannot_be_read_costs_no_picture(chunk: tuple[bytes, bytes]) -> None:
    *parts, end = chunks(photo())
    result = process_image(BytesIO(joined([*parts, chunk, end])))
    note = (
        Note("unreadable_metadata", {"field": "exif"}) if chunk[0] == b"eXIf" else Note("left_aside", {"part": "text"})
    )
    assert result["metadata"].notes == (note,)
    assert [made.sha256 for made in result["thumbnails"]] == [
        made.sha256 for made in process_image(BytesIO(photo()))["thumbnails"]
    ]


def gif(width: int, height: int, pixels: int) -> bytes:
    """Return a GIF whose compressed data ends properly after so many pixels."""
    codes = [256]
    for number in range(pixels):
        codes += [256, number % 251] if number % 200 == 199 else [number % 251]
    bits = sum(code << 9 * place for place, code in enumerate([*codes, 257]))
    packed = bits.to_bytes(9 * (len(codes) + 1) // 8 + 1, "little")
    blocks = b"".join(bytes([len(packed[at : at + 255])]) + packed[at : at + 255] for at in range(0, len(packed), 255))
    palette = bytes(value for number in range(256) for value in (number, 255 - number, number))
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + palette
    return head + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x08" + blocks + b"\0;"


def test_a_gif_whose_data_ends_before_its_last_row_is_refused() -> None:
    assert process_image(BytesIO(gif(40, 30, 1200)), specs=ONE_SIZE)["metadata"].height == 30
    refused(gif(40, 30, 500))


@pytest.mark.parametrize("save", [{}, {"optimize": True}, {"progressive": True}], ids=str)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_jpeg_of_which_only_the_beginning_came_is_refused(save: dict[str, bool], part: float) -> None:
    whole = encoded(Image.effect_noise((600, 400), 60).convert("RGB"), "JPEG", **save)
    came = int(len(whole) * part)
    refused(whole[:came] + bytes(len(whole) - came))
    assert process_image(BytesIO(whole + bytes(9000)), specs=ONE_SIZE)["metadata"].width == 600


@pytest.mark.parametrize("color", ["white", "black", "grey"])
@pytest.mark.parametrize(("format", "save"), [("JPEG", {"optimize": True}), ("WEBP", {}), ("WEBP", {"lossless": True})])
def test_a_picture_of_one_color_is_whole_though_its_pixels_are_zeros(
    format: str, save: dict[str, bool], color: str
) -> None:
    data = encoded(Image.new("RGB", (3000, 2000), color), format, **save)
    assert process_image(BytesIO(data), sizes=[(50, 50)])["metadata"].width == 3000


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_pixels_are_decoded_before_anything_else_may_touch_them(format: str) -> None:
    opened = open_picture(BytesIO(encoded(picture(64, 48), format)), Limits())
    assert not getattr(opened, "tile", None)


def test_a_jpeg_is_still_decoded_no_larger_than_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, int]] = []
    from PIL.JpegImagePlugin import JpegImageFile

    load = JpegImageFile.load

    def note(self: JpegImageFile) -> object:
        decoded.append(self.size)
        return load(self)

    monkeypatch.setattr(JpegImageFile, "load", note)
    process_image(BytesIO(jpeg(3200, 2400)), sizes=[(400, 300)])
    assert set(decoded) == {(400, 300)}


def test_every_way_in_refuses_the_same_and_stores_nothing() -> None:
    data, store = photo()[:-2000], MemoryStore()
    for enter in (
        lambda: process(BytesIO(data), uuid4(), store=store, labeler=None),
        lambda: process_crops(BytesIO(data), uuid4(), store=store, specs=SPECS, point=CENTER),
        lambda: process_image(BytesIO(data)),
    ):
        with pytest.raises(Rejected):
            enter()
    assert not store.objects


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_png_is_never_taken_with_other_pixels_than_it_was_written_with() -> None:
    whole, chance = encoded(picture(64, 48), "PNG"), random.Random(7)
    expected = process_image(BytesIO(whole), specs=ONE_SIZE)["thumbnails"][0].sha256
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with contextlib.suppress(Rejected):
            assert process_image(BytesIO(bytes(data)), specs=ONE_SIZE)["thumbnails"][0].sha256 == expected
