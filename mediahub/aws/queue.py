"""A queue of SQS, with errors of ours."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from processing import translate_botocore_errors

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


# SQS takes so many messages in one request, and so many bytes of all of them together.
MOST_ENTRIES = 10
MOST_BYTES = 1024 * 1024
# What it refuses of a request is sent again so often at once.
ROUNDS = 3
Entry = dict[str, Any]


@dataclass(frozen=True)
class Queue:
    """One SQS queue; errors come out as Unavailable or Misconfigured."""

    client: "SQSClient"
    url: str

    def send(self, body: Any, delay: int = 0) -> None:
        """Put one message on the queue, to be delivered after `delay` seconds; the body is anything JSON can hold."""
        with translate_botocore_errors("use_queue", queue=self.url):
            self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), DelaySeconds=delay)

    def send_all(self, bodies: Iterable[Any], delay: Callable[[int], int] = lambda place: 0) -> None:
        """Put many messages on the queue, ten in one request; the queue may take some of a request and refuse others.

        `delay` says in how many seconds the message at each place is delivered.

        Raise what `send` raises for those that it still refuses after a few rounds; all others are on the queue then.
        """
        refusals: list[ClientError] = []
        entries = [
            {"Id": str(place), "MessageBody": json.dumps(body), "DelaySeconds": delay(place)}
            for place, body in enumerate(bodies)
        ]
        with translate_botocore_errors("use_queue", queue=self.url):
            for part in _split_entries(entries):
                refusal = self._send_entries(part)
                refusals += [refusal] if refusal else []
            if refusals:
                raise refusals[0]

    def _send_entries(self, entries: Sequence[Entry]) -> ClientError | None:
        """Send the messages of one request; return the refusal of those that were not taken in the end."""
        failed: dict[str, Any] = {}
        for _round in range(ROUNDS):
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=cast(Any, entries))
            failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
            entries = [entry for entry in entries if entry["Id"] in failed]
            if not entries:
                return None
        refusal = failed[entries[0]["Id"]]
        error = {"Code": refusal["Code"], "Message": refusal.get("Message", "")}
        return ClientError(cast(Any, {"Error": error}), "SendMessageBatch")

    def receive(self, most: int = 10) -> list[dict[str, Any]]:
        """Return up to ten messages that are there now, each hidden from others for the queue's visibility time-out."""
        with translate_botocore_errors("use_queue", queue=self.url):
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["All"],
            )
        return [dict(message) for message in answer.get("Messages", [])]

    def count_waiting(self) -> int:
        """Return about how many messages are there now and hidden from nobody."""
        attributes: list[Any] = ["ApproximateNumberOfMessages"]
        with translate_botocore_errors("use_queue", queue=self.url):
            answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=attributes)
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def delete(self, receipt: str) -> None:
        """Take one received message off the queue for good."""
        with translate_botocore_errors("use_queue", queue=self.url):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)

    def hide_message(self, receipt: str, seconds: int) -> None:
        """Let one received message come back in so many seconds."""
        with translate_botocore_errors("use_queue", queue=self.url):
            self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)


def _split_entries(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield the messages in their order, as many at once as one request may have."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        weight = len(entry["MessageBody"].encode())
        if part and (len(part) == MOST_ENTRIES or size + weight > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(entry)
        size += weight
    if part:
        yield part
