"""Public copies carry the record's credit: another credit makes other copies, and nothing else does."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.delivery.models import PublicFile
from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.library import cataloging, credit, metadata
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image
from mediahub.library.versions import Original
from processing import process
from tests.delivery.test_public import cdn, objects, published, read, told  # noqa: F401 - fixtures
from tests.doubles import MemoryQueue
from tests.metadata_readers import expect, read_with_pillow
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {
    "title": "Quay",
    "alt_text": "A quay",
    "credit": "Bo Berg",
    "copyright": "© 2026 Bo Berg",
    "license": "CC0",
    "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
}


def find_fresh(image: Image) -> Image:
    return Image.objects.prefetch_related("renditions").get(pk=image.pk)


def edit(image: Image, user: User, **values: Any) -> ChangeSet:
    change_set = ChangeSet(user)
    metadata.edit(change_set, Image.objects.get(pk=image.pk), {name: Edit(value) for name, value in values.items()})
    return change_set


def check_copies(image: Image) -> None:
    """Check every public copy against the record."""
    expected = expect(credit.build_credit(find_fresh(image)))
    for key in public.list_public_files(find_fresh(image)):
        assert read_with_pillow(read(key)) == expected, key


def test_a_copy_has_the_credit_of_the_record_and_its_own_type(published: Image) -> None:  # noqa: F811
    check_copies(published)
    store, types = clients.get_rendition_store(), set()
    for key in public.list_public_files(find_fresh(published)):
        content_type = store.head(key).content_type
        assert content_type == ("image/avif" if key.endswith(".avif") else "image/jpeg")
        types.add(content_type)
    assert types == {"image/avif", "image/jpeg"}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_inside_rewrites_every_copy(
    published: Image,  # noqa: F811
    editor: User,
    cdn: MemoryQueue,  # noqa: F811
    name: str,
) -> None:
    before = public.list_public_files(find_fresh(published))
    edit(published, editor, **{name: FIELDS[name]})
    assert mirror.push_image(published.pk)
    after = public.list_public_files(find_fresh(published))
    names = {rendition.name for rendition in find_fresh(published).renditions.all()}
    assert set(before) & set(after) == {
        f"public/{published.pk}/{each}.{end}" for each in names for end in ("jpg", "avif")
    }
    assert not set(before.values()) & set(after.values())
    check_copies(published)
    # By content the former bytes stay for a while; what is permanent is told to the CDN.
    assert set(before) < objects()
    assert sorted(told(cdn)) == sorted(f"/{key}" for key in set(before) & set(after))
    item = mirror.read_item(published.pk)
    assert item
    addresses = {rendition["address"] for rendition in item["renditions"].values()}
    assert addresses <= {public.build_public_address(key) for key in set(after) - set(before)}


def test_what_is_not_inside_rewrites_nothing(published: Image, editor: User, cdn: MemoryQueue) -> None:  # noqa: F811
    before = objects()
    edit(published, editor, caption="Boats at the quay.", rights_until="2190-01-01")
    assert mirror.push_image(published.pk)
    assert objects() == before
    assert told(cdn) == []


def test_undo_brings_the_former_addresses_back(published: Image, editor: User) -> None:  # noqa: F811
    before = public.list_public_files(find_fresh(published))
    change_set = edit(published, editor, credit="Bo Berg")
    mirror.push_image(published.pk)
    assert undo.undo(editor, change_set.id).reverted == 1
    assert find_fresh(published).revision > find_fresh(published).mirrored_revision
    mirror.push_image(published.pk)
    assert public.list_public_files(find_fresh(published)) == before
    assert set(PublicFile.objects.filter(superseded_at=None).values_list("key", flat=True)) == set(before)
    check_copies(published)


def test_another_date_or_origin_in_the_same_pixels_is_pushed(published: Image) -> None:  # noqa: F811
    before = public.list_public_files(find_fresh(published))
    result = process(BytesIO(jpeg(600, 300)), published.pk, store=clients.get_rendition_store(), labeler=None)
    taken_at = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    result = replace(result, metadata=replace(result.metadata, taken_at=taken_at))
    with transaction.atomic():
        cataloging.record_result(published.pk, "first.jpg", result, original=Original("first", "v1", may_go_out=True))
    assert find_fresh(published).revision > find_fresh(published).mirrored_revision
    mirror.push_image(published.pk)
    assert not set(before.values()) & set(public.list_public_files(find_fresh(published)).values())
    check_copies(published)


def test_a_worker_that_dies_amid_a_rewrite_leaves_it_to_the_next(
    published: Image,  # noqa: F811
    editor: User,
) -> None:
    edit(published, editor, license="CC0")
    put = type(clients.get_rendition_store()).put
    number = itertools.count()

    def dies(*arguments: Any) -> None:
        put(*arguments)
        if next(number) == 5:
            raise KeyboardInterrupt

    with patch.object(type(clients.get_rendition_store()), "put", dies), pytest.raises(KeyboardInterrupt):
        mirror.push_image(published.pk)
    assert find_fresh(published).revision > find_fresh(published).mirrored_revision
    mirror.push_image(published.pk)
    check_copies(published)
