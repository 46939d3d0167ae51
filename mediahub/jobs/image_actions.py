"""What an editor does to more images than one request takes: the verbs of the library, a chunk at a time.

Each part is one transaction with the place of the chunk in it, so that a worker that dies has done all of a part or
nothing. The change set has the id of the job: it is undone as one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import override

from mediahub.history.change_set import ChangeSet
from mediahub.history.undo import undo
from mediahub.jobs.models import Job
from mediahub.library import access, metadata, publishing, tag_decisions
from mediahub.library.changes import describe_refusal
from mediahub.library.models import Image, Tagging
from mediahub.reasons import Reason

Failures = dict[UUID, Reason]
Verb = Callable[[ChangeSet, QuerySet[Image], "ImageAction"], Failures]


@dataclass(frozen=True)
class ImageAction:
    """One verb for many images: its name, the tag or text that it needs, and when the person saw the images."""

    act: str
    value: str
    since: str

    def encode(self) -> dict[str, str]:
        """Return the action as a job keeps it."""
        return asdict(self)

    @property
    def moment(self) -> datetime:
        """Return when the person saw the images."""
        return datetime.fromisoformat(self.since)


def _publish(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    unseen = images.filter(updated_at__gt=action.moment).exclude(state=Image.State.PUBLISHED)
    failures = dict.fromkeys(unseen.values_list("pk", flat=True), Reason("changed_since_seen"))
    result = publishing.publish(change_set, images.exclude(pk__in=failures).only("pk"))
    return failures | {image.pk: _refuse(" ".join(sentences)) for image, sentences in result.refused}


def _archive(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    publishing.archive(change_set, images.only("pk"))
    return {}


def _reopen(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    publishing.reopen(change_set, images.only("pk"))
    return {}


def _add_tag(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    tag_decisions.add_tag_to_images(change_set, images.only("pk"), action.value)
    return {}


def _reject_tag(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    taggings = Tagging.objects.filter(image__in=images.values("pk"), tag__name__iexact=action.value)
    tag_decisions.reject(change_set, taggings.select_related("tag"))
    return {}


def _set_field(change_set: ChangeSet, images: QuerySet[Image], action: ImageAction) -> Failures:
    by_id = {image.pk: image for image in images.defer("label_raw")}
    name = action.act.removeprefix("set_")
    edited = metadata.set_field(change_set, by_id, name, action.value, action.moment)
    conflicts = dict.fromkeys(edited.conflicts, Reason("changed_since_seen"))
    return conflicts | {pk: _refuse(describe_refusal(error)) for pk, error in edited.refusals.items()}


# The right that each needs, and what it does.
VERBS: Mapping[str, tuple[str, Verb]] = {
    "publish": ("library.publish_image", _publish),
    "archive": ("library.publish_image", _archive),
    "reopen": ("library.publish_image", _reopen),
    "add_tag": ("library.review_tagging", _add_tag),
    "reject_tag": ("library.review_tagging", _reject_tag),
    **dict.fromkeys(
        ("set_credit", "set_copyright", "set_license", "set_license_url"), ("library.change_image", _set_field)
    ),
}


def perform(job: Job, image_ids: Collection[UUID]) -> Failures:
    """Do a job's action to some of its images, within the caller's transaction; return those that stay, and why.

    Right and sight are asked at this moment, of the person who ordered it.
    """
    action = ImageAction(**job.action)
    permission, verb = VERBS[action.act]
    user = job.by
    if user is None or not user.is_active or not user.has_perm(permission):
        return dict.fromkeys(image_ids, Reason("not_permitted"))
    images = access.visible_images(user).filter(pk__in=image_ids).order_by("pk")
    visible = set(images.values_list("pk", flat=True))
    failures = {pk: Reason("not_visible") for pk in image_ids if pk not in visible}
    with override("en"):
        try:
            return failures | verb(ChangeSet(user, job.pk), images, action)
        except ValidationError as error:
            return failures | dict.fromkeys(visible, _refuse(" ".join(error.messages)))


def revert(job: Job, change_ids: Collection[int]) -> tuple[list[tuple[UUID | None, str, Reason]], int]:
    """Undo some changes of the change set that a job is to undo, within the caller's transaction.

    Return (image, what it is called, why) of each that stays, and how many others stay that the person may not see.
    """
    user: User | None = job.by
    if user is None or not user.is_active:
        return [], len(change_ids)
    with override("en"):
        result = undo(user, UUID(job.selection["change_set"]), ChangeSet(user, job.pk), change_ids)
    return [(change.image_id, change.subject, _refuse(why)) for change, why in result.staying], result.hidden


def _refuse(why: str) -> Reason:
    return Reason("not_changed", {"why": why})
