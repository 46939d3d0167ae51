"""What the desk shows of itself on each page: the way to each part, and how much waits there."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.jobs.access import visible_jobs
from mediahub.jobs.models import Job
from mediahub.library import access
from mediahub.library.models import Image
from mediahub.recovery import consistency_checks
from mediahub.recovery.access import visible_failed_items
from mediahub.recovery.models import FailedItem
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload


@dataclass(frozen=True)
class Way:
    """A part of the desk: `name` is for programs, `open` counts what waits there, `main` is always in sight."""

    name: str
    label: str
    address: str
    current: bool
    open: int = 0
    main: bool = False


# What editors go to all day; the rest is one step further away.
MAIN = ("upload", "review", "images", "collections", "failed")


def ways(request: HttpRequest) -> list[Way]:
    """The parts of the desk this editor may enter, the failed items with their count."""
    parts = [
        ("upload", _("Upload"), "desk:upload", "uploads.add_upload"),
        ("review", _("Review"), "desk:review_start", "library.review_tagging"),
        ("images", _("Images"), "admin:library_image_changelist", "library.view_image"),
        ("collections", _("Collections"), "desk:collections", "library.view_collection"),
        ("failed", _("Failed items"), "admin:recovery_faileditem_changelist", "recovery.view_faileditem"),
        ("uploads", _("Uploads"), "admin:uploads_upload_changelist", "uploads.view_upload"),
        ("duplicates", _("Duplicates"), "desk:duplicates", "library.review_tagging"),
        ("tags", _("Tags"), "admin:library_tag_changelist", "library.view_tag"),
        ("work", _("Work"), "desk:jobs", "jobs.view_job"),
        ("activity", _("Activity"), "desk:activity", "history.view_change"),
        ("dashboard", _("Dashboard"), "desk:dashboard", "recovery.view_dashboard"),
        ("checks", _("Checks"), "admin:recovery_consistencycheck_changelist", "recovery.view_consistencycheck"),
        ("users", _("Users"), "admin:auth_user_changelist", "auth.view_user"),
    ]
    found = []
    for name, label, view, permission in parts:
        if request.user.has_perm(permission):
            address = reverse(view)
            found.append(
                Way(name, label, address, request.path.startswith(address), _waiting(name, request.user), name in MAIN)
            )
    return found


def _waiting(name: str, user: User | AnonymousUser) -> int:
    match name:
        case "failed":
            return failed(user).count()
        case "work":
            return visible_jobs(user).filter(state__in=Job.ACTIVE).count()
        case "checks":
            return consistency_checks.count_drift()
    return 0


def failed(user: User | AnonymousUser) -> QuerySet[FailedItem]:
    """The failed items this person may see and nobody has dealt with."""
    return visible_failed_items(user).filter(state=FailedItem.State.OPEN)


def counts(user: User | AnonymousUser) -> dict[str, dict[str, int]]:
    """How much lies in each part, for the first page; only of the parts this editor may see."""
    found: dict[str, dict[str, int]] = {}
    if user.has_perm("library.view_image"):
        review, blind = Q(state=Image.State.IN_REVIEW), Q(alt_text="")
        found["images"] = (
            access.visible_images(user)
            .filter(deleted_at=None)
            .aggregate(all=Count("pk"), in_review=Count("pk", filter=review), no_alt_text=Count("pk", filter=blind))
        )
    if user.has_perm("uploads.view_upload"):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        running = Q(state__in=[Upload.State.ISSUED, Upload.State.WORKING])
        uploads = visible_uploads(user).filter(issued_at__gte=today)
        found["uploads"] = uploads.aggregate(today=Count("pk"), running=Count("pk", filter=running))
    return found


def latest_images(user: User | AnonymousUser, most: int = 12) -> QuerySet[Image]:
    """The newest images with their renditions; none for who may not see them."""
    return access.visible_images(user).filter(deleted_at=None).prefetch_related("renditions")[:most]
