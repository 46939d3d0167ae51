"""WebP: its size before anything is allocated, and its first frame in as little memory as Pillow's decoder allows.

Source: "WebP Container Specification" and RFC 9649, sections 2.5 to 2.7.
"""

from typing import IO

from PIL.WebPImagePlugin import WebPImageFile

# How many bytes of a file tell its size.
HEAD = 30


class WebP(WebPImageFile):
    """Pillow's WebP, which forgets its decoder, with two canvases, as soon as the first frame is there."""

    def _get_next(self) -> tuple[bytes, int, int]:
        frame = super()._get_next()
        del self._decoder
        return frame


def read_size(head: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a file; raise ValueError for a file without them."""
    kind = head[12:16]
    if len(head) < HEAD:
        raise ValueError("The header ends too early.")
    if kind == b"VP8X":
        width, height = int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    else:
        raise ValueError("The first chunk is not known.")
    return width, height


def find_end(file: IO[bytes]) -> int:
    """Return where the file ends by its header."""
    file.seek(4)
    return 8 + int.from_bytes(file.read(4), "little")
