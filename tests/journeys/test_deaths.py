"""Workers killed, broken and timed out at every step of the pipeline; the next delivery completes what they began."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.conf import settings as django_settings
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library.models import Image, Rendition
from mediahub.local.event_loop import EventLoop
from mediahub.recovery import consistency_checks
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload
from tests.children import environment
from tests.dying import STEPS
from tests.local_aws import drain
from tests.pictures import jpeg
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)
WAYS = ("time-out", "kill", "exception")


def test_r3_c9_c11_c13_whoever_dies_wherever_the_next_delivery_completes(
    event_loop: EventLoop, aws: Callable[[str, str], Any], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deaths = [(step, how) for how in WAYS for step in STEPS]
    for number in range(len(deaths)):
        aws("operator", "s3").put_object(
            Bucket=django_settings.UPLOAD_BUCKET, Key=f"{number:02}.jpg", Body=jpeg(300 + number, 200)
        )
    lines = [json.dumps({"step": step, "how": how}) for step, how in deaths]
    dying = subprocess.run(
        [sys.executable, "-m", "tests.dying"],
        input="\n".join(lines),
        env={**environment("worker"), "LOG_LEVEL": "CRITICAL"},
        cwd=django_settings.BASE_DIR,
        text=True,
        capture_output=True,
        check=True,
    )
    dead = [json.loads(line) for line in dying.stdout.splitlines()]
    assert [worker["reached"] for worker in dead] == [step for step, _how in deaths], dying.stderr[-2000:]
    assert Upload.objects.filter(state=Upload.State.WORKING).exists()
    # The hours pass for which the leases were taken and the messages hidden.
    Upload.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
    for worker in dead:
        with suppress(ClientError):
            # What a worker deleted before it died does not come back.
            aws("operator", "sqs").change_message_visibility(
                QueueUrl=django_settings.UPLOAD_QUEUE_URL, ReceiptHandle=worker["receipt"], VisibilityTimeout=0
            )
    drain(event_loop)

    assert set(Upload.objects.values_list("state", flat=True)) == {Upload.State.READY}
    assert Upload.objects.count() == Image.objects.count() == len(deaths)
    assert Rendition.objects.count() == count_files(clients.get_specs()) * len(deaths)
    assert not FailedItem.objects.exists()
    assert not any(mirror.has_drifted(image) for image in Image.objects.all())
    settings.SWEEP_GRACE_SECONDS = settings.RECONCILE_GRACE_SECONDS = 0
    assert list(consistency_checks.run_check(consistency_checks.begin_check())) == []
    assert {version.key for version in clients.get_rendition_store().list_page().versions} == set(
        Rendition.objects.values_list("key", flat=True)
    )
    with capsys.disabled():
        print(f"\n{len(deaths)} deaths at {len(STEPS)} steps ({', '.join(WAYS)}): all recovered", timezone.now())
