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
        gettext_lazy("Files that nobody was told of"),
        gettext_lazy("They lie in the upload bucket, but no event came. They are taken in now."),
    ),
    "overwritten": (
        gettext_lazy("Files that were put over an original"),
        gettext_lazy(
            "Somebody used the ticket of an upload twice. The image keeps the file that came first. "
            "Put it back on top, or the bucket forgets it in time."
        ),
    ),
    "gone": (
        gettext_lazy("Originals that were deleted"),
        gettext_lazy("The bucket has them no more. Their images are taken out of use."),
    ),
    "missing": (
        gettext_lazy("Renditions that are missing"),
        gettext_lazy("They are made anew from the original."),
    ),
    "altered": (
        gettext_lazy("Renditions that were altered"),
        gettext_lazy("They are not what was written. They are made anew from the original."),
    ),
    "orphan": (
        gettext_lazy("Renditions that no image uses"),
        gettext_lazy("They are removed."),
    ),
    "drifted": (
        gettext_lazy("Images that the mirror shows otherwise"),
        gettext_lazy("They are mirrored again."),
    ),
    "stranger": (
        gettext_lazy("Images in the mirror that are not in the library"),
        gettext_lazy("They are taken out of the mirror."),
    ),
    "unjudged": (
        gettext_lazy("Things that could not be compared"),
        gettext_lazy(
            "The comparison met an error and passed them over. An operator has to look into the worker's log."
        ),
    ),
    "unlabelled": (
        gettext_lazy("Images without labels"),
        gettext_lazy("The service did not answer when they came in. It is asked again."),
    ),
}
MAX_IMAGES_NAMED = 10
# By name of the duty: what the clock does, and what it means when it does not.
DUTIES: dict[str, tuple[str | Promise, str | Promise]] = {
    "rights_ended": (
        gettext_lazy("Take down images whose rights have ended"),
        gettext_lazy("Images whose rights have ended may still be public."),
    ),
    "mirrored": (
        gettext_lazy("Bring the mirror and the public files up to date"),
        gettext_lazy(
            "Readers outside may see earlier words, and files of images that were taken down may still be public."
        ),
    ),
    "superseded": (
        gettext_lazy("Remove public files that were replaced"),
        gettext_lazy("Replaced files can be fetched for longer than they should."),
    ),
    "dead_letters": (
        gettext_lazy("Collect files that failed too often"),
        gettext_lazy("New failures do not appear under Failed items."),
    ),
    "resumed": (
        gettext_lazy("Take up uploads whose worker died"),
        gettext_lazy("Uploads that stopped on their way wait."),
    ),
    "expired": (
        gettext_lazy("End uploads whose file never came"),
        gettext_lazy("Files that were never sent are still shown as waiting."),
    ),
    "reminded": (
        gettext_lazy("Send lost retries again"),
        gettext_lazy("A retry that the queue lost waits."),
    ),
    "cut": (
        gettext_lazy("Ask for crops at the focal point"),
        gettext_lazy("Crops may still show the earlier focal point."),
    ),
    "swept": (
        gettext_lazy("Remove the renditions of deleted originals"),
        gettext_lazy("They stay in the bucket and cost a little."),
    ),
    "jobs_asked": (
        gettext_lazy("Go on with jobs on many images"),
        gettext_lazy("A job whose worker died waits."),
    ),
    "jobs_swept": (
        gettext_lazy("Remove old zip files and jobs"),
        gettext_lazy("They stay in the bucket and cost a little."),
    ),
    "queue_noted": (
        gettext_lazy("Write down how the queue stands"),
        gettext_lazy("The dashboard shows earlier figures of the queue."),
    ),
    "reconciled": (
        gettext_lazy("Compare buckets, records and mirror"),
        gettext_lazy("Files that no event told of are not found."),
    ),
    "rested": (
        gettext_lazy("Let the database pause"),
        gettext_lazy("The database stays awake and costs more."),
    ),
}
NEXT_STEPS: dict[str, str | Promise] = {
    Duty.Fault.UNAVAILABLE: gettext_lazy(
        "A service did not answer (%(code)s). It is tried again each minute; if this lasts, run doctor."
    ),
    Duty.Fault.MISCONFIGURED: gettext_lazy("AWS refused (%(code)s). An operator has to correct the setup: run doctor."),
    Duty.Fault.DATABASE: gettext_lazy(
        "The database refused (%(code)s). If this lasts, an operator has to look: run doctor."
    ),
    Duty.Fault.UNFORESEEN: gettext_lazy(
        "An error came that nobody foresaw (%(code)s). A developer has to look: the worker's log says where it was."
    ),
    Duty.Fault.CUT_OFF: gettext_lazy("The worker's time ran out on it. A service may be slow: run doctor."),
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
