"""Invoke a function once, and wait for its answer however long it works.

botocore waits 60 seconds for an answer, which is as long as the worker may work, and asks again up to four times: a
slow `migrate` would run five times at once. Source: botocore's `Config` (`read_timeout`, `retries`); Lambda API
reference, "Invoke": the client must wait at least as long as the function.
"""

import json
import time
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from deploy.errors import DeployError
from deploy.stage import Place

# Longer than any function may work, which is 900 seconds; a connection that breaks is noticed by the system before.
READ_SECONDS = 930
ONCE = Config(connect_timeout=10, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1}, tcp_keepalive=True)
# With these Lambda refuses before the code runs, so that asking again runs nothing twice.
NOT_STARTED = {
    "CodeArtifactUserPendingException",
    "EC2ThrottledException",
    "ENINotReadyException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "TooManyRequestsException",
}
ATTEMPTS = 60


def invoke(place: Place, function: str, event: dict[str, Any]) -> Any:
    """Return what the function answers, as JSON has it; raises DeployError where it fails or does not answer."""
    client = place.clients("lambda", ONCE)
    payload = json.dumps(event).encode()
    for _ in range(ATTEMPTS):
        try:
            answer = client.invoke(FunctionName=function, Payload=payload)
            said = json.loads(answer["Payload"].read() or "null")
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise DeployError(
                f"{function} gave no answer, and may still be at work. See its log, /aws/lambda/{function}. Run the "
                "command again when it has ended: nothing is done twice."
            ) from error
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_STARTED:
                raise
            time.sleep(place.pause)
            continue
        if "FunctionError" in answer:
            raise DeployError(f"{function} failed: {(said or {}).get('errorMessage', said)}. Look at its log.")
        return said
    raise DeployError(f"Lambda has not started {function} in {ATTEMPTS} attempts. Look at its concurrency and state.")
