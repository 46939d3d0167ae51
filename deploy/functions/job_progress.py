"""Follow a job from the operator's shell: the job runs through the queue, and each question is a short invocation."""

import json
import time
from datetime import datetime
from typing import Any

from deploy.functions import management
from deploy.stage import Stage

# How many of the stage's poll intervals lie between two questions, and between two printed lines.
ASK_EVERY, PRINT_EVERY = 2, 10


def follow_job(stage: Stage, job: str) -> bool:
    """Print the progress of a job until it ends or is stopped; return whether all of it succeeded.

    Interrupting this function does not stop the job.
    """
    printed_at = 0.0
    while (status := json.loads(management.run_command(stage, f"jobs {job} --json").output))["goes_on"]:
        if time.monotonic() - printed_at >= stage.poll_seconds * PRINT_EVERY:
            printed_at = time.monotonic()
            _print_progress(stage, status)
        time.sleep(stage.poll_seconds * ASK_EVERY)
    _print_progress(stage, status)
    resume = f"The job is {status['state']}. To resume it: {build_command(stage, f'jobs {job[:8]} --resume')}"
    for line in status["end"] or [resume]:
        stage.report(line)
    return bool(status["well"])


def build_command(stage: Stage, line: str) -> str:
    """Return the shell command that runs a management command in the worker function."""
    return f'python -m deploy manage {stage.name} "{line}"'


def _print_progress(stage: Stage, status: dict[str, Any]) -> None:
    stage.report(f"{datetime.now():%H:%M:%S}  {status['state']:8} {status['progress']}")
