"""How the stored pixels of a picture are turned upright. As in browsers only EXIF decides, and never XMP.

Source: CIPA DC-008, "Exif 2.32", tag 0x0112. The items of AVIF and HEIC have properties for it in place of EXIF; their
decoders apply them, or write them into the EXIF that they return.
"""

from functools import lru_cache

from PIL import Image
from PIL.ExifTags import Base
from PIL.Image import Transpose
from PIL.TiffImagePlugin import TiffImageFile

from processing.errors import check_surroundings

TRANSPOSITIONS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# Orientations that lay the picture on its side.
SIDEWAYS = (5, 6, 7, 8)


def read_orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    try:
        if isinstance(picture, TiffImageFile):
            value = picture.tag_v2.get(Base.Orientation)
        else:
            value = _read_exif_orientation(picture.info.get("exif") or b"")
    except Exception as error:  # broken EXIF raises anything, and a picture without it is shown as it is
        check_surroundings(error)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


@lru_cache(maxsize=1)
def _read_exif_orientation(block: bytes) -> object:
    """Return what an EXIF block says, or None; it is asked for several times while a picture is processed."""
    # `getexif` of an open picture takes XMP's orientation where EXIF has none.
    exif = Image.Exif()
    exif.load(block)
    return exif.get(Base.Orientation)


def get_upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return width and height, in pixels, of the picture as it is shown."""
    width, height = picture.size
    return (height, width) if read_orientation(picture) in SIDEWAYS else (width, height)
