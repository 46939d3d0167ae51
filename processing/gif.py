"""GIF: the first frame as it is shown, on a canvas that is transparent where the frame does not reach."""

from PIL import Image
from PIL.GifImagePlugin import GifImageFile


class Gif(GifImageFile):
    """Pillow's GIF, which fills the canvas around a smaller frame with a color of the palette."""

    _area: tuple[int, int, int, int] | None = None

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
