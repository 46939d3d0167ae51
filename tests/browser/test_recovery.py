"""Thirty failures of three causes, brought about through the real queues, dealt with by a chief editor in a browser."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from playwright.sync_api import expect

from mediahub.library.models import Image
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload
from tests.browser.desk import Desk
from tests.browser.test_pages import shoot
from tests.event_loops import PatientLoop
from tests.local_aws import fail_for_good
from tests.pictures import jpeg

EACH = 10


@pytest.fixture
def failures(signed_in: Desk, event_loop: PatientLoop, aws: Callable[[str, str], Any], settings: Any) -> None:
    """Ten files whose renditions had no bucket, ten that could not be read, and ten messages nobody knows."""
    s3, sqs = aws("operator", "s3"), aws("operator", "sqs")
    settings.AWS_PROFILE, settings.RENDITION_BUCKET = "worker", "no-such-bucket"
    for number in range(EACH):
        s3.put_object(Bucket=django_settings.UPLOAD_BUCKET, Key=f"harbour_{number}.jpg", Body=jpeg(300 + number, 200))
    fail_for_good(event_loop)
    settings.RENDITION_BUCKET = "mediahub-local-renditions-000000000000"
    right = settings.UPLOAD_BUCKET
    settings.UPLOAD_BUCKET = "mediahub-local-uploads-000000000000"
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObjectVersion",
        "Resource": f"arn:aws:s3:::{right}/*",
    }
    deployed = s3.get_bucket_policy(Bucket=right)["Policy"]
    policy = json.loads(deployed)
    policy["Statement"].append({"Sid": "Mistake", **denied})
    s3.put_bucket_policy(Bucket=right, Policy=json.dumps(policy))
    try:
        for number in range(EACH):
            s3.put_object(Bucket=right, Key=f"fjord_{number}.jpg", Body=jpeg(300 + number, 220))
        fail_for_good(event_loop)
    finally:
        s3.put_bucket_policy(Bucket=right, Policy=deployed)
    for number in range(EACH):
        sqs.send_message(QueueUrl=django_settings.UPLOAD_QUEUE_URL, MessageBody=json.dumps({"order": number}))
    fail_for_good(event_loop)
    settings.AWS_PROFILE = "web"


def test_r6_failures_are_dealt_with_by_cause(
    signed_in: Desk, failures: None, chief: User, request: pytest.FixtureRequest
) -> None:
    page = signed_in.page
    shots = request.config.getoption("--screenshots", default=False)
    signed_in.open("/admin/recovery/faileditem/")
    expect(page.locator(".cause-count")).to_have_text(["10", "10", "10"])
    assert signed_in.findings() == []
    if shots:
        shoot(page, "recovery-causes")
    store = page.locator(".cause", has_text="NoSuchBucket")
    request.getfixturevalue("worker")
    store.get_by_role("button", name="Retry", exact=False).first.click()
    expect(page.get_by_role("heading", name="Retry of 10 failed items")).to_be_visible()
    if shots:
        shoot(page, "recovery-under-way")
    expect(page.locator("#progress-title")).to_have_text("10 succeeded")
    assert signed_in.findings() == []
    assert Upload.objects.filter(key__startswith="harbour", state=Upload.State.READY).count() == EACH
    assert Image.objects.count() == EACH

    signed_in.open("/admin/recovery/faileditem/")
    expect(page.locator(".cause-count")).to_have_text(["10", "10"])
    page.locator(".cause", has_text="neither an event").locator("h2 a").click()
    page.locator(".entry-name").first.click()
    page.locator(".more summary").click()
    page.get_by_label("Reason for discarding").fill("Orders belong on another queue")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".messagelist")).to_contain_text("1 failed item was discarded")
    decided = page.get_by_role("region", name="Decisions")
    expect(decided).to_contain_text("discarded: Orders belong on another queue")
    if shots:
        shoot(page, "recovery-discarded")

    retried = FailedItem.objects.filter(upload__key__startswith="harbour").first()
    assert retried
    signed_in.open(f"/admin/recovery/faileditem/{retried.pk}/change/")
    expect(page.get_by_role("region", name="Decisions")).to_contain_text(f"{chief} retried")
