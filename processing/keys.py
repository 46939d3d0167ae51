"""The names of objects: build and parse."""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ORIGINAL = re.compile(rf"uploads/({_UUID})/original")
TOMBSTONES = "tombstones"
_TOMBSTONE = re.compile(rf"{TOMBSTONES}/({_UUID})\.json")
_RENDITION = re.compile(rf"([A-Za-z0-9_.-]{{1,32}})/({_UUID})/([0-9a-f]{{16,64}})\.([a-z]{{3,4}})")


@dataclass(frozen=True)
class RenditionKey:
    """The parts of a rendition's key: `<size>/<image id>/<content hash>.<suffix>`."""

    size: str
    image_id: UUID
    content_hash: str
    suffix: str


def build_original_key(upload_id: UUID) -> str:
    """Return the key of an upload's file in the upload bucket."""
    return f"uploads/{upload_id}/original"


def parse_upload_id(key: str) -> UUID | None:
    """Return the upload for which a key of the upload bucket was issued; None for a key that no ticket issued."""
    match = _ORIGINAL.fullmatch(key)
    return UUID(match[1]) if match else None


def build_rendition_key(size: str, image_id: UUID, content_hash: str, suffix: str = "jpg") -> str:
    """Return the key of a rendition in the renditions bucket; other bytes have another key."""
    return f"{size}/{image_id}/{content_hash}.{suffix}"


def build_public_prefix(image_id: UUID) -> str:
    """Return the beginning of the keys, in the renditions bucket, of all that the public may see of an image."""
    return f"public/{image_id}/"


def build_tombstone_key(image_id: UUID) -> str:
    """Return the key, in the renditions bucket, of the note that an image was erased for good."""
    return f"{TOMBSTONES}/{image_id}.json"


def parse_tombstone_id(key: str) -> UUID | None:
    """Return the image that a tombstone is about; None for another key."""
    match = _TOMBSTONE.fullmatch(key)
    return UUID(match[1]) if match else None


def build_download_key(job_id: UUID, part: int) -> str:
    """Return the key, in the renditions bucket, of a zip file that somebody asked for."""
    return f"downloads/{job_id}/part-{part}.zip"


def build_content_key(image_id: UUID, name: str, key: str, credit_digest: str) -> str:
    """Return the public key of a rendition by its content: other pixels or another credit have another one.

    Args:
        image_id: The image.
        name: The rendition's name, such as "large".
        key: The rendition's own key.
        credit_digest: That of the credit which is written into the public copy.
    """
    stem, _, suffix = key.rsplit("/", 1)[1].partition(".")
    content_hash = hashlib.sha256(f"{stem} {credit_digest}".encode()).hexdigest()
    return f"{build_public_prefix(image_id)}{name}-{content_hash[:16]}.{suffix}"


def build_permanent_key(image_id: UUID, name: str, *, is_fallback: bool = True) -> str:
    """Return the public key of a rendition that stays the same whatever file the image is made of.

    Both keys of a name always have a file, whose content type says what it is: the CDN goes from one to the other.

    Args:
        image_id: The image.
        name: The rendition's name, such as "large".
        is_fallback: Whether every browser has to show it.
    """
    return f"{build_public_prefix(image_id)}{name}.{'jpg' if is_fallback else 'avif'}"


def parse_rendition_key(key: str) -> RenditionKey | None:
    """Return the parts of a rendition's key; None for another key."""
    match = _RENDITION.fullmatch(key)
    return RenditionKey(match[1], UUID(match[2]), match[3], match[4]) if match else None
