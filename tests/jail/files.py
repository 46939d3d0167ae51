"""Files of every format, by code; each is small, and has whatever metadata its format can hold."""

from collections.abc import Callable, Mapping
from io import BytesIO

from PIL import Image

from bench.heic import encode_heic
from tests.jail.hostile import PREFIX
from tests.metadata_blocks import exif, iptc, jpeg_with, packet
from tests.pictures import encoded, jpeg, picture, png_with
from tests.tiffs import tiff

XMP = packet("<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Fög ☁</rdf:li></rdf:Alt></dc:title>").encode()
SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "JPEG": lambda: jpeg(120, 90, orientation=6),
    "JPEG, progressive": lambda: jpeg(120, 90, progressive=True),
    "JPEG, CMYK": lambda: encoded(picture(60, 40).convert("CMYK"), "JPEG"),
    "JPEG, gray": lambda: encoded(picture(60, 40, "L"), "JPEG"),
    "JPEG, IPTC": lambda: jpeg_with(iptc([(105, "Wörter".encode("cp1252")), (25, b"one")])),
    "JPEG, EXIF": lambda: jpeg_with(exif([(271, 2, 6, b"Maker\0")], [(36867, 2, 20, b"2020:01:02 03:04:05\0")])),
    "PNG": lambda: encoded(picture(60, 40), "PNG"),
    "PNG, alpha": lambda: encoded(picture(60, 40, "RGBA"), "PNG"),
    "PNG, palette": lambda: encoded(picture(60, 40).quantize(16), "PNG"),
    "PNG, XMP": lambda: png_with(encoded(picture(60, 40), "PNG"), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "GIF": lambda: encoded(picture(60, 40), "GIF"),
    "GIF, animated": lambda: encoded(
        Image.new("L", (20, 20)), "GIF", save_all=True, append_images=[Image.new("L", (20, 20), 9)]
    ),
    "WEBP": lambda: encoded(picture(60, 40), "WEBP", xmp=XMP),
    "WEBP, lossless": lambda: encoded(picture(60, 40, "RGBA"), "WEBP", lossless=True),
    "AVIF": lambda: encoded(picture(60, 40), "AVIF", speed=10, xmp=XMP),
    "HEIF": lambda: encode_heic(picture(64, 64)),
    "TIFF": lambda: encoded(picture(60, 40), "TIFF"),
    "TIFF, LZW": lambda: encoded(picture(60, 40), "TIFF", compression="tiff_lzw"),
    "TIFF, JPEG": lambda: encoded(picture(64, 48), "TIFF", compression="jpeg"),
    "TIFF, deflate, 16 bits": lambda: tiff((8, 8), bytes(8 * 8 * 6), bits=16, deflated=True),
}


def order_act(name: str) -> BytesIO:
    """Return a picture that has the decoders of tests.jail.hostile do one of their acts."""
    return BytesIO(png_with(encoded(picture(20, 10), "PNG"), (b"teXt", PREFIX + name.encode() + b".")))
