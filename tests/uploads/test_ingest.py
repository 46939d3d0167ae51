"""Claim, fetch, process, record: once, whatever is delivered."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from tempfile import SpooledTemporaryFile
from threading import Barrier
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library.models import Image, Tagging
from mediahub.local import stack
from mediahub.messages import ObjectCreated, ObjectRemoved
from mediahub.uploads import ingest
from mediahub.uploads.models import Claim, Upload, UploadBatch, pad_sequencer
from processing import MeasuredLabeler, Misconfigured, Rejected, Unavailable
from tests.pictures import encoded, jpeg, picture
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = "mediahub-local-uploads-000000000000"
Put = Callable[..., ObjectCreated]


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=30)


@pytest.fixture
def put(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Put:
    operator = aws("operator", "s3")
    sequence = iter(range(1, 100))

    def put_object(data: bytes, key: str = "trip/harbour.jpg") -> ObjectCreated:
        version = operator.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"]
        return ObjectCreated(BUCKET, key, version, f"{next(sequence):04X}")

    return put_object


def test_an_object_without_ticket_is_adopted(put: Put) -> None:
    assert ingest.ingest_file(put(jpeg()), deadline=soon()) == "ready"
    upload = Upload.objects.get()
    assert (upload.source, upload.file_name) == (Upload.Source.BUCKET, "harbour.jpg")
    assert upload.image
    assert upload.image.title == "harbour"


def test_a1_the_same_event_again_changes_nothing(put: Put) -> None:
    event = put(jpeg())
    outcomes = [ingest.ingest_file(event, deadline=soon()) for _ in range(3)]
    assert outcomes == ["ready", "duplicate", "duplicate"]
    assert Image.objects.get().revision == 1


def test_a2_the_newest_version_stays(put: Put) -> None:
    older, newer = put(jpeg(300, 200)), put(jpeg(500, 400))
    assert ingest.ingest_file(newer, deadline=soon()) == "ready"
    assert ingest.ingest_file(older, deadline=soon()) == "superseded"
    assert Image.objects.get().width == 500


def test_a_newer_version_replaces_the_picture_and_keeps_the_words(put: Put) -> None:
    ingest.ingest_file(put(jpeg(300, 200)), deadline=soon())
    Image.objects.update(alt_text="A harbour")
    ingest.ingest_file(put(jpeg(500, 400)), deadline=soon())
    image = Image.objects.get()
    assert (image.width, image.alt_text, image.revision) == (500, "A harbour", 2)
    assert image.renditions.count() == count_files(clients.get_specs())


def test_the_words_of_a_batch_win_over_the_files_and_reach_an_image_once(put: Put, editor: User) -> None:
    event = put(jpeg(300, 200))
    batch = UploadBatch.objects.create(by=editor, title="Fair", credit="Ada", tags=["boats"])
    Upload.objects.create(bucket=BUCKET, key=event.key, file_name="a.jpg", uploaded_by=editor, batch=batch)
    assert ingest.ingest_file(event, deadline=soon()) == "ready"
    image = Image.objects.get()
    assert (image.title, image.credit, image.taggings.get(tag__name="boats").state) == ("Fair 1", "Ada", "accepted")
    assert image.mirrored_revision == image.revision
    Image.objects.update(title="By hand")
    assert ingest.ingest_file(put(jpeg(500, 400)), deadline=soon()) == "ready"
    assert Image.objects.get().title == "By hand"


@pytest.mark.parametrize(("older", "newer"), [("0055AED6DC", "0055AED6DCD90281E5"), ("", "01"), ("00ab", "00AC")])
def test_a3_sequencers_compare_padded(older: str, newer: str) -> None:
    assert pad_sequencer(older) < pad_sequencer(newer)


def test_a8_an_object_that_is_gone_ends_as_deleted(put: Put, aws: Callable[[str, str], Any]) -> None:
    event = put(jpeg())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=event.key, VersionId=event.version_id)
    assert ingest.ingest_file(event, deadline=soon()) == "deleted"


def test_a8_a_file_deleted_later_takes_its_image_along(put: Put, aws: Callable[[str, str], Any]) -> None:
    event = put(jpeg())
    ingest.ingest_file(event, deadline=soon())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=event.key)
    removed = ObjectRemoved(BUCKET, event.key, "00FF")
    assert [ingest.follow_removal(removed, deadline=soon()) for _ in range(2)] == ["deleted", "duplicate"]
    image = Image.objects.get()
    assert image.deleted_at
    assert mirror.read_item(image.pk) == {"pk": str(image.pk), "sk": "image", "revision": 2, "state": "deleted"}
    assert ingest.ingest_file(event, deadline=soon()) == "superseded"
    assert ingest.ingest_file(replace(put(jpeg(500, 400)), sequencer="01FF"), deadline=soon()) == "ready"
    assert Image.objects.get().deleted_at is None


@pytest.mark.parametrize("newest", ["rejected", "failed", "working", "never begun"])
def test_a8_a_deleted_file_takes_its_image_along_whatever_became_of_a_newer_version(
    put: Put, aws: Callable[[str, str], Any], newest: str
) -> None:
    ingest.ingest_file(put(jpeg()), deadline=soon())
    Image.objects.update(state=Image.State.PUBLISHED)
    event = put(b"These are words, not pixels.")
    if newest == "rejected":
        assert ingest.ingest_file(event, deadline=soon()) == "rejected"
    elif newest != "never begun":
        assert Upload.claim_version(
            Upload.objects.get().pk, Claim(event.version_id, pad_sequencer(event.sequencer), timezone.now())
        )
    if newest == "failed":
        assert Upload.move(Upload.objects.get().pk, Upload.State.FAILED)
    assert Image.objects.get().deleted_at is None
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=event.key)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, event.key, "00FF"), deadline=soon()) == "deleted"
    image = Image.objects.get()
    assert image.deleted_at
    assert (mirror.read_item(image.pk) or {})["state"] == "deleted"


def test_a8_a_deleted_file_leaves_an_image_that_another_file_replaced(put: Put, aws: Callable[[str, str], Any]) -> None:
    first = put(jpeg(), "first.jpg")
    ingest.ingest_file(first, deadline=soon())
    image, second = Image.objects.get(), put(jpeg(500, 400), "second.jpg")
    Upload.objects.create(bucket=BUCKET, key=second.key, file_name="second.jpg", image=image)
    ingest.ingest_file(second, deadline=soon())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=first.key)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, first.key, "00FF"), deadline=soon()) == "deleted"
    assert Image.objects.get().deleted_at is None
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=second.key)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, second.key, "00FF"), deadline=soon()) == "deleted"
    assert Image.objects.get().deleted_at


def test_a8_a_file_that_lies_under_one_that_was_rejected_keeps_its_image_until_it_is_erased(
    put: Put, aws: Callable[[str, str], Any]
) -> None:
    good, junk = put(jpeg()), put(b"These are words, not pixels.")
    for event in (good, junk):
        ingest.ingest_file(event, deadline=soon())
    assert ingest.check_key(good.key, deadline=soon()) == "duplicate"
    assert Image.objects.get().deleted_at is None
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=good.key, VersionId=good.version_id)
    ingest.follow_removal(ObjectRemoved(BUCKET, good.key, "00FF"), deadline=soon())
    assert Image.objects.get().deleted_at


def test_a8_a_rejected_file_below_one_that_was_erased_takes_the_image_along(
    put: Put, aws: Callable[[str, str], Any]
) -> None:
    junk, good = put(b"These are words, not pixels."), put(jpeg())
    for event in (junk, good):
        ingest.ingest_file(event, deadline=soon())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=good.key, VersionId=good.version_id)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, good.key, "00FF"), deadline=soon()) == "rejected"
    assert Image.objects.get().deleted_at


def test_a8_an_image_comes_back_with_the_file_whose_delete_marker_is_removed(
    put: Put, aws: Callable[[str, str], Any]
) -> None:
    event, operator = put(jpeg()), aws("operator", "s3")
    ingest.ingest_file(event, deadline=soon())
    marker = operator.delete_object(Bucket=BUCKET, Key=event.key)["VersionId"]
    ingest.follow_removal(ObjectRemoved(BUCKET, event.key, "00FE"), deadline=soon())
    operator.delete_object(Bucket=BUCKET, Key=event.key, VersionId=marker)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, event.key, "00FF"), deadline=soon()) == "ready"
    image = Image.objects.get()
    assert (image.deleted_at, (mirror.read_item(image.pk) or {})["state"]) == (None, "in_review")


def test_a2_a_removal_that_overtakes_the_arrival_stands(put: Put, aws: Callable[[str, str], Any]) -> None:
    event = put(jpeg())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=event.key)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, event.key, "00FF"), deadline=soon()) == "deleted"
    assert ingest.ingest_file(event, deadline=soon()) == "superseded"
    assert not Image.objects.exists()


def test_a_version_that_is_removed_brings_the_one_before_back(put: Put, aws: Callable[[str, str], Any]) -> None:
    older, newer = put(jpeg(300, 200)), put(jpeg(500, 400))
    for event in (older, newer):
        ingest.ingest_file(event, deadline=soon())
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=newer.key, VersionId=newer.version_id)
    assert ingest.follow_removal(ObjectRemoved(BUCKET, newer.key, "00FF"), deadline=soon()) == "ready"
    assert Image.objects.get().width == 300


def test_a3_without_a_sequencer_the_bucket_says_which_version_is_the_newest(put: Put) -> None:
    older, newer = put(jpeg(300, 200)), put(jpeg(500, 400))
    assert ingest.ingest_file(replace(older, sequencer=""), deadline=soon()) == "ready"
    assert Image.objects.get().width == 500
    # Nothing is known yet of the order of the two but what the bucket said.
    assert ingest.ingest_file(older, deadline=soon()) == "duplicate"
    assert ingest.ingest_file(newer, deadline=soon()) == "duplicate"
    assert ingest.ingest_file(older, deadline=soon()) == "superseded"
    assert Image.objects.get().width == 500


def test_a16_what_no_event_told_of_is_found_by_looking(put: Put) -> None:
    event = put(jpeg())
    assert ingest.check_key(event.key, deadline=soon()) == "ready"
    assert ingest.check_key(event.key, deadline=soon()) == "duplicate"
    assert ingest.ingest_file(event, deadline=soon()) == "duplicate"
    assert Upload.objects.get().attempts == 1


def test_an_upload_that_never_arrived_begins_when_it_does(put: Put) -> None:
    event = put(jpeg())
    ingest._find_or_adopt(event.key)
    assert Upload.move(Upload.objects.get().pk, Upload.State.EXPIRED)
    assert ingest.ingest_file(event, deadline=soon()) == "ready"


def test_a_journey_goes_only_where_the_table_allows(put: Put) -> None:
    upload = ingest._find_or_adopt("a.jpg")
    for to, comes_from in Upload.COMES_FROM.items():
        for state in Upload.State:
            Upload.objects.filter(pk=upload.pk).update(state=state)
            assert Upload.move(upload.pk, to) == (state in comes_from)


def test_r4_a_bad_file_is_rejected_with_a_reason_and_once(put: Put) -> None:
    event = put(b"These are words, not pixels.")
    assert ingest.ingest_file(event, deadline=soon()) == "rejected"
    upload = Upload.objects.get()
    assert "a text file" in upload.reason
    assert ingest.ingest_file(event, deadline=soon()) == "duplicate"
    assert upload.attempts == 1


@pytest.mark.parametrize("error", [OverflowError("date value out of range"), ValueError("half of a character")])
def test_a_file_whose_values_no_database_takes_is_rejected_once(put: Put, error: Exception) -> None:
    event = put(jpeg())
    with patch("mediahub.library.cataloging._describe", side_effect=error):
        assert ingest.ingest_file(event, deadline=soon()) == "rejected"
    assert ingest.ingest_file(event, deadline=soon()) == "duplicate"
    upload = Upload.objects.get()
    assert (upload.attempts, upload.step, upload.error) == (1, "record", type(error).__name__)
    assert upload.reason == "The database cannot store the text in this file. Export it again and upload the new file."
    assert not Image.objects.exists()


def test_a_text_that_the_database_refuses_ends_as_rejected(put: Put) -> None:
    with patch("mediahub.library.cataloging.clean_text", return_value="half \ud800"):
        assert ingest.ingest_file(put(jpeg()), deadline=soon()) == "rejected"


def test_working_again_on_a_file_whose_values_no_database_takes_is_refused_with_a_sentence(put: Put) -> None:
    ingest.ingest_file(put(jpeg()), deadline=soon())
    wrong = patch("mediahub.library.cataloging._describe", side_effect=OverflowError)
    with wrong, pytest.raises(Rejected, match="cannot store"):
        ingest.reprocess_upload(Upload.objects.get())


def test_c15_a_file_has_one_worker_and_the_other_delivery_comes_back(put: Put) -> None:
    event = put(jpeg())
    upload = ingest._find_or_adopt(event.key)
    assert Upload.claim_version(upload.pk, Claim(event.version_id, pad_sequencer(event.sequencer), soon()))
    with pytest.raises(Unavailable, match="another worker"):
        ingest.ingest_file(event, deadline=soon())
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ingest.ingest_file(event, deadline=soon()) == "ready"


def test_a1_c15_eight_workers_with_one_event_make_one_image(put: Put) -> None:
    event, together = put(jpeg()), Barrier(8)

    def deliver(_: int) -> str:
        try:
            together.wait(10)
            return ingest.ingest_file(event, deadline=soon())
        except Unavailable:
            return "comes back"
        finally:
            connection.close()

    honest = MeasuredLabeler.label
    with patch.object(MeasuredLabeler, "label", autospec=True, side_effect=honest) as label:
        with ThreadPoolExecutor(8) as workers:
            outcomes = Counter(workers.map(deliver, range(8)))
        assert ingest.ingest_file(event, deadline=soon()) == "duplicate"
    assert outcomes["ready"] == 1
    assert set(outcomes) <= {"ready", "duplicate", "comes back"}
    assert (label.call_count, Image.objects.get().revision, Upload.objects.get().attempts) == (1, 1, 1)


@pytest.mark.parametrize("minutes", [10, -10, 6_000_000], ids=["ahead", "behind", "after 2038"])
def test_c16_a_worker_whose_clock_is_wrong_records_nothing_twice(put: Put, minutes: int) -> None:
    event = put(jpeg())
    upload = ingest._find_or_adopt(event.key)
    claim = Claim(event.version_id, pad_sequencer(event.sequencer), soon())
    assert Upload.claim_version(upload.pk, claim)
    result = ingest._run_pipeline(upload, event.version_id, labels=True)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        other = replace(claim, until=soon())
        taken = Upload.claim_version(upload.pk, other)
    assert taken == (minutes > 0)
    for mine, holds in ((claim, not taken), (other, taken)):
        if holds:
            ingest._record(upload.pk, mine, result)
        else:
            with pytest.raises(ingest.Superseded):
                ingest._record(upload.pk, mine, result)
    assert Image.objects.get().revision == 1
    assert ingest.ingest_file(event, deadline=soon()) == "duplicate"


def test_c14_a_file_that_finds_no_room_on_the_disk_comes_back(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(SpooledTemporaryFile):  # type: ignore[type-arg]
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    event = put(jpeg())
    with monkeypatch.context() as full:
        full.setattr("processing.store.SpooledTemporaryFile", Full)
        with pytest.raises(Unavailable, match="disk"):
            ingest.ingest_file(event, deadline=soon())
    assert ingest.ingest_file(event, deadline=soon()) == "ready"


def test_a9_what_was_superseded_while_it_was_worked_on_leaves_no_row(put: Put) -> None:
    event = put(jpeg())
    upload = ingest._find_or_adopt(event.key)
    claim = Claim(event.version_id, pad_sequencer(event.sequencer), soon())
    Upload.claim_version(upload.pk, claim)
    result = ingest._run_pipeline(upload, event.version_id, labels=True)
    Upload.claim_version(upload.pk, Claim("newer", pad_sequencer("FF"), soon()))
    with pytest.raises(ingest.Superseded):
        ingest._record(upload.pk, claim, result)
    assert not Image.objects.exists()


def test_a_store_that_refuses_leaves_word_and_frees_the_file(put: Put, settings: Any) -> None:
    event = put(jpeg())
    settings.RENDITION_BUCKET = "no-such-bucket"
    with pytest.raises(Misconfigured):
        ingest.ingest_file(event, deadline=soon())
    upload = Upload.objects.get()
    assert (upload.state, upload.step, upload.code, upload.error) == (
        "working",
        "store",
        "aws_refused",
        "NoSuchBucket",
    )
    assert upload.params["aws_code"] == "NoSuchBucket"
    assert upload.lease_until
    assert upload.lease_until <= timezone.now()
    assert "run doctor" in upload.reason


def test_labels_that_are_not_to_be_had_hold_nothing_back(put: Put, settings: Any) -> None:
    # The local AWS has no Rekognition: the service cannot be reached as it is.
    settings.LABELER = "rekognition"
    assert ingest.ingest_file(put(jpeg()), deadline=soon()) == "ready"
    image = Image.objects.get()
    assert image.label_state == "unavailable"
    assert image.renditions.count() == count_files(clients.get_specs())


def test_a_small_picture_is_not_analyzable(put: Put) -> None:
    ingest.ingest_file(put(encoded(picture(40, 40), "PNG"), "dot.png"), deadline=soon())
    assert Image.objects.get().label_state == "not_analyzable"


def test_processing_again_keeps_what_editors_decided(put: Put, settings: Any) -> None:
    ingest.ingest_file(put(jpeg()), deadline=soon())
    image = Image.objects.get()
    accepted = image.taggings.all()[0]
    Tagging.objects.filter(pk=accepted.pk).update(state=Tagging.State.ACCEPTED)
    revision = image.revision
    assert ingest.reprocess_upload(Upload.objects.get(), relabel=True)
    assert Tagging.objects.get(pk=accepted.pk).state == Tagging.State.ACCEPTED
    assert Image.objects.get().revision == revision


def test_processing_again_gives_way_to_a_newer_version(put: Put) -> None:
    ingest.ingest_file(put(jpeg()), deadline=soon())
    upload = Upload.objects.get()
    Upload.objects.update(sequencer=pad_sequencer("FF"))
    assert not ingest.reprocess_upload(upload)


def test_a_retry_of_an_upload_that_is_gone_ends(local_aws: stack.Stack) -> None:
    assert ingest.resume_upload(uuid4(), deadline=soon()) == "deleted"


@pytest.mark.parametrize(("who", "width"), [("editor", 300), ("chief", 500), ("", 300)])
def test_a_file_sent_for_a_published_image_goes_out_only_from_who_may_publish(
    request: pytest.FixtureRequest, put: Put, who: str, width: int
) -> None:
    sender = request.getfixturevalue(who) if who else None
    ingest.ingest_file(put(jpeg(300, 200)), deadline=soon())
    image = Image.objects.get()
    Image.objects.update(state=Image.State.PUBLISHED)
    event = put(jpeg(500, 400), "uploads/next/original")
    Upload.objects.create(bucket=BUCKET, key=event.key, file_name="next.jpg", uploaded_by=sender, image=image)
    assert ingest.ingest_file(event, deadline=soon()) == "ready"
    image.refresh_from_db()
    assert image.width == width
    waits = image.versions.filter(waiting=True).exists()
    assert waits == (width == 300)
    assert ("waits" in Upload.objects.get(key=event.key).reason) == waits
    assert ingest.ingest_file(event, deadline=soon()) == "duplicate"
