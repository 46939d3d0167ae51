"""Pixels and labels: from the bytes of a stranger to renditions, metadata and labels. It knows no Django."""

from processing import formats
from processing.color import MONOCHROME
from processing.color import NAMES as COLORS
from processing.crop import CENTER, CropArea, Point, find_crop_area
from processing.dates import EARLIEST_YEAR, LATEST_YEAR, check_moment
from processing.errors import (
    Misconfigured,
    Missing,
    NotAnalyzable,
    Note,
    ProcessingError,
    Rejected,
    Unavailable,
    translate_botocore_error,
    translate_botocore_errors,
)
from processing.fingerprint import list_near_bands, measure_distance, split_bands
from processing.labels import (
    Box,
    Label,
    LabelAnswer,
    Labeler,
    MeasuredLabeler,
    RecordedLabeler,
    RekognitionLabeler,
)
from processing.limits import (
    FormatLimits,
    Limits,
    clean_text,
    compose,
    is_meaningful,
    is_storable,
    shorten,
)
from processing.metadata import MAX_LENGTHS, Metadata, MetadataFields
from processing.metadata.write import CreditFields
from processing.pipeline import Result, process, process_crops, process_image
from processing.renditions import SPECS, RenderedFile, RenditionSpec
from processing.store import ObjectVersion, PresignedPost, S3Store, Signer, Store, StoredObject, VersionPage
from processing.writing import StoredRendition

__all__ = [
    "CENTER",
    "COLORS",
    "EARLIEST_YEAR",
    "LATEST_YEAR",
    "MAX_LENGTHS",
    "MONOCHROME",
    "SPECS",
    "Box",
    "CreditFields",
    "CropArea",
    "FormatLimits",
    "Label",
    "LabelAnswer",
    "Labeler",
    "Limits",
    "MeasuredLabeler",
    "Metadata",
    "MetadataFields",
    "Misconfigured",
    "Missing",
    "NotAnalyzable",
    "Note",
    "ObjectVersion",
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
    "VersionPage",
    "check_moment",
    "clean_text",
    "compose",
    "find_crop_area",
    "formats",
    "is_meaningful",
    "is_storable",
    "list_near_bands",
    "measure_distance",
    "process",
    "process_crops",
    "process_image",
    "shorten",
    "split_bands",
    "translate_botocore_error",
    "translate_botocore_errors",
]
