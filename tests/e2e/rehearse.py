"""`python -m tests.e2e.rehearse STAGE`: the rehearsal as on AWS, with the local AWS in its place; run in a checkout."""

import io
import os
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from deploy.rehearsal import rehearse
from deploy.rehearsal.steps import Bounds
from deploy.stage import Stage, open_clients
from tests.e2e.edge import Edge
from tests.e2e.transport import TRIES, Transport, is_lost

PARAMETERS = {
    "TlsOnly": "false",
    "Labels": "false",
    "AlarmEmail": "desk@example.org",
    "MonthlyBudget": "50",
    # The local AWS unpacks the package anew for every worker it starts, in its own process.
    "MaxConcurrency": "2",
    "VisibilityTimeout": "20",
    "MaxReceiveCount": "20",
}
BOUNDS = Bounds(ready=900, public=600, pause=900, poll=1)


def main(name: str) -> int:
    """Rehearse; returns 0 when all went well and nothing is left."""
    clients, region = open_clients()
    stage = Stage("mediahub", name, region, patient(clients), poll_seconds=0.2)
    send = Transport(os.environ["AWS_ENDPOINT_URL"], Edge(clients))

    def confirm(plan: str) -> bool:
        print(plan, flush=True)
        return True

    return int(not rehearse.rehearse_stage(stage, PARAMETERS, confirm, send=send, bounds=BOUNDS))


def patient(clients: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same clients, of which Lambda's asks again where the local AWS lost an answer."""

    @cache
    def client(service: str, *config: Any) -> Any:
        patient_client = clients(service, *config)
        if service == "lambda":
            patient_client.invoke = partial(_invoke, patient_client.invoke)
        return patient_client

    return client


def _invoke(invoke: Callable[..., dict[str, Any]], **asked: Any) -> dict[str, Any]:
    for _ in range(TRIES):
        answer = invoke(**asked)
        said = answer["Payload"].read()
        if not is_lost(said):
            break
        time.sleep(1)
    return {**answer, "Payload": io.BytesIO(said)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
