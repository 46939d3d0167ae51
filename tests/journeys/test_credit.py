"""The credit survives: in every file that leaves, read back by three readers, and nothing private beside it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.history.change_set import ChangeSet
from mediahub.jobs import orders
from mediahub.jobs.models import Chunk, Job
from mediahub.library import cataloging, metadata, publishing
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image
from mediahub.library.versions import Original
from mediahub.local.event_loop import EventLoop
from processing import SPECS, CreditFields, Point, RenditionSpec, process, process_crops
from tests.local_aws import drain
from tests.metadata_readers import (
    EXIV2_FORMATS,
    expect,
    list_other_metadata,
    needs_exiftool,
    pick_from_exiftool,
    read_with_exiv2,
    read_with_pillow,
    run_exiftool,
)
from tests.private_files import CREDIT, build_original, list_private_things

pytestmark = [pytest.mark.django_db(transaction=True), needs_exiftool]
ORIGINALS = {
    "JPEG": build_original("JPEG"),
    "PNG with transparency": build_original("PNG", 700, 500, alpha=True),
    "WebP": build_original("WEBP", 600, 900),
    "AVIF with transparency": build_original("AVIF", 500, 400, alpha=True),
    "TIFF": build_original("TIFF", 500, 400),
    "one pixel": build_original("JPEG", 1, 1),
}
CROPS = [RenditionSpec("square", 512, 512, "crop"), RenditionSpec("wide", 1024, 576, "crop")]
# The formats that no rendition has by default, and may have by the settings.
OTHERS = [RenditionSpec("lossless", 300, 300, formats=("PNG",)), RenditionSpec("webp", 400, 400, formats=("WEBP",))]
EDITED = {
    "title": "Boats at Łódź",
    "alt_text": 'Two "boats" & a quay.',
    "credit": "Ada Lund / Other Agency",
    "copyright": "© 2026 Other Agency",
    "license": "All rights reserved",
    "license_url": "https://example.org/terms",
}


@dataclass
class Files:
    """The files that left, each with where it was seen, its format, and the credit that should be inside it."""

    names: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    credits: list[CreditFields] = field(default_factory=list)

    def add(self, name: str, data: bytes, credit: CreditFields) -> None:
        self.names.append(name)
        self.data.append(data)
        self.credits.append(credit)

    def check(self, folder: Path) -> str:
        """Return "n of n", and whatever is wrong with the others."""
        wrong: dict[str, list[str]] = {}
        tags = run_exiftool(folder, self.data)
        for name, data, credit, found in zip(self.names, self.data, self.credits, tags, strict=True):
            readings = {"Pillow": read_with_pillow(data), "ExifTool": pick_from_exiftool(found)}
            if found["File:FileType"].removeprefix("Extended ") in EXIV2_FORMATS:
                readings["Exiv2"] = read_with_exiv2(data)
            problems = [f"{reader}: {reading}" for reader, reading in readings.items() if reading != expect(credit)]
            problems += [f"private: {thing}" for thing in list_private_things(data)]
            problems += [f"private: {tag}" for tag in list_other_metadata(found)]
            wrong |= {name: problems} if problems else {}
        count = f"{len(self.names) - len(wrong)} of {len(self.names)}"
        return count + "".join(f"\n{name}: {problems}" for name, problems in wrong.items())


def take_in(kind: str, files: Files) -> Image:
    """Process an original, and add its renditions, which have the file's own credit."""
    image_id, store = uuid4(), clients.get_rendition_store()
    specs = [*SPECS, *CROPS]
    result = process(BytesIO(ORIGINALS[kind]), image_id, store=store, labeler=None, specs=specs)
    others = process(BytesIO(ORIGINALS[kind]), uuid4(), store=store, labeler=None, specs=OTHERS)
    moved = process_crops(BytesIO(ORIGINALS[kind]), image_id, store=store, specs=specs, point=Point(0.1, 0.9))
    credit = replace(CREDIT, credit_line=result.metadata.fields.credit)
    assert "Example Agency" in credit.credit_line
    for stored in (*result.renditions, *others.renditions, *moved):
        files.add(f"rendition {stored.name} of {kind}: {stored.key}", read(stored.key), credit)
    with transaction.atomic():
        original = Original(f"uploads/{image_id}/original", "v1", may_go_out=True)
        return cataloging.record_result(image_id, f"{kind}.jpg", result, original=original)


def read(key: str) -> bytes:
    with clients.get_rendition_store().get(key) as file:
        return file.read()


def edit(image_id: UUID, chief: User) -> CreditFields:
    """Change every field that an editor may change; return the credit that the record has then."""
    image = Image.objects.get(pk=image_id)
    metadata.edit(ChangeSet(chief), image, {name: Edit(value) for name, value in EDITED.items()})
    edited = {name: value for name, value in EDITED.items() if name != "credit"}
    return replace(CREDIT, creators=("Ada Lund",), credit_line=EDITED["credit"], **edited)  # type: ignore[arg-type]


def publish(image_id: UUID, chief: User) -> Image:
    publishing.publish(ChangeSet(chief), Image.objects.filter(pk=image_id))
    mirror.push_image(image_id)
    return Image.objects.prefetch_related("renditions").get(pk=image_id)


def test_s3_credit_survives(
    local_aws: object,
    as_role: Callable[[str], None],
    event_loop: EventLoop,
    aws: Callable[[str, str], Any],
    chief: User,
    client: Client,
    tmp_path: Path,
) -> None:
    files = Files()
    client.force_login(chief)
    as_role("worker")
    for image_id, kind in {take_in(kind, files).pk: kind for kind in ORIGINALS}.items():
        credit = edit(image_id, chief)
        image = publish(image_id, chief)
        for key in public.list_public_files(image):
            files.add(f"public copy {key} of {kind}", read(key), credit)
        for rendition in image.renditions.all():
            answer = client.get(f"/admin/images/{image_id}/renditions/{rendition.name}/{rendition.format}/")
            assert answer["Content-Type"] == rendition.content_type
            files.add(f"download {rendition.name} {rendition.format} of {kind}", answer.content, credit)
        orders.order_zip(Image.objects.filter(pk=image_id), Job.Files.LARGE, chief)
        drain(event_loop)
        key = Chunk.objects.exclude(key="").order_by("-pk").values_list("key", flat=True)[0]
        archive = aws("operator", "s3").get_object(Bucket=django_settings.RENDITION_BUCKET, Key=key)["Body"].read()
        [picture, _table] = ZipFile(BytesIO(archive)).namelist()
        files.add(f"zip of {kind}", ZipFile(BytesIO(archive)).read(picture), credit)
    number = len(files.names)
    assert number >= len(ORIGINALS) * (12 + 2 + 4 + 24 + 12 + 1)
    assert files.check(tmp_path) == f"{number} of {number}"
    print(f"credit survives: {number} of {number} files, and nothing private in any of them")
