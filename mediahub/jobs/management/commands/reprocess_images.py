import time
from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from mediahub.jobs import celery_queue, orders, runner
from mediahub.jobs.job_command import JobCommand
from mediahub.jobs.models import Job
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image


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


class Command(JobCommand):
    help = "Regenerate the renditions of images. After an interruption, run the same command again to resume."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="All images.")
        parser.add_argument("--ids", nargs="+", type=image_id, default=[], help="Images with these IDs.")
        parser.add_argument("--state", choices=Image.State.values, default="", help="Images in this state.")
        parser.add_argument("--since", type=moment, help="Images uploaded since then, in ISO 8601.")
        parser.add_argument("--engine", choices=["inline", "celery"], default="inline", help="Where the job runs.")
        parser.add_argument("--relabel", action="store_true", help="Request labels again, which may cost money.")
        parser.add_argument("--dry-run", action="store_true", help="Show what would be done, and stop.")

    def handle(self, *args: Any, **options: Any) -> str | None:
        if not (options["all"] or options["ids"] or options["state"] or options["since"]):
            raise CommandError("Choose images with --all, --ids, --state, or --since.")
        selection = Selection(tuple(options["ids"]), options["state"], options["since"] or "")
        if options["dry_run"]:
            self.stdout.write(f"{selection.images().count()} images would be reprocessed.")
            return None
        by_celery = options["engine"] == "celery"
        job, resumed = orders.order_reprocess(
            selection, relabel=options["relabel"], queued=options["queue"] and not by_celery
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
        while self._handed_out and self.goes_on(job):
            self.show(job)
            time.sleep(1)

    _handed_out = False

    def _hand_out(self, job: Job) -> None:
        celery_queue.send_chunks(runner.list_unfinished_chunks(job))
        self._handed_out = True
        self.stdout.write("The chunks are on the queue of the Celery workers.")
