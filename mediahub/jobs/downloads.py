"""A selection of images as zip files, each small enough for one invocation to make: "part 2 of 3"."""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import SEEK_END, BytesIO, StringIO
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
from mediahub.delivery.credited_files import read_rendition
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Event
from mediahub.history.models import Action
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.library import access, rendition_choice
from mediahub.library.models import Image
from mediahub.library.spreadsheets import escape_formula
from mediahub.library.versions import get_current_file
from mediahub.reasons import Reason, build_error, read_reason
from mediahub.site_address import build_site_url
from mediahub.uploads import error_kinds
from processing import Missing
from processing.formats import find_format, get_output
from processing.keys import build_download_key

if TYPE_CHECKING:
    from django.contrib.auth.models import User

COLUMNS = (
    *("file", "title", "alt text", "caption", "credit", "copyright notice", "license", "address of the license"),
    *("rights valid until", "day taken", "record address"),
)
# What Windows, macOS or a shell would stumble over in a name, and what turns the direction of writing.
UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# With its number and suffix the name stays under the 255 bytes that file systems take, in any script.
LONGEST = 60
COPY = 1024 * 1024


class TooLarge(Exception):
    """The images are more than one download may hold; the message says how many bytes, and what to do."""


class TooMany(Exception):
    """The person has as many downloads in progress as one may have; the message says how many, and what to do."""


@dataclass(frozen=True)
class ZipArchive:
    """A zip file of `images` images in the renditions bucket, and a chunk's failures; without a key none was made."""

    key: str
    bytes: int
    images: int
    failures: list[dict[str, Any]]


