"""GIF: the first frame as it is shown, on a canvas that is transparent where the frame does not reach.

Sources: "Graphics Interchange Format, Version 89a", sections 12 to 27; "XMP Specification", part 3, 1.1.2.
"""

from collections.abc import Iterator
from typing import IO

from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from processing.errors import Rejected

# What a block begins with: a frame, an extension of an application, and the byte before the label of any extension.
FRAME, APPLICATION = b",", b"!\xff"
_EXTENSION = APPLICATION[:1]
# Comments and other extensions before the first frame are read piece by piece.
MAX_PIECES = 50_000
# A frame has many pieces; behind so many no frames are counted.
_MAX_COUNTED = 2_000_000
_XMP_NAME = b"\x0bXMP DataXMP"
# The packet is no row of pieces; bytes that count down lead readers of pieces to its end.
_XMP_END = b"\x01\xff\xfe\xfd"
MAX_XMP_BYTES = 10_000_000


class TooManyPieces(ValueError):
    """The blocks of a file consist of more pieces than anybody wants to read."""


class Gif(GifImageFile):
    """Pillow's GIF, which fills the canvas around a smaller frame with a color of the palette."""

    _area: tuple[int, int, int, int] | None = None

    def __init__(self, file: IO[bytes]) -> None:
        """Read the header; raise Rejected for one that takes minutes to read."""
        try:
            next((kind for kind, _start in read_blocks(file) if kind == FRAME), None)
        except TooManyPieces as error:
            raise Rejected("too_many_parts", step="decode", n=MAX_PIECES) from error
        file.seek(0)
        super().__init__(file)

    def load_prepare(self) -> None:
        """Remember where the frame stands."""
        if self.tile:
            self._area = self.tile[0].extents
        super().load_prepare()

    def load_end(self) -> None:
        """Clear the canvas around the frame."""
        super().load_end()
        if self._area and self._area != (0, 0, *self.size):
            canvas = Image.new("RGBA", self.size)
            canvas.paste(Image.Image.convert(self, "RGBA").crop(self._area), self._area[:2])
            self.im, self._mode, self.palette = canvas.im, "RGBA", None
            self.info.pop("transparency", None)


def count_frames(file: IO[bytes]) -> int:
    """Return how many frames begin in a file, at least 1."""
    frames = 0
    try:
        for kind, _start in read_blocks(file, _MAX_COUNTED):
            frames += kind == FRAME
    except TooManyPieces:
        pass
    return max(frames, 1)


def read_xmp(file: IO[bytes]) -> bytes:
    """Return the first packet of XMP; empty for a file without one."""
    try:
        for kind, start in read_blocks(file, _MAX_COUNTED):
            file.seek(start)
            if kind == APPLICATION and file.read(len(_XMP_NAME)) == _XMP_NAME:
                return file.read(MAX_XMP_BYTES).partition(_XMP_END)[0]
    except TooManyPieces:
        pass
    return b""


def read_blocks(file: IO[bytes], max_pieces: int = MAX_PIECES) -> Iterator[tuple[bytes, int]]:
    """Yield what each block begins with, such as FRAME or APPLICATION, and where its pieces begin.

    Raise TooManyPieces behind that many pieces of all blocks together, the end of each counted.
    """
    file.seek(10)
    file.seek(_measure_palette(file.read(3)[:1]), 1)
    pieces = 0
    while (kind := file.read(1)) and kind in FRAME + _EXTENSION:
        if kind == FRAME:
            file.seek(_measure_palette(file.read(9)[8:]) + 1, 1)
        else:
            kind += file.read(1)
        start = file.tell()
        yield kind, start
        file.seek(start)
        length = 0
        while pieces <= max_pieces:
            pieces += 1
            file.seek(length, 1)
            if not (length := ord(file.read(1) or b"\0")):
                break
        else:
            raise TooManyPieces


def _measure_palette(flags: bytes) -> int:
    """Return how many bytes the palette has that these flags announce."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0
