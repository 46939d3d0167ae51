"""The front door for bulk work: `celery -A mediahub worker`, over SQS or, by CELERY_BROKER_URL, Redis."""

import os

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings")
django.setup()

from django.conf import settings  # noqa: E402

from mediahub import checks  # noqa: E402

QUEUE = "bulk"
# A task that met another worker's lease is tried again after so many seconds at most.
LONGEST_WAIT = 600
checks.require_addresses()

app = Celery("mediahub")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    task_default_queue=QUEUE,
    task_ignore_result=True,
    # A task counts as done when it is done: what a killed worker held is delivered again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    timezone=settings.TIME_ZONE,
    # Redis delivers what a killed worker had after an hour otherwise; a chunk that is still worked on has its lease.
    broker_transport_options={"visibility_timeout": max(settings.LEASE_SECONDS, LONGEST_WAIT) + 60},
)
if settings.CELERY_BROKER_URL.startswith("sqs:"):
    app.conf.broker_transport_options = {
        "region": settings.AWS_REGION,
        # The queue is the stack's; a worker has no right to list or create any.
        "predefined_queues": {QUEUE: {"url": settings.BULK_QUEUE_URL}},
        "is_secure": not (settings.AWS_ENDPOINT_URL or "").startswith("http://"),
        "wait_time_seconds": 5,
    }
app.autodiscover_tasks(["mediahub.worker"])
