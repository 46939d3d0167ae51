"""manage.py jobs: the newest jobs on many images, or how far one of them is."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mediahub.jobs import reports, runner

STEER = {
    "retry": runner.retry_failed,
    "resume": runner.resume_job,
    "pause": runner.pause_job,
    "cancel": runner.cancel_job,
}


class Command(BaseCommand):
    help = "List the newest jobs, or show the progress of one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", default="", help="ID of a job, or its first characters")
        parser.add_argument("--json", action="store_true", help="print one JSON object, for scripts")
        steer = parser.add_mutually_exclusive_group()
        steer.add_argument("--retry", action="store_true", help="retry failed images")
        steer.add_argument("--resume", action="store_true", help="resume a paused job")
        steer.add_argument("--pause", action="store_true", help="pause the job after the current image")
        steer.add_argument("--cancel", action="store_true", help="cancel the job")

    def handle(self, *args: Any, **options: Any) -> str | None:
        if not options["job"]:
            self.stdout.write("\n".join(reports.list_jobs()) or "There are no jobs.")
            return None
        job = reports.find_job(options["job"])
        if job is None:
            raise CommandError(f"There is no job {options['job']}. Run `jobs` to list the newest.")
        for verb, steer in STEER.items():
            if options[verb] and not steer(job):
                raise CommandError(f"The job is {job.state}; `--{verb}` has no effect.")
        job.refresh_from_db()
        status = reports.build_status(job)
        if options["json"]:
            self.stdout.write(json.dumps(status))
            return None
        self.stdout.write("\n".join(status["end"]) or f"{job.state}: {status['progress']}. The job is")
        return str(job.pk) if status["goes_on"] else None
