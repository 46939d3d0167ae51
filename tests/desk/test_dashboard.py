"""The dashboard's figures, with records of which one knows what they add up to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.dashboard.charts import Chart
from mediahub.library.models import Image, Version
from mediahub.recovery import queue_hours
from mediahub.recovery.models import FailedItem, QueueHour
from mediahub.uploads.models import Upload
from tests.records import image

PAGE = reverse("desk:dashboard")


def upload(state: str, days: int = 0, **values: Any) -> Upload:
    new_upload = Upload.objects.create(
        file_name="a.jpg", bucket="uploads", key=f"uploads/{Upload.objects.count()}/original", state=state, **values
    )
    Upload.objects.filter(pk=new_upload.pk).update(issued_at=timezone.now() - timedelta(days=days))
    return new_upload


def failure(number: int, fingerprint: str, state: str = "open") -> None:
    now = timezone.now()
    FailedItem.objects.create(
        message_id=f"m{number}",
        fingerprint=fingerprint,
        reason="The file is cut off.",
        state=state,
        first_failed_at=now,
        last_failed_at=now,
    )


def drawn(client: Client, name: str, **asked: str) -> Chart:
    charts: list[Chart] = client.get(PAGE, asked).context["charts"]
    return next(chart for chart in charts if chart.name == name)


def values(chart: Chart) -> dict[str, list[Any]]:
    return {one.name: list(one.values) for one in chart.series}


def test_uploads_are_counted_on_their_day_by_what_became_of_them(signed_in: Client) -> None:
    for state, days in (("ready", 0), ("ready", 6), ("ready", 7), ("rejected", 0), ("issued", 0), ("expired", 1)):
        upload(state, days)
    bars = values(drawn(signed_in, "uploads", days="7"))
    assert bars["processed"] == [1, 0, 0, 0, 0, 0, 1]
    assert bars["rejected"] == [0, 0, 0, 0, 0, 0, 1]
    assert bars["in progress or never sent"] == [0, 0, 0, 0, 0, 1, 1]
    assert len(drawn(signed_in, "uploads", days="90").labels) == 13
    assert len(drawn(signed_in, "uploads", days="x").labels) == 30


def test_times_are_those_that_half_and_nearly_all_files_do_not_go_above(signed_in: Client) -> None:
    for n in range(1, 101):
        upload("ready", work_ms=n * 100)
    bars = values(drawn(signed_in, "times", days="7"))
    assert bars["median"][-1] == 5
    assert bars["95th percentile"][-1] == 9.5
    assert bars["median"][0] is None


def test_failures_stand_under_their_cause_and_lead_to_it(signed_in: Client) -> None:
    for n, state in enumerate(["open", "open", "resolved"]):
        failure(n, "f" * 8, state)
    chart = drawn(signed_in, "failures")
    assert values(chart) == {"open": [2], "resolved": [1]}
    page = signed_in.get(PAGE).content.decode()
    assert 'href="/admin/recovery/faileditem/?fingerprint__exact=ffffffff"' in page
    assert "The file is cut off." in page


def test_the_clock_writes_down_how_the_queue_stands(signed_in: Client, local_aws: Any, settings: Any) -> None:
    assert "There are no queue figures yet" in signed_in.get(PAGE).content.decode()
    settings.AWS_PROFILE = "worker"
    upload("working")
    QueueHour.objects.create(
        hour=timezone.now() - queue_hours.RETENTION - timedelta(hours=1),
        at=timezone.now(),
        **dict.fromkeys(["waiting", "waiting_most", "oldest", "oldest_most", "dead_letters"], 0),
    )
    queue_hours.record_hour()
    queue_hours.record_hour()
    queue_hour = QueueHour.objects.get()
    assert (queue_hour.waiting, queue_hour.dead_letters) == (0, 0)
    assert [what for what, _ in signed_in.get(PAGE).context["standing"]][:2] == [
        "Messages waiting",
        "Oldest file in progress",
    ]


def test_storage_adds_up_originals_renditions_copies_and_earlier_versions(signed_in: Client) -> None:
    new_image = image(bytes=5000, state=Image.State.PUBLISHED)
    image(bytes=70, deleted_at=timezone.now())
    earlier = {"facts": {"bytes": 200}, "rendition_bytes": 34}
    Version.objects.create(image=new_image, number=1, key="k", current=False, **earlier)
    # Two images with six files of 1,000 bytes each; those of the one that is published are there twice more.
    assert values(drawn(signed_in, "storage"))["size"] == [5000, 12_000, 12_000, 234]


def test_money_is_of_this_month_by_one_list_of_prices(signed_in: Client) -> None:
    image(label_source="rekognition", labeled_at=timezone.now())
    image(label_source="measured", labeled_at=timezone.now())
    old = image(label_source="rekognition", labeled_at=timezone.now() - timedelta(days=40))
    Image.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    chart = drawn(signed_in, "costs")
    assert "Images this month: 2; sent for labeling: 1." in chart.about
    assert f"{values(chart)['per image'][list(chart.labels).index('Rekognition')]:.4f}" == "0.0010"


def test_alt_text_is_counted_by_state_and_leads_to_what_lacks_it(signed_in: Client) -> None:
    image(alt_text="Boats")
    image()
    image(state=Image.State.PUBLISHED, alt_text="Fog")
    chart = drawn(signed_in, "alt-text")
    assert chart.title == "Alt text: 67 %"
    assert values(chart) == {"with alt text": [1, 1, 0], "without alt text": [1, 0, 0]}
    assert "/admin/library/image/?state=in_review&amp;alt=no" in signed_in.get(PAGE).content.decode()


def test_the_page_asks_as_often_whatever_there_is(queries: Callable[[str], int]) -> None:
    few = queries(PAGE)
    for n in range(20):
        image(f"Image {n}")
        upload("ready", n % 7, work_ms=n)
        failure(n, f"{n}")
    assert queries(PAGE) <= few + 1


def test_the_dashboard_is_for_those_who_may_and_the_tour_for_all(nobody: Client, chief: User) -> None:
    assert nobody.get(PAGE).status_code == 403
    assert "How MediaHub works" in nobody.get(reverse("desk:tour")).content.decode()


@pytest.mark.parametrize("language", ["de", "ar"])
def test_numbers_in_attributes_are_not_written_as_the_language_does(signed_in: Client, language: str) -> None:
    for n in range(3):
        upload("ready", work_ms=1234 * (n + 1))
    page = signed_in.get(PAGE, headers={"accept-language": language}).content.decode()
    assert 'height="66,67"' not in page
    assert 'class="mark mark-busy"' in page
