"""The mirror: one DynamoDB item for each image, and a pointer for each accepted tag, for readers outside Django.

Keys: `pk` is the image's id. The image's own item has `sk` = "image"; a pointer has `sk` = "tag#<name>" and stands in
the index `by_tag` (`tag`, `date`). All items of an image carry its revision and are written in one transaction that
holds only while the image's item is still the one that was read.
"""

import logging
from typing import Any, cast
from uuid import UUID

from boto3.dynamodb.types import TypeSerializer
from django.db.models import F
from django.utils import timezone

from mediahub import wiring
from mediahub.delivery.addresses import public_address
from mediahub.library.models import Image, Tagging
from processing import of_botocore

log = logging.getLogger(__name__)
_serialize = TypeSerializer().serialize

# DynamoDB takes a hundred items in one transaction; the rest of the tags stay on the image's own item.
MOST_POINTERS = 45


def push(image_id: UUID) -> bool:
    """Copy the image to the mirror if the mirror's revision is lower; False when it was not.

    Raises Unavailable or Misconfigured when DynamoDB cannot be written.
    """
    image = Image.objects.filter(pk=image_id).prefetch_related("renditions").first()
    if image is None:
        return False
    tags = list(
        image.taggings.filter(state=Tagging.State.ACCEPTED).values_list("tag__name", flat=True).order_by("tag__name")
    )
    written = _write(image, tags)
    # A mirror that is ahead of this copy is no reason to push again.
    Image.objects.filter(pk=image_id, mirrored_revision__lt=image.revision).update(mirrored_revision=image.revision)
    return written


def push_stale(most: int = 100) -> int:
    """Push the images whose mirror lags behind; returns how many were written."""
    stale = Image.objects.filter(mirrored_revision__lt=F("revision")).order_by("updated_at")
    return sum(push(image_id) for image_id in stale.values_list("pk", flat=True)[:most])


def read(image_id: UUID) -> dict[str, Any] | None:
    """The image's own item as the mirror holds it, in DynamoDB's typed form."""
    items = _items(image_id)
    return items.get("image")


def item(image: Image, tags: list[str]) -> dict[str, Any]:
    """What a reader needs of an image, and nothing else."""
    return {
        "pk": str(image.pk),
        "sk": "image",
        "title": image.title,
        "alt_text": image.alt_text,
        "state": image.state,
        "tags": tags,
        "renditions": {
            rendition.name: {
                "address": public_address(rendition.key),
                "width": rendition.width,
                "height": rendition.height,
                "bytes": rendition.bytes,
            }
            for rendition in image.renditions.all()
        },
        "revision": image.revision,
    }


def _write(image: Image, tags: list[str]) -> bool:
    table = wiring.mirror_table()
    held = _items(image.pk)
    own = held.get("image")
    if own and int(own["revision"]["N"]) >= image.revision:
        return False
    try:
        table.client.transact_write_items(TransactItems=cast(Any, _changes(table.name, image, tags, held)))
    except table.client.exceptions.TransactionCanceledException as error:
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if reasons <= {"None", "ConditionalCheckFailed"}:
            log.info("image %s: another push to the mirror came first", image.pk)
            return _write(image, tags)
        raise of_botocore(error, f"the mirror of image {image.pk}") from error
    except Exception as error:
        raise of_botocore(error, f"the mirror of image {image.pk}") from error
    return True


def _items(image_id: UUID) -> dict[str, dict[str, Any]]:
    table = wiring.mirror_table()
    try:
        answer = table.client.query(
            TableName=table.name,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": str(image_id)}},
        )
    except Exception as error:
        raise of_botocore(error, f"the mirror of image {image_id}") from error
    return {found["sk"]["S"]: dict(found) for found in answer["Items"]}


def _changes(table: str, image: Image, tags: list[str], held: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The transaction: the image's item if it is still the one read, its pointers, and the pointers no longer true."""
    own: dict[str, Any] = {"TableName": table, "Item": _typed(item(image, tags))}
    if "image" in held:
        own["ConditionExpression"] = "revision = :read"
        own["ExpressionAttributeValues"] = {":read": held["image"]["revision"]}
    else:
        own["ConditionExpression"] = "attribute_not_exists(pk)"
    date = (image.taken_at or image.created_at).astimezone(timezone.get_default_timezone()).isoformat()
    pointers = {f"tag#{tag}": tag for tag in tags[:MOST_POINTERS]}
    puts = [
        {"TableName": table, "Item": _typed({"pk": str(image.pk), "sk": sk, "tag": tag, "date": date})}
        for sk, tag in pointers.items()
    ]
    gone = [sk for sk in held if sk != "image" and sk not in pointers][: 99 - len(puts)]
    return [
        {"Put": own},
        *({"Put": put} for put in puts),
        *({"Delete": {"TableName": table, "Key": _typed({"pk": str(image.pk), "sk": sk})}} for sk in gone),
    ]


def _typed(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}
