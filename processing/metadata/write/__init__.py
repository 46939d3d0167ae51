"""The credit that leaves inside a file: CreditFields → XMP and EXIF in a JPEG, PNG, WebP or AVIF file.

Containers are rewritten around the encoded pixels, which stay as they are. A file leaves with this credit and no other
metadata, so that `embed` replaces whatever it wrote before, and removes it where there is nothing to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from processing.metadata.write import avif, jpeg, png, webp
from processing.metadata.write.credit_fields import CreditFields, choose_creators
from processing.metadata.write.exif_block import build_exif
from processing.metadata.write.xmp_packet import build_xmp

__all__ = ["CreditBlocks", "CreditFields", "build_blocks", "choose_creators", "embed", "embed_blocks"]

# Each takes a file, an EXIF block and an XMP packet, either of which may be empty.
_WRITERS: Mapping[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "JPEG": jpeg.replace_metadata,
    "PNG": png.replace_metadata,
    "WEBP": webp.replace_metadata,
    "AVIF": avif.replace_metadata,
}


@dataclass(frozen=True)
class CreditBlocks:
    """A credit as it stands in files of every format; a block is empty where there is nothing to say."""

    exif: bytes
    xmp: bytes


def build_blocks(fields: CreditFields) -> CreditBlocks:
    """Return the blocks of a credit, which the files of one image share."""
    return CreditBlocks(build_exif(fields), build_xmp(fields))


def embed_blocks(data: bytes, format_name: str, blocks: CreditBlocks) -> bytes:
    """Return the file with these blocks in place of all metadata that it had; the same arguments give the same bytes.

    Raise ValueError for a format that no rendition has, or a file whose container is not sound.
    """
    if format_name not in _WRITERS:
        raise ValueError(f"No credit can be written into {format_name}.")
    return _WRITERS[format_name](data, blocks.exif, blocks.xmp)


def embed(data: bytes, format_name: str, fields: CreditFields) -> bytes:
    """Return the file with this credit in place of all metadata that it had; the same arguments give the same bytes.

    Raise what `embed_blocks` raises.

    Args:
        data: The file.
        format_name: The name of its format in processing.formats.
        fields: The credit; without any field all metadata is removed.
    """
    return embed_blocks(data, format_name, build_blocks(fields))
