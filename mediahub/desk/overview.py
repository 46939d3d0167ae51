"""What the desk shows of itself on each page: the way to each part, and how much waits there."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from mediahub.jobs.access import visible_jobs
from mediahub.jobs.models import Job
from mediahub.library import access, figures
from mediahub.library.models import Image
from mediahub.recovery import consistency_checks
from mediahub.recovery.access import visible_failed_items
from mediahub.recovery.models import FailedItem
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload


@dataclass(frozen=True)
class NavigationEntry:
    """A part of the desk: `name` is for programs, `open` counts what waits there, `main` is always in sight."""

    name: str
    label: str
    address: str
    current: bool
    open: int = 0
    main: bool = False


# The first page counts no further.
MOST_UPLOADS = 1000
# What editors go to all day; the rest is one step further away.
MAIN_ENTRIES = ("upload", "review", "images", "collections", "failed")


def list_navigation(request: HttpRequest) -> list[NavigationEntry]:
    """Return the parts of the desk that the editor may open, with the number of things that wait in each."""
    parts = [
        ("upload", _("Upload"), "desk:upload", "uploads.add_upload"),
        ("review", _("Review"), "desk:review_start", "library.review_tagging"),
        ("images", _("Images"), "admin:library_image_changelist", "library.view_image"),
        ("collections", _("Collections"), "desk:collections", "library.view_collection"),
        ("failed", _("Failed items"), "admin:recovery_faileditem_changelist", "recovery.view_faileditem"),
        ("uploads", _("Uploads"), "admin:uploads_upload_changelist", "uploads.view_upload"),
        ("duplicates", _("Duplicates"), "desk:duplicates", "library.review_tagging"),
        ("tags", _("Tags"), "admin:library_tag_changelist", "library.view_tag"),
        ("work", _("Background jobs"), "desk:jobs", "jobs.view_job"),
        ("activity", _("Activity"), "desk:activity", "history.view_change"),
        ("dashboard", _("Dashboard"), "desk:dashboard", "recovery.view_dashboard"),
        (
            "checks",
            _("Consistency checks"),
            "admin:recovery_consistencycheck_changelist",
            "recovery.view_consistencycheck",
        ),
        ("users", _("Users"), "admin:auth_user_changelist", "auth.view_user"),
    ]
    waiting = _count_waiting(request.user)
    entries = []
    for name, label, view, permission in parts:
        if request.user.has_perm(permission):
            address = reverse(view)
            entries.append(
                NavigationEntry(
                    name,
                    label,
                    address,
                    request.path.startswith(address),
                    waiting.get(name, 0),
                    name in MAIN_ENTRIES,
                )
            )
    return entries


def _count_waiting(user: User | AnonymousUser) -> dict[str, int]:
    """Return how much waits for this person in the parts of the desk that say so, in one question."""
    failed, jobs = list_open_failed_items(user), visible_jobs(user).filter(state__in=Job.ACTIVE)
    findings = consistency_checks.latest_findings()
    row = User.objects.filter(pk=user.pk or 0).values_list(_count(failed), _count(jobs), *findings).get()
    drift = consistency_checks.sum_drift(consistency_checks.merge_findings(row[2], row[3]))
    return {"failed": row[0], "work": row[1], "checks": drift}


def _count(records: QuerySet[Any]) -> Coalesce:
    """Return the number of records as an expression."""
    rows = records.select_related(None).prefetch_related(None).order_by().annotate(whole=Value(1)).values("whole")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def list_open_failed_items(user: User | AnonymousUser) -> QuerySet[FailedItem]:
    """Return the failed items that the person may see and nobody has handled."""
    return visible_failed_items(user).filter(state=FailedItem.State.OPEN)


def count_records(user: User | AnonymousUser) -> dict[str, dict[str, Any]]:
    """Count the records of each part that the editor may see, for the first page."""
    counts: dict[str, dict[str, Any]] = {}
    if user.has_perm("library.view_image"):
        rows = figures.count_images(user)
        review = Image.State.IN_REVIEW
        counts["images"] = {
            "all": sum(row["images"] for row in rows),
            "in_review": sum(row["images"] for row in rows if row["state"] == review),
            "no_alt_text": sum(row["without_alt_text"] for row in rows),
        }
    if user.has_perm("uploads.view_upload"):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        running = Q(state__in=[Upload.State.ISSUED, Upload.State.WORKING])
        uploads = visible_uploads(user).filter(issued_at__gte=today)
        counts["uploads"] = {"today": _count_some(uploads), "running": _count_some(uploads.filter(running))}
    return counts


def _count_some(uploads: QuerySet[Upload]) -> str:
    """Return how many uploads there are, as far as a page counts."""
    number = uploads.order_by()[: MOST_UPLOADS + 1].count()
    text = number_format(min(number, MOST_UPLOADS), force_grouping=True)
    return f"{text}+" if number > MOST_UPLOADS else text


def list_latest_images(user: User | AnonymousUser, most: int = 12) -> QuerySet[Image]:
    """Return the newest visible images with their renditions."""
    images = access.visible_images(user).filter(deleted_at=None).defer("label_raw")
    return images.prefetch_related("renditions")[:most]


def get_newest_mark(user: User) -> str:
    """Return a text that differs after each change of an image that the person may see."""
    latest = access.visible_images(user).order_by("-updated_at", "id").values_list("pk", "updated_at").first()
    return f"{latest[1].isoformat()} {latest[0]}" if latest else ""
