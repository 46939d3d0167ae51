"""Reprocessing: the renditions of one image after the other made anew, each safe to do twice."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from mediahub import costs
from mediahub.library.models import Image
from mediahub.uploads import ingest


@dataclass(frozen=True)
class Estimate:
    """What reprocessing will take: how many images, how many of them are labelled, and US dollars for each part."""

    images: int
    labelled: int
    work: Decimal
    labels: Decimal


def reprocess(image: Image, *, relabel: bool) -> str:
    """Make the renditions of one image anew; returns why not, empty when it is done. Raises ProcessingError."""
    upload = ingest.upload_of(image.pk)
    if upload is None:
        return "Its original is not in the upload bucket any more."
    ingest.reprocess(upload, relabel=relabel)
    return ""


def estimate(images: QuerySet[Image], *, relabel: bool) -> Estimate:
    """What it will cost to reprocess these images, by the measured model and its list of prices."""
    count = images.order_by().count()
    unlabelled = count if relabel else images.order_by().exclude(label_state=Image.LabelState.DONE).count()
    labelled = unlabelled if settings.LABELER != "off" else 0
    paid = labelled if settings.LABELER == "rekognition" else 0
    plan = costs.Plan(images=count)
    work = sum((line.dollars for line in costs.bill(plan).lines if _is_work(line)), Decimal(0))
    asked = costs.bill(costs.Plan(images=paid, labels=True, moderation=settings.MODERATION))
    labels = sum((line.dollars for line in asked.lines if line.service == "Rekognition"), Decimal(0))
    return Estimate(count, labelled, work, labels)


def _is_work(line: costs.Line) -> bool:
    """The worker's time and its requests: what is stored and shown costs the same as before."""
    return not line.standing and (line.what.startswith("worker") or line.service in ("KMS", "DynamoDB"))
