"""An image in a closed collection, in every relation to other records it can be in, with a word of its own each.

`word` makes words of one pattern, `told` finds all of them in a text: so no field that is planted can be forgotten.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.utils import timezone

from mediahub.delivery.models import PublicFile
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind
from mediahub.history.models import Action
from mediahub.jobs.models import Chunk, Job
from mediahub.library import collections, memberships
from mediahub.library.collections import CollectionChange
from mediahub.library.duplicates import DuplicateArchival, DuplicateMerge, SimilarityDecision
from mediahub.library.focal_point import FocalPointChange
from mediahub.library.memberships import MembershipChange
from mediahub.library.metadata import MetadataChange
from mediahub.library.models import (
    Collection,
    Image,
    LabelRule,
    SavedSearch,
    SimilarPair,
    Synonym,
    Tag,
    Tagging,
    Version,
)
from mediahub.library.publishing import FlagReview, StateChange
from mediahub.library.tag_decisions import TagChange
from mediahub.library.versions import VersionChange
from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck, Decision, FailedItem, QueueHour, RetryOrder
from mediahub.uploads.models import Upload, UploadBatch
from tests import records

# No signature and no policy of S3 that a page holds looks so.
PATTERN = re.compile(r"zxq7([0-9a-z_]{1,40})7qxz")
RAW = re.compile(r"<zxq7([0-9a-z_]{1,40})7qxz")
SHA256 = "5e" * 32


def word(about: str) -> str:
    """Return an unmistakable word that says in which field it was planted; where a page holds it raw, it is a tag."""
    return f"<Zxq7{about}7qxZ"


def list_leaked_words(text: str) -> set[str]:
    """Return the fields whose words stand in a text, however they are capitalized."""
    return set(PATTERN.findall(text.casefold()))


def list_raw_words(text: str) -> set[str]:
    """Return the fields whose words stand in a page as tags."""
    return set(RAW.findall(text.casefold()))


@dataclass
class Desk:
    """What was planted: records of the closed image, and beside them records that everybody may see."""

    closed: Image
    open: Image
    lawyer: User
    collections: list[Collection]
    tags: list[Tag]
    taggings: list[Tagging]
    rules: list[LabelRule]
    uploads: list[Upload] = field(default_factory=list)
    batches: list[UploadBatch] = field(default_factory=list)
    items: list[FailedItem] = field(default_factory=list)
    orders: list[RetryOrder] = field(default_factory=list)
    acts: list[UUID] = field(default_factory=list)
    searches: list[SavedSearch] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    checks: list[ConsistencyCheck] = field(default_factory=list)


def plant() -> Desk:
    """Return a desk where one image is closed to everybody but the group Legal, and another is open."""
    lawyer = User.objects.create_user("lawyer", is_staff=True)
    legal = Group.objects.create(name="Legal")
    lawyer.groups.add(Group.objects.get(name="Chief editor"), legal)
    # The two are the same file; the third, which is closed as well, is like no other.
    closed, other, alone = _image(), records.image("Harbour"), records.image(word("alone"))
    Image.objects.filter(pk=alone.pk).update(sha256=SHA256)
    top = collections.create(ChangeSet(lawyer), word("collection"), description=word("description"), groups=[legal])
    below = collections.create(ChangeSet(lawyer), word("below"), top)
    news = collections.create(ChangeSet(None), "News")
    memberships.add_images(ChangeSet(lawyer), [closed, alone], top)
    memberships.add_images(ChangeSet(lawyer), [closed], below)
    memberships.add_images(ChangeSet(lawyer), [other], below)
    memberships.add_images(ChangeSet(None), [other], news)
    desk = Desk(closed, other, lawyer, [top, below, news], *_vocabulary(closed, other))
    _plant_uploads(desk)
    _plant_failures(desk)
    _plant_versions(desk)
    _plant_history(desk)
    _plant_searches(desk)
    _plant_jobs(desk)
    _plant_checks(desk)
    return desk


def _image() -> Image:
    return records.image(
        word("title"),
        alt_text=word("alt_text"),
        caption=word("caption"),
        credit=word("credit"),
        license=word("license"),
        rights_until=date(2031, 7, 29),
        file_name=f"{word('file_name')}.jpg",
        camera=word("camera"),
        notes=[reason(word("note"))],
        moderation=[{"name": word("flag"), "parent": word("flag_parent"), "confidence": 83.2}],
        embedded={"title": word("embedded"), "caption": word("embedded_caption"), "keywords": [word("keyword")]},
        label_state=Image.LabelState.UNAVAILABLE,
        label_note=reason(word("label_note")),
        label_raw={"Labels": [word("label_raw")]},
        label_model=word("label_model"),
        latitude=47.11,
        longitude=8.15,
    )


def _vocabulary(closed: Image, other: Image) -> tuple[list[Tag], list[Tagging], list[LabelRule]]:
    taggings = [
        records.tagging(closed, word("tag_suggested")),
        records.tagging(closed, word("tag_accepted"), Tagging.State.ACCEPTED),
        records.tagging(closed, word("tag_rejected"), Tagging.State.REJECTED),
        records.tagging(closed, "Boat", Tagging.State.ACCEPTED),
        records.tagging(other, "Boat"),
    ]
    tags = [tagging.tag for tagging in taggings]
    Synonym.objects.create(word=word("synonym"), tag=tags[1])
    Synonym.objects.create(word="Vessel", tag=tags[4])
    rules = [
        LabelRule.objects.create(label=word("label"), tag=tags[0]),
        LabelRule.objects.create(label=tags[1].name.upper(), tag=None),
        LabelRule.objects.create(label="Ship", tag=tags[4]),
    ]
    return tags, taggings, rules


def _upload(desk: Desk, name: str, state: str, **values: Any) -> Upload:
    upload = Upload.objects.create(
        file_name=f"{name}.jpg",
        state=state,
        bucket="uploads",
        key=f"{name}/original.jpg",
        content_type="image/jpeg",
        **{"uploaded_by": desk.lawyer, "version_id": "v1", "expires_at": timezone.now(), **values},
    )
    desk.uploads.append(upload)
    return upload


def _plant_uploads(desk: Desk) -> None:
    words = {"title": word("batch_title"), "credit": word("batch_credit"), "tags": [word("batch_tag")]}
    batch = UploadBatch.objects.create(by=desk.lawyer, collection=desk.collections[0], **words)
    other = UploadBatch.objects.create(by=desk.lawyer, title="Fair")
    desk.batches += [batch, other]
    for state in Upload.State.values:
        said = {
            "reason": word(f"reason_{state}"),
            "error": word(f"error_{state}"),
            "request_id": word(f"request_{state}"),
        }
        _upload(desk, word(f"upload_{state}"), state, image=desk.closed, batch=batch, step="store", **said)
        # On its way into the closed collection, and no image yet.
        _upload(desk, word(f"coming_{state}"), state, batch=batch, step="store", **said)
    _upload(desk, "harbour", "ready", image=desk.open, batch=other)
    _upload(desk, "unfinished", "failed", reason="The file is cut off.", batch=other)


def _item(desk: Desk, name: str, upload: Upload | None, **values: Any) -> FailedItem:
    key = upload.key if upload else f"{word(f'key_{name}')}/original.jpg"
    payload = {"mediahub": "look", "key": key}
    item = FailedItem.objects.create(
        message_id=f"{name}-{uuid4()}",
        upload=upload,
        first_failed_at=timezone.now(),
        last_failed_at=timezone.now(),
        **{
            "kind": "upload",
            "step": "store",
            "fingerprint": "f" * 16,
            "reason": word(f"failed_{name}"),
            "error": word(f"failed_error_{name}"),
            "note": word(f"failed_note_{name}"),
            "payload": json.dumps(payload),
            **values,
        },
    )
    Decision.objects.create(item=item, kind=Decision.Kind.DISCARD, by=desk.lawyer, note=word(f"decision_{name}"))
    desk.items.append(item)
    return item


def reason(sentence: str) -> dict[str, Any]:
    """Return a reason whose code has no sentence, so that it is shown as it stands."""
    return Reason("of_a_test", {}, sentence).to_json()


def _plant_failures(desk: Desk) -> None:
    *_closed, harbour, unfinished = desk.uploads
    order = RetryOrder.objects.create(by=desk.lawyer, total=3)
    hidden_order = RetryOrder.objects.create(by=desk.lawyer, total=1)
    desk.orders += [order, hidden_order]
    plain = {"reason": "The file is cut off.", "error": "Truncated", "note": ""}
    # Of the same cause as those that are closed, and the oldest of them.
    open_item = _item(desk, "open", unfinished, retry_order=order, **plain)
    open_item.decisions.all().delete()
    two = [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": ""}, "object": {"key": name}}} for name in "ab"]
    for record, upload in zip(two, (harbour, desk.uploads[0]), strict=True):
        record["s3"] = {"bucket": {"name": "mediahub-local-uploads-000000000000"}, "object": {"key": upload.key}}
    several = _item(desk, "several", harbour, payload=json.dumps({"Records": two}), **plain)
    several.decisions.all().delete()
    for state in FailedItem.State.values:
        _item(desk, f"upload_{state}", desk.uploads[4], image=desk.closed, state=state, retry_order=order)
        _item(desk, f"coming_{state}", desk.uploads[5], state=state)
        _item(desk, f"image_{state}", None, image=desk.closed, kind="mirror", state=state, retry_order=hidden_order)
        _item(desk, f"unknown_{state}", None, kind=word(f"kind_{state}"), state=state, fingerprint=state)


def _plant_versions(desk: Desk) -> None:
    for number in (1, 2):
        facts = {
            "file_name": f"{word(f'version_{number}')}.jpg",
            "camera": word(f"version_camera_{number}"),
            "format": "JPEG",
            "sha256": SHA256,
            **dict.fromkeys(("width", "height", "bytes"), 9),
        }
        key = f"{word(f'version_key_{number}')}/original.jpg"
        values = {"key": key, "version_id": f"v{number}", "facts": facts, "current": number == 2}
        Version.objects.create(image=desk.closed, number=number, by=desk.lawyer, **values)
    plain: dict[str, Any] = {"file_name": "harbour.jpg", "camera": "", "format": "JPEG", "sha256": SHA256}
    plain |= dict.fromkeys(("width", "height", "bytes"), 9)
    Version.objects.create(image=desk.open, number=1, key="uploads/a/original", version_id="v1", facts=plain)
    SimilarPair.objects.create(first=desk.closed, second=desk.open, distance=0)
    PublicFile.objects.create(image=desk.closed, key=f"public/{desk.closed.pk}/large.jpg", source="")


def _plant_history(desk: Desk) -> None:
    """Record each kind and action of change of the closed image, and some of the open one that name it."""
    numbers = count()

    def said() -> str:
        return word(f"history_{next(numbers)}")

    for action in Action:
        tags = TagChange({"1": said()}, {"1": None}, {"1": "accepted"})
        state: list[dict[str, Any]] = [{"state": "in_review"}, {"state": said()}]
        details: list[ChangeKind] = [
            MetadataChange({"title": said(), "rights_until": None}, {"title": said(), "rights_until": "2031-07-29"}),
            StateChange(state[0], state[1]),
            FlagReview({"moderation_seen_at": None}, {"moderation_seen_at": "2026-01-01T00:00:00+00:00"}),
            FocalPointChange({"focal_x": None, "focal_y": None}, {"focal_x": 0.25, "focal_y": 0.5}),
            tags,
            DuplicateMerge({"credit": ""}, {"credit": said()}, tags.names, tags.before, tags.after),
            DuplicateArchival(state[0], state[1], str(uuid4()), said()),
            SimilarityDecision({str(uuid4()): said()}),
            MembershipChange(desk.collections[0].pk, said(), before=False, after=True),
            VersionChange(1, 2),
        ]
        change_set = ChangeSet(desk.lawyer)
        for detail in details:
            change_set.record(Image(pk=desk.closed.pk, title=said()), action, detail)
        # The same action changed the open image too: that may be told, but not what it says of the closed one.
        for beside in (
            MembershipChange(desk.collections[0].pk, said(), before=False, after=True),
            SimilarityDecision({str(desk.closed.pk): said()}),
            DuplicateArchival({"state": "in_review"}, {"state": "archived"}, str(desk.closed.pk), said()),
        ):
            change_set.record(desk.open, action, beside)
        snapshot: dict[str, Any] = {
            "name": said(),
            "description": word(f"snapshot_{action}"),
            "parent": None,
            "restricted": True,
            "groups": [],
        }
        is_event = action in (Action.TAG_MERGED, Action.LABEL_HIDDEN)
        arranged = CollectionChange(desk.collections[0].pk, snapshot, {**snapshot, "name": said()})
        loose = ChangeSet(desk.lawyer)
        loose.record_other(said(), action, None if is_event else arranged)
        desk.acts += [change_set.id, loose.id]
    LogEntry.objects.create(
        user=desk.lawyer, object_id=str(desk.closed.pk), object_repr=word("log"), action_flag=CHANGE, content_type=None
    )


def _plant_searches(desk: Desk) -> None:
    def search(name: str, query: str, *, shared: bool) -> None:
        values = {"query": query, "shared": shared}
        desk.searches.append(SavedSearch.objects.create(owner=desk.lawyer, name=name, **values))

    search(word("search_own"), f"q={word('search_query')}", shared=False)
    search(word("search_collection"), f"collection={desk.collections[0].pk}&q={word('search_within')}", shared=True)
    search(word("search_tag"), f"tag={desk.tags[1].pk}", shared=True)
    search("In review", "state=in_review", shared=True)


def _plant_jobs(desk: Desk) -> None:
    ids = [str(desk.closed.pk), str(desk.open.pk)]
    failures: list[Any] = [
        {"image": ids[0], "name": word("job_name"), **reason(word("job_why"))},
        {"image": ids[1], "name": "harbour.jpg", **Reason("zip_source_missing").to_json()},
        {"image": str(uuid4()), "name": word("job_gone"), **reason(word("job_gone_why"))},
    ]
    for kind, files in ((Job.Kind.REPROCESS, ""), (Job.Kind.ZIP, Job.Files.ORIGINAL)):
        now = timezone.now()
        job = Job.objects.create(
            kind=kind, files=files, selection={"ids": ids}, by=desk.lawyer, total=2, state="partly", finished_at=now
        )
        chunk = Chunk(
            job=job, first=min(ids), last=max(ids), only=ids, failed=1, failures=failures[1:], finished_at=now
        )
        chunk.key, chunk.bytes = f"downloads/{word('zip_key')}.zip", 9
        chunk.save()
        Chunk.objects.create(job=job, first=min(ids), last=max(ids), failed=3, failures=failures, finished_at=now)
        desk.jobs.append(job)
        desk.chunks.append(chunk)


def _plant_checks(desk: Desk) -> None:
    examples = [
        {"kind": kind, "what": what, **Reason(code).to_json()}
        for kind, what, code in (
            ("lost", f"{word('check_lost')}/original.jpg", "upload_unknown"),
            ("gone", desk.uploads[0].key, "original_deleted"),
            ("gone", desk.uploads[1].key, "original_deleted"),
            ("drifted", str(desk.closed.pk), "mirror_differs"),
            ("gone", desk.uploads[-2].key, "original_deleted"),
        )
    ]
    now = timezone.now()
    check = ConsistencyCheck.objects.create(finished_at=now, counts={"lost": 1, "gone": 3}, examples=examples)
    desk.checks.append(check)
    QueueHour.objects.create(
        hour=now, at=now, **dict.fromkeys(["waiting", "waiting_most", "oldest", "oldest_most", "dead_letters"], 0)
    )
