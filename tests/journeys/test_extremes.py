"""Whatever a file holds, it comes in, and no page of the desk fails for it: on each database, in each time zone."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from mediahub.delivery import mirror
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.jobs import orders
from mediahub.jobs.models import Job
from mediahub.jobs.selection import Selection
from mediahub.library import metadata, versions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Collection, Image, LabelRule, SavedSearch, Tag, Tagging, Version
from mediahub.local.event_loop import EventLoop
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload, UploadBatch
from tests import records
from tests.browser.stock import check, failed_item, retry
from tests.extremes import files
from tests.local_aws import drain

pytestmark = pytest.mark.django_db(transaction=True)
ZONES = ["UTC", "America/New_York", "Asia/Kolkata"]
# Dates are converted in Python, whichever the database: SQLite tries one zone.
WALKED_ZONES = ZONES if connection.vendor == "postgresql" else ZONES[-1:]
# What a service may answer at its worst, as JSON text.
ANSWER = (
    '{"Labels": [{"Name": "Boat\\u0000\\ud800", "Confidence": 1e999}, {"Name": "Sea", "Confidence": 99, "Instances": '
    '[{"BoundingBox": {"Left": -1e308, "Top": NaN, "Width": 9, "Height": 9}}, {"BoundingBox": {"Left": -5, "Top": 7, '
    '"Width": 1e308, "Height": 0}}]}], "ModerationLabels": [{"Name": "\\u202eX", "Confidence": 9e99}, 7], '
    '"n": [NaN, Infinity, -Infinity, 99999999999999999999999999, "\\u0000"]}'
)
CAPTURE = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")
# Of each address that is not about one image: what stands in it, by the name of the part or of the whole address.
Values = dict[str, Any]


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Each address of the site, as it is written in the URLconf, with its name."""
    for part in resolver.url_patterns:
        route = before + str(part.pattern).removeprefix("^")
        if isinstance(part, URLResolver):
            yield from patterns(part, route)
        elif isinstance(part, URLPattern) and "(?P<url>" not in route:
            yield route.removesuffix("$").removesuffix("\\Z"), str(part.name)


def addresses(values: Values) -> list[str]:
    """Every address of the site with these values in it; one with a part that has none is an error of this test."""
    filled = []
    for route, name in patterns(get_resolver()):
        own = values["of_address"].get(name, {})
        if model := re.match(r"admin/(\w+)/(\w+)/<path:object_id>", route):
            own = {"object_id": values["objects"].get(f"{model[1]}.{model[2]}", 1)}
        filled.append(fill(f"/{route}", {**values, **own}))
    return filled


def fill(route: str, known: Values) -> str:
    return CAPTURE.sub(lambda part: str(known[part["name"]]), route)


def objects() -> dict[str, Any]:
    """By model, the one whose page is asked for."""
    first = {model._meta.label_lower: model._default_manager.first() for model in admin.site._registry}
    return {label: record.pk for label, record in first.items() if record}


def values(image: Image) -> Values:
    """Return what stands in addresses that are about this image, or about something that it is part of."""
    models: Any = (Tag, LabelRule, Tagging, Job, Collection, SavedSearch, UploadBatch, Change)
    some = {model: model.objects.first() for model in models}
    upload = image.uploads.get(state=Upload.State.READY)
    return {
        "objects": {**objects(), "library.image": image.pk, "uploads.upload": upload.pk},
        "image_id": image.pk,
        "upload_id": upload.pk,
        "batch_id": some[UploadBatch].pk,
        "job_id": some[Job].pk,
        "batch": some[Change].change_set,
        "tagging_id": some[Tagging].pk,
        "number": 1,
        "kind": "jsonl",
        "name": "large",
        "format_name": "JPEG",
        "path": f"{image.pk}/large.jpg",
        "uidb64": "MQ",
        "token": "set-password",
        "app_label": "library",
        "content_type_id": ContentType.objects.get_for_model(Image).pk,
        "object_id": image.pk,
        "id": 1,
        "pk": some[Tag].pk,
        "of_address": {
            "show_label": {"pk": some[LabelRule].pk},
            "collection": {"pk": some[Collection].pk},
            "change_collection": {"pk": some[Collection].pk},
            "change_search": {"pk": some[SavedSearch].pk},
            "job_part": {"pk": some[Job].chunks.first().pk},
        },
    }


def take_in(loop: EventLoop, s3: Any, bucket: str, labels: Path) -> None:
    """All files, by the bucket, the queue and the worker."""
    for key, data in files():
        (labels / f"{sha256(data).hexdigest()}.json").write_text(ANSWER)
        s3.put_object(Bucket=bucket, Key=key, Body=data)
    drain(loop)


def fill_the_desk(chief: User) -> None:
    """Jobs, failed items, checks and collections, each with images of the extremes in it."""
    images = list(Image.objects.all())
    orders.order_reprocess(Selection(ids=tuple(str(image.pk) for image in images)), by=chief)
    upload = images[0].uploads.first()
    failed_item(upload, image=images[0])
    failed_item(None, "The image could not be mirrored.", image=images[1], kind="mirror", step="")
    retry(chief)
    check()
    SavedSearch.objects.create(owner=chief, name="All", query="q=0001")
    LabelRule.objects.get_or_create(label="Rain")
    boats = Collection.objects.create(name="Boats", path="00000001")
    boats.memberships.create(image=images[2])
    UploadBatch.objects.create(by=chief, title="0001-01-01")


