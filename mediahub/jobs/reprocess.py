"""Reprocessing: the renditions of one image after the other made anew, each safe to do twice."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from mediahub import costs
from mediahub.library.models import Image
from mediahub.reasons import Reason
from mediahub.uploads import ingest


@dataclass(frozen=True)
class Estimate:
    """What reprocessing will take: how many images, how many of them are labelled, and US dollars for each part."""

    images: int
    labelled: int
    work: Decimal
    labels: Decimal


def reprocess_image(image: Image, *, relabel: bool) -> Reason | None:
    """Regenerate the renditions of one image; return why not, or None. Raise ProcessingError."""
    upload = ingest.find_current_upload(image.pk)
    if upload is None:
        return Reason("no_original")
    ingest.reprocess_upload(upload, relabel=relabel)
    return None


def estimate_cost(images: QuerySet[Image], *, relabel: bool) -> Estimate:
    """Return what it will cost to reprocess these images, by the measured model and its list of prices."""
    count = images.order_by().count()
    unlabelled = count if relabel else images.order_by().exclude(label_state=Image.LabelState.DONE).count()
    labelled = unlabelled if settings.LABELER != "off" else 0
    paid = labelled if settings.LABELER == "rekognition" else 0
    public = images.order_by().filter(state=Image.State.PUBLISHED).count()
    # The worker's time, its requests, and new public copies: storing and showing cost the same as before.
    plan = costs.Plan(images=0, reprocessed=count, published=round(100 * public / count) if count else 0)
    work = costs.bill(plan).total(standing=False)
    asked = costs.bill(costs.Plan(images=paid, labels=True, moderation=settings.MODERATION))
    labels = sum((line.dollars for line in asked.lines if line.service == "Rekognition"), Decimal(0))
    return Estimate(count, labelled, work, labels)
