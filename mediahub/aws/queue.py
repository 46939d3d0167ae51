"""A queue of SQS, with errors of ours."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from processing import translate_botocore_errors

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Queue:
    """One SQS queue; errors come out as Unavailable or Misconfigured."""

    client: "SQSClient"
    url: str

    def send(self, body: Any, delay: int = 0) -> None:
        """Put one message on the queue, to be delivered after `delay` seconds; the body is anything JSON can hold."""
        with translate_botocore_errors("use_queue", queue=self.url):
            self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), DelaySeconds=delay)

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
