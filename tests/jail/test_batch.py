"""One file that is made to hurt, and nine that are not: one batch of the queue through the real handler."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from mediahub.local.event_loop import Context
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from tests.jail.files import order_act
from tests.pictures import jpeg
from tests.worker.test_handlers import record, s3_event

pytestmark = pytest.mark.django_db(transaction=True)
ACTS = ("eat", "spin", "overflow")


@pytest.mark.parametrize("act", ACTS)
def test_r4_a_poison_file_is_refused_at_once_and_its_nine_siblings_are_ready(
    hostile: None, aws: Callable[[str, str], Any], act: str
) -> None:
    files = {f"{number}.jpg": jpeg(90 + number, 60) for number in range(10)}
    files["4.jpg"] = order_act(act).read()
    for key, data in files.items():
        aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key=key, Body=data)
    records = [record(number, s3_event(key)) for number, key in enumerate(files)]
    answer = handlers.on_object_created({"Records": records}, Context("test"))

    assert answer == {"batchItemFailures": []}
    poison = Upload.objects.get(key="4.jpg")
    assert (poison.state, poison.code, poison.attempts) == (Upload.State.REJECTED, "too_costly", 1)
    assert Upload.objects.filter(state=Upload.State.READY).count() == 9
    assert not FailedItem.objects.exists()
