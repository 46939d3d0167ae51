"""The blocks of metadata are found in every kind of file, however they stand in it."""

import struct
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from bench.heic import HeicOptions, encode_heic
from processing.decode import open_picture
from processing.errors import Note
from processing.limits import Limits
from processing.metadata import read_metadata
from processing.metadata.blocks import Blocks, find_blocks
from processing.metadata.exif import read_exif
from processing.metadata.iptc import read_iptc
from processing.metadata.tiff import MAX_NUMBERS, TiffStructure
from processing.metadata.xmp import read_xmp
from tests.extremes import ASCII, RATIONAL, entry, tiff
from tests.metadata_blocks import alternative, digest_of, encode_iim, encode_resource, packet, read
from tests.pictures import encoded, picture

IIM = [(120, "Größe".encode()), (80, b"Ada Lund")]
PACKET = packet(alternative("dc:title", "Fog")).encode()


def find(data: bytes) -> Blocks:
    file = BytesIO(data)
    return find_blocks(file, Image.open(file))


def encode_tiff(**blocks: bytes) -> bytes:
    """Return a TIFF file with these blocks under their tags, whatever their type."""
    tags = ImageFileDirectory_v2()
    for number, name in ((315, "artist"), (33432, "copyright")):
        if name in blocks:
            tags[number] = blocks[name].decode()
    for number, name in ((700, "xmp"), (33723, "iim"), (34377, "resources")):
        if name in blocks:
            tags.tagtype[number] = 7
            tags[number] = blocks[name]
    return encoded(picture(64, 48), "TIFF", tiffinfo=tags)


@pytest.mark.parametrize("where", ["iim", "resources"])
def test_a_tiff_file_is_its_own_exif_and_has_iptc_and_xmp_in_tags(where: str) -> None:
    resources = encode_resource(0x0404, encode_iim(IIM)) + encode_resource(0x0425, b"other digest 16b")
    block = encode_iim(IIM) if where == "iim" else resources
    blocks = find(encode_tiff(artist=b"Bo Ek", xmp=PACKET, **{where: block}))
    notes: list[Note] = []
    assert read_exif(blocks.exif, notes).source.values["creators"] == ("Bo Ek",)
    assert read_iptc(blocks).source.values == {"caption": ("Größe",), "creators": ("Ada Lund",)}
    assert read_iptc(blocks).is_newer == (where == "resources")
    assert read_xmp(blocks, notes).source.values == {"title": ("Fog",)}
    assert notes == []


def test_datasets_in_the_other_order_of_bytes_are_read() -> None:
    block = encode_iim(IIM)
    block += b"\0" * (-len(block) % 4)
    swapped = b"".join(block[place : place + 4][::-1] for place in range(0, len(block), 4))
    assert read_iptc(find(encode_tiff(iim=swapped))).source.values["caption"] == ("Größe",)


def test_a_big_tiff_is_read() -> None:
    file = BytesIO(encoded(picture(64, 48), "TIFF", big_tiff=True, artist="Ada Lund", description="Boats in fog"))
    values = read_exif(file, []).source.values
    assert (values["creators"], values["caption"]) == (("Ada Lund",), ("Boats in fog",))


@pytest.mark.parametrize("compressed", [True, False])
def test_a_png_has_xmp_in_a_text(compressed: bool) -> None:
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", PACKET.decode(), zip=compressed)
    assert read(encoded(picture(64, 48), "PNG", pnginfo=texts)).fields.title == "Fog"


def test_a_png_of_imagemagick_has_its_blocks_in_hexadecimal() -> None:
    texts = PngInfo()
    resources = encode_resource(0x0404, encode_iim(IIM)) + encode_resource(0x0425, digest_of(IIM))
    artist = b"Exif\0\0" + tiff([entry(0x8298, ASCII, "© Łódź".encode() + b"\0")])
    for name, block in (("iptc", resources), ("exif", artist), ("xmp", PACKET)):
        texts.add_text(f"Raw profile type {name}", f"\n{name}\n{len(block):8}\n{block.hex()}\n", zip=True)
    found = read(encoded(picture(64, 48), "PNG", pnginfo=texts)).fields
    assert (found.title, found.caption, found.creators) == ("Fog", "Größe", ("Ada Lund",))
    assert found.copyright == "© Łódź"


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF", "HEIC"])
def test_exif_and_xmp_are_read_from_every_format_that_has_both(format_: str) -> None:
    details = [entry(0x9003, ASCII, b"2024:06:02 00:30:00\0"), entry(0x9011, ASCII, b"+09:00\0")]
    place = [
        *(entry(1, ASCII, b"n\0"), entry(2, RATIONAL, [(59, 1), (54, 1)])),
        *(entry(3, ASCII, b"e\0"), entry(4, RATIONAL, [(10, 1), (45, 1)])),
    ]
    block = tiff([entry(0x013B, ASCII, "Jürgen".encode() + b"\0")], details, place)
    if format_ == "HEIC":
        data = encode_heic(picture(64, 48), HeicOptions(exif=block, xmp=PACKET))
    else:
        data = encoded(picture(64, 48), format_, exif=b"Exif\0\0" + block, xmp=PACKET)
    file = BytesIO(data)
    found = read_metadata(file, open_picture(file, Limits()))
    assert (found.fields.title, found.fields.creators, found.notes) == ("Fog", ("Jürgen",), ())
    assert found.taken_at is not None
    assert found.taken_at.isoformat() == "2024-06-02T00:30:00+09:00"
    assert (found.latitude, found.longitude) == pytest.approx((59.9, 10.75))


