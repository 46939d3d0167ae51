"""Amazon Rekognition, and its form of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from processing.errors import NotAnalyzable, translate_botocore_errors
from processing.labels.port import Box, Label, LabelAnswer
from processing.limits import clamp, clean_text, to_json

if TYPE_CHECKING:
    from types_boto3_rekognition import RekognitionClient

MAX_NAME_LENGTH = 100
MAX_VERSION_LENGTH = 64
MAX_LABELS = 1000
# An answer costs the same however long it is: it is asked for more than is used, and kept whole, so that another
# threshold can be applied to it later for nothing.
ASKED_LABELS = 40
ASKED_CONFIDENCE = 40.0
# What Rekognition answers about a picture that it will never analyze.
_NOT_ANALYZABLE = ("InvalidImageFormatException", "ImageTooLargeException", "InvalidParameterException")


class RekognitionLabeler:
    """Labels pictures by DetectLabels, and flags them by DetectModerationLabels if asked; the client retries."""

    source = "rekognition"

    def __init__(
        self,
        client: "RekognitionClient",
        max_labels: int = 10,
        min_confidence: float = 60,
        *,
        moderate: bool = False,
    ) -> None:
        """Ask with a client.

        Args:
            client: Signs and retries.
            max_labels: Claim at most so many.
            min_confidence: Claim labels, and ask for flags, from this confidence on, 0 to 100 per cent.
            moderate: Ask for flags too, which costs a second call.
        """
        self._client = client
        self._max_labels = max_labels
        self._min_confidence = min_confidence
        self._moderate = moderate

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return the labels of a picture, and its flags if it is to ask for them."""
        with translate_botocore_errors("label_image"):
            try:
                answer = self._detect(jpeg)
            except ClientError as error:
                aws_code = error.response.get("Error", {}).get("Code", "")
                if aws_code in _NOT_ANALYZABLE:
                    raise NotAnalyzable("not_analyzable", step="label", aws_code=aws_code) from error
                raise
        return choose_labels(parse_answer(self.source, answer), self._max_labels, self._min_confidence)

    def _detect(self, jpeg: bytes) -> dict[str, Any]:
        labels = self._client.detect_labels(
            Image={"Bytes": jpeg},
            MaxLabels=max(self._max_labels, ASKED_LABELS),
            MinConfidence=min(self._min_confidence, ASKED_CONFIDENCE),
        )
        answer: dict[str, Any] = {name: value for name, value in labels.items() if name != "ResponseMetadata"}
        if self._moderate:
            flags = self._client.detect_moderation_labels(Image={"Bytes": jpeg}, MinConfidence=self._min_confidence)
            answer["ModerationLabels"] = flags["ModerationLabels"]
        return answer


def choose_labels(answer: LabelAnswer, max_labels: int, min_confidence: float) -> LabelAnswer:
    """Return the answer with the surest of its labels alone: at most so many, from this confidence on."""
    labels = [label for label in answer.labels if label.confidence >= min_confidence]
    labels.sort(key=lambda label: -label.confidence)
    return replace(answer, labels=tuple(labels[:max_labels]))


def parse_answer(source: str, raw: Any) -> LabelAnswer:
    """Read an answer in Rekognition's form, leaving out what is not in that form."""
    answer: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    labels = [_parse_label(item) for item in _list_mappings(answer.get("Labels"))[:MAX_LABELS]]
    moderation = answer.get("ModerationLabels")
    flags = [_parse_flag(item) for item in _list_mappings(moderation)[:MAX_LABELS]]
    return LabelAnswer(
        tuple(label for label in labels if label),
        source,
        clean_text(answer.get("LabelModelVersion"), MAX_VERSION_LENGTH),
        to_json(answer),
        tuple(flag for flag in flags if flag),
        # Of another answer, a flag may be missing.
        moderated=isinstance(moderation, list) and len(moderation) == len(flags) and all(flags),
    )


def _parse_flag(item: Mapping[str, Any]) -> Label | None:
    # A moderation label names one parent instead of a list.
    parent = item.get("ParentName") or ""
    return _parse_label({**item, "Parents": [{"Name": parent}] if parent else []})


def _parse_label(item: Mapping[str, Any]) -> Label | None:
    name, confidence = (
        clean_text(item.get("Name"), MAX_NAME_LENGTH, keep_directions=False),
        clamp(item.get("Confidence"), 100),
    )
    if not name or confidence is None:
        return None
    boxes = [_parse_box(instance.get("BoundingBox")) for instance in _list_mappings(item.get("Instances"))]
    parents = tuple(clean_text(parent.get("Name"), MAX_NAME_LENGTH) for parent in _list_mappings(item.get("Parents")))
    return Label(name, confidence, tuple(box for box in boxes if box), parents)


def _parse_box(item: Any) -> Box | None:
    box: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    sides = [clamp(box.get(name), 1) for name in ("Left", "Top", "Width", "Height")]
    return Box(*sides) if None not in sides else None  # type: ignore[arg-type]


def _list_mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
