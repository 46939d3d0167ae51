"""What a file says of itself: EXIF, IPTC-IIM and XMP → Metadata. Every value of it was written by a stranger."""

from processing.metadata.fields import MAX_LENGTHS, MetadataFields
from processing.metadata.reader import Metadata, read_metadata

__all__ = ["MAX_LENGTHS", "Metadata", "MetadataFields", "read_metadata"]
