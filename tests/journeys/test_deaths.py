"""Workers killed, broken and timed out at every step of the pipeline; the next delivery completes what they began."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
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
from tests.dying import SECONDS, STEPS
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
WAYS = ("time-out", "kill", "exception")
# All messages come back together, when the last worker is dead and its lease over.
TOGETHER = 55


def test_r3_c9_c11_c13_whoever_dies_wherever_the_next_delivery_completes(
    event_loop: EventLoop, aws: Callable[[str, str], Any], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deaths = [(step, how) for how in WAYS for step in STEPS]
    for number in range(len(deaths)):
        aws("operator", "s3").put_object(
            Bucket=django_settings.UPLOAD_BUCKET, Key=f"{number:02}.jpg", Body=jpeg(300 + number, 200)
        )
    back_at = time.time() + TOGETHER
    lines = [json.dumps({"step": step, "how": how, "back_at": back_at}) for step, how in deaths]
    done = subprocess.run(
        [sys.executable, "-m", "tests.dying"],
        input="\n".join(lines),
        env={**environment("worker"), "LOG_LEVEL": "CRITICAL"},
        cwd=django_settings.BASE_DIR,
        text=True,
        capture_output=True,
        check=True,
        timeout=TOGETHER + SECONDS,
    )
    assert time.time() < back_at, f"the workers took too long: {done.stderr[-500:]}"
    begun = Upload.objects.filter(state=Upload.State.WORKING).count()
    assert begun > len(deaths) / 2
    time.sleep(max(0.0, back_at - time.time()) + 1)
    drain(event_loop)

    assert set(Upload.objects.values_list("state", flat=True)) == {Upload.State.READY}
    assert Upload.objects.count() == Image.objects.count() == len(deaths)
    assert Rendition.objects.count() == len(clients.specs()) * len(deaths)
    assert not FailedItem.objects.exists()
    assert not any(mirror.drifted(image) for image in Image.objects.all())
    settings.SWEEP_GRACE_SECONDS = settings.RECONCILE_GRACE_SECONDS = 0
    assert list(consistency_checks.run(consistency_checks.begin())) == []
    assert {found.key for found in clients.renditions().page().versions} == set(
        Rendition.objects.values_list("key", flat=True)
    )
    with capsys.disabled():
        print(f"\n{len(deaths)} deaths at {len(STEPS)} steps ({', '.join(WAYS)}): all recovered", timezone.now())
