"""From settings to parts: each AWS client and store is made once, lazily, for the settings in force."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from django.conf import settings

from mediahub.aws.queue import Queue
from mediahub.aws.table import Table
from processing import (
    Labeler,
    Limits,
    MeasuredLabeler,
    RecordedLabeler,
    RekognitionLabeler,
    RenditionSpec,
    S3Store,
    Signer,
    translate_botocore_errors,
)

# Making a boto3 client reads files and is not thread-safe; using one is.
_making = threading.RLock()


@cache
def _make_client(service: str, profile: str | None, region: str, endpoint: str | None) -> Any:
    config = Config(
        signature_version="s3v4" if service == "s3" else None,
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=3,
        read_timeout=20,
        # boto3 would sign `BUCKET.s3.amazonaws.com` in us-east-1, and the policy of the pages names the region's host.
        s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "path" if endpoint else "virtual"},
    )
    session = boto3.Session(profile_name=profile, region_name=region)
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]


def get_client(service: str, profile: str | None = None) -> Any:
    """Return a boto3 client of this process's role or of a profile, one for the same settings.

    Raise Misconfigured without a role.
    """
    with _making, translate_botocore_errors("connect", service=service):
        return _make_client(service, profile or settings.AWS_PROFILE, settings.AWS_REGION, settings.AWS_ENDPOINT_URL)


def get_upload_store() -> S3Store:
    """Return the bucket of originals."""
    return S3Store(get_client("s3"), settings.UPLOAD_BUCKET, settings.KMS_KEY_ARN)


def get_rendition_store() -> S3Store:
    """Return the bucket of renditions."""
    return S3Store(get_client("s3"), settings.RENDITION_BUCKET, settings.KMS_KEY_ARN)


def get_upload_signer() -> Signer:
    """Return what signs the requests a browser may send to the bucket of originals."""
    return Signer(get_client("s3"), settings.UPLOAD_BUCKET, settings.KMS_KEY_ARN)


def get_rendition_signer() -> Signer:
    """Return what signs the requests a browser may send to the bucket of renditions."""
    return Signer(get_client("s3"), settings.RENDITION_BUCKET)


def get_limits() -> Limits:
    """Return how large a file and a picture may be."""
    return Limits(
        max_bytes=settings.UPLOAD_MAX_BYTES,
        max_pixels=settings.IMAGE_MAX_PIXELS,
        max_side=settings.IMAGE_MAX_SIDE,
        max_memory=settings.IMAGE_MAX_MEMORY,
        by_format=settings.IMAGE_LIMITS,
    )


def get_specs() -> list[RenditionSpec]:
    """Return the renditions of each image that the settings ask for."""
    return [*settings.RENDITIONS, *settings.RENDITION_FILLS]


def get_crop_specs() -> list[RenditionSpec]:
    """Return those renditions that are cut out around the focal point."""
    return [spec for spec in get_specs() if spec.mode == "crop"]


def _build_rekognition_labeler() -> Labeler:
    return RekognitionLabeler(
        get_client("rekognition"), settings.LABEL_MAX, settings.LABEL_MIN_CONFIDENCE, moderate=settings.MODERATION
    )


def _build_recorded_labeler() -> Labeler:
    return RecordedLabeler(Path(settings.LABEL_RECORDINGS), settings.LABEL_MAX, settings.LABEL_MIN_CONFIDENCE)


@dataclass(frozen=True)
class LabelSource:
    """A value of LABELER: how its labeler is built, and whether it reports flags for a person to look at."""

    build: Callable[[], Labeler | None]
    reports_flags: bool = False


LABEL_SOURCES: Mapping[str, LabelSource] = {
    "rekognition": LabelSource(_build_rekognition_labeler, reports_flags=True),
    "measured": LabelSource(MeasuredLabeler),
    "recorded": LabelSource(_build_recorded_labeler, reports_flags=True),
    "off": LabelSource(lambda: None),
}


def get_labeler() -> Labeler | None:
    """Return the labeler that the setting LABELER names; None when labels are off, or when it names none."""
    source = LABEL_SOURCES.get(settings.LABELER)
    return source.build() if source else None


def get_mirror_table() -> Table:
    """Return the table that readers outside Django query."""
    return Table(get_client("dynamodb"), settings.MIRROR_TABLE)


def get_upload_queue() -> Queue:
    """Return the queue of upload events and of our own messages."""
    return Queue(get_client("sqs"), settings.UPLOAD_QUEUE_URL)


def get_cdn_queue() -> Queue | None:
    """Return the queue of paths that the CDN should fetch again; None without a CDN."""
    return Queue(get_client("sqs"), settings.CDN_QUEUE_URL) if settings.CDN_QUEUE_URL else None


def get_dead_letter_queue() -> Queue:
    """Return the queue of messages that failed too often."""
    return Queue(get_client("sqs"), settings.DEAD_LETTER_QUEUE_URL)
