"""Say which duty of the clock fails, since when, what that means, and what to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mediahub.library import access
from mediahub.library.models import Image
from mediahub.recovery import duties
from mediahub.recovery.models import Duty

IMAGES = 10
# By name of the duty: what the clock does, and what it means when it does not.
DUTIES: dict[str, tuple[str | Promise, str | Promise]] = {
    "rights_ended": (
        _("Take down images whose rights have ended"),
        _("Images whose rights have ended may still be public."),
    ),
    "mirrored": (
        _("Bring the mirror and the public files up to date"),
        _("Readers outside may see earlier words, and files of images that were taken down may still be public."),
    ),
    "superseded": (
        _("Remove public files that were replaced"),
        _("Replaced files can be fetched for longer than they should."),
    ),
    "dead_letters": (
        _("Collect files that failed too often"),
        _("New failures do not appear under Failed items."),
    ),
    "resumed": (
        _("Take up uploads whose worker died"),
        _("Uploads that stopped on their way wait."),
    ),
    "expired": (
        _("End uploads whose file never came"),
        _("Files that were never sent are still shown as waiting."),
    ),
    "reminded": (
        _("Send lost retries again"),
        _("A retry that the queue lost waits."),
    ),
    "cut": (
        _("Ask for crops at the focal point"),
        _("Crops may still show the earlier focal point."),
    ),
    "swept": (
        _("Remove the renditions of deleted originals"),
        _("They stay in the bucket and cost a little."),
    ),
    "jobs_asked": (
        _("Go on with jobs on many images"),
        _("A job whose worker died waits."),
    ),
    "jobs_swept": (
        _("Remove old zip files and jobs"),
        _("They stay in the bucket and cost a little."),
    ),
    "queue_noted": (
        _("Write down how the queue stands"),
        _("The dashboard shows earlier figures of the queue."),
    ),
    "reconciled": (
        _("Compare buckets, records and mirror"),
        _("Files that no event told of are not found."),
    ),
    "rested": (
        _("Let the database pause"),
        _("The database stays awake and costs more."),
    ),
}
STEPS: dict[str, str | Promise] = {
    Duty.Fault.UNAVAILABLE: _(
        "A service did not answer (%(code)s). It is tried again each minute; if this lasts, run doctor."
    ),
    Duty.Fault.MISCONFIGURED: _("AWS refused (%(code)s). An operator has to correct the setup: run doctor."),
    Duty.Fault.DATABASE: _("The database refused (%(code)s). If this lasts, an operator has to look: run doctor."),
    Duty.Fault.UNFORESEEN: _(
        "An error came that nobody foresaw (%(code)s). A developer has to look: the worker's log says where it was."
    ),
    Duty.Fault.CUT_OFF: _("The worker's time ran out on it. A service may be slow: run doctor."),
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


def failing(user: Any) -> list[FailingDuty]:
    """Return the duties that failed twice in a row or more, the one that fails longest first."""
    return [_in_words(user, duty) for duty in duties.filter_failing()]


def _in_words(user: Any, duty: Duty) -> FailingDuty:
    title, meaning = DUTIES.get(duty.name, (duty.name, ""))
    step = str(STEPS.get(duty.fault, "")) % {"code": duty.code}
    ids = [UUID(item.removeprefix("image ")) for item in duty.items if item.startswith("image ")]
    # Their words alone are read: what cannot be read in a row may be why it fails.
    images = access.visible_images(user).filter(pk__in=ids[-IMAGES:]).only("title", "file_name")
    return FailingDuty(
        str(title), str(meaning), step, duty.failing_since, duty.succeeded_at, len(duty.items), list(images)
    )
