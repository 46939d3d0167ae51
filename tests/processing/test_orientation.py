"""Pictures are turned once, as browsers turn them: by EXIF or the container's own properties, and never by XMP."""

from io import BytesIO

import pytest
from PIL import Image

from bench.heic import HeicOptions, encode_heic
from processing import process_image
from tests.pictures import encoded, picture
from tests.profiles import difference

SCENE = picture(96, 64)
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def shown(data: bytes) -> Image.Image:
    result = process_image(BytesIO(data))
    image = Image.open(BytesIO(result["thumbnails"][0].data)).convert("RGB")
    assert image.size == (result["metadata"].width, result["metadata"].height)
    return image


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_the_orientation_of_exif_counts_once(format: str) -> None:
    save = {"tiffinfo": {0x0112: 6}} if format == "TIFF" else {"exif": exif(6)}
    assert difference(shown(encoded(SCENE, format, **save)), SCENE.transpose(Image.Transpose.ROTATE_270)) < 3


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_the_orientation_of_xmp_counts_nothing(format: str) -> None:
    assert shown(encoded(SCENE, format, xmp=PACKET)).size == SCENE.size


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_heic_is_turned_by_its_own_property_and_not_by_exif(quarters: int, orientation: int) -> None:
    data = encode_heic(SCENE, HeicOptions(rotation=quarters, exif=exif(orientation).removeprefix(b"Exif\0\0")))
    assert difference(shown(data), SCENE.rotate(90 * quarters, expand=True)) < 3


@pytest.mark.parametrize(("axis", "flip"), [(0, "FLIP_TOP_BOTTOM"), (1, "FLIP_LEFT_RIGHT")])
def test_a_heic_is_mirrored(axis: int, flip: str) -> None:
    data = encode_heic(SCENE, HeicOptions(mirror=axis))
    assert difference(shown(data), SCENE.transpose(Image.Transpose[flip])) < 3


def test_b19_the_tiles_of_a_heic_stand_beside_each_other() -> None:
    grid = shown(encode_heic(SCENE, HeicOptions(columns=2, rows=2)))
    assert grid.size == (192, 128)
    assert all(difference(grid.crop((x, y, x + 96, y + 64)), SCENE) < 3 for x in (0, 96) for y in (0, 64))
