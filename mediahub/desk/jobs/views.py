"""Jobs on many images: all of them, one while it goes on, what steers it, and what it made."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.delivery import addresses
from mediahub.desk.current_user import editor
from mediahub.desk.jobs import presenters as jobs_presenters
from mediahub.history.change_set import ChangeSet
from mediahub.jobs import downloads, runner
from mediahub.jobs.access import may_fetch, visible_failures, visible_jobs
from mediahub.jobs.models import Job
from mediahub.jobs.reprocess import estimate_cost
from mediahub.jobs.selection import Selection
from mediahub.library import access
from mediahub.library.models import Image
from processing import ProcessingError

LATEST = 100
may_see = permission_required("jobs.view_job", raise_exception=True)


@require_GET
@never_cache
@may_see
def listing(request: HttpRequest) -> HttpResponse:
    """The newest jobs that this person may see."""
    context = {"title": _("Work"), "jobs": jobs_presenters.latest(request.user, LATEST)}
    return _render(request, "desk/jobs/jobs.html", context)


@require_GET
@never_cache
@may_see
def page(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far one job is, what failed and why, and what can be done about it."""
    job = _job(request, job_id)
    now = runner.measure_progress(job)
    failed, closed = visible_failures(request.user, job)
    ids = [failure.image for failure in failed[: jobs_presenters.SHOWN] if failure.image]
    seen = {str(pk) for pk in access.visible_images(request.user).filter(pk__in=ids).values_list("pk", flat=True)}
    context = {
        "title": jobs_presenters.title(job),
        "job": job,
        "now": now,
        "says": jobs_presenters.says(job, now),
        "left": jobs_presenters.left(now),
        "may_steer": jobs_presenters.may_steer(request.user, job),
        "failures": [(failure, failure.image in seen) for failure in failed[: jobs_presenters.SHOWN]],
        "untold": max(0, len(failed) - jobs_presenters.SHOWN),
        "closed": closed,
        "parts": jobs_presenters.parts(job),
    }
    return _render(request, "desk/jobs/job.html", context)


@require_POST
@may_see
def steer(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Pause, go on with, cancel a job, or try what failed once more."""
    job = _job(request, job_id)
    if not jobs_presenters.may_steer(request.user, job):
        raise PermissionDenied
    match request.POST.get("verb"):
        case "pause":
            said = (
                _("The job is paused; the image that is being worked on is finished.") if runner.pause_job(job) else ""
            )
        case "resume":
            said = _("The job goes on.") if runner.resume_job(job) else ""
        case "cancel":
            said = _("The job is cancelled; what is done stays.") if runner.cancel_job(job) else ""
        case "retry":
            n = runner.retry_failed(job)
            text = ngettext("%(n)d image is tried again.", "%(n)d images are tried again.", n)
            said = text % {"n": n} if n else ""
        case _verb:
            raise Http404
    if said:
        messages.success(request, said)
    else:
        messages.warning(request, _("The job has gone on since you saw this page; nothing was changed."))
    return redirect("desk:job", job_id)


@require_GET
@never_cache
@may_see
def part(request: HttpRequest, job_id: UUID, pk: int) -> HttpResponse:
    """Lead to one zip file of a download, by a link that is good for moments."""
    job = _job(request, job_id)
    found = next((one for one in jobs_presenters.parts(job) if one.chunk.pk == pk), None)
    if found is None or not jobs_presenters.may_steer(request.user, job):
        raise Http404
    if not found.chunk.key:
        messages.error(request, _("The file was removed, because its time was over. Choose the images once more."))
        return redirect("desk:job", job_id)
    if not may_fetch(request.user, found.chunk):
        messages.error(request, _("The file holds pictures that are closed to you. Choose the images once more."))
        return redirect("desk:job", job_id)
    try:
        return redirect(addresses.sign_download_link(found.chunk.key, found.file_name))
    except ProcessingError as error:
        messages.error(request, error.message)
        return redirect("desk:job", job_id)


def ask_reprocess(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> HttpResponse:
    """What making these renditions anew will take and cost, before it begins."""
    context = {
        "title": _("Make renditions anew"),
        "images": list(images.order_by().values_list("pk", flat=True)),
        "plain": estimate_cost(images, relabel=False),
        "labelled": estimate_cost(images, relabel=True),
        "next": request.POST.get("next", ""),
    }
    return _render(request, "desk/jobs/reprocess.html", context)


def reprocess(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> HttpResponse:
    """Begin to make these renditions anew."""
    ids = tuple(str(pk) for pk in images.order_by().values_list("pk", flat=True))
    relabel = request.POST.get("labels") == "1"
    job, held = runner.order_reprocess(Selection(ids=ids), relabel=relabel, by=act.by, queued=True)
    if held:
        messages.info(request, _("The same was asked for already; this is that job."))
    return redirect("desk:job", job.pk)


def download(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> HttpResponse | None:
    """Begin to bring these images together as zip files."""
    files = request.POST.get("files", "")
    if files not in Job.Files.values:
        files = Job.Files.ORIGINAL
    try:
        job = runner.order_zip(images, files, editor(request))
    except downloads.TooLarge as refusal:
        messages.error(request, str(refusal))
        return None
    return redirect("desk:job", job.pk)


def _job(request: HttpRequest, job_id: UUID) -> Job:
    return get_object_or_404(visible_jobs(request.user).select_related("by"), pk=job_id)


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})
