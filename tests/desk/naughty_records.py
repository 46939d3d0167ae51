"""A library in which every text of every record is a naughty string."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import Group, User
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.library.metadata import MetadataChange
from mediahub.library.models import (
    Collection,
    Image,
    LabelRule,
    Purge,
    SavedSearch,
    Synonym,
    Tag,
    Tagging,
    Version,
)
from mediahub.library.search import index
from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck, Decision, FailedItem, RetryOrder
from mediahub.uploads.models import Upload, UploadBatch


def store(text: str) -> str:
    """Return what of a text any database stores."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _reason(text: str) -> dict[str, Any]:
    # The code has no sentence, so that the reason is shown as it stands.
    return Reason("of_a_test", {}, text).to_json()


@dataclass
class NaughtyLibrary:
    """Records of each kind, one for each string."""

    images: list[Image]
    tags: list[Tag]
    collections: list[Collection]
    uploads: list[Upload]
    batches: list[UploadBatch]
    items: list[FailedItem]
    people: list[User]
    groups: list[Group]
    searches: list[SavedSearch]
    job: Job
    check: ConsistencyCheck


def plant(person: User, strings: list[str]) -> NaughtyLibrary:
    """Write the strings into every text of records that pages, tables, and scripts are made of."""
    images = Image.objects.bulk_create(_build_image(text) for text in strings)
    index.update_entries([image.pk for image in images])
    tags = _plant_vocabulary(images, strings)
    batches = UploadBatch.objects.bulk_create(
        UploadBatch(by=person, title=text[:200], credit=text[:200], copyright=text[:200], tags=[text[:100]])
        for text in strings
    )
    uploads = Upload.objects.bulk_create(
        Upload(
            file_name=text[:255],
            bucket="b",
            key=f"{number} {text}"[:1024],
            version_id="v",
            state=("failed", "rejected", "ready")[number % 3],
            reason=text[:500],
            error=text[:100],
            image=images[number],
            uploaded_by=person,
            batch=batches[number],
            finished_at=timezone.now(),
        )
        for number, text in enumerate(strings)
    )
    _plant_history(person, images, strings)
    return NaughtyLibrary(
        images,
        tags,
        Collection.objects.bulk_create(
            Collection(name=f"{text[:90]} {number}", description=text[:500], path=f"{number:08d}")
            for number, text in enumerate(strings)
        ),
        uploads,
        batches,
        _plant_failures(person, uploads, strings),
        _plant_people(strings),
        Group.objects.bulk_create(Group(name=f"{text[:140]} {number}") for number, text in enumerate(strings)),
        SavedSearch.objects.bulk_create(
            SavedSearch(owner=person, name=f"{text[:50]} {number}", query=urlencode({"q": text})[:1000], shared=True)
            for number, text in enumerate(strings)
        ),
        _plant_job(person, images, strings),
        ConsistencyCheck.objects.create(
            finished_at=timezone.now(),
            counts={"lost": len(strings)},
            examples=[{"kind": "lost", "what": text, **_reason(text)} for text in strings],
        ),
    )


def _build_image(text: str) -> Image:
    return Image(
        title=text[:200] or "x",
        alt_text=text[:300],
        caption=text[:2000],
        credit=text[:200],
        copyright=text[:200],
        license=text[:200],
        file_name=text[:255],
        camera=text[:100],
        notes=[_reason(text)],
        moderation=[{"name": text, "parent": text, "confidence": 83.2}],
        embedded={"title": text, "caption": text, "credit": text, "keywords": [text]},
        label_state=Image.LabelState.UNAVAILABLE,
        label_note=_reason(text),
        format="JPEG",
        width=9,
        height=9,
        bytes=9,
        sha256="0" * 64,
    )


def _plant_vocabulary(images: list[Image], strings: list[str]) -> list[Tag]:
    names = [f"{text[:90]} {number}" for number, text in enumerate(strings)]
    tags = Tag.objects.bulk_create(Tag(name=name) for name in names)
    Synonym.objects.bulk_create(Synonym(word=f"{name[:90]} {n} {n}", tag=tags[n]) for n, name in enumerate(names))
    LabelRule.objects.bulk_create(LabelRule(label=f"{name[:90]} {n} {n}") for n, name in enumerate(names))
    Tagging.objects.bulk_create(
        Tagging(image=images[number], tag=tag, source=Tagging.Source.FILE, state=Tagging.State.ACCEPTED)
        for number, tag in enumerate(tags)
    )
    return tags


def _plant_failures(person: User, uploads: list[Upload], strings: list[str]) -> list[FailedItem]:
    order, now = RetryOrder.objects.create(by=person, total=len(strings)), timezone.now()
    items = FailedItem.objects.bulk_create(
        FailedItem(
            message_id=str(number),
            upload=uploads[number],
            image=uploads[number].image,
            kind="upload",
            reason=text[:500] or "x",
            error=text[:100],
            note=text[:500],
            fingerprint=str(number),
            payload=text,
            retry_order=order,
            first_failed_at=now,
            last_failed_at=now,
        )
        for number, text in enumerate(strings)
    )
    Decision.objects.bulk_create(
        Decision(item=item, kind=Decision.Kind.DISCARD, by=person, note=text[:500])
        for item, text in zip(items, strings, strict=True)
    )
    return items


def _plant_history(person: User, images: list[Image], strings: list[str]) -> None:
    for image, text in zip(images, strings, strict=True):
        change_set = ChangeSet(person)
        change_set.record(
            image, Action.EDITED, MetadataChange({"title": text, "credit": ""}, {"title": "", "credit": text})
        )
        ChangeSet(person).record_other(text, Action.TAG_MERGED)
    Version.objects.bulk_create(
        Version(
            image=image,
            number=1,
            key=f"k{number}",
            version_id=f"v{number}",
            current=True,
            by=person,
            facts={
                "file_name": text,
                "camera": text,
                "format": "JPEG",
                "width": 9,
                "height": 9,
                "bytes": 9,
                "sha256": "0",
            },
        )
        for number, (image, text) in enumerate(zip(images, strings, strict=True))
    )
    Purge.objects.bulk_create(Purge(by=person, reason=text[:500]) for text in strings)


def _plant_people(strings: list[str]) -> list[User]:
    return User.objects.bulk_create(
        User(
            username=f"{number} {text}"[:150],
            first_name=text[:150],
            last_name=text[:150],
            email=text[:254],
            is_staff=True,
        )
        for number, text in enumerate(strings)
    )


def _plant_job(person: User, images: list[Image], strings: list[str]) -> Job:
    failures = [
        build_failure(image.pk, text, Reason("of_a_test", {}, text))
        for image, text in zip(images, strings, strict=True)
    ]
    ids = [str(image.pk) for image in images]
    now = timezone.now()
    values = {"selection": {"ids": ids}, "by": person, "total": len(ids), "state": "partly", "finished_at": now}
    job = Job.objects.create(kind=Job.Kind.REPROCESS, **values)
    for start in range(0, len(ids), 150):
        part = failures[start : start + 150]
        Chunk.objects.create(job=job, first=ids[0], last=ids[-1], failed=len(part), failures=part, finished_at=now)
    return job
