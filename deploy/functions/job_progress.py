"""Work that goes on through the queue, followed from the operator's shell: each question is a short invocation."""

import json
import time
from datetime import datetime
from typing import Any

from deploy.functions import management
from deploy.stage import Place

# In pauses of the place: so long lies between two questions, and between two lines that are printed.
ASK, SAY = 2, 10


def follow(place: Place, job: str) -> bool:
    """Print how far the job is until it ends or somebody stops it; returns whether all of it went well.

    Whoever stops to follow stops nothing of the work.
    """
    said = 0.0
    while (status := _ask(place, job))["goes_on"]:
        if time.monotonic() - said >= place.pause * SAY:
            said = time.monotonic()
            _say(place, status)
        time.sleep(place.pause * ASK)
    _say(place, status)
    for line in status["end"] or [f"It is {status['state']}. Go on: {command(place, f'jobs {job[:8]} --resume')}"]:
        place.say(line)
    return bool(status["well"])


def command(place: Place, line: str) -> str:
    """Return what an operator types to run a command in the worker's function."""
    return f'python -m deploy manage {place.stage} "{line}"'


def _ask(place: Place, job: str) -> dict[str, Any]:
    return dict(json.loads(management.manage(place, f"jobs {job} --json")))


def _say(place: Place, status: dict[str, Any]) -> None:
    place.say(f"{datetime.now():%H:%M:%S}  {status['state']:8} {status['progress']}")
