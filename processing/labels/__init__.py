"""What a machine claims to see: the Labeler port and its three kinds."""

from processing.labels.measured import MeasuredLabeler
from processing.labels.port import MIN_SIDE, Box, Label, LabelAnswer, Labeler
from processing.labels.recorded import RecordedLabeler
from processing.labels.rekognition import RekognitionLabeler, choose_labels, parse_answer

__all__ = [
    "MIN_SIDE",
    "Box",
    "Label",
    "LabelAnswer",
    "Labeler",
    "MeasuredLabeler",
    "RecordedLabeler",
    "RekognitionLabeler",
    "choose_labels",
    "parse_answer",
]
