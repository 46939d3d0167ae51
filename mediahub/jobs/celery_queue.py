"""Chunks for the Celery workers: sent by Celery where it is installed, and written out where only SQS is at hand.

A function's package has no Celery, and nothing outside the network reaches the database: so the function itself puts
the chunks on the workers' queue. The form is version 2 of Celery's message protocol (Celery user manual, "Message
Protocol"), in the envelope of Kombu's virtual transports.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.conf import settings

from mediahub.aws import clients
from mediahub.aws.queue import Queue

TASK = "mediahub.worker.tasks.reprocess_chunk"
QUEUE = "bulk"


def send_chunks(chunk_ids: Iterable[int]) -> None:
    """Put a task for each chunk on the queue of the Celery workers; raise ProcessingError when SQS refuses."""
    if settings.CELERY_BROKER_URL.startswith("sqs:"):
        Queue(clients.get_client("sqs"), settings.BULK_QUEUE_URL).send_all(map(encode_task, chunk_ids))
        return
    # Only here: a function's package has no Celery, and other brokers are Celery's own affair.
    from mediahub.celery import app

    for chunk_id in chunk_ids:
        app.send_task(TASK, [chunk_id])


def encode_task(chunk_id: int) -> dict[str, Any]:
    """Return the message that has a worker call `reprocess_chunk` with this chunk."""
    task_id = str(uuid4())
    arguments = [[chunk_id], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    return {
        "body": base64.b64encode(json.dumps(arguments).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK, "id": task_id, "root_id": task_id, "parent_id": None, "group": None},
        "properties": {
            "correlation_id": task_id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
