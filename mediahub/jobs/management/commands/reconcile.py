"""manage.py reconcile: compare buckets, records and mirror, and mend what does not fit."""

import json
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from mediahub.jobs import orders, reports
from mediahub.jobs.job_command import JobCommand
from mediahub.recovery import consistency_checks
from mediahub.recovery.comparisons import Finding
from mediahub.recovery.inventory import Inventory, UnusableInventory
from mediahub.recovery.models import ConsistencyCheck
from processing import ProcessingError


class Command(JobCommand):
    help = (
        "Compare the upload bucket, the records, the renditions bucket, and the mirror, and "
        "report differences. The exit code is 0 when there are none. After an interruption, run "
        "the same command again to resume."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--repair", action="store_true", help="repair differences through the queue")
        parser.add_argument(
            "--since", type=_moment, help="compare only what changed since then, such as 2026-11-01 or 2026-11-01T06:00"
        )
        parser.add_argument(
            "--grace",
            type=int,
            default=settings.RECONCILE_GRACE_SECONDS,
            help="ignore what is newer than this many seconds (default: %(default)s)",
        )
        parser.add_argument(
            "--inventory", type=Path, help="read the manifest.json of an S3 Inventory instead of listing the bucket"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object per line for each finding")

    def handle(self, *args: Any, **options: Any) -> str | None:
        if options["queue"] and options["inventory"]:
            raise CommandError("An inventory is a file on this machine, which the queue's workers cannot read.")
        try:
            listing = Inventory(options["inventory"]) if options["inventory"] else None
            order = {"repair": options["repair"], "since": options["since"], "grace_seconds": options["grace"]}
            # The clock's own checks have another grace, and their cursor is not a person's to move.
            by_hand = ConsistencyCheck.objects.filter(finished_at=None, full=True, by_hand=True, **order)
            check = by_hand.first() or consistency_checks.begin_check(**order)
            if options["queue"]:
                return self.leave_to_the_queue(orders.order_check(check))
            for finding in consistency_checks.run_check(check, listing):
                self._print_finding(finding, in_json=options["json"])
        except (ProcessingError, UnusableInventory) as error:
            raise CommandError(f"The comparison stopped. {error}") from error
        if not options["json"]:
            self.stdout.write(reports.describe_findings(check))
        if any(check.counts.values()) and not options["repair"]:
            raise SystemExit(1)
        return None

    def _print_finding(self, finding: Finding, *, in_json: bool) -> None:
        if in_json:
            self.stdout.write(
                json.dumps(
                    {
                        "kind": finding.kind,
                        "what": finding.what,
                        "says": finding.reason.english,
                        "code": finding.reason.code,
                        "params": finding.reason.params,
                    }
                )
            )
        else:
            self.stdout.write(f"{finding.kind:12} {finding.what}  {finding.reason.english}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date. Write it as 2026-11-01 or 2026-11-01T06:00.") from error
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
