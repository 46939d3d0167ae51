"""Consistency checks: buckets, records and mirror compared a page at a time, and mended through the queue."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Subquery
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.recovery.comparisons import LOST, OFTEN, STEPS, Finding, Listing
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads.models import Upload

log = logging.getLogger(__name__)

EXAMPLES = 50
MAX_STORED_CHECKS = 200
PAGES_A_TURN = 20
# However long the queue is, a comparison is due after so long.
PATIENCE = timedelta(hours=1)
# A clock that rests comes by once a day, a little early or late: what is due by then is not put off for another day.
EARLY = 0.9
# The clock's other duties need the rest of its time.
LEFT = timedelta(seconds=20)


def begin_check(
    *,
    full: bool = True,
    repair: bool = False,
    since: datetime | None = None,
    grace_seconds: int | None = None,
    by_hand: bool = True,
) -> ConsistencyCheck:
    """Create a check at its first step; what is younger than the grace is not judged yet."""
    old = ConsistencyCheck.objects.order_by("-pk").values_list("pk", flat=True)[
        MAX_STORED_CHECKS : MAX_STORED_CHECKS + 1
    ]
    ConsistencyCheck.objects.filter(pk__lte=next(iter(old), 0)).delete()
    grace = settings.RECONCILE_GRACE_SECONDS if grace_seconds is None else grace_seconds
    return ConsistencyCheck.objects.create(
        full=full, repair=repair, since=since, grace_seconds=grace, by_hand=by_hand, step=next(iter(STEPS))
    )


def run_check(check: ConsistencyCheck, listing: Listing | None = None) -> Iterator[Finding]:
    """Run the check to its end, from where it stands; yield each finding."""
    while check.finished_at is None:
        yield from advance_check(check, listing)


def advance_check(check: ConsistencyCheck, listing: Listing | None = None) -> list[Finding]:
    """Compare one page, note it, and mend it if that was asked; empty when another process was quicker.

    Raise Unavailable or Misconfigured when a part cannot be asked; the same page is then compared again later.
    """
    extra = {"listing": listing} if check.step == "uploads" and listing else {}
    findings, cursor = STEPS[check.step](check, check.cursor, **extra)
    if not _record_page(check, findings, cursor):
        return []
    if check.repair:
        for finding in findings:
            _mend_finding(finding)
    return findings


def run_clock_share(deadline: datetime) -> int:
    """Begin the check that is due, or continue the one that was begun; return how many findings there were."""
    check = (
        ConsistencyCheck.objects.filter(finished_at=None, by_hand=False).order_by("pk").first() or _begin_due_check()
    )
    findings = 0
    for _ in range(PAGES_A_TURN):
        if check is None or check.finished_at or timezone.now() + LEFT > deadline:
            break
        findings += len(advance_check(check))
    return findings


def count_latest_findings() -> dict[str, int]:
    """Return what the newest finished checks found, by kind."""
    finished = ConsistencyCheck.objects.exclude(finished_at=None).filter(since=None)
    full, newest = finished.filter(full=True).first(), finished.first()
    return merge_findings(full.counts if full else None, newest.counts if newest else None)


def latest_findings() -> tuple[Subquery, Subquery]:
    """Return the findings of the newest full check and of the newest check as expressions, for `merge_findings`."""
    finished = ConsistencyCheck.objects.exclude(finished_at=None).filter(since=None)
    return Subquery(finished.filter(full=True).values("counts")[:1]), Subquery(finished.values("counts")[:1])


def merge_findings(full: dict[str, int] | None, newest: dict[str, int] | None) -> dict[str, int]:
    """Return what the newest full check found, and the newest check in its place where it looked as well."""
    return {kind: n for kind, n in (full or {}).items() if kind not in LOST} | (newest or {})


def count_drift() -> int:
    """Return how many things did not fit at the latest check; missing labels are not drift."""
    return sum_drift(count_latest_findings())


def sum_drift(findings: dict[str, int]) -> int:
    """Return how many of the findings are drift."""
    return sum(n for kind, n in findings.items() if kind != "unlabelled")


def find_overwritten() -> list[Upload]:
    """Return the uploads over whose file a later version lay when the newest comparison saw them, fifty at most."""
    check = ConsistencyCheck.objects.exclude(finished_at=None).filter(since=None).first()
    examples = [example for example in (check.examples if check else []) if example["kind"] == "overwritten"]
    versions = {example["what"]: example["params"]["version"] for example in examples}
    uploads = Upload.objects.filter(key__in=versions, state=Upload.State.READY)
    # What was put back since has another version.
    return [upload for upload in uploads if upload.version_id and upload.version_id == versions[upload.key]]


def _begin_due_check() -> ConsistencyCheck | None:
    now = timezone.now()
    finished = ConsistencyCheck.objects.filter(by_hand=False)
    full, newest = finished.filter(full=True).first(), finished.first()
    if newest and newest.started_at > now - PATIENCE and clients.get_upload_queue().count_waiting():
        # What still waits for its turn would be taken for lost.
        return None
    if full is None or full.started_at < now - EARLY * timedelta(seconds=settings.RECONCILE_FULL_SECONDS):
        return begin_check(full=True, repair=True, by_hand=False)
    if newest is None or newest.started_at < now - timedelta(seconds=settings.RECONCILE_SECONDS):
        return begin_check(full=False, repair=True, by_hand=False)
    return None


def _record_page(check: ConsistencyCheck, findings: list[Finding], cursor: dict[str, str] | None) -> bool:
    """Write how far the run is; one conditional UPDATE lets one process go on from each page."""
    counts = Counter(check.counts)
    counts.update(finding.kind for finding in findings)
    room = EXAMPLES - len(check.examples)
    examples = [
        *check.examples,
        *({"kind": each.kind, "what": each.what, **each.reason.to_json()} for each in findings[: max(0, room)]),
    ]
    steps = list(STEPS) if check.full else list(OFTEN)
    step = check.step
    if cursor is None:
        step = next(iter(steps[steps.index(step) + 1 :]), "")
    values = {
        "step": step,
        "cursor": cursor or {},
        "pages": check.pages + 1,
        "counts": dict(counts),
        "examples": examples,
        "finished_at": None if step else timezone.now(),
    }
    is_recorded = ConsistencyCheck.objects.filter(pk=check.pk, pages=check.pages).update(**values)
    if not is_recorded:
        check.refresh_from_db()
        return False
    for name, value in values.items():
        setattr(check, name, value)
    return True


def _mend_finding(finding: Finding) -> None:
    try:
        finding.mend()
    except Exception as error:
        # It holds up no other. The next check finds it again.
        log.warning("%s %s waits for the next consistency check: %r", finding.kind, finding.what, error)
        rounds.recover_connection(error)
