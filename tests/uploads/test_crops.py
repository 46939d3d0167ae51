"""The worker cuts the crops at the focal point, whoever moved it and whatever was lost on the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image as Pillow

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.delivery.models import PublicFile
from mediahub.history.change_set import ChangeSet
from mediahub.library import focal_point, versions
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from mediahub.messages import ObjectCreated
from mediahub.uploads import crops, ingest, rendition_sweep
from mediahub.worker import clock
from processing import Box, Label, LabelAnswer, Point
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
Put = Callable[[bytes], ObjectCreated]


class Machine:
    """It sees a person to the right."""

    source = "recorded"

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        return LabelAnswer((Label("Person", 99.0, (Box(0.8, 0.1, 0.2, 0.3),)),), self.source, "1", {})


@pytest.fixture
def put(local_aws: object, aws: Callable[[str, str], Any]) -> Put:
    operator, sequence = aws("operator", "s3"), iter(range(1, 100))

    def put_object(data: bytes) -> ObjectCreated:
        bucket, key = django_settings.UPLOAD_BUCKET, "harbour.jpg"
        version = operator.put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]
        return ObjectCreated(bucket, key, version, f"{next(sequence):04X}")

    return put_object


@pytest.fixture
def image(put: Put, event_loop: EventLoop) -> Image:
    ingest.ingest_file(put(jpeg(1500, 1000)), deadline=datetime.now(UTC) + timedelta(seconds=30))
    drain(event_loop)
    return Image.objects.get()


def keys(image: Image) -> dict[str, str]:
    return {f"{made.name}.{made.format}": made.key for made in image.renditions.all()}


def red(image: Image) -> bool:
    """Return whether the red corner, up to the left, is at the left of the square."""
    with clients.get_rendition_store().get(keys(image)["square.JPEG"]) as file:
        pixel = Pillow.open(BytesIO(file.read())).convert("RGB").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    return bool(pixel[0] > 200 > pixel[2] + 150)


def test_a_picture_comes_in_cut_at_its_proposal(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "get_labeler", Machine)
    ingest.ingest_file(put(jpeg(1500, 1000)), deadline=datetime.now(UTC) + timedelta(seconds=30))
    image = Image.objects.get()
    assert (focal_point.get_proposed(image), image.focal_x) == (Point(0.9, 0.2), None)
    assert focal_point.has_current_crops(image)
    assert {
        rendition.name: (rendition.width, rendition.height)
        for rendition in image.renditions.all()
        if rendition.mode == "crop"
    } == {
        "square": (512, 512),
        "wide": (1024, 576),
    }
    first_keys = keys(image)
    upload = image.uploads.get()
    assert ingest.reprocess_upload(upload)
    assert keys(image) == first_keys


def test_the_crops_follow_the_point_and_nothing_else_changes(image: Image, editor: User, event_loop: EventLoop) -> None:
    before = keys(image)
    assert red(image)
    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    drain(event_loop)
    image.refresh_from_db()
    assert focal_point.has_current_crops(image)
    assert not red(image)
    after = keys(image)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"square.JPEG", "square.AVIF", "wide.JPEG", "wide.AVIF"}
    assert image.mirrored_revision == image.revision
    items = mirror.read_item(image.pk)
    assert items
    assert set(items["renditions"]) == {name.partition(".")[0] for name in after}
    assert crops.cut_crops(image.pk) == "duplicate"


def test_public_copies_follow_and_old_addresses_stay(image: Image, editor: User, event_loop: EventLoop) -> None:
    Image.objects.filter(pk=image.pk).update(state=Image.State.PUBLISHED, alt_text="Boats", credit="Ada")
    mirror.mend_image(image.pk)
    drain(event_loop)
    old = PublicFile.objects.get(key__contains="/square-", key__endswith=".jpg")
    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    drain(event_loop)
    old.refresh_from_db()
    assert old.superseded_at
    assert clients.get_rendition_store().head(old.key)
    permanent = PublicFile.objects.get(key__endswith="/square.jpg")
    assert permanent.source.partition(" ")[0] == keys(image)["square.JPEG"]


def test_the_clock_asks_for_what_no_message_told_of(image: Image, editor: User, event_loop: EventLoop) -> None:
    Image.objects.filter(pk=image.pk).update(focal_x=1.0, focal_y=0.2)
    assert crops.request_missing_crops() == 0
    Image.objects.filter(pk=image.pk).update(updated_at=timezone.now() - timedelta(minutes=2))
    assert clock.tick(datetime.now(UTC) + timedelta(seconds=60))["cut"] == 1
    drain(event_loop)
    assert not red(image)
    assert crops.request_missing_crops() == 0


def test_a_version_is_restored_with_its_crops_at_todays_point(
    image: Image, put: Put, editor: User, event_loop: EventLoop, settings: Any
) -> None:
    settings.SWEEP_GRACE_SECONDS = 0
    ingest.ingest_file(put(jpeg(1400, 1000)), deadline=datetime.now(UTC) + timedelta(seconds=30))
    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    drain(event_loop)
    replaced = keys(image)
    assert versions.restore(ChangeSet(editor), image, 1)
    drain(event_loop)
    image.refresh_from_db()
    assert (image.width, focal_point.has_current_crops(image), red(image)) == (1500, True, False)
    assert set(keys(image).values()) | set(replaced.values()) == versions.list_rendition_keys(image.pk)
    assert rendition_sweep.sweep_unneeded(versions.list_rendition_keys(image.pk)) == 0


def test_where_the_original_is_gone_the_crops_stay(
    image: Image, editor: User, aws: Callable[[str, str], Any], event_loop: EventLoop
) -> None:
    before, version = keys(image), image.versions.get()
    aws("operator", "s3").delete_object(
        Bucket=django_settings.UPLOAD_BUCKET, Key=version.key, VersionId=version.version_id
    )
    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    assert crops.cut_crops(image.pk) == "cut"
    image.refresh_from_db()
    assert (keys(image), focal_point.needs_crops(image)) == (before, False)


def test_a_point_that_moves_while_it_is_cut_is_left_to_the_next(
    image: Image, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, honest = keys(image), crops._cut_from_original

    def meanwhile(*args: Any) -> Any:
        focal_point.move(ChangeSet(editor), image, Point(0.9, 0.9))
        return honest(*args)

    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    monkeypatch.setattr(crops, "_cut_from_original", meanwhile)
    assert crops.cut_crops(image.pk) == "superseded"
    assert keys(image) == before


def test_without_crops_in_the_settings_those_there_were_go(image: Image, editor: User, settings: Any) -> None:
    settings.RENDITION_FILLS = {}
    focal_point.move(ChangeSet(editor), image, Point(1.0, 0.2))
    assert crops.cut_crops(image.pk) == "cut"
    assert {made.name for made in image.renditions.all()} == {spec.name for spec in settings.RENDITIONS}
