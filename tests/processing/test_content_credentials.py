"""Content Credentials are found in each kind of file, and nowhere else, whatever the file claims to be."""

import struct
import zlib
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from processing import process
from processing.metadata.content_credentials import MAX_PARTS, has_content_credentials
from tests.doubles import MemoryStore
from tests.pictures import encoded, jpeg, picture

# The first box of a manifest store: a description of the type `c2pa`.
DESCRIPTION = struct.pack(">I4s", 42, b"jumd") + b"c2pa" + bytes.fromhex("00110010800000aa00389b71") + b"\x03c2pa\0"
STORE = struct.pack(">I4s", len(DESCRIPTION) + 8, b"jumb") + DESCRIPTION
UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def segment(payload: bytes, marker: int = 0xEB) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def with_tiff_tag(order: str) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}HHII", 0xCD41, 7, len(STORE), 100)
    return mark + struct.pack(f"{order}IH", 8, 1) + entries + bytes(4)


JPEG, PNG = jpeg(64, 48), encoded(picture(64, 48), "PNG")
WEBP, GIF = encoded(picture(64, 48), "WEBP"), encoded(picture(64, 48, "P"), "GIF")
AVIF = encoded(picture(64, 48), "AVIF", speed=10)
# The color table of this GIF ends where its first block begins.
GIF_START = 13 + (3 << (GIF[10] & 7) + 1)
PLAIN = {"JPEG": JPEG, "PNG": PNG, "WebP": WEBP, "GIF": GIF, "AVIF": AVIF, "TIFF": encoded(picture(64, 48), "TIFF")}
SIGNED = {
    "JPEG": JPEG[:2] + segment(b"Exif\0\0", 0xE1) + segment(b"JP\0\x01\0\0\0\x01" + STORE) + JPEG[2:],
    "PNG": PNG[:33] + chunk(b"caBX", STORE) + PNG[33:],
    "WebP": WEBP[:4] + struct.pack("<I", len(WEBP) - 8 + 8 + 50) + WEBP[8:] + struct.pack("<4sI", b"C2PA", 50) + STORE,
    "GIF": GIF[:GIF_START] + b"\x21\xfe\x02hi\0" + b"\x21\xff\x0bC2PA_GIF\x01\0\0\x02ab\0" + GIF[GIF_START:],
    "AVIF": AVIF + struct.pack(">I4s", 24 + len(STORE), b"uuid") + UUID + STORE,
    "a box with a long size": AVIF + struct.pack(">I4sQ", 1, b"uuid", 32 + len(STORE)) + UUID + STORE,
    "TIFF": with_tiff_tag("<"),
    "TIFF of a Macintosh": with_tiff_tag(">"),
}


@pytest.mark.parametrize("kind", SIGNED)
def test_they_are_found(kind: str) -> None:
    file = BytesIO(SIGNED[kind])
    assert has_content_credentials(file)
    assert file.tell() == 0


@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_file_has_none(kind: str) -> None:
    assert not has_content_credentials(BytesIO(PLAIN[kind]))


def test_other_boxes_of_the_same_kinds_are_none() -> None:
    other = segment(b"JP\0\x01\0\0\0\x01" + STORE.replace(b"c2pa", b"json"))
    assert not has_content_credentials(BytesIO(JPEG[:2] + other + JPEG[2:]))
    assert not has_content_credentials(BytesIO(AVIF + struct.pack(">I4s", 24, b"uuid") + bytes(16)))


def test_no_more_than_some_thousand_parts_are_looked_at() -> None:
    many = segment(b"", 0xE5) * MAX_PARTS
    assert not has_content_credentials(BytesIO(JPEG[:2] + many + SIGNED["JPEG"][2:]))


@pytest.mark.parametrize("length", [0, 1])
def test_a_segment_that_is_shorter_than_its_length_is_the_last(length: int) -> None:
    class Careful(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size >= 0
            return super().read(size)

    data = JPEG[:2] + b"\xff\xeb" + struct.pack(">H", length) + bytes(99)
    assert not has_content_credentials(Careful(data))


@settings(max_examples=100)
@given(st.sampled_from([*SIGNED.values(), *PLAIN.values()]), st.integers(0, 400), st.binary(max_size=40))
def test_a_broken_file_raises_nothing(data: bytes, place: int, noise: bytes) -> None:
    has_content_credentials(BytesIO(data[:place] + noise))
    has_content_credentials(BytesIO(data[:place] + noise + data[place + len(noise) :]))


def test_the_metadata_says_so_and_renditions_carry_none() -> None:
    store = MemoryStore()
    result = process(BytesIO(SIGNED["JPEG"]), uuid4(), store=store, labeler=None)
    assert result.metadata.content_credentials
    assert not result.metadata.notes
    for rendition in result.renditions:
        with store.get(rendition.key) as file:
            assert not has_content_credentials(file)
            with Image.open(file) as image:
                assert image.size == (rendition.width, rendition.height)
