"""manage.py rebuild_mirror: the whole mirror, made anew from the records."""

from typing import Any

from mediahub.jobs import runner
from mediahub.jobs.job_command import JobCommand


class Command(JobCommand):
    help = (
        "Makes the mirror in DynamoDB anew from SQL: forgets what no record knows, and pushes every image. "
        "Interrupted, the same command goes on where it was."
    )

    def handle(self, *args: Any, **options: Any) -> str | None:
        job, resumed = runner.order_mirror(queued=options["queue"])
        self.announce(job, resumed=resumed)
        if options["queue"]:
            return self.leave_to_the_queue(job)
        self.run_here(job)
        return None
