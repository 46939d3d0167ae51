"""Invoke a function once, and wait for its answer as long as it runs.

botocore waits 60 seconds for an answer, which is as long as the worker may run, and then retries up to four times: a
slow `migrate` would run five times at once. Source: botocore's `Config` (`read_timeout`, `retries`); Lambda API
reference, "Invoke": the client must wait at least as long as the function.
"""

import json
import time
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from deploy.errors import DeployError
from deploy.stage import Stage

# Longer than any function may run, which is 900 seconds; the operating system notices a broken connection earlier.
READ_SECONDS = 930
ONCE = Config(connect_timeout=10, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1}, tcp_keepalive=True)
# With these errors Lambda refuses before the code runs, so a retry runs nothing twice.
NOT_STARTED = {
    "CodeArtifactUserPendingException",
    "EC2ThrottledException",
    "ENINotReadyException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "TooManyRequestsException",
}
ATTEMPTS = 60


def invoke_function(stage: Stage, function: str, event: dict[str, Any]) -> Any:
    """Return the function's answer, decoded from JSON; raise DeployError when it fails or does not answer."""
    client = stage.client("lambda", ONCE)
    payload = json.dumps(event).encode()
    for _ in range(ATTEMPTS):
        try:
            response = client.invoke(FunctionName=function, Payload=payload)
            answer = json.loads(response["Payload"].read() or "null")
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise DeployError(
                f"{function} did not answer and may still be running. See its log, /aws/lambda/{function}. When it has "
                "ended, run the command again: nothing is done twice."
            ) from error
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_STARTED:
                raise
            time.sleep(stage.poll_seconds)
            continue
        if "FunctionError" in response:
            message = (answer or {}).get("errorMessage", answer)
            raise DeployError(f"{function} failed: {message}. See its log, /aws/lambda/{function}.")
        return answer
    raise DeployError(
        f"Lambda did not start {function} in {ATTEMPTS} attempts. See its state and concurrency in the console."
    )
