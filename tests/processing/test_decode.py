"""Files of strangers: taken, or refused with a sentence, before they cost anything."""

import contextlib
import random
import struct
import subprocess
import sys
import tracemalloc
import zlib
from io import BytesIO

import pytest

from bench.heic import encode_heic
from processing import SPECS, Limits, Rejected, process_image
from tests import tiffs
from tests.pictures import encoded, jpeg, picture, png_with
from tests.specs import ONE_SIZE, count_files


def refused(data: bytes, limits: Limits | None = None) -> Rejected:
    with pytest.raises(Rejected) as error:
        process_image(BytesIO(data), limits=limits, specs=ONE_SIZE)
    return error.value


def png_header(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 9)
        + b"IDAT"
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF"])
def test_b3_the_bytes_decide_the_format(format: str) -> None:
    assert process_image(BytesIO(encoded(picture(90, 60), format)))["metadata"].format == format


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\xff", "not an image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"GIF89a", "damaged"),
        (b"<?php system($_GET['x']); ?>", "a text file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
        (b"push graphic-context\nviewbox 0 0 640 480\n", "a text file"),
    ],
)
def test_b1_b18_b24_b26_what_is_no_picture_is_named(data: bytes, said: str) -> None:
    error = refused(data)
    assert said in error.message
    assert error.message.endswith(("upload it again.", "the new file.", "AVIF, HEIC, TIFF."))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_b2_a_truncated_file_is_refused(format: str, part: float) -> None:
    data = encoded(picture(400, 300), format)
    assert "damaged" in refused(data[: int(len(data) * part)]).message


@pytest.mark.parametrize(("width", "height"), [(65_000, 65_000), (10_001, 10_000), (30_001, 1)])
def test_b5_a_bomb_is_refused_from_its_header(width: int, height: int) -> None:
    error = refused(png_header(width, height) + b"\0" * 200)
    assert error.code == "too_many_pixels"
    assert f"{width} × {height}" in error.message


def test_b6_a_gif_of_gigapixels_is_refused() -> None:
    data = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;"
    assert refused(data).code == "too_many_pixels"


def enlarge(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return the file with other numbers in the place of its width and height."""
    assert old in data
    return data.replace(old, new)


SIZES = struct.pack(">HH", 48, 64), struct.pack(">HH", 64_250, 64_250)
TINY = picture(64, 48)
BOMBS = {
    "JPEG": lambda: enlarge(encoded(TINY, "JPEG"), *SIZES),
    "progressive JPEG": lambda: enlarge(encoded(TINY, "JPEG", progressive=True), *SIZES),
    "AVIF": lambda: enlarge(
        encoded(TINY, "AVIF"),
        b"ispe" + struct.pack(">III", 0, 64, 48),
        b"ispe" + struct.pack(">III", 0, 16_000, 16_000),
    ),
    "WebP": lambda: enlarge(
        encoded(TINY, "WEBP"), b"\x9d\x01\x2a" + struct.pack("<HH", 64, 48), b"\x9d\x01\x2a\xff\x3f\xff\x3f"
    ),
    "TIFF": lambda: tiffs.tiff((64_250, 64_250), b"", more=()),
}


@pytest.mark.parametrize("name", BOMBS)
def test_b7_b8_a_bomb_of_each_format_is_refused_from_its_header(name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < 50_000
    assert refused(data).code == "too_many_pixels"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_b17_compressed_text_that_unpacks_without_end_is_bounded(kind: bytes) -> None:
    packed = zlib.compress(bytes(200_000_000), 9)
    chunk = b"a\0\1\0\0\0" + packed if kind == b"iTXt" else b"a\0\0" + packed
    assert len(chunk) < 200_000
    tracemalloc.start()
    with contextlib.suppress(Rejected):
        process_image(BytesIO(png_with(encoded(TINY, "PNG"), (kind, chunk))), specs=ONE_SIZE)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000


def test_b23_directories_of_a_tiff_that_go_round_have_an_end() -> None:
    data = bytearray(encoded(TINY, "TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert process_image(BytesIO(bytes(data)), specs=ONE_SIZE)["metadata"].width == 64


def test_b5_a_bomb_costs_no_memory() -> None:
    source = (
        "import resource, struct, zlib; from io import BytesIO; from processing import Rejected, process_image\n"
        "from tests.processing.test_decode import png_header\n"
        "resource.setrlimit(resource.RLIMIT_AS, (600 * 2**20, 600 * 2**20))\n"
        "rows = zlib.compress(bytes(3_000_000_0))\n"
        "data = png_header(20_000, 20_000) + rows\n"
        "try: process_image(BytesIO(data))\n"
        "except Rejected as error: print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "too_many_pixels", done.stderr


def test_b28_limits_hold_to_the_pixel_and_byte() -> None:
    data = jpeg(100, 50)
    assert process_image(BytesIO(data), limits=Limits(max_pixels=5000, max_side=100, max_bytes=len(data)))
    assert refused(data, Limits(max_pixels=4999)).code == "too_many_pixels"
    assert refused(data, Limits(max_side=99)).code == "too_many_pixels"
    assert refused(data, Limits(max_bytes=len(data) - 1)).code == "too_large"


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 20_000), (3, 2)])
def test_b21_extreme_shapes_have_renditions(size: tuple[int, int]) -> None:
    for made in process_image(BytesIO(encoded(picture(*size), "PNG")))["thumbnails"]:
        assert made.width >= 1
        assert made.height >= 1
        assert max(made.width, made.height) <= max(spec.width for spec in SPECS)


def test_b9_of_many_frames_the_first_is_taken() -> None:
    frames = [picture(60, 40).rotate(n) for n in range(50)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert len(process_image(BytesIO(data))["thumbnails"]) == count_files()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_b27_mutated_files_end_in_a_result_or_a_refusal(format: str) -> None:
    chance = random.Random(format)
    whole = encode_heic(picture(64, 48)) if format == "HEIF" else encoded(picture(64, 48), format)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(Rejected):
            process_image(BytesIO(bytes(data[: chance.randint(1, len(data))])), sizes=[(32, 32)])
