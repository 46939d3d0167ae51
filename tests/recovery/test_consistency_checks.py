"""Buckets, records and mirror compared on the local AWS, and what does not fit mended through the queue."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import revisions, versions
from mediahub.library.models import Image, Rendition
from mediahub.local import stack
from mediahub.local.event_loop import EventLoop
from mediahub.recovery import consistency_checks
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads.models import Upload
from processing import Misconfigured
from tests.local_aws import drain
from tests.pictures import jpeg
from tests.records import image_with_tags
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = django_settings.UPLOAD_BUCKET


@pytest.fixture
def put(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Callable[[str], None]:
    def put_object(key: str) -> None:
        aws("operator", "s3").put_object(Bucket=BUCKET, Key=key, Body=jpeg(200 + sum(key.encode()) % 90, 160))

    return put_object


@pytest.fixture
def at_once(settings: Any) -> None:
    """No grace: what was written a moment ago is judged."""
    settings.SWEEP_GRACE_SECONDS = settings.RECONCILE_GRACE_SECONDS = 0


def count_findings(**options: Any) -> Counter[str]:
    check = consistency_checks.begin_check(**options)
    kinds = Counter(finding.kind for finding in consistency_checks.run_check(check))
    assert kinds == Counter(check.counts)
    assert check.finished_at
    return kinds


def lose_messages(aws: Callable[[str, str], Any]) -> None:
    aws("operator", "sqs").purge_queue(QueueUrl=django_settings.UPLOAD_QUEUE_URL)


def test_a16_it_finds_exactly_what_was_lost_and_mends_it(
    put: Callable[[str], None], event_loop: EventLoop, aws: Callable[[str, str], Any], at_once: None
) -> None:
    for number in range(6):
        put(f"kept/{number}.jpg")
    drain(event_loop)
    for number in range(4):
        put(f"lost/{number}.jpg")
    lose_messages(aws)
    for rendition in Rendition.objects.order_by("image_id", "name")[:5]:
        clients.get_rendition_store().delete(rendition.key)
    for image in Image.objects.order_by("-pk")[:2]:
        mirror.forget_image(str(image.pk))
    orphans = [f"small/{uuid4()}/{'ab' * 32}.jpg" for _ in range(3)]
    for key in orphans:
        clients.get_rendition_store().put(key, b"orphan", "image/jpeg")

    assert count_findings(repair=True) == {"lost": 4, "missing": 5, "drifted": 2, "orphan": 3}
    drain(event_loop)
    assert count_findings(repair=True) == {}
    assert Upload.objects.filter(state=Upload.State.READY).count() == 10
    assert not any(clients.get_rendition_store().list_page().versions[0].key in orphans for _ in orphans)


def test_system_files_are_not_missed(
    put: Callable[[str], None], event_loop: EventLoop, aws: Callable[[str, str], Any], at_once: None
) -> None:
    system_files = ["trip/", "trip/.DS_Store", "trip/._1.jpg", "trip/Thumbs.db", "trip/1.xmp", "__MACOSX/trip/1.jpg"]
    for key in (*system_files, "trip/1.jpg"):
        put(key)
    drain(event_loop)
    assert [upload.key for upload in Upload.objects.all()] == ["trip/1.jpg"]
    lose_messages(aws)
    put("trip/2.jpg")
    lose_messages(aws)
    assert count_findings(repair=True) == {"lost": 1}
    drain(event_loop)
    assert count_findings(repair=True) == {}
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key="trip/Thumbs.db")
    drain(event_loop)
    assert count_findings() == {}
    assert Upload.objects.count() == 2


def test_without_repair_nothing_is_done(
    put: Callable[[str], None], aws: Callable[[str, str], Any], at_once: None
) -> None:
    put("a.jpg")
    lose_messages(aws)
    assert count_findings() == {"lost": 1}
    assert clients.get_upload_queue().receive() == []
    assert count_findings() == {"lost": 1}


def test_what_came_just_now_is_in_good_hands(put: Callable[[str], None], aws: Callable[[str, str], Any]) -> None:
    put("a.jpg")
    lose_messages(aws)
    assert count_findings() == {}


def test_an_original_that_was_deleted_unseen_is_noticed(
    put: Callable[[str], None], aws: Callable[[str, str], Any], event_loop: EventLoop, at_once: None
) -> None:
    for key in ("marked.jpg", "erased.jpg"):
        put(key)
    drain(event_loop)
    s3 = aws("operator", "s3")
    s3.delete_object(Bucket=BUCKET, Key="marked.jpg")
    [version] = s3.list_object_versions(Bucket=BUCKET, Prefix="erased.jpg")["Versions"]
    s3.delete_object(Bucket=BUCKET, Key="erased.jpg", VersionId=version["VersionId"])
    lose_messages(aws)
    assert count_findings(repair=True) == {"gone": 2}
    drain(event_loop)
    assert set(Upload.objects.values_list("state", flat=True)) == {"deleted"}
    assert Image.objects.filter(deleted_at=None).count() == 0
    # With the grace over, the clock removes what was made of them.
    event_loop.tick()
    assert not [
        stored for stored in clients.get_rendition_store().list_page().versions if stored.latest and not stored.removed
    ]
    assert count_findings() == {}


def put_back(image: Image, event_loop: EventLoop) -> None:
    Image.objects.filter(pk=image.pk).update(deleted_at=None)
    revisions.record_change(image.pk)
    drain(event_loop)


@pytest.mark.parametrize("erased", [False, True])
def test_an_image_in_use_is_compared_with_the_bucket_whatever_its_record_says(
    put: Callable[[str], None],
    aws: Callable[[str, str], Any],
    event_loop: EventLoop,
    at_once: None,
    editor: User,
    erased: bool,
) -> None:
    put("a.jpg")
    drain(event_loop)
    version = Upload.objects.get().version_id
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key="a.jpg", **({"VersionId": version} if erased else {}))
    drain(event_loop)
    # As a release before this one left it.
    image = Image.objects.get()
    put_back(image, event_loop)
    assert count_findings(repair=True) == {"gone": 1}
    drain(event_loop)
    image.refresh_from_db()
    assert image.deleted_at
    assert count_findings() == {}
    # An editor may put an earlier version back, as long as its file is to be had.
    put_back(image, event_loop)
    ChangeSet(editor).record(image, Action.RESTORED, versions.VersionChange(2, 1))
    assert count_findings() == ({"gone": 1} if erased else {})


def test_an_image_whose_file_was_erased_below_a_rejected_one_is_found(
    put: Callable[[str], None], aws: Callable[[str, str], Any], event_loop: EventLoop, at_once: None
) -> None:
    put("a.jpg")
    drain(event_loop)
    version = Upload.objects.get().version_id
    aws("operator", "s3").put_object(Bucket=BUCKET, Key="a.jpg", Body=b"These are words, not pixels.")
    drain(event_loop)
    assert count_findings() == {}
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key="a.jpg", VersionId=version)
    lose_messages(aws)
    assert count_findings(repair=True) == {"gone": 1}
    drain(event_loop)
    assert Image.objects.get().deleted_at
    assert count_findings() == {}


def test_a_newer_version_that_no_event_told_of_is_lost(
    put: Callable[[str], None], aws: Callable[[str, str], Any], event_loop: EventLoop, at_once: None
) -> None:
    put("a.jpg")
    drain(event_loop)
    aws("operator", "s3").put_object(Bucket=BUCKET, Key="a.jpg", Body=jpeg(500, 400))
    lose_messages(aws)
    assert count_findings(repair=True) == {"lost": 1}
    drain(event_loop)
    assert Image.objects.get().width == 500
    # The renditions of the version before are kept with it.
    assert count_findings() == {}
    assert [len(version.files) for version in Image.objects.get().versions.all()] == [
        count_files(clients.get_specs())
    ] * 2


def test_an_altered_rendition_is_made_anew(put: Callable[[str], None], event_loop: EventLoop, at_once: None) -> None:
    put("a.jpg")
    drain(event_loop)
    rendition = Rendition.objects.get(name="small", format="JPEG")
    clients.get_rendition_store().put(rendition.key, b"someone else's bytes", "image/jpeg")
    assert count_findings(repair=True) == {"altered": 1}
    drain(event_loop)
    assert clients.get_rendition_store().head(rendition.key).bytes == rendition.bytes


def test_an_object_that_no_worker_could_have_written_is_left_to_a_person(local_aws: Any, at_once: None) -> None:
    clients.get_rendition_store().put("by-hand.txt", b"keep me", "text/plain")
    assert count_findings(repair=True) == {}
    assert clients.get_rendition_store().head("by-hand.txt")


def test_c5_labels_that_could_not_be_had_are_asked_for_again(
    put: Callable[[str], None], event_loop: EventLoop, at_once: None, settings: Any
) -> None:
    settings.LABELER = "rekognition"
    put("a.jpg")
    drain(event_loop)
    assert Image.objects.get().label_state == "unavailable"
    settings.LABELER = "measured"
    assert count_findings(repair=True) == {"unlabelled": 1}
    drain(event_loop)
    assert Image.objects.get().label_state == "done"
    assert consistency_checks.count_drift() == 0


def test_r7_the_mirror_is_rebuilt_from_the_records(
    put: Callable[[str], None], event_loop: EventLoop, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("a.jpg", "b.jpg"):
        put(key)
    drain(event_loop)
    table = clients.get_mirror_table()
    lost, other = Image.objects.all()
    mirror.forget_image(str(lost.pk))
    # A mirror that is newer than the records: these were restored from a backup.
    table.replace({"pk": str(other.pk), "sk": "image", "revision": 99}, 1, [], [])
    table.replace({"pk": "no image's id", "sk": "image", "revision": 1}, None, [], [])
    assert count_findings() == {"drifted": 2, "stranger": 1}
    call_command("rebuild_mirror")
    assert "2 of 2 images mirrored, 1 unknown items removed, 0 failed." in capsys.readouterr().out
    assert count_findings() == {}


def test_r7_drift_is_mended_even_where_the_mirror_is_ahead(
    put: Callable[[str], None], event_loop: EventLoop, at_once: None
) -> None:
    put("a.jpg")
    drain(event_loop)
    image = Image.objects.get()
    clients.get_mirror_table().replace({"pk": str(image.pk), "sk": "image", "revision": 99}, 1, [], [])
    clients.get_mirror_table().replace({"pk": "no image's id", "sk": "image", "revision": 1}, None, [], [])
    assert count_findings(repair=True) == {"drifted": 1, "stranger": 1}
    drain(event_loop)
    assert count_findings() == {}


def test_it_goes_on_where_it_was_interrupted(put: Callable[[str], None], at_once: None, settings: Any) -> None:
    check = consistency_checks.begin_check()
    consistency_checks.advance_check(check)
    settings.RENDITION_BUCKET = "no-such-bucket"
    with pytest.raises(Misconfigured):
        list(consistency_checks.run_check(check))
    settings.RENDITION_BUCKET = "mediahub-local-renditions-000000000000"
    stale = ConsistencyCheck.objects.get(pk=check.pk)
    assert stale.step == "renditions"
    list(consistency_checks.run_check(check))
    # Another process that held the same page is not heard.
    assert consistency_checks.advance_check(stale) == []


def test_the_clock_compares_by_itself(
    put: Callable[[str], None], aws: Callable[[str, str], Any], event_loop: EventLoop, at_once: None, settings: Any
) -> None:
    put("a.jpg")
    lose_messages(aws)
    event_loop.tick()
    drain(event_loop)
    assert Upload.objects.get().state == Upload.State.READY
    assert consistency_checks.count_latest_findings() == {"lost": 1}
    assert ConsistencyCheck.objects.count() == 1
    # Soon after, the upload bucket alone is compared.
    ConsistencyCheck.objects.update(started_at=timezone.now() - timedelta(seconds=settings.RECONCILE_SECONDS + 1))
    event_loop.tick()
    assert [check.full for check in ConsistencyCheck.objects.all()] == [False, True]
    assert consistency_checks.count_drift() == 0


def test_since_leaves_older_things_alone(
    put: Callable[[str], None], aws: Callable[[str, str], Any], at_once: None
) -> None:
    put("a.jpg")
    lose_messages(aws)
    assert count_findings(since=timezone.now() + timedelta(hours=1)) == {}
    assert count_findings(since=timezone.now() - timedelta(hours=1)) == {"lost": 1}


def test_the_command_says_what_it_found(
    put: Callable[[str], None],
    aws: Callable[[str, str], Any],
    event_loop: EventLoop,
    at_once: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("a.jpg")
    lose_messages(aws)
    with pytest.raises(SystemExit):
        call_command("reconcile", "--grace=0", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "kind": "lost",
        "what": "a.jpg",
        "says": "No record knows this file.",
        "code": "upload_unknown",
        "params": {},
    }
    call_command("reconcile", "--repair", "--grace=0")
    assert "Found: 1 lost. Repairs are on the queue." in capsys.readouterr().out
    drain(event_loop)
    call_command("reconcile", "--grace=0", "--since=2026-01-01")
    assert "No differences found." in capsys.readouterr().out
    with pytest.raises(CommandError, match="is not a date"):
        call_command("reconcile", "--since=yesterday")


def test_an_inventory_of_s3_stands_for_the_listing(
    put: Callable[[str], None],
    aws: Callable[[str, str], Any],
    at_once: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("a b.jpg")
    lose_messages(aws)
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    rows = [
        f'"{BUCKET}","a%20b.jpg","v2","true","false","100","{at}"',
        f'"{BUCKET}","a%20b.jpg","v1","false","false","90","{at}"',
        f'"{BUCKET}","removed.jpg","v1","true","true","","{at}"',
    ]
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate",
        "files": [{"key": "inventory/data/data.csv.gz"}],
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    call_command("reconcile", "--repair", "--grace=0", f"--inventory={path}")
    assert "lost         a b.jpg" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("no json", "no manifest"),
        ({"fileFormat": "ORC", "fileSchema": "Bucket, Key", "files": []}, "as CSV"),
        ({"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": []}, "lacks IsDeleteMarker"),
        (
            {
                "fileFormat": "CSV",
                "fileSchema": "Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate",
                "files": [{"key": "data/a.csv.gz"}],
            },
            "Copy a.csv.gz",
        ),
    ],
)
def test_an_inventory_that_cannot_be_used_says_why(local_aws: Any, tmp_path: Path, manifest: Any, said: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    with pytest.raises(CommandError, match=said):
        call_command("reconcile", f"--inventory={path}")


def test_r1_a_file_nobody_told_of_is_found_within_a_quarter_of_an_hour(settings: Any) -> None:
    clock = 60
    assert settings.RECONCILE_GRACE_SECONDS + settings.RECONCILE_SECONDS + clock <= 15 * 60


def test_old_comparisons_are_not_kept_for_ever(local_aws: Any) -> None:
    for _ in range(3):
        ConsistencyCheck.objects.create(finished_at=timezone.now())
    ConsistencyCheck.objects.bulk_create(ConsistencyCheck() for _ in range(consistency_checks.MAX_STORED_CHECKS))
    consistency_checks.begin_check()
    assert ConsistencyCheck.objects.count() == consistency_checks.MAX_STORED_CHECKS + 1


def test_a_copy_in_the_records_alone_is_drift(local_aws: Any, at_once: None) -> None:
    image = image_with_tags("Boat", state=Image.State.PUBLISHED)
    mirror.push_image(image.pk)
    files = image.renditions.count()
    assert count_findings() == {"missing": files}
    Image.objects.filter(pk=image.pk).update(title="Changed past the verbs")
    assert count_findings() == {"missing": files, "drifted": 1, "unindexed": 1}
