import sys
import time
from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mediahub.bulk import jobs
from mediahub.bulk.models import Job
from mediahub.bulk.selection import Selection
from mediahub.library.models import Image


def moment(text: str) -> str:
    """A date or time in ISO 8601, in the site's zone when it names none."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2026-11-23 or 2026-11-23T14:00") from error
    return (given if given.tzinfo else timezone.make_aware(given)).isoformat()


def image_id(text: str) -> str:
    """The id of an image."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not the id of an image") from error


class Command(BaseCommand):
    help = "Make the renditions of images anew. Safe to interrupt: the same command goes on where it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="All images.")
        parser.add_argument("--ids", nargs="+", type=image_id, default=[], help="The images with these ids.")
        parser.add_argument("--state", choices=Image.State.values, default="", help="The images in this state.")
        parser.add_argument("--since", type=moment, help="The images that came since, ISO 8601.")
        parser.add_argument("--engine", choices=["inline", "celery"], default="inline", help="Where the work is done.")
        parser.add_argument("--relabel", action="store_true", help="Ask for labels again, which may cost money.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done and stop.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["all"] or options["ids"] or options["state"] or options["since"]):
            raise CommandError("Say which images: --all, --ids, --state or --since.")
        selection = Selection(tuple(options["ids"]), options["state"], options["since"] or "")
        if options["dry_run"]:
            self.stdout.write(f"{selection.images().count()} images would be reprocessed.")
            return
        job, resumed = jobs.order(selection, relabel=options["relabel"])
        if resumed:
            self.stdout.write(f"Going on with the job of {job.created_at:%Y-%m-%d %H:%M}.")
        try:
            self._inline(job) if options["engine"] == "inline" else self._celery(job)
        except KeyboardInterrupt:
            raise CommandError("\nInterrupted. Run the same command again to go on.", returncode=130) from None
        self._report(job)

    def _inline(self, job: Job) -> None:
        for chunk_id in jobs.unfinished(job):
            while not self._ran(chunk_id):
                self._show(job)
                time.sleep(1)
            self._show(job)
            if not self._goes_on(job):
                return

    def _ran(self, chunk_id: int) -> bool:
        try:
            jobs.run(chunk_id)
        except jobs.Busy:
            return False
        except KeyboardInterrupt:
            jobs.release(chunk_id)
            raise
        return True

    def _celery(self, job: Job) -> None:
        # Only here: the inline engine, and Lambda, do without Celery.
        from mediahub.bulk.tasks import reprocess_chunk
        from mediahub.celery import app

        app.set_current()
        for chunk_id in jobs.unfinished(job):
            reprocess_chunk.delay(chunk_id)
        self.stdout.write("The chunks are on the queue; workers: celery -A mediahub worker")
        while self._goes_on(job):
            self._show(job)
            time.sleep(1)

    def _goes_on(self, job: Job) -> bool:
        """That nobody has paused or cancelled the job on its page, and it has not come to its end."""
        job.refresh_from_db(fields=["state"])
        return job.state in Job.ACTIVE

    def _show(self, job: Job) -> None:
        if sys.stderr.isatty():
            now = jobs.progress(job)
            self.stderr.write(f"\r{now.passed} of {now.total}", ending="")

    def _report(self, job: Job) -> None:
        now = jobs.progress(job)
        for failure in jobs.failures(job):
            self.stderr.write(str(failure))
        self.stdout.write(f"{now.done} of {now.total} images reprocessed, {now.failed} failed.")
        job.refresh_from_db(fields=["state"])
        if job.state in (Job.State.PAUSED, Job.State.CANCELLED):
            raise CommandError(f"Somebody has {job.state} the job on its page.")
        if now.failed:
            raise CommandError("Some images could not be reprocessed; the reasons stand above.")