@pytest.mark.parametrize("place", ["before the frame", "behind the frame"])
def test_xmp_is_read_from_a_gif(place: str) -> None:
    gif = encoded(picture(64, 48).quantize(16), "GIF")
    # Behind the packet stand bytes that count down, so that readers of its pieces come to its end.
    extension = b"!\xff\x0bXMP DataXMP" + PACKET + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    start = 13 + (3 << (gif[10] & 7) + 1) if place == "before the frame" else len(gif) - 1
    found = read(gif[:start] + extension + gif[start:])
    assert (found.fields.title, found.notes) == ("Fog", ())


def test_xmp_of_a_gif_that_has_no_end_leaves_a_note() -> None:
    gif = encoded(picture(64, 48).quantize(16), "GIF")
    found = read(gif[:-1] + b"!\xff\x0bXMP DataXMP" + PACKET[:-40])
    assert (found.fields.title, found.notes) == ("", (Note("unreadable_metadata", {"field": "xmp"}),))


def test_exif_is_read_behind_any_header() -> None:
    block = tiff([entry(0x013B, ASCII, b"Ada Lund\0")])
    for header in (b"", b"Exif\0\0", b"Exif\0\0Exif\0\0", struct.pack(">I", 6) + b"Exif\0\0"):
        data = encoded(picture(64, 48), "WEBP", exif=header + block)
        assert read(data).fields.creators == ("Ada Lund",)


@pytest.mark.parametrize(
    "block",
    [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"II+\0\x08\0\0\0" + b"\xff" * 20, b"x" * 99],
)
def test_a_broken_structure_raises_nothing_unforeseen(block: bytes) -> None:
    notes: list[Note] = []
    read_exif(BytesIO(block), notes)
    assert notes in ([], [Note("unreadable_metadata", {"field": "exif"})])


def test_b23_a_directory_that_points_to_itself_has_an_end() -> None:
    block = bytearray(tiff([entry(0x013B, ASCII, b"Ada Lund\0")]))
    at = block.find(struct.pack("<H", 0x8769))
    block[at + 8 : at + 12] = struct.pack("<I", 8)
    structure = TiffStructure(BytesIO(bytes(block)))
    main = structure.read_directory(structure.first, (0x8769,))
    assert structure.find_directory(main, 0x8769) == 8
    assert read_exif(BytesIO(bytes(block)), []).source.values["creators"] == ("Ada Lund",)


def test_a_large_value_is_read_once_and_only_for_a_tag_that_is_asked_for() -> None:
    class CountingFile(BytesIO):
        bytes_read = 0

        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            self.bytes_read += len(piece)
            return piece

    size, count = 1_000_000, 900
    start = 8 + 2 + 12 * count + 4
    tags = (0x9286, *[0x927C] * (count - 1))
    entries = b"".join(struct.pack("<HHII", tag, 7, size, start) for tag in tags)
    file = CountingFile(struct.pack("<2sHIH", b"II", 42, 8, count) + entries + bytes(4 + size))
    structure = TiffStructure(file)
    assert structure.read_directory(structure.first, (0x927C,)).keys() == {0x927C}
    assert file.bytes_read < 2 * size


def test_of_a_list_of_numbers_only_the_first_are_read() -> None:
    structure = TiffStructure(BytesIO(encoded(Image.new("L", (8, 8)), "TIFF")))
    value = structure.read_directory(structure.first, (256,))[256]
    many = replace(value, kind=3, raw=bytes(2_000_000))
    assert many.read_numbers() == (0,) * MAX_NUMBERS
