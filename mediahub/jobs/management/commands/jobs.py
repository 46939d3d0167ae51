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
    help = "Lists the newest jobs on many images; with the id of one, or its beginning, says how far it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", default="", help="id of a job, or its beginning")
        parser.add_argument("--json", action="store_true", help="one JSON object, for a program that follows the job")
        steer = parser.add_mutually_exclusive_group()
        steer.add_argument("--retry", action="store_true", help="try what failed once more")
        steer.add_argument("--resume", action="store_true", help="go on with a paused job")
        steer.add_argument("--pause", action="store_true", help="let no further image be begun")
        steer.add_argument("--cancel", action="store_true", help="end the job where it is")

    def handle(self, *args: Any, **options: Any) -> str | None:
        if not options["job"]:
            self.stdout.write("\n".join(reports.list_jobs()) or "There are no jobs.")
            return None
        job = reports.find_job(options["job"])
        if job is None:
            raise CommandError(f"There is no job {options['job']}. `jobs` lists the newest.")
        for verb, steer in STEER.items():
            if options[verb] and not steer(job):
                raise CommandError(f"The job is {job.state}; `--{verb}` changes nothing then.")
        job.refresh_from_db()
        status = reports.build_status(job)
        if options["json"]:
            self.stdout.write(json.dumps(status))
            return None
        self.stdout.write("\n".join(status["end"]) or f"{job.state}: {status['progress']}. The job is")
        return str(job.pk) if status["goes_on"] else None
