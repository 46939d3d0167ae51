"""Pixels and labels: from the bytes of a stranger to renditions, metadata and labels, with no Django."""

from processing import formats
from processing.bounds import EARLIEST_YEAR, LATEST_YEAR, check_moment, clean_text, is_storable, shorten
from processing.colours import MONOCHROME
from processing.colours import NAMES as COLOURS
from processing.crop import CENTRE, Point, Window, window
from processing.decode import Limits
from processing.errors import (
    Misconfigured,
    Missing,
    NotAnalysable,
    Note,
    ProcessingError,
    Rejected,
    Unavailable,
    translate_botocore_error,
    translate_botocore_errors,
)
from processing.fingerprint import bands, distance, probes
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
from processing.pipeline import Result, StoredRendition, cut, process, process_image
from processing.renditions import SPECS, RenderedFile, RenditionSpec
from processing.store import Listed, Page, PresignedPost, S3Store, Signer, Store, StoredObject

__all__ = [
    "CENTRE",
    "COLOURS",
    "EARLIEST_YEAR",
    "LATEST_YEAR",
    "MONOCHROME",
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
    "Note",
    "Page",
    "Point",
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
    "Window",
    "bands",
    "check_moment",
    "clean_text",
    "cut",
    "distance",
    "formats",
    "is_storable",
    "probes",
    "process",
    "process_image",
    "shorten",
    "translate_botocore_error",
    "translate_botocore_errors",
    "window",
]
