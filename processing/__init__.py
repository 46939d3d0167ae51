"""Pixels and labels: from the bytes of a stranger to renditions, metadata and labels, with no Django."""

from processing.decode import Limits
from processing.errors import (
    Misconfigured,
    Missing,
    NotAnalysable,
    ProcessingError,
    Rejected,
    Unavailable,
    of_botocore,
)
from processing.labels import (
    Box,
    Label,
    LabelAnswer,
    Labeler,
    MeasuredLabeler,
    RecordedLabeler,
    RekognitionLabeler,
)
from processing.metadata import Metadata
from processing.pipeline import Result, StoredRendition, process, process_image
from processing.renditions import SPECS, RenderedFile, RenditionSpec
from processing.store import Listed, Page, PresignedPost, S3Store, Signer, Store, StoredObject

__all__ = [
    "SPECS",
    "Box",
    "Label",
    "LabelAnswer",
    "Labeler",
    "Limits",
    "Listed",
    "MeasuredLabeler",
    "Metadata",
    "Misconfigured",
    "Missing",
    "NotAnalysable",
    "Page",
    "PresignedPost",
    "ProcessingError",
    "RecordedLabeler",
    "Rejected",
    "RekognitionLabeler",
    "RenderedFile",
    "RenditionSpec",
    "Result",
    "S3Store",
    "Signer",
    "Store",
    "StoredObject",
    "StoredRendition",
    "Unavailable",
    "of_botocore",
    "process",
    "process_image",
]
