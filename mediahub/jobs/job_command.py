"""What the commands on many images share: the work is done here at once, or recorded for the queue's workers."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mediahub.jobs import reports, runner
from mediahub.jobs.models import Job
from processing import ProcessingError

# A line of progress where no terminal shows it in place.
EVERY_SECONDS = 10


class JobCommand(BaseCommand):
    """A command whose work is a job; interrupted, the same command goes on with it.

    A deployed function ends after a minute: there `--queue` is always given, so that the command records the job and
    returns its id, and the queue's workers bring it to its end.
    """

    _shown = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the option that leaves the work to the queue."""
        parser.add_argument(
            "--queue", action="store_true", help="Record the job, leave it to the queue's workers, and return."
        )

    def announce(self, job: Job, *, resumed: bool) -> None:
        """Say that a job is gone on with that was begun earlier."""
        if resumed:
            self.stdout.write(f"Resuming the job of {job.created_at:%Y-%m-%d %H:%M}.")

    def leave_to_the_queue(self, job: Job) -> str:
        """Say what waits, and return the job's id, by which it is followed."""
        self.stdout.write(f"The queue's workers continue it: {reports.describe_progress(job)}. The job is")
        return str(job.pk)

    def run_here(self, job: Job) -> None:
        """Work on all chunks in this process and report; raise CommandError when not all of it went well."""
        try:
            self.work_on(job)
        except KeyboardInterrupt:
            raise CommandError("\nInterrupted. Run the same command again to resume.", returncode=130) from None
        except ProcessingError as error:
            raise CommandError(f"The job stopped: {error} Run the same command again to resume.") from error
        self.report(job)

    def work_on(self, job: Job) -> None:
        """Work on the job's chunks one after the other, until all are done or somebody stops the job."""
        for chunk_id in runner.list_unfinished_chunks(job):
            while not self._ran(chunk_id):
                self.show(job)
                time.sleep(1)
            self.show(job)
            if not self.goes_on(job):
                return

    def goes_on(self, job: Job) -> bool:
        """Return whether nobody has paused or cancelled the job on its page, and it has not come to its end."""
        job.refresh_from_db(fields=["state"])
        return job.state in Job.ACTIVE

    def show(self, job: Job) -> None:
        """Show how far the job is: in place on a terminal, and elsewhere a line now and then."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{reports.describe_progress(job)}\x1b[K", ending="")
        elif time.monotonic() - self._shown > EVERY_SECONDS:
            if self._shown:
                self.stderr.write(reports.describe_progress(job))
            self._shown = time.monotonic()

    def report(self, job: Job) -> None:
        """Print how the job ended; raise CommandError when not all of it went well."""
        job.refresh_from_db(fields=["state"])
        for failure in runner.list_failures(job):
            self.stderr.write(str(failure))
        self.stdout.write(reports.describe_end(job)[-1])
        if job.state in reports.STOPPED:
            raise CommandError(f"Someone has {job.state} the job on its page.")
        if not reports.is_well(job):
            raise CommandError("Some images failed; see the reasons above.")

    def _ran(self, chunk_id: int) -> bool:
        try:
            runner.run_chunk(chunk_id)
        except runner.Busy:
            return False
        except KeyboardInterrupt:
            runner.release_chunk(chunk_id)
            raise
        return True

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Do the work; each command has its own."""
        raise NotImplementedError
