"""Reconciliation: buckets, rows and mirror compared a page at a time, resumable, and mended through the queue."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.recovery.comparisons import LOST, OFTEN, STEPS, Finding, Listing
from mediahub.recovery.models import Reconciliation
from mediahub.uploads.models import Upload

log = logging.getLogger(__name__)

EXAMPLES = 50
KEPT = 200
PAGES_A_TURN = 20
# However long the queue is, a comparison is due after so long.
PATIENCE = timedelta(hours=1)
# A clock that rests comes by once a day, a little early or late: what is due by then is not put off for another day.
EARLY = 0.9
# The clock's other duties need the rest of its time.
LEFT = timedelta(seconds=20)


def begin(
    *,
    full: bool = True,
    repair: bool = False,
    since: datetime | None = None,
    grace_seconds: int | None = None,
    by_hand: bool = True,
) -> Reconciliation:
    """A new reconciliation at its first step; what is younger than the grace is in good hands and not judged."""
    old = Reconciliation.objects.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1]
    Reconciliation.objects.filter(pk__lte=next(iter(old), 0)).delete()
    grace = settings.RECONCILE_GRACE_SECONDS if grace_seconds is None else grace_seconds
    return Reconciliation.objects.create(
        full=full, repair=repair, since=since, grace_seconds=grace, by_hand=by_hand, step=next(iter(STEPS))
    )


def run(found: Reconciliation, listing: Listing | None = None) -> Iterator[Finding]:
    """Go through to the end, from where the reconciliation stands; yields each finding."""
    while found.finished_at is None:
        yield from advance(found, listing)


def advance(found: Reconciliation, listing: Listing | None = None) -> list[Finding]:
    """Compare one page, note it, and mend it if that was asked; empty when another process was quicker.

    Raises Unavailable or Misconfigured when a part cannot be asked; the same page is then compared again later.
    """
    extra = {"listing": listing} if found.step == "uploads" and listing else {}
    findings, cursor = STEPS[found.step](found, found.cursor, **extra)
    if not _note(found, findings, cursor):
        return []
    if found.repair:
        for finding in findings:
            _mend(finding)
    return findings


def turn(deadline: datetime) -> int:
    """The clock's share: begin what is due, go on with what was begun; returns how many findings there were."""
    found = Reconciliation.objects.filter(finished_at=None, by_hand=False).order_by("pk").first() or _due()
    findings = 0
    for _ in range(PAGES_A_TURN):
        if found is None or found.finished_at or timezone.now() + LEFT > deadline:
            break
        findings += len(advance(found))
    return findings


def latest() -> dict[str, int]:
    """What the newest finished comparisons found, by kind."""
    finished = Reconciliation.objects.exclude(finished_at=None).filter(since=None)
    full, newest = finished.filter(full=True).first(), finished.first()
    counts = dict(full.counts) if full else {}
    if newest and not newest.full:
        counts = {kind: n for kind, n in counts.items() if kind not in LOST} | newest.counts
    return counts


def drift() -> int:
    """How much did not fit when it was last compared; labels that are owed are not drift."""
    return sum(n for kind, n in latest().items() if kind != "unlabelled")


def find_overwritten() -> list[Upload]:
    """Return the uploads over whose file a later version lay when the newest comparison saw them, fifty at most."""
    check = Reconciliation.objects.exclude(finished_at=None).filter(since=None).first()
    found = {what: says for kind, what, says in (check.examples if check else []) if kind == "overwritten"}
    rows = Upload.objects.filter(key__in=found, state=Upload.State.READY)
    # What was put back since has another version.
    return [upload for upload in rows if upload.version_id and upload.version_id in found[upload.key]]


def _due() -> Reconciliation | None:
    now = timezone.now()
    finished = Reconciliation.objects.filter(by_hand=False)
    full, newest = finished.filter(full=True).first(), finished.first()
    if newest and newest.started_at > now - PATIENCE and clients.queue().waiting():
        # What still waits for its turn would be taken for lost.
        return None
    if full is None or full.started_at < now - EARLY * timedelta(seconds=settings.RECONCILE_FULL_SECONDS):
        return begin(full=True, repair=True, by_hand=False)
    if newest is None or newest.started_at < now - timedelta(seconds=settings.RECONCILE_SECONDS):
        return begin(full=False, repair=True, by_hand=False)
    return None


def _note(found: Reconciliation, findings: list[Finding], cursor: dict[str, str] | None) -> bool:
    """Write how far the run is; one conditional UPDATE lets one process go on from each page."""
    counts = Counter(found.counts)
    counts.update(finding.kind for finding in findings)
    room = EXAMPLES - len(found.examples)
    examples = [*found.examples, *([f.kind, f.what, f.says] for f in findings[: max(0, room)])]
    steps = list(STEPS) if found.full else list(OFTEN)
    step = found.step
    if cursor is None:
        step = next(iter(steps[steps.index(step) + 1 :]), "")
    values = {
        "step": step,
        "cursor": cursor or {},
        "pages": found.pages + 1,
        "counts": dict(counts),
        "examples": examples,
        "finished_at": None if step else timezone.now(),
    }
    noted = Reconciliation.objects.filter(pk=found.pk, pages=found.pages).update(**values)
    if not noted:
        found.refresh_from_db()
        return False
    for name, value in values.items():
        setattr(found, name, value)
    return True


def _mend(finding: Finding) -> None:
    try:
        finding.mend()
    except Exception as error:
        # It holds up no other. The next reconciliation finds it again.
        log.warning("%s %s waits for the next reconciliation: %r", finding.kind, finding.what, error)
        rounds.recover(error)