def sends_no_5xx(client: Client, paths: list[str]) -> None:
    wrong = {path: status for path in paths if (status := client.get(path).status_code) >= 500}
    assert wrong == {}


LISTS = [
    "/admin/",
    "/admin/library/image/",
    "/admin/library/image/?q=20240602&view=list",
    "/admin/library/image/?sort=taken",
    "/admin/uploads/upload/",
    "/admin/recovery/faileditem/",
    "/admin/recovery/consistencycheck/",
    "/admin/activity/",
    "/admin/activity/export.csv",
    "/admin/activity/export.jsonl",
    "/admin/dashboard/",
    "/admin/duplicates/",
    "/admin/jobs/",
    "/admin/pulse/",
]


@pytest.fixture
def chief_client(chief: User) -> Client:
    """Provide the browser of a chief editor who may also see the checks; it is shown an error as everybody is."""
    chief.is_superuser = True
    chief.save()
    client = Client(raise_request_exception=False)
    client.force_login(chief)
    return client


@pytest.mark.parametrize("zone", WALKED_ZONES)
def test_no_page_fails_for_what_a_file_holds(
    zone: str,
    chief: User,
    chief_client: Client,
    event_loop: EventLoop,
    aws: Callable[[str, str], Any],
    as_role: Callable[[str], None],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.TIME_ZONE, settings.IMAGE_MAX_SIDE, settings.MODERATION = zone, 70_000, True
    settings.LABELER, settings.LABEL_RECORDINGS = "recorded", str(tmp_path)
    as_role("worker")
    take_in(event_loop, aws("operator", "s3"), settings.UPLOAD_BUCKET, tmp_path)
    count = len(list(files()))
    outcomes = list(Upload.objects.values_list("state", "reason", "key").exclude(state=Upload.State.READY))
    assert (outcomes, Image.objects.count(), FailedItem.objects.count()) == ([], count, 0)
    assert all(mirror.read_item(image.pk) for image in Image.objects.all())

    fill_the_desk(chief)
    as_role("web")
    images = list(Image.objects.order_by("pk"))
    ids = ",".join(str(upload.pk) for upload in Upload.objects.all())
    shared = {*LISTS, f"/admin/upload/status/?ids={ids}"}
    sends_no_5xx(chief_client, sorted({*addresses(values(images[0])), *shared}))
    sends_no_5xx(chief_client, [page for image in images for page in pages(image)])

    for number, image in enumerate(images):
        title = ("20240602 181530", "0001-01-01T00:00:00+02:00")[number % 2]
        metadata.edit(ChangeSet(chief), image, {"title": Edit(title)})
    sends_no_5xx(chief_client, [*sorted(shared), *(page for image in images for page in pages(image)[:2])])


def pages(image: Image) -> list[str]:
    """Return the pages about one image; the first two tell of its history."""
    upload = image.uploads.get(state=Upload.State.READY)
    own = ("review", "versions", "crop", "replace", "collections")
    return [
        f"/admin/library/image/{image.pk}/change/",
        f"/admin/activity/?image={image.pk}",
        *(f"/admin/images/{image.pk}/{page}/" for page in own),
        f"/admin/review/items/?_of={image.pk}",
        f"/admin/review/items/?_after={image.pk}",
        f"/admin/duplicates/{image.pk}/",
        f"/admin/upload/{upload.pk}/",
        f"/admin/uploads/upload/{upload.pk}/change/",
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_a_version_with_a_date_of_no_zone_is_shown_and_comes_back_without_it(
    zone: str, chief: User, chief_client: Client, local_aws: object, settings: Any
) -> None:
    settings.TIME_ZONE, settings.AWS_PROFILE = zone, "web"
    image = records.image()
    for number, taken in enumerate(("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-05:00", "junk", None), 1):
        facts = {
            "file_name": "a.jpg",
            "format": "JPEG",
            "width": 9,
            "height": 9,
            "bytes": 9,
            "camera": "",
            "sha256": "a",
        }
        version = {"number": number, "key": f"k{number}", "current": number == 1}
        Version.objects.create(image=image, facts={**facts, "taken_at": taken}, **version)
    page = f"/admin/images/{image.pk}/versions/"
    assert chief_client.get(page).status_code == 200
    for number in (2, 3, 4, 1):
        assert versions.restore(ChangeSet(chief), image, number)
        image.refresh_from_db()
        assert image.taken_at is None
        assert chief_client.get(page).status_code == 200


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_of_no_zone_in_an_address_or_a_form_is_left_out(
    zone: str, chief_client: Client, local_aws: object, settings: Any
) -> None:
    settings.TIME_ZONE, settings.AWS_PROFILE = zone, "web"
    image = records.image()
    for day in ("0001-01-01", "9999-12-31"):
        for name in ("taken_from", "taken_to", "came_from", "came_to"):
            answer = chief_client.get("/admin/library/image/", {name: day})
            assert (answer.status_code, "The filter was ignored" in answer.content.decode()) == (200, True)
        for moment in (f"{day}T00:00:00+14:00", f"{day}T23:59:59-12:00", f"{day}T00:00:00"):
            assert chief_client.get("/admin/library/image/", {"after": f"{moment},{image.pk}"}).status_code == 200
            form = {"act": "archive", "all": "1", "seen": f"{moment} 1 a"}
            assert chief_client.post("/admin/images/act/", form).status_code < 500
        sends_no_5xx(chief_client, [f"/admin/activity/?from={day}&to={day}", f"/admin/review/?taken_from={day}"])
