"""Whatever S3 tells of one key, in whatever order and how often: one outcome."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mediahub import messages
from mediahub.aws import clients
from mediahub.library.models import Image, Rendition, Tag, Tagging
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from tests.doubles import MemoryQueue, MemoryStore, MemoryTable
from tests.pictures import jpeg
from tests.simulation.world import FixedLabeler
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "trip/harbour.jpg"
WIDTHS = (90, 91, 92, 93, 94)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[str], list[int], list[bool]]:
    """Return what happens to a key, in which order and how often its events come, and which lack a sequencer."""
    happens = ["put", *draw(st.lists(st.sampled_from(["put", "put", "delete"]), max_size=4))]
    copies = [number for number in range(len(happens)) for _ in range(draw(st.integers(1, 3)))]
    bare = [draw(st.integers(0, 9)) == 0 for _ in happens]
    return happens, draw(st.permutations(copies)), bare


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    def fresh() -> tuple[MemoryStore, FixedLabeler]:
        uploads, renditions, table = MemoryStore(), MemoryStore(versioned=False), MemoryTable()
        queue, labeler = MemoryQueue(), FixedLabeler()
        doubles = {"get_upload_store": uploads, "get_rendition_store": renditions, "get_upload_queue": queue}
        for name, part in {**doubles, "get_mirror_table": table, "get_labeler": labeler}.items():
            monkeypatch.setattr(clients, name, lambda part=part: part)
        for model in (Upload, Tagging, Tag, Rendition, Image):
            model.objects.all().delete()
        return uploads, labeler

    return fresh


def play(uploads: MemoryStore, happens: list[str], bare: list[bool]) -> tuple[list[messages.Message], int | None]:
    """Do to the bucket what happens, and answer with S3's events and the width of the file that is there in the end."""
    messages_sent: list[messages.Message] = []
    there = None
    for number, (what, lacks) in enumerate(zip(happens, bare, strict=True)):
        sequencer = "" if lacks else f"0055AED6DC{number + 1:02X}"[: 12 if number % 2 else 14]
        if what == "put":
            there = WIDTHS[number]
            uploads.put(KEY, jpeg(there, 84), "image/jpeg")
            version = uploads.versions[KEY][-1].listed.version_id
            messages_sent.append(messages.ObjectCreated(django_settings.UPLOAD_BUCKET, KEY, version, sequencer))
        else:
            there = None
            uploads.delete(KEY)
            messages_sent.append(messages.ObjectRemoved(django_settings.UPLOAD_BUCKET, KEY, sequencer))
    return messages_sent, there


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivered=deliveries())
@example(delivered=(["put"] * 4 + ["delete"], [1, 2, 2, 4, 2, 0, 3], [False, True, True, False, True]))
def test_r2_any_order_and_number_of_events_comes_to_one_outcome(parts: Any, delivered: Any) -> None:
    happens, order, bare = delivered
    uploads, labeler = parts()
    messages_sent, width = play(uploads, happens, bare)
    run = handlers.Invocation(timezone.now() + timedelta(seconds=60))
    for number in order:
        handlers.handle(messages_sent[number], run)
    upload = Upload.objects.get()
    if width is None:
        assert upload.state == Upload.State.DELETED
        assert not Image.objects.filter(deleted_at=None).exists()
    else:
        image = Image.objects.get()
        assert (upload.state, upload.version_id) == ("ready", uploads.versions[KEY][-1].listed.version_id)
        assert (image.width, image.deleted_at, image.renditions.count()) == (
            width,
            None,
            count_files(clients.get_specs()),
        )
        assert image.mirrored_revision == image.revision
    # No version was labelled, and paid for, twice.
    assert Counter(labeler.asked.values()).keys() <= {1}
