"""How objects are named: build and parse, nothing else."""

import re
from dataclasses import dataclass
from uuid import UUID

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ORIGINAL = re.compile(rf"uploads/({_UUID})/original")
_RENDITION = re.compile(rf"([A-Za-z0-9_.-]{{1,32}})/({_UUID})/([0-9a-f]{{16,64}})\.([a-z]{{3,4}})")


@dataclass(frozen=True)
class RenditionKey:
    """The parts of a rendition's key: `<size>/<image id>/<content hash>.<suffix>`."""

    size: str
    image_id: UUID
    content_hash: str
    suffix: str


def original_key(upload_id: UUID) -> str:
    """Where the file of an upload lies in the upload bucket."""
    return f"uploads/{upload_id}/original"


def upload_id_of(key: str) -> UUID | None:
    """The upload that a key of the upload bucket was issued for; None for a key that no ticket made."""
    found = _ORIGINAL.fullmatch(key)
    return UUID(found[1]) if found else None


def rendition_key(size: str, image_id: UUID, content_hash: str, suffix: str = "jpg") -> str:
    """Where a rendition lies in the renditions bucket; other bytes have another key."""
    return f"{size}/{image_id}/{content_hash}.{suffix}"


def public_folder(image_id: UUID) -> str:
    """Where all that the public may see of an image lies in the renditions bucket."""
    return f"public/{image_id}/"


def download_key(job_id: UUID, part: int) -> str:
    """Where a zip file that somebody asked for lies in the renditions bucket, for a few days."""
    return f"downloads/{job_id}/part-{part}.zip"


def content_address(image_id: UUID, name: str, key: str) -> str:
    """The public's key for a rendition by its content: other bytes have another one."""
    stem, _, suffix = key.rsplit("/", 1)[1].partition(".")
    return f"{public_folder(image_id)}{name}-{stem[:16]}.{suffix}"


def permanent_address(image_id: UUID, name: str, key: str) -> str:
    """The public's key for a rendition that stays the same whatever file the image is made of."""
    return f"{public_folder(image_id)}{name}.{key.rsplit('.', 1)[1]}"


def parse_rendition_key(key: str) -> RenditionKey | None:
    """The parts of a rendition's key; None for a key that is none."""
    found = _RENDITION.fullmatch(key)
    return RenditionKey(found[1], UUID(found[2]), found[3], found[4]) if found else None
