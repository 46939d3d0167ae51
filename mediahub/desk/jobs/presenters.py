"""Jobs on many images in words: how far each is, and what it made."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Sum
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.desk.library.selection import ACTION_LABELS
from mediahub.history.models import Change
from mediahub.history.undo import was_undone
from mediahub.jobs import runner
from mediahub.jobs.access import visible_jobs
from mediahub.jobs.models import Chunk, Job

MAX_FAILURES_SHOWN = 200


def may_steer(user: User | AnonymousUser, job: Job) -> bool:
    """Return whether the person may pause, cancel and resume the job."""
    return user.has_perm("jobs.change_job") or (user.is_authenticated and job.by_id == user.pk)


def may_undo(user: User | AnonymousUser, job: Job) -> bool:
    """Return whether the person may take back what the job changed, and nobody has."""
    if job.kind not in (Job.Kind.ACTION, Job.Kind.UNDO) or job.state not in Job.ENDED:
        return False
    is_theirs = user.has_perm("library.publish_image") or job.by_id == user.pk
    return is_theirs and not was_undone(job.pk) and Change.objects.filter(change_set=job.pk).exists()


def list_latest_jobs(user: User | AnonymousUser, most: int) -> list[Job]:
    """Return the newest jobs, each with `done` and `failed`, counts of images."""
    jobs = visible_jobs(user).select_related("by")
    return list(
        jobs.annotate(succeeded=Sum("chunks__succeeded", default=0), failed=Sum("chunks__failed", default=0))[:most]
    )


def describe_job(job: Job) -> str:
    """Return what the job does, as the title of its page."""
    match job.kind, job.files:
        case Job.Kind.ZIP, Job.Files.LARGE:
            text = ngettext(
                "ZIP with the large rendition of %(n)d image",
                "ZIP with the large renditions of %(n)d images",
                job.total,
            )
        case Job.Kind.ZIP, _files:
            text = ngettext("ZIP with the original of %(n)d image", "ZIP with the originals of %(n)d images", job.total)
        case Job.Kind.MIRROR, _files:
            text = ngettext("Rebuild the mirror of %(n)d image", "Rebuild the mirror of %(n)d images", job.total)
        case Job.Kind.CHECK, _files:
            return _("Compare buckets, records, and mirror")
        case Job.Kind.UNDO, _files:
            text = ngettext("Undo %(n)d change", "Undo %(n)d changes", job.total)
        case Job.Kind.ACTION, _files:
            label = ACTION_LABELS.get(job.action.get("act", ""), "")
            text = ngettext("%(act)s: %(n)d image", "%(act)s: %(n)d images", job.total)
            return text % {"act": label, "n": job.total}
        case _kind:
            text = ngettext("Regenerate renditions of %(n)d image", "Regenerate renditions of %(n)d images", job.total)
    return text % {"n": job.total}


def describe_progress(job: Job, now: runner.Progress) -> str:
    """Return the job's progress in one sentence."""
    numbers = {"n": now.passed, "m": now.total, "done": now.succeeded, "failed": now.failed}
    match job.state:
        case Job.State.WAITING:
            return _("%(n)d of %(m)d processed; waiting for its turn") % numbers
        case Job.State.RUNNING:
            return _("%(n)d of %(m)d processed") % numbers
        case Job.State.PAUSED:
            return _("Paused after %(n)d of %(m)d") % numbers
        case Job.State.CANCELLED:
            return _("Canceled after %(n)d of %(m)d") % numbers
        case Job.State.PARTLY:
            return _("%(done)d succeeded, %(failed)d failed") % numbers
    return _("%(done)d succeeded") % numbers


def describe_time_left(now: runner.Progress) -> str:
    """Return how long the job will still take; empty while that is unknown."""
    if now.left is None:
        return ""
    moment = timezone.now()
    return timeuntil(moment + now.left, moment, depth=1) if now.left.total_seconds() >= 60 else _("less than a minute")


@dataclass(frozen=True)
class DownloadPart:
    """One zip file of a download: its number among all, and whether it can still be fetched."""

    chunk: Chunk
    number: int
    of: int

    @property
    def file_name(self) -> str:
        """Return the name under which the browser saves the file."""
        day = timezone.localtime(self.chunk.job.created_at).strftime("%Y-%m-%d")
        return f"mediahub-{day}-{self.number}-of-{self.of}.zip"

    @property
    def until(self) -> datetime | None:
        """Return when the file is removed."""
        finished_at = self.chunk.finished_at
        return finished_at + timedelta(seconds=settings.DOWNLOAD_KEEP_SECONDS) if finished_at else None


def list_parts(job: Job) -> list[DownloadPart]:
    """Return the zip files that a job made, removed ones included; none for another kind of job."""
    if job.kind != Job.Kind.ZIP:
        return []
    chunks = list(job.chunks.select_related("job").defer("only", "failures"))
    return [DownloadPart(chunk, number, len(chunks)) for number, chunk in enumerate(chunks, 1) if chunk.bytes]
