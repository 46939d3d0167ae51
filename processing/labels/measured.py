"""What arithmetic can say of a picture without a model: shape, light, colors by area, sharpness."""

from collections import Counter
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageFilter, ImageStat

from processing.color import SAMPLE_SIDE, Lab, name_hue, sample_colors
from processing.labels.port import Label, LabelAnswer


class MeasuredLabeler:
    """Labels a picture by measuring it; nothing is recognized."""

    source = "measured"

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return what is measured in a picture."""
        picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
        width, height = picture.size
        picture.draft("RGB", (256, 256))
        colors = sample_colors(picture, SAMPLE_SIDE)
        labels = [_label_shape(width, height), *_label_light_and_color(colors), *_label_sharpness(jpeg)]
        raw = {"Labels": [{"Name": label.name, "Confidence": label.confidence} for label in labels]}
        return LabelAnswer(tuple(labels), self.source, "1", raw)


def _label_shape(width: int, height: int) -> Label:
    ratio = width / height
    if max(ratio, 1 / ratio) >= 2:
        return Label("Panorama", 100.0)
    if 0.95 < ratio < 1.05:
        return Label("Square", 100.0)
    return Label("Landscape" if ratio > 1 else "Portrait", 100.0)


def _label_light_and_color(colors: Sequence[Lab]) -> list[Label]:
    """Label mean lightness under 30 as dark, over 75 as bright; a color counts from a fifth of the area."""
    mean = sum(lightness for lightness, _, _ in colors) / len(colors)
    labels = []
    if mean < 30:
        labels.append(Label("Dark", round(100 - mean, 1)))
    if mean > 75:
        labels.append(Label("Bright", round(mean, 1)))
    areas = Counter(name_hue(*color).capitalize() for color in colors)
    gray = areas.pop("", 0) / len(colors)
    if gray > 0.98:
        labels.append(Label("Black and white", round(100 * gray, 1)))
    shares = [(name, count / len(colors)) for name, count in areas.most_common()]
    return labels + [Label(name, round(100 * share, 1)) for name, share in shares if share >= 0.2]


def _label_sharpness(jpeg: bytes) -> list[Label]:
    """Label by the variance of the Laplacian at half of 1024 px: a lens or a hand that missed leaves little detail."""
    picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
    picture.draft("L", (512, 512))
    edges = picture.convert("L").filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    variance = ImageStat.Stat(edges).var[0]
    if variance < 20:
        return [Label("Blurred", round(100 - 2 * variance, 1))]
    return [Label("Sharp", round(min(99.0, 50 + variance / 20), 1))] if variance > 300 else []
