"""The event loop of the local AWS: what Lambda's event source mapping and clock do, with Zappa's own handler."""

import importlib
import logging
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from zappa.cli import ZappaCLI

from mediahub.aws import clients
from mediahub.local.emulator import ACCOUNT

log = logging.getLogger(__name__)

BATCH = 10
# As in zappa_settings.json; a message stays hidden six times as long.
FUNCTION_SECONDS = 60
Handler = Callable[[dict[str, Any], Any], Any]


@dataclass
class Context:
    """What Lambda tells a function of its invocation."""

    function_name: str
    memory_limit_in_mb: int = 1792
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _ends: float = field(default_factory=lambda: time.monotonic() + FUNCTION_SECONDS)

    @property
    def invoked_function_arn(self) -> str:
        """The function's address in the local account."""
        return f"arn:aws:lambda:{settings.AWS_REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end the function."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


def load_zappa_handler(stage: str, folder: Path) -> Handler:
    """Return Zappa's handler with the settings module that its package of this stage has, written to `folder`."""
    cli = ZappaCLI()
    cli.api_stage = stage
    cli.load_settings(str(settings.BASE_DIR / "zappa_settings.json"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zappa_settings.py").write_text(cli.get_zappa_settings_string())
    sys.path.insert(0, str(folder))
    handler: Handler = importlib.import_module("zappa.handler").lambda_handler
    return handler


@dataclass
class EventLoop:
    """Receives from the upload queue, invokes the handler, deletes what it did not report as failed."""

    handler: Handler
    clock_seconds: float = 5
    name: str = "mediahub-local"
    stopping: bool = False
    _ticked: float = 0

    def run(self) -> None:
        """Work until `stop`; a batch that has begun is finished first."""
        while not self.stopping:
            try:
                self.poll_once(wait=1)
            except Exception:
                log.exception("the event loop could not do its turn; it goes on in a second")
                time.sleep(1)

    def stop(self, *_: object) -> None:
        """Let the current batch be the last."""
        self.stopping = True

    def poll_once(self, wait: int = 0) -> int:
        """Poll the queue once and tick the clock when it is due; return how many messages came."""
        if time.monotonic() - self._ticked >= self.clock_seconds:
            self._ticked = time.monotonic()
            self.tick()
        queue = clients.get_upload_queue()
        answer = queue.client.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if messages:
            self._invoke([dict(message) for message in messages])
        return len(messages)

    def tick(self) -> None:
        """Invoke the clock as EventBridge does; a failure waits for the next tick."""
        event = {
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "resources": [
                f"arn:aws:events:{settings.AWS_REGION}:{ACCOUNT}:rule/mediahub-local-mediahub.worker.handlers.on_minute"
            ],
        }
        try:
            self.handler(event, Context(self.name))
        except Exception:
            log.exception("the clock failed; it tries again at its next tick")

    def _invoke(self, messages: list[dict[str, Any]]) -> None:
        queue = clients.get_upload_queue()
        event = {"Records": [_build_record(message, queue.url) for message in messages]}
        try:
            answer = self.handler(event, Context(self.name))
        except Exception:
            # Lambda deletes nothing of a batch whose function raised.
            log.exception("the handler failed; its %d messages come back", len(messages))
            return
        if answer is None:
            log.error("no function took %d messages, which are lost on Lambda; see zappa_settings.json", len(messages))
        # An answer without the list, even none at all, is success to Lambda.
        failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else []
        failed = {failure["itemIdentifier"] for failure in failures}
        for message in messages:
            if message["MessageId"] not in failed:
                queue.delete(message["ReceiptHandle"])


def _build_record(message: dict[str, Any], queue_url: str) -> dict[str, Any]:
    """Return a received message in the form in which Lambda hands it to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{settings.AWS_REGION}:{ACCOUNT}:{queue_url.rsplit('/', 1)[-1]}",
        "awsRegion": settings.AWS_REGION,
    }
