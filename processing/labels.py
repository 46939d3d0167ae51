"""What a machine claims to see: the Labeler port and its three kinds."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError
from PIL import Image, ImageFilter, ImageStat

from processing import colours
from processing.bounds import as_json, clamp, clean_text
from processing.errors import NotAnalysable, translate_botocore_error

if TYPE_CHECKING:
    from types_boto3_rekognition import RekognitionClient

# Rekognition's limit; "Guidelines and quotas in Amazon Rekognition".
SMALLEST_SIDE = 80
NAME = 100
MODEL_VERSION = 64
MOST = 1000


@dataclass(frozen=True)
class Box:
    """Where a thing stands, each number a share of the picture's width or height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """One claim; confidence in per cent."""

    name: str
    confidence: float
    boxes: tuple[Box, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelAnswer:
    """What a labeler said, with its raw answer, which was paid for; `flags` are what a person should look at.

    `moderated` says that it was asked for flags and answered: without it, no flags mean nothing.
    """

    labels: tuple[Label, ...]
    source: str
    model_version: str
    raw: dict[str, Any]
    flags: tuple[Label, ...] = ()
    moderated: bool = False


class Labeler(Protocol):
    """Names what stands in a picture; raises NotAnalysable, Unavailable or Misconfigured."""

    source: str

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """The labels of a JPEG of at least 80 px a side; `sha256` is of the original file."""


class RekognitionLabeler:
    """Amazon Rekognition's DetectLabels, and DetectModerationLabels if asked; the client brings the retries."""

    source = "rekognition"

    def __init__(
        self,
        client: "RekognitionClient",
        max_labels: int = 10,
        min_confidence: float = 60,
        *,
        moderate: bool = False,
    ) -> None:
        self._client = client
        self._max_labels = max_labels
        self._min_confidence = min_confidence
        self._moderate = moderate

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        try:
            answer: dict[str, Any] = {
                **self._client.detect_labels(
                    Image={"Bytes": jpeg}, MaxLabels=self._max_labels, MinConfidence=self._min_confidence
                )
            }
            if self._moderate:
                flagged = self._client.detect_moderation_labels(
                    Image={"Bytes": jpeg}, MinConfidence=self._min_confidence
                )
                answer["ModerationLabels"] = flagged["ModerationLabels"]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("InvalidImageFormatException", "ImageTooLargeException", "InvalidParameterException"):
                raise NotAnalysable("not_analyzable", step="label", aws_code=code) from error
            raise translate_botocore_error(error, "label_image") from error
        except Exception as error:
            raise translate_botocore_error(error, "label_image") from error
        raw = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        return _answer(self.source, raw)


class RecordedLabeler:
    """Answers in Rekognition's form from files named `<sha256 of the original>.json`; none for an unknown file."""

    source = "recorded"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        path = self._folder / f"{sha256}.json"
        try:
            answer = json.loads(path.read_text()) if path.is_file() else {}
        except (ValueError, RecursionError) as error:
            raise NotAnalysable("unreadable_recording", step="label") from error
        return _answer(self.source, answer)


class MeasuredLabeler:
    """What arithmetic can say without a model: shape, light, colours by area, sharpness. Nothing is recognised."""

    source = "measured"

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
        width, height = picture.size
        picture.draft("RGB", (256, 256))
        labels = [_shape(width, height), *_light_and_colour(colours.pixels(picture, 64)), *_sharpness(jpeg)]
        raw = {"Labels": [{"Name": label.name, "Confidence": label.confidence} for label in labels]}
        return LabelAnswer(tuple(labels), self.source, "1", raw)


def _answer(source: str, raw: Any) -> LabelAnswer:
    answer: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    labels = [_label(found) for found in _list(answer.get("Labels"))[:MOST]]
    moderation = answer.get("ModerationLabels")
    flags = [_label(_flag(found)) for found in _list(moderation)[:MOST]]
    return LabelAnswer(
        tuple(label for label in labels if label),
        source,
        clean_text(answer.get("LabelModelVersion"), MODEL_VERSION),
        as_json(answer),
        tuple(flag for flag in flags if flag),
        moderated=_is_whole(moderation, flags),
    )


def _is_whole(moderation: Any, flags: Sequence[Label | None]) -> bool:
    """Return whether flags were asked for and each was read: of another answer, one may be missing."""
    return isinstance(moderation, list) and len(moderation) == len(flags) and all(flags)


def _flag(found: Any) -> Any:
    """A moderation label in the form of a label: it names one parent instead of a list."""
    parent = found.get("ParentName") or ""
    return {**found, "Parents": [{"Name": parent}] if parent else []}


def _label(found: Any) -> Label | None:
    name, confidence = clean_text(found.get("Name"), NAME), clamp(found.get("Confidence"), 100)
    if not name or confidence is None:
        return None
    boxes = [_box(instance.get("BoundingBox")) for instance in _list(found.get("Instances"))]
    parents = tuple(clean_text(parent.get("Name"), NAME) for parent in _list(found.get("Parents")))
    return Label(name, confidence, tuple(box for box in boxes if box), parents)


def _box(found: Any) -> Box | None:
    box: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    sides = [clamp(box.get(name), 1) for name in ("Left", "Top", "Width", "Height")]
    return Box(*sides) if None not in sides else None  # type: ignore[arg-type]


def _list(value: Any) -> Sequence[Any]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _shape(width: int, height: int) -> Label:
    ratio = width / height
    if max(ratio, 1 / ratio) >= 2:
        return Label("Panorama", 100.0)
    if 0.95 < ratio < 1.05:
        return Label("Square", 100.0)
    return Label("Landscape" if ratio > 1 else "Portrait", 100.0)


def _light_and_colour(pixels: Sequence[tuple[float, float, float]]) -> list[Label]:
    """Mean lightness under 30 is dark, over 75 bright; a colour counts from a fifth of the area."""
    mean = sum(lightness for lightness, _, _ in pixels) / len(pixels)
    labels = []
    if mean < 30:
        labels.append(Label("Dark", round(100 - mean, 1)))
    if mean > 75:
        labels.append(Label("Bright", round(mean, 1)))
    areas = Counter(colours.hue(*pixel).capitalize() for pixel in pixels)
    grey = areas.pop("", 0) / len(pixels)
    if grey > 0.98:
        labels.append(Label("Black and white", round(100 * grey, 1)))
    shares = [(name, count / len(pixels)) for name, count in areas.most_common()]
    return labels + [Label(name, round(100 * share, 1)) for name, share in shares if share >= 0.2]


def _sharpness(jpeg: bytes) -> list[Label]:
    """Variance of the Laplacian at half of 1024 px: little detail is left when the lens or the hand missed."""
    picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
    picture.draft("L", (512, 512))
    edges = picture.convert("L").filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    variance = ImageStat.Stat(edges).var[0]
    if variance < 20:
        return [Label("Blurred", round(100 - 2 * variance, 1))]
    return [Label("Sharp", round(min(99.0, 50 + variance / 20), 1))] if variance > 300 else []
