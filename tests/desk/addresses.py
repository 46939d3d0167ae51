"""Every address of the site as the URLconf has it, and records for each of its parameters."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.http import QueryDict
from django.urls import get_resolver
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.jobs.models import Chunk, Job
from mediahub.library import collections, memberships, saved_searches
from mediahub.library.changes import to_json
from mediahub.library.models import LabelRule, Version
from mediahub.library.search import Search
from mediahub.library.versions import FACTS
from mediahub.recovery.models import ConsistencyCheck, FailedItem, RetryOrder
from mediahub.uploads.models import Upload, UploadBatch
from tests.desk.passkeys import build_credential
from tests.records import image, tagging

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^()]*\)")


@dataclass(frozen=True)
class Route:
    """One address: its pattern from the root, and its name."""

    pattern: str
    name: str

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, in their order."""
        return [second or third for _first, second, third in PARAMETER.findall(self.pattern)]

    def fill(self, values: dict[str, str]) -> str:
        """Return the address with these texts, as they stand in an address, in the place of its parameters."""
        text = PARAMETER.sub(lambda match: values[match[2] or match[3]], self.pattern)
        return "/" + text.replace("^", "").replace("$", "")


def routes() -> list[Route]:
    """All addresses that the site answers, those of the admin included."""
    return list(_routes(get_resolver().url_patterns, ""))


def _routes(patterns: Any, before: str) -> Iterator[Route]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, here)
        else:
            yield Route(here, pattern.name or "")


class Records:
    """One record of each kind that an address may name; with `mark` in names, and closed but to these groups."""

    def __init__(self, owner: User, mark: str = "", groups: Sequence[Group] = ()) -> None:
        self.image = image(f"Harbour{mark}", credit="A. Person", alt_text="A harbour")
        self.tagging = tagging(self.image, f"Boat{mark}")
        self.tag = self.tagging.tag
        self.collection = collections.create(ChangeSet(owner), f"Town{mark}", groups=groups)
        memberships.add_images(ChangeSet(owner), [self.image], self.collection)
        self.batch = UploadBatch.objects.create(by=owner)
        self.upload = Upload.objects.create(
            file_name="harbour.jpg",
            bucket="b",
            key=f"k{mark}",
            version_id="v",
            state=Upload.State.READY,
            image=self.image,
            uploaded_by=owner,
            batch=self.batch,
            finished_at=timezone.now(),
        )
        facts = {name: to_json(getattr(self.image, name)) for name in FACTS}
        Version.objects.create(image=self.image, number=1, key=f"k{mark}", version_id="v", facts=facts)
        self.retry_order = RetryOrder.objects.create(by=owner, total=1)
        self.failed_item = FailedItem.objects.create(
            message_id=f"m{mark}",
            upload=self.upload,
            kind="upload",
            reason="The worker ran out of memory.",
            fingerprint="f",
            retry_order=self.retry_order,
            payload='{"words": "\\ud800 \\u0000", "number": 1e999}',
            first_failed_at=timezone.now(),
            last_failed_at=timezone.now(),
        )
        self.check = ConsistencyCheck.objects.create(finished_at=timezone.now(), counts={"lost": 1})
        self.job = Job.objects.create(kind=Job.Kind.ZIP, selection={}, by=owner, total=1)
        self.chunk = Chunk.objects.create(
            job=self.job, first=uuid4(), last=uuid4(), key=f"downloads/x{mark}.zip", bytes=9
        )
        self.search = saved_searches.save_search(owner, f"Boats{mark}", Search.parse(QueryDict("q=boat")))
        self.rule = LabelRule.objects.create(label=f"Person{mark}")
        self.act = Change.objects.filter(image=self.image).latest("pk").change_set
        self.passkey = Authenticator.objects.create(
            user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": build_credential()}
        )
        self.owner = owner

    def values(self, route: Route) -> dict[str, str]:
        """Return what stands for each parameter of the route, so that its record is found."""
        return {name: str(self._value(route, name)) for name in route.parameters}

    def _value(self, route: Route, name: str) -> Any:
        by_name = {
            "upload_id": self.upload.pk,
            "batch_id": self.batch.pk,
            "batch": self.act,
            "image_id": self.image.pk,
            "job_id": self.job.pk,
            "tagging_id": self.tagging.pk,
            "number": 1,
            "kind": "csv",
            "name": "large",
            "format_name": "JPEG",
            "path": "harbour.jpg",
            "uidb64": "MQ",
            "token": "c0ffee-0123456789abcdef0123456789abcdef",
            "app_label": "library",
            "content_type_id": 1,
            "url": "nowhere",
            "id": self.owner.pk,
        }
        if name in by_name:
            return by_name[name]
        by_place = {
            "tags/labels/": self.rule.pk,
            "tags/": self.tagging.tag_id,
            "searches/": self.search.pk,
            "collections/": self.collection.pk,
            "parts/": self.chunk.pk,
            "people/": self.owner.pk,
            "passkeys/": self.passkey.pk,
            "faileditem/": self.failed_item.pk,
            "image/": self.image.pk,
            "group/": Group.objects.get(name="Editor").pk,
            "user/": self.owner.pk,
            "retryorder/": self.retry_order.pk,
            "consistencycheck/": self.check.pk,
            "tag/": self.tagging.tag_id,
            "upload/": self.upload.pk,
            "r/": self.image.pk,
        }
        return next(
            pk for place, pk in by_place.items() if f"{place}<" in route.pattern or f"/{place}" in route.pattern
        )
