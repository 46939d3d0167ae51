"""GIF: the first frame as it is shown, on a canvas that is transparent where the frame does not reach.

Source: "Graphics Interchange Format, Version 89a", sections 12 to 27.
"""

from typing import IO

from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from processing.errors import Rejected

# Comments and other extensions before the first frame are read block by block.
_MAX_BLOCKS = 50_000
# A frame has many blocks; more than these are not counted.
_MAX_COUNTED = 2_000_000
_EXTENSION, _FRAME = b"!", b","


class Gif(GifImageFile):
    """Pillow's GIF, which fills the canvas around a smaller frame with a color of the palette."""

    _area: tuple[int, int, int, int] | None = None

    def __init__(self, file: IO[bytes]) -> None:
        """Read the header; raise Rejected for one that takes minutes to read."""
        if count_frames(file, _MAX_BLOCKS, most=1) is None:
            raise Rejected("too_many_parts", step="decode", n=_MAX_BLOCKS)
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


def count_frames(file: IO[bytes], max_blocks: int = _MAX_COUNTED, most: int = 0) -> int | None:
    """Return how many frames begin in a file, at most `most` unless it is 0; None for too many blocks."""
    file.seek(10)
    flags = file.read(3)[:1]
    file.seek(_measure_palette(flags), 1)
    frames = 0
    for _ in range(max_blocks):
        kind = file.read(1)
        if kind == _FRAME:
            frames += 1
            flags = file.read(9)[8:]
            file.seek(_measure_palette(flags) + 1, 1)
        elif kind == _EXTENSION:
            file.seek(1, 1)
        else:
            return frames
        if frames == most:
            return frames
        for _ in range(max_blocks):
            length = file.read(1)
            if not length or length == b"\0":
                break
            file.seek(length[0], 1)
        else:
            return None
    return None


def _measure_palette(flags: bytes) -> int:
    """Return how many bytes the palette has that these flags announce."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0
