"""Jobs in words for operators: how far each is, and how it ended."""

from collections import Counter
from typing import Any

from django.db.models import Sum

from mediahub.jobs import runner
from mediahub.jobs.models import Job
from mediahub.jobs.plans import Plan
from mediahub.recovery.models import ConsistencyCheck

# So many failures are printed; the desk's page has more.
SHOWN = 20
State, Kind = Job.State, Job.Kind
DOES = {
    Kind.REPROCESS: "images reprocessed",
    Kind.ZIP: "images for a download",
    Kind.MIRROR: "images mirrored",
    Kind.CHECK: "steps of the comparison",
    Kind.ACTION: "images changed",
    Kind.UNDO: "changes undone",
}
STOPPED = (State.PAUSED, State.CANCELLED)


def find_job(name: str) -> Job | None:
    """Return the job of this id or beginning of an id, the newest of several."""
    return next((job for job in Job.objects.order_by("-created_at") if str(job.pk).startswith(name.lower())), None)


def describe_progress(job: Job) -> str:
    """Return how far the job is in one line, such as "4200 of 10000 images mirrored, 612 a minute, 10 min left"."""
    now = runner.measure_progress(job)
    parts = [f"{now.passed} of {now.total} {DOES[Kind(job.kind)]}"]
    if now.failed:
        parts.append(f"{now.failed} failed")
    if now.rate and not now.finished:
        parts.append(f"{now.rate:.0f} a minute")
    if now.left is not None:
        parts.append(f"{max(1, round(now.left.total_seconds() / 60))} min left")
    return ", ".join(parts)


def describe_plan(plan: Plan) -> list[str]:
    """Return what a reprocess will take, in lines: images, requests, dollars, and minutes."""
    calls = [f"  {call.service:12}{call.operation:28}{call.number:>12,}  ${call.dollars:.4f}" for call in plan.calls]
    speed = plan.speed
    source = f"as the job of {speed.shown_by:%Y-%m-%d %H:%M} went" if speed.shown_by else "by one worker, as measured"
    return [
        f"{plan.images} images would be reprocessed ({Job.Stage(plan.stage).label}).",
        *calls,
        f"  {'Workers':12}{'time, at the price of Lambda':40}  ${plan.work:.4f}",
        f"Together ${plan.dollars:.4f} at list prices, and {plan.seconds / 60:.1f} minutes: "
        f"{speed.images_a_minute:.0f} images a minute, {source}.",
    ]


def describe_end(job: Job) -> list[str]:
    """Return what an ended job did, in lines; the first of its failures among them."""
    now, failures = runner.measure_progress(job), runner.list_failures(job)
    if job.kind == Kind.CHECK:
        return [_describe_check(job)]
    lines = [str(failure) for failure in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"… and {len(failures) - SHOWN} more; see the page of the job.")
    forgotten = sum(chunk.cursor.get("forgotten", 0) for chunk in job.chunks.exclude(cursor={}))
    also = f", {forgotten} unknown items removed" if job.kind == Kind.MIRROR else ""
    return [*lines, f"{now.succeeded} of {now.total} {DOES[Kind(job.kind)]}{also}, {now.failed} failed."]


def is_well(job: Job) -> bool:
    """Return whether the job ended and nothing is left to be done about what it is for."""
    if job.kind == Kind.CHECK:
        check = _check(job)
        return check is not None and (check.repair or not any(check.counts.values()))
    return job.state == State.DONE


def build_status(job: Job) -> dict[str, Any]:
    """Return what a program asks that follows a job: whether it goes on, how far it is, how it ended."""
    ended = job.state in Job.ENDED
    return {
        "job": str(job.pk),
        "state": job.state,
        "goes_on": job.state in Job.ACTIVE,
        "progress": describe_progress(job),
        "end": describe_end(job) if ended else [],
        "well": is_well(job) if ended else job.state not in STOPPED,
    }


def list_jobs(most: int = 20) -> list[str]:
    """Return a line for each of the newest jobs."""
    newest = Job.objects.annotate(passed=Sum("chunks__succeeded", default=0)).order_by("-created_at")[:most]
    return [
        f"{str(job.pk)[:8]}  {job.created_at:%Y-%m-%d %H:%M}  {job.state:9} {describe_progress(job)}" for job in newest
    ]


def describe_findings(check: ConsistencyCheck) -> str:
    """Return what a comparison found, in one line."""
    counts = Counter(check.counts)
    findings = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    mended = " Repairs are on the queue." if check.repair and findings else ""
    return f"{check.pages} pages compared. " + (f"Found: {findings}.{mended}" if findings else "No differences found.")


def _describe_check(job: Job) -> str:
    check = _check(job)
    return describe_findings(check) if check else "The results of this comparison are no longer kept."


def _check(job: Job) -> ConsistencyCheck | None:
    return ConsistencyCheck.objects.filter(pk=job.selection.get("check")).first()
