"""A file replaces another and the record stays; every earlier file can be had back."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from mediahub import wiring
from mediahub.intake import sweep
from mediahub.library import catalogue, versions
from mediahub.library.activity import Act
from mediahub.library.models import Activity, Image, Rendition
from mediahub.library.undo import undo
from mediahub.library.versions import Original
from processing import process
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
IMAGE = uuid4()


def take_in(width: int, key: str, by: User | None = None) -> Image:
    """One file of so many pixels, made into the image by the worker."""
    result = process(BytesIO(jpeg(width, 300)), IMAGE, store=wiring.renditions(), labeler=None)
    with transaction.atomic():
        return catalogue.enter(IMAGE, f"{key}.jpg", result, original=Original(key, "v1", by))


@pytest.fixture
def replaced(as_role: object, local_aws: object, settings: object, editor: User) -> Image:
    settings.AWS_PROFILE = "worker"  # type: ignore[attr-defined]
    take_in(400, "first")
    return take_in(500, "second", editor)


def keys() -> set[str]:
    return set(Rendition.objects.values_list("key", flat=True))


def test_a_replacement_keeps_the_record_and_counts(replaced: Image, editor: User) -> None:
    kept = [(version.number, version.current, version.facts["width"]) for version in replaced.versions.all()]
    assert kept == [(2, True, 500), (1, False, 400)]
    assert (replaced.file_name, replaced.width) == ("second.jpg", 500)
    told = Activity.objects.get(verb=Activity.Verb.REPLACED)
    assert (told.by, told.changes) == (editor, {"version": [1, 2]})


def test_the_same_file_again_is_no_new_version(replaced: Image) -> None:
    take_in(500, "second")
    assert replaced.versions.count() == 2
    assert Activity.objects.filter(verb=Activity.Verb.REPLACED).count() == 1


def test_an_earlier_version_comes_back_whole_and_can_go_again(replaced: Image, editor: User) -> None:
    second = keys()
    before = replaced.revision
    act = Act(editor)
    assert versions.restore(act, replaced, 1)
    replaced.refresh_from_db()
    assert (replaced.width, replaced.file_name) == (400, "first.jpg")
    assert replaced.revision > before
    assert not keys() & second
    assert not versions.restore(Act(editor), replaced, 1)
    assert undo(editor, act.batch).refused == []
    assert keys() == second


def test_what_a_version_needs_is_never_swept(replaced: Image, settings: object) -> None:
    settings.SWEEP_GRACE_SECONDS = 0  # type: ignore[attr-defined]
    kept = versions.keys(replaced.pk)
    assert len(kept) == 2 * Rendition.objects.count()
    assert sweep.sweep(kept) == 0


def test_only_the_file_in_use_is_current(replaced: Image) -> None:
    assert versions.is_current(replaced, "second", "v1")
    assert not versions.is_current(replaced, "first", "v1")
