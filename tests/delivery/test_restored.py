"""After the records went back to an earlier moment: the comparison makes the public files what they say."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.delivery.models import PublicFile
from mediahub.history.change_set import ChangeSet
from mediahub.library import publishing
from mediahub.library.models import Image
from mediahub.recovery import consistency_checks
from tests.delivery.test_public import cdn, objects, published, told  # noqa: F401 - fixtures
from tests.doubles import MemoryQueue
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)


def compare() -> list[str]:
    return [
        finding.reason.english
        for finding in consistency_checks.run_check(consistency_checks.begin_check(repair=True, grace_seconds=0))
    ]


def put_back(image: Image, files: list[PublicFile]) -> None:
    """Put the records of an image back to what they were, as a restored database has them."""
    PublicFile.objects.filter(image=image).delete()
    PublicFile.objects.bulk_create(files)
    values = {name: getattr(image, name) for name in ("state", "revision", "mirrored_revision")}
    Image.objects.filter(pk=image.pk).update(**values)


def test_what_was_taken_down_since_is_public_again(published: Image, editor: User) -> None:  # noqa: F811
    files, lying = list(PublicFile.objects.all()), objects()
    publishing.archive(ChangeSet(editor), [published])
    mirror.push_image(published.pk)
    assert objects() == set()
    published.state = Image.State.PUBLISHED
    put_back(published, files)
    assert "The public files of the image are not in the bucket." in compare()
    assert objects() == lying
    mirror.push_image(published.pk)
    assert compare() == []


def test_what_was_published_since_is_public_no_more(published: Image, cdn: MemoryQueue) -> None:  # noqa: F811
    published.state = Image.State.IN_REVIEW
    put_back(published, [])
    assert "This file is public, and no record refers to it." in compare()
    assert objects() == set()
    assert f"/public/{published.pk}/*" in told(cdn)


def test_a_public_file_of_no_image_is_removed(published: Image, cdn: MemoryQueue) -> None:  # noqa: F811
    kept, stray = objects(), f"public/{uuid4()}/large.jpg"
    clients.get_rendition_store().put(stray, jpeg(64, 48), "image/jpeg", "public")
    compare()
    assert objects() == kept
    assert f"/{stray}" in told(cdn)
    assert compare() == []