def plan_parts(images: QuerySet[Image], files: str) -> list[list[UUID]]:
    """Return the images of each part, the newest first; raise TooLarge. One that is larger than a part has its own."""
    parts: list[list[UUID]] = []
    total = size = 0
    for image in images.order_by("-created_at", "pk").prefetch_related("renditions").defer("label_raw"):
        weight = _measure_bytes(image, files)
        total += weight
        if not parts or size + weight > settings.DOWNLOAD_PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(image.pk)
        size += weight
    if total > settings.DOWNLOAD_MAX_BYTES:
        sentence = _(
            "The selection is %(n)d MB; the limit for one download is %(most)d MB. Select fewer "
            "images, or download large renditions."
        )
        raise TooLarge(sentence % {"n": total // 10**6, "most": settings.DOWNLOAD_MAX_BYTES // 10**6})
    return parts


def record_download(by: "User", ids: Iterable[str], files: str) -> None:
    """Note who took the originals of which images along; renditions are shown to every editor anyway."""
    if files == Job.Files.ORIGINAL:
        downloaded = Image.objects.only("title").filter(pk__in=list(ids))
        ChangeSet(by).record_all([(image, Event()) for image in downloaded], Action.DOWNLOADED)


def record_fetch(user: "User", chunk: Chunk) -> None:
    """Note that a person fetched a zip file that another ordered; the order noted its maker."""
    if chunk.job.by_id != user.pk:
        failed = {entry["image"] for entry in chunk.failures}
        images = Image.objects.only("title").filter(pk__in=[pk for pk in chunk.only if pk not in failed])
        ChangeSet(user).record_all([(image, Event()) for image in images], Action.ZIP_FETCHED)


def check_open_downloads(by: "User") -> None:
    """Raise TooMany while the person has as many downloads in progress as one may have."""
    unfinished = Job.objects.filter(kind=Job.Kind.ZIP, by=by, finished_at=None)
    if unfinished.count() >= settings.DOWNLOAD_MAX_OPEN:
        sentence = _("%(most)d of your downloads are still in progress. Wait until one has finished, or cancel one.")
        raise TooMany(sentence % {"most": settings.DOWNLOAD_MAX_OPEN})


def write_zip(chunk: Chunk, prolong_lease: Callable[[], bool]) -> ZipArchive | None:
    """Write the chunk's zip file; return None when `prolong_lease`, called before each file, says that it was stopped.

    The whole of it stands on the disk first, one picture at a time in between, and goes to the bucket in one request:
    a part is kept so small that an invocation has time and disk for it, and what is cut off leaves nothing behind.
    """
    with TemporaryFile() as file:
        contents = _fill(file, chunk, prolong_lease)
        if contents is None:
            return None
        images, failures = contents
        if not images:
            return ZipArchive("", 0, 0, failures)
        key, size = build_download_key(chunk.job_id, chunk.pk), file.seek(0, SEEK_END)
        clients.get_rendition_store().put_file(key, file, "application/zip")
    return ZipArchive(key, size, images, failures)


def _fill(file: IO[bytes], chunk: Chunk, prolong_lease: Callable[[], bool]) -> tuple[int, list[dict[str, Any]]] | None:
    """Write the zip to the disk; return how many images are in it, and what failed."""
    images = {str(image.pk): image for image in _filter_visible(chunk)}
    rows: list[tuple[str, ...]] = []
    failures: list[dict[str, Any]] = []
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for number, pk in enumerate(chunk.only, chunk.start):
            if not prolong_lease():
                return None
            image = images.get(pk)
            if reason := _add_image(archive, rows, number, image, chunk.job.files):
                failures.append(build_failure(pk, image.file_name if image else "", reason))
        _write_texts(archive, rows, failures)
    return len(rows), failures


def build_file_name(image: Image, number: int, suffix: str) -> str:
    """Return the name of an image's file in a zip, such as "001 Harbour.jpg"; safe for every system."""
    title = unicodedata.normalize("NFC", UNSAFE.sub(" ", image.title))
    title = " ".join(title.split())[:LONGEST].strip(" .")
    return f"{number:03} {title}".strip() + f".{suffix}"


def _filter_visible(chunk: Chunk) -> QuerySet[Image]:
    """Return the images of the chunk that their taker may see now: rights may have ended since they were asked for."""
    by = chunk.job.by
    images = access.visible_images(by).filter(pk__in=chunk.only) if by else Image.objects.none()
    return images.prefetch_related("renditions").defer("label_raw")


def _measure_bytes(image: Image, files: str) -> int:
    if files == Job.Files.ORIGINAL:
        return image.bytes
    return max((rendition.bytes for rendition in rendition_choice.list_fits(image)), default=0)


def _add_image(
    archive: ZipFile, rows: list[tuple[str, ...]], number: int, image: Image | None, files: str
) -> Reason | None:
    """Add one picture to the zip and its metadata to the rows; return why not, or None."""
    if image is None:
        return Reason("not_visible")
    try:
        file, suffix = _open_file(image, files)
        with file:
            name = build_file_name(image, number, suffix)
            _copy_file(archive, name, file)
    except Missing as error:
        return Reason("zip_source_missing") if error.code == "missing" else read_reason(error)
    except DatabaseError:
        raise
    except Exception as error:
        return read_reason(error_kinds.translate_error(error, image.file_name))
    rows.append((name, *_list_cells(image)))
    return None


def _list_cells(image: Image) -> tuple[str, ...]:
    """Return the image's metadata for the columns after the file's name."""
    days = [day.isoformat() if day else "" for day in (image.rights_until, image.taken_day)]
    texts = (image.title, image.alt_text, image.caption, image.credit, image.copyright, image.license)
    return (*texts, image.license_url, *days, build_site_url("admin:library_image_change", object_id=image.pk))


def _open_file(image: Image, files: str) -> tuple[IO[bytes], str]:
    """Return the file and its suffix: an original as it came, or a rendition with the record's credit inside it."""
    if files == Job.Files.ORIGINAL:
        original, image_format = get_current_file(image), find_format(image.format)
        file = clients.get_upload_store().get(original.key, original.version_id or None)
        return file, image_format.suffix if image_format else "bin"
    fits = rendition_choice.list_fits(image)
    if not fits:
        raise build_error(Missing, "no_renditions")
    return BytesIO(read_rendition(image, fits[0])), get_output(fits[0].format).suffix


def _copy_file(archive: ZipFile, name: str, file: Any) -> None:
    now = timezone.localtime()
    info = ZipInfo(name, now.timetuple()[:6])
    info.external_attr = 0o644 << 16
    # Pictures are compressed already.
    with archive.open(info, "w") as target:
        while piece := file.read(COPY):
            target.write(piece)


def _write_texts(archive: ZipFile, rows: list[tuple[str, ...]], failures: list[dict[str, Any]]) -> None:
    out = StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([[escape_formula(cell) for cell in row] for row in rows])
    # With the mark at its beginning a spreadsheet reads it as UTF-8.
    archive.writestr("credits.csv", out.getvalue().encode("utf-8-sig"))
    if failures:
        lines = [f"{entry['name'] or entry['image']}: {entry['reason']}" for entry in failures]
        archive.writestr("missing.txt", "\n".join(lines) + "\n")
