"""Jobs on many images: all of them, one while it goes on, what steers it, and what it made."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.delivery import addresses
from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.desk.jobs import presenters as jobs_presenters
from mediahub.history.change_set import ChangeSet
from mediahub.jobs import downloads, orders, runner
from mediahub.jobs.access import may_fetch, visible_failures, visible_jobs
from mediahub.jobs.models import Job
from mediahub.jobs.reprocess import estimate_cost
from mediahub.jobs.selection import Selection
from mediahub.library import access
from mediahub.library.models import Image
from processing import ProcessingError

MAX_JOBS = 100
require_view_permission = require_permission("jobs.view_job")


@require_GET
@never_cache
@require_view_permission
def list_jobs(request: HttpRequest) -> HttpResponse:
    """Show the newest jobs that the person may see."""
    context = {"title": _("Background jobs"), "jobs": jobs_presenters.list_latest_jobs(request.user, MAX_JOBS)}
    return render_page(request, "desk/jobs/jobs.html", context)


@require_GET
@never_cache
@require_view_permission
def show_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show one job: its progress, its failures with their reasons, and what can be done about them."""
    job = _get_job(request, job_id)
    now = runner.measure_progress(job)
    failed, closed = visible_failures(request.user, job)
    ids = [failure.image for failure in failed[: jobs_presenters.MAX_FAILURES_SHOWN] if failure.image]
    seen = {str(pk) for pk in access.visible_images(request.user).filter(pk__in=ids).values_list("pk", flat=True)}
    context = {
        "title": jobs_presenters.describe_job(job),
        "job": job,
        "now": now,
        "says": jobs_presenters.describe_progress(job, now),
        "left": jobs_presenters.describe_time_left(now),
        "may_steer": jobs_presenters.may_steer(request.user, job),
        "failures": [(failure, failure.image in seen) for failure in failed[: jobs_presenters.MAX_FAILURES_SHOWN]],
        "untold": max(0, len(failed) - jobs_presenters.MAX_FAILURES_SHOWN),
        "closed": closed,
        "parts": jobs_presenters.list_parts(job),
        "may_undo": jobs_presenters.may_undo(request.user, job),
    }
    return render_page(request, "desk/jobs/job.html", context)


@require_POST
@require_view_permission
def steer_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Steer a job as the form says: pause, resume or cancel it, or retry what failed."""
    job = _get_job(request, job_id)
    if not jobs_presenters.may_steer(request.user, job):
        raise PermissionDenied
    match request.POST.get("verb"):
        case "pause":
            sentence = (
                _("The job is paused. The current image will be finished first.") if runner.pause_job(job) else ""
            )
        case "resume":
            sentence = _("The job continues.") if runner.resume_job(job) else ""
        case "cancel":
            sentence = _("The job is canceled. Finished images keep their changes.") if runner.cancel_job(job) else ""
        case "retry":
            n = runner.retry_failed(job)
            text = ngettext("Retrying %(n)d image.", "Retrying %(n)d images.", n)
            sentence = text % {"n": n} if n else ""
        case _verb:
            raise Http404
    if sentence:
        messages.success(request, sentence)
    else:
        messages.warning(request, _("The job has moved on since you loaded this page. Nothing was changed."))
    return redirect("desk:job", job_id)


@require_GET
@never_cache
@require_view_permission
def download_part(request: HttpRequest, job_id: UUID, pk: int) -> HttpResponse:
    """Redirect to one zip file of a download, by a link that is valid for a moment."""
    job = _get_job(request, job_id)
    part = next((candidate for candidate in jobs_presenters.list_parts(job) if candidate.chunk.pk == pk), None)
    if part is None or not jobs_presenters.may_steer(request.user, job):
        raise Http404
    if not part.chunk.key:
        messages.error(request, _("The file has expired and was removed. Select the images again to create a new one."))
        return redirect("desk:job", job_id)
    if not may_fetch(request.user, part.chunk):
        messages.error(
            request,
            _("The file contains images you don't have access to. Select the images again to create a new one."),
        )
        return redirect("desk:job", job_id)
    try:
        address = addresses.sign_download_link(part.chunk.key, part.file_name)
    except ProcessingError as error:
        messages.error(request, error.message)
        return redirect("desk:job", job_id)
    downloads.record_fetch(get_editor(request), part.chunk)
    return redirect(address)


def confirm_reprocess(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> HttpResponse:
    """Show how long regenerating these renditions takes and what it costs, before it begins."""
    context = {
        "title": _("Regenerate renditions"),
        "images": list(images.order_by().values_list("pk", flat=True)),
        "plain": estimate_cost(images, relabel=False),
        "labelled": estimate_cost(images, relabel=True),
        "next": request.POST.get("next", ""),
    }
    return render_page(request, "desk/jobs/reprocess.html", context)


def start_reprocess(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> HttpResponse:
    """Start to regenerate these renditions."""
    ids = tuple(str(pk) for pk in images.order_by().values_list("pk", flat=True))
    relabel = request.POST.get("labels") == "1"
    job, is_known = orders.order_reprocess(Selection(ids=ids), relabel=relabel, by=change_set.by, queued=True)
    if is_known:
        messages.info(request, _("This job already exists."))
    return redirect("desk:job", job.pk)


def start_download(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> HttpResponse | None:
    """Start to pack these images into zip files."""
    files = request.POST.get("files", "")
    if files not in Job.Files.values:
        files = Job.Files.ORIGINAL
    try:
        job = orders.order_zip(images, files, get_editor(request))
    except (downloads.TooLarge, downloads.TooMany) as refusal:
        messages.error(request, str(refusal))
        return None
    return redirect("desk:job", job.pk)


def _get_job(request: HttpRequest, job_id: UUID) -> Job:
    return get_object_or_404(visible_jobs(request.user).select_related("by"), pk=job_id)
