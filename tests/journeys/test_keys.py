"""Files under the oddest keys that S3 allows, through the bucket's own notification to their end."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from mediahub.local.event_loop import EventLoop
from mediahub.uploads.models import Upload
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
# None holds a newline, which the wildcards of the local AWS's policies do not match; the events try it.
KEYS = (
    "a b.jpg",
    "a+b.jpg",
    "100%.jpg",
    "a%2Fb.jpg",
    "a%252Fb.jpg",
    "a&b=c;d?e#f.jpg",
    "\u00e9.jpg",
    "e\u0301.jpg",
    "\U0001f6a2.jpg",
    "\u202egpj.exe",
    "\u0627\u0644\u0645\u0631\u0641\u0623.jpg",
    "a//b.jpg",
    "a..b.jpg",
    "trailing.",
    "<script>alert(1)</script>.jpg",
    "'; DROP TABLE uploads_upload; --.jpg",
    "k" * 1020 + ".jpg",
)


def test_a4_a5_odd_keys_are_read_byte_for_byte(event_loop: EventLoop, aws: Callable[[str, str], Any]) -> None:
    for number, key in enumerate(KEYS):
        aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key=key, Body=jpeg(100 + number, 90))
    drain(event_loop)
    widths = {
        upload.key: upload.image.width if upload.image else 0 for upload in Upload.objects.select_related("image")
    }
    assert widths == {key: 100 + number for number, key in enumerate(KEYS)}
