import time
from argparse import ArgumentTypeError
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from mediahub.jobs import celery_queue, orders, plans, reports, runner
from mediahub.jobs.job_command import JobCommand
from mediahub.jobs.models import Job
from mediahub.jobs.selection import Selection, parse_search
from mediahub.library.models import Image

# After so many seconds in which no image was done the chunks are handed out again.
SILENCE = 300


def moment(text: str) -> str:
    """Return a date or time in ISO 8601, in the site's zone when it names none."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2026-11-23 or 2026-11-23T14:00") from error
    return (given if given.tzinfo else timezone.make_aware(given)).isoformat()


def image_id(text: str) -> str:
    """Return the id of an image."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not the id of an image") from error


def price(text: str) -> Decimal:
    """Return an amount of US dollars."""
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text!r} is not an amount of US dollars such as 2.50") from error
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError(f"{text!r} is not an amount of US dollars such as 2.50")
    return amount


class Command(JobCommand):
    help = (
        "Regenerate the renditions of images, or their labels or mirror alone. After an interruption, run the same "
        "command again to resume."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="All images.")
        parser.add_argument("--ids", nargs="+", type=image_id, default=[], help="Images with these IDs.")
        parser.add_argument("--state", choices=Image.State.values, default="", help="Images in this state.")
        parser.add_argument("--since", type=moment, help="Images uploaded since then, in ISO 8601.")
        parser.add_argument(
            "--where",
            default="",
            help='Images that a search finds: words as in the library, or "state=published&q=boat".',
        )
        parser.add_argument("--stale", action="store_true", help="Images whose renditions would be made otherwise now.")
        parser.add_argument(
            "--stage",
            choices=Job.Stage.values,
            default=Job.Stage.RENDITIONS,
            help="What to make anew: renditions, labels from stored answers (free), or the mirror.",
        )
        parser.add_argument("--engine", choices=["inline", "celery"], default="inline", help="Where the job runs.")
        parser.add_argument("--relabel", action="store_true", help="Request labels again, which may cost money.")
        parser.add_argument("--dry-run", action="store_true", help="Show what it takes and costs, and stop.")
        parser.add_argument("--max-cost", type=price, help="Refuse to start if it costs more US dollars than this.")

    def handle(self, *args: Any, **options: Any) -> str | None:
        selection, stage = _read_selection(options), options["stage"]
        if options["dry_run"] or options["max_cost"] is not None:
            plan = plans.plan_reprocess(selection, stage, relabel=options["relabel"])
            self.stdout.write("\n".join(reports.describe_plan(plan)))
            limit = options["max_cost"]
            if limit is not None and plan.dollars > limit:
                raise CommandError(f"It costs ${plan.dollars:.4f}, which is more than ${limit}. Nothing was started.")
        if options["dry_run"]:
            return None
        by_celery = options["engine"] == "celery"
        job, resumed = orders.order_reprocess(
            selection, stage=stage, relabel=options["relabel"], queued=options["queue"] and not by_celery
        )
        self.announce(job, resumed=resumed)
        if by_celery:
            self._hand_out(job)
        if options["queue"]:
            return self.leave_to_the_queue(job)
        self.run_here(job)
        return None

    def work_on(self, job: Job) -> None:
        if not self._handed_out:
            super().work_on(job)
        passed, changed_at = -1, time.monotonic()
        while self._handed_out and self.goes_on(job):
            self.show(job)
            time.sleep(1)
            if (now := runner.measure_progress(job).passed) != passed:
                passed, changed_at = now, time.monotonic()
            elif time.monotonic() - changed_at > SILENCE:
                # A message may be lost; a chunk that is on the queue twice is worked on once.
                changed_at = time.monotonic()
                self._hand_out(job)

    _handed_out = False

    def _hand_out(self, job: Job) -> None:
        celery_queue.send_chunks(runner.list_unfinished_chunks(job))
        self._handed_out = True
        self.stdout.write("The chunks are on the queue of the Celery workers.")


def _read_selection(options: dict[str, Any]) -> Selection:
    """Return which images the options name; raise CommandError where they name none, or contradict each other."""
    selection = Selection(
        tuple(options["ids"]), options["state"], options["since"] or "", options["where"], options["stale"]
    )
    if not options["all"] and selection == Selection():
        raise CommandError("Choose images with --all, --ids, --state, --since, --where, or --stale.")
    if selection.where and (problems := parse_search(selection.where).problems):
        raise CommandError(" ".join(problems))
    if options["relabel"] and options["stage"] != Job.Stage.RENDITIONS:
        raise CommandError("--relabel asks for labels anew, with the renditions: leave out --stage.")
    return selection
