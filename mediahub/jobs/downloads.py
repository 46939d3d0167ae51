"""A selection of images as zip files, each small enough for one invocation to make: "part 2 of 3"."""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import SEEK_END, StringIO
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Event
from mediahub.history.models import Action
from mediahub.jobs.models import Chunk, Job
from mediahub.library import access
from mediahub.library.models import Image
from mediahub.library.spreadsheets import escape_formula
from mediahub.library.versions import get_current_file
from mediahub.site_address import build_site_url
from mediahub.uploads import error_kinds
from processing import Missing
from processing.formats import find_format
from processing.keys import build_download_key

if TYPE_CHECKING:
    from django.contrib.auth.models import User

COLUMNS = ("file", "title", "alt text", "caption", "credit", "licence", "rights until", "address of the record")
# What Windows, macOS or a shell would stumble over in a name, and what turns the direction of writing.
UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# With its number and suffix the name stays under the 255 bytes that file systems take, in any script.
LONGEST = 60
COPY = 1024 * 1024


class TooLarge(Exception):
    """The images are more than one download may hold; the message says how many bytes, and what to do."""


@dataclass(frozen=True)
class Made:
    """A zip file in the renditions bucket; failures are [image's id, file name, why]; without a key none was made."""

    key: str
    bytes: int
    done: int
    failures: list[list[str]]


def plan(images: QuerySet[Image], files: str) -> list[list[UUID]]:
    """The images of each part, the newest first; raises TooLarge. One that is larger than a part has its own."""
    parts: list[list[UUID]] = []
    total = size = 0
    for image in images.order_by("-created_at", "pk").prefetch_related("renditions").defer("label_raw"):
        weight = _weight(image, files)
        total += weight
        if not parts or size + weight > settings.DOWNLOAD_PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(image.pk)
        size += weight
    if total > settings.DOWNLOAD_MAX_BYTES:
        said = _("These are %(n)d MB; one download may hold %(most)d MB. Choose fewer images, or large renditions.")
        raise TooLarge(said % {"n": total // 10**6, "most": settings.DOWNLOAD_MAX_BYTES // 10**6})
    return parts


def tell(by: "User", ids: Iterable[str], files: str) -> None:
    """Note who took the originals of which images along; renditions are shown to every editor anyway."""
    if files == Job.Files.ORIGINAL:
        downloaded = Image.objects.only("title").filter(pk__in=list(ids))
        ChangeSet(by).record_all([(image, Event()) for image in downloaded], Action.DOWNLOADED)


def make(chunk: Chunk, hold: Callable[[], bool]) -> Made | None:
    """Write the chunk's zip file; None when `hold`, asked before each file, says that somebody stopped it.

    The whole of it stands on the disk first, one picture at a time in between, and goes to the bucket in one request:
    a part is kept so small that an invocation has time and disk for it, and what is cut off leaves nothing behind.
    """
    with TemporaryFile() as file:
        filled = _fill(file, chunk, hold)
        if filled is None:
            return None
        done, failures = filled
        if not done:
            return Made("", 0, 0, failures)
        key, size = build_download_key(chunk.job_id, chunk.pk), file.seek(0, SEEK_END)
        clients.renditions().put_file(key, file, "application/zip")
    return Made(key, size, done, failures)


def _fill(file: IO[bytes], chunk: Chunk, hold: Callable[[], bool]) -> tuple[int, list[list[str]]] | None:
    """Write the zip to the disk; how many images are in it, and what failed."""
    images = {str(image.pk): image for image in _visible(chunk)}
    rows: list[tuple[str, ...]] = []
    failures: list[list[str]] = []
    with ZipFile(file, "w", ZIP_STORED) as made:
        for number, pk in enumerate(chunk.only, chunk.start):
            if not hold():
                return None
            image = images.get(pk)
            if why := _add(made, rows, number, image, chunk.job.files):
                failures.append([pk, image.file_name if image else "", why])
        _write_texts(made, rows, failures)
    return len(rows), failures


def name(image: Image, number: int, suffix: str) -> str:
    """What an image's file is called in a zip, such as "001 Harbour.jpg"; safe for every system."""
    title = unicodedata.normalize("NFC", UNSAFE.sub(" ", image.title))
    title = " ".join(title.split())[:LONGEST].strip(" .")
    return f"{number:03} {title}".strip() + f".{suffix}"


def _visible(chunk: Chunk) -> QuerySet[Image]:
    """The images of the chunk that their taker may see now: rights may have ended since they were asked for."""
    by = chunk.job.by
    found = access.visible_images(by).filter(pk__in=chunk.only) if by else Image.objects.none()
    return found.prefetch_related("renditions").defer("label_raw")


def _weight(image: Image, files: str) -> int:
    if files == Job.Files.ORIGINAL:
        return image.bytes
    return max((made.bytes for made in image.renditions.all()), default=0)


def _add(made: ZipFile, rows: list[tuple[str, ...]], number: int, image: Image | None, files: str) -> str:
    """Put one picture into the zip and its words among the rows; returns why not, empty when it is there."""
    if image is None:
        return "It is not in the library any more, or not for you to see."
    try:
        file, suffix = _open(image, files)
        with file:
            called = name(image, number, suffix)
            _copy(made, called, file)
    except Missing:
        return "Its file is not in the bucket any more."
    except DatabaseError:
        raise
    except Exception as error:
        return error_kinds.of(error, image.file_name).message
    until = image.rights_until.isoformat() if image.rights_until else ""
    record = build_site_url("admin:library_image_change", object_id=image.pk)
    words = (image.title, image.alt_text, image.caption, image.credit, image.license, until, record)
    rows.append((called, *words))
    return ""


def _open(image: Image, files: str) -> tuple[IO[bytes], str]:
    if files == Job.Files.ORIGINAL:
        original, known = get_current_file(image), find_format(image.format)
        return clients.uploads().get(original.key, original.version_id or None), known.suffix if known else "bin"
    largest = max(image.renditions.all(), key=lambda one: one.width * one.height, default=None)
    if largest is None:
        raise Missing("gone", "It has no renditions.")
    return clients.renditions().get(largest.key), largest.key.rsplit(".", 1)[1]


def _copy(made: ZipFile, called: str, file: Any) -> None:
    now = timezone.localtime()
    info = ZipInfo(called, now.timetuple()[:6])
    info.external_attr = 0o644 << 16
    # Pictures are compressed already.
    with made.open(info, "w") as target:
        while piece := file.read(COPY):
            target.write(piece)


def _write_texts(made: ZipFile, rows: list[tuple[str, ...]], failures: list[list[str]]) -> None:
    out = StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([[escape_formula(cell) for cell in row] for row in rows])
    # With the mark at its beginning a spreadsheet reads it as UTF-8.
    made.writestr("credits.csv", out.getvalue().encode("utf-8-sig"))
    if failures:
        lines = [f"{called or pk}: {why}" for pk, called, why in failures]
        made.writestr("missing.txt", "\n".join(lines) + "\n")
