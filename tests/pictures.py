"""Pictures that the tests make, so that none has to be kept."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Return a scene that is unlike itself in every orientation: a red corner, a blue side, a gradient."""
    gradient = Image.linear_gradient("L").resize((width, height))
    scene = Image.merge("RGB", [gradient, gradient.transpose(Image.Transpose.FLIP_TOP_BOTTOM), gradient])
    draw = ImageDraw.Draw(scene)
    draw.rectangle((0, 0, width // 3, height // 3), fill="red")
    draw.rectangle((width * 3 // 4, height // 2, width, height), fill="blue")
    return scene.convert(mode)


def jpeg(width: int = 640, height: int = 480, *, orientation: int = 1, **save: Any) -> bytes:
    """Return a JPEG that stands upright for a reader of its EXIF orientation."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    scene = picture(width, height)
    if orientation in undo:
        scene = scene.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(scene, "JPEG", exif=exif.tobytes(), **{"quality": 90, **save})


def encoded(scene: Image.Image, format: str, **save: Any) -> bytes:
    """Return the bytes of a picture in a format."""
    out = BytesIO()
    scene.save(out, format, **save)
    return out.getvalue()


def with_xmp(packet: str, format: str = "JPEG") -> bytes:
    """Return a small picture with this packet of XMP."""
    out = BytesIO()
    words = PngInfo()
    words.add_itxt("XML:com.adobe.xmp", packet)
    own: dict[str, Any] = {"pnginfo": words} if format == "PNG" else {"xmp": packet.encode()}
    Image.new("RGB", (64, 48), "teal").save(out, format, **own)
    return out.getvalue()


def png_with(data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return the same PNG with more chunks, whose checksums are right, behind its header."""
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:33] + added + data[33:]


def with_iptc(datasets: dict[int, list[str]], *, data: bytes | None = None, encoding: str = "utf-8") -> bytes:
    """Return the same JPEG with an APP13 segment, as Photoshop writes it."""
    iim = b"\x1c\x01\x5a\x00\x03\x1b%G" if encoding == "utf-8" else b""
    for number, texts in datasets.items():
        for text in texts:
            raw = text.encode(encoding)
            iim += struct.pack(">BBBH", 0x1C, 2, number, len(raw)) + raw
    return with_app13(iim, data or jpeg(64, 48))


def with_app13(iim: bytes, data: bytes) -> bytes:
    """Return the same JPEG with this IIM in the segment of Photoshop's resources."""
    block = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(iim)) + iim + b"\x00" * (len(iim) % 2)
    payload = b"Photoshop 3.0\x00" + block
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload + data[2:]
