"""manage.py rebuild_mirror: the whole mirror, made anew from the records."""

from typing import Any

from mediahub.jobs import orders
from mediahub.jobs.job_command import JobCommand


class Command(JobCommand):
    help = (
        "Rebuild the mirror in DynamoDB from SQL: remove unknown items and push every image. "
        "After an interruption, run the same command again to resume."
    )

    def handle(self, *args: Any, **options: Any) -> str | None:
        job, resumed = orders.order_mirror(queued=options["queue"])
        self.announce(job, resumed=resumed)
        if options["queue"]:
            return self.leave_to_the_queue(job)
        self.run_here(job)
        return None
