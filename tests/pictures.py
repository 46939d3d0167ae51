"""Pictures that the tests make, so that none has to be kept."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """A scene that is unlike itself in every orientation: a red corner, a blue side, a gradient."""
    gradient = Image.linear_gradient("L").resize((width, height))
    scene = Image.merge("RGB", [gradient, gradient.transpose(Image.Transpose.FLIP_TOP_BOTTOM), gradient])
    draw = ImageDraw.Draw(scene)
    draw.rectangle((0, 0, width // 3, height // 3), fill="red")
    draw.rectangle((width * 3 // 4, height // 2, width, height), fill="blue")
    return scene.convert(mode)


def jpeg(width: int = 640, height: int = 480, *, orientation: int = 1, **save: Any) -> bytes:
    """A JPEG that stands upright for a reader of its EXIF orientation."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    scene = picture(width, height)
    if orientation in undo:
        scene = scene.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(scene, "JPEG", exif=exif.tobytes(), **{"quality": 90, **save})


def encoded(scene: Image.Image, format: str, **save: Any) -> bytes:
    """The bytes of a picture in a format."""
    out = BytesIO()
    scene.save(out, format, **save)
    return out.getvalue()
