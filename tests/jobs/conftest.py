"""Fixtures: images with their originals in the bucket."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from tests.local_aws import drain
from tests.pictures import jpeg


@pytest.fixture
def three_images(event_loop: EventLoop, aws: Callable[[str, str], Any]) -> list[Image]:
    """Three images that came in by the bucket, in the order of their ids."""
    operator = aws("operator", "s3")
    for n in range(3):
        operator.put_object(Bucket=settings.UPLOAD_BUCKET, Key=f"trip/{n}.jpg", Body=jpeg(400 + n, 300))
    drain(event_loop)
    images = list(Image.objects.order_by("pk"))
    assert len(images) == 3
    return images


@pytest.fixture
def lose(aws: Callable[[str, str], Any]) -> Callable[[Image], None]:
    """lose(image): its original is removed from the bucket for good."""

    def remove(image: Image) -> None:
        upload = image.uploads.get()
        aws("operator", "s3").delete_object(Bucket=upload.bucket, Key=upload.key, VersionId=upload.version_id)

    return remove
