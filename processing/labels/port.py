"""The Labeler port: what every labeler takes and returns."""

from dataclasses import dataclass
from typing import Any, Protocol

# Rekognition's limit; "Guidelines and quotas in Amazon Rekognition".
MIN_SIDE = 80


@dataclass(frozen=True)
class Box:
    """Where a thing is, each number a share of the picture's width or height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """One claim about a picture.

    Attributes:
        name: What is claimed to be there.
        confidence: 0 to 100 per cent.
        boxes: Where it is, once for each.
        parents: Names of what it is a kind of.
    """

    name: str
    confidence: float
    boxes: tuple[Box, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelAnswer:
    """What a labeler answered.

    Attributes:
        labels: What it claims to see.
        source: The labeler's name.
        model_version: The version of its model.
        raw: Its answer as it came, which was paid for.
        flags: What a person should look at.
        moderated: Whether it was asked for flags and answered; without it, no flags mean nothing.
    """

    labels: tuple[Label, ...]
    source: str
    model_version: str
    raw: dict[str, Any]
    flags: tuple[Label, ...] = ()
    moderated: bool = False


class Labeler(Protocol):
    """Names what is in a picture."""

    source: str

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return the labels of a picture; raise NotAnalyzable, Unavailable or Misconfigured.

        Args:
            jpeg: A JPEG of at least MIN_SIDE pixels a side.
            sha256: The hash of the original file.
        """
