"""Failing duties of the clock, and the findings of consistency checks, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mediahub.library import access
from mediahub.library.models import Image
from mediahub.recovery import duties
from mediahub.recovery.models import Duty

# What a comparison of buckets, records and mirror can find, and what is done about it.
FINDINGS: dict[str, tuple[str | Promise, str | Promise]] = {
    "lost": (
        gettext_lazy("Files that arrived without an event"),
        gettext_lazy("They are in the upload bucket, but S3 sent no event. MediaHub is importing them now."),
    ),
    "overwritten": (
        gettext_lazy("Originals that were overwritten"),
        gettext_lazy(
            "An upload ticket was used twice. The image keeps the file that arrived first. Restore "
            "that original, or the bucket will eventually delete it."
        ),
    ),
    "unerased": (
        gettext_lazy("Images that were erased before the database was restored"),
        gettext_lazy("Their records and files are erased again."),
    ),
    "returned": (
        gettext_lazy("Files under the key of an erased image"),
        gettext_lazy("MediaHub makes no image of them. An administrator must delete them, or give them another name."),
    ),
    "gone": (
        gettext_lazy("Deleted originals"),
        gettext_lazy("They are no longer in the bucket. Their images are taken out of use."),
    ),
    "missing": (
        gettext_lazy("Missing renditions"),
        gettext_lazy("They are regenerated from the original."),
    ),
    "altered": (
        gettext_lazy("Altered renditions"),
        gettext_lazy("They differ from what MediaHub wrote. They are regenerated from the original."),
    ),
    "orphan": (
        gettext_lazy("Unused renditions"),
        gettext_lazy("They are removed."),
    ),
    "drifted": (
        gettext_lazy("Images that differ in the mirror"),
        gettext_lazy("They are mirrored again."),
    ),
    "stranger": (
        gettext_lazy("Images in the mirror that are not in the library"),
        gettext_lazy("They are removed from the mirror."),
    ),
    "unjudged": (
        gettext_lazy("Items that could not be compared"),
        gettext_lazy("An error occurred, and they were skipped. An administrator must look at the worker's log."),
    ),
    "misplaced": (
        gettext_lazy("Images that were not hidden or shown as their collections say"),
        gettext_lazy("They are shown again to those who may see them, and to nobody else."),
    ),
    "unindexed": (
        gettext_lazy("Images that the search did not know as they are"),
        gettext_lazy("Their words are read again."),
    ),
    "unlabelled": (
        gettext_lazy("Images without labels"),
        gettext_lazy("The label service did not answer when they were uploaded. MediaHub asks it again."),
    ),
}
MAX_IMAGES_NAMED = 10
# By name of the duty: what the clock does, and what it means when it does not.
DUTIES: dict[str, tuple[str | Promise, str | Promise]] = {
    "rights_ended": (
        gettext_lazy("Take down images whose rights have expired"),
        gettext_lazy("Images whose rights have expired may still be public."),
    ),
    "purged": (
        gettext_lazy("Erase images for good"),
        gettext_lazy("Files of images that a chief editor erased may still be in the buckets, or public."),
    ),
    "mirrored": (
        gettext_lazy("Update the mirror and the public copies"),
        gettext_lazy(
            "Readers may see outdated details, and copies of images that were taken down may still be public."
        ),
    ),
    "superseded": (
        gettext_lazy("Remove replaced public copies"),
        gettext_lazy("Replaced copies stay available longer than they should."),
    ),
    "dead_letters": (
        gettext_lazy("Collect dead letters"),
        gettext_lazy("New failures do not appear under Failed items."),
    ),
    "resumed": (
        gettext_lazy("Resume uploads whose worker stopped"),
        gettext_lazy("Interrupted uploads are waiting."),
    ),
    "expired": (
        gettext_lazy("Close uploads whose file never arrived"),
        gettext_lazy("Files that were never sent still appear as waiting."),
    ),
    "reminded": (
        gettext_lazy("Resend lost retries"),
        gettext_lazy("A retry that the queue lost is waiting."),
    ),
    "cut": (
        gettext_lazy("Request crops around the focal point"),
        gettext_lazy("Crops may still use the previous focal point."),
    ),
    "swept": (
        gettext_lazy("Remove the renditions of deleted originals"),
        gettext_lazy("They stay in the bucket and add a small cost."),
    ),
    "rejected_swept": (
        gettext_lazy("Erase rejected files"),
        gettext_lazy("They stay in the bucket and add a small cost."),
    ),
    "jobs_asked": (
        gettext_lazy("Continue background jobs"),
        gettext_lazy("A job whose worker stopped is waiting."),
    ),
    "jobs_swept": (
        gettext_lazy("Remove old ZIP files and jobs"),
        gettext_lazy("They stay in the bucket and add a small cost."),
    ),
    "counted": (
        gettext_lazy("Count the images, tags, and uploads of a large library"),
        gettext_lazy("The first page, the dashboard, and the lists of tags and collections show outdated numbers."),
    ),
    "queue_noted": (
        gettext_lazy("Record the state of the queue"),
        gettext_lazy("The dashboard shows outdated queue figures."),
    ),
    "reconciled": (
        gettext_lazy("Compare buckets, records, and mirror"),
        gettext_lazy("Files that arrived without an event are not found."),
    ),
    "rested": (
        gettext_lazy("Let the database pause"),
        gettext_lazy("The database stays active and costs more."),
    ),
}
NEXT_STEPS: dict[str, str | Promise] = {
    Duty.Fault.UNAVAILABLE: gettext_lazy(
        "A service did not answer (%(code)s). MediaHub retries every minute. If this persists, run doctor."
    ),
    Duty.Fault.MISCONFIGURED: gettext_lazy(
        "AWS refused the request (%(code)s). An administrator must correct the setup: run doctor."
    ),
    Duty.Fault.DATABASE: gettext_lazy(
        "The database refused the request (%(code)s). If this persists, an administrator must run doctor."
    ),
    Duty.Fault.UNFORESEEN: gettext_lazy(
        "An unexpected error occurred (%(code)s). A developer needs to look at the worker's log."
    ),
    Duty.Fault.CUT_OFF: gettext_lazy("The worker ran out of time. A service may be slow: run doctor."),
}


@dataclass(frozen=True)
class FailingDuty:
    """A duty that fails, in words; `images` are those of the items that the person may see."""

    title: str
    meaning: str
    step: str
    since: datetime | None
    succeeded_at: datetime | None
    items: int
    images: list[Image]


def list_failing_duties(user: Any) -> list[FailingDuty]:
    """Return the duties that failed twice in a row or more, the one that fails longest first."""
    return [_describe_duty(user, duty) for duty in duties.filter_failing()]


def _describe_duty(user: Any, duty: Duty) -> FailingDuty:
    title, meaning = DUTIES.get(duty.name, (duty.name, ""))
    step = str(NEXT_STEPS.get(duty.fault, "")) % {"code": duty.code}
    ids = [UUID(item.removeprefix("image ")) for item in duty.items if item.startswith("image ")]
    # Their words alone are read: what cannot be read in a row may be why it fails.
    images = access.visible_images(user).filter(pk__in=ids[-MAX_IMAGES_NAMED:]).only("title", "file_name")
    return FailingDuty(
        str(title), str(meaning), step, duty.failing_since, duty.succeeded_at, len(duty.items), list(images)
    )
