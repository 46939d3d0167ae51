"""From a file in the bucket to an image, through Zappa's handler and the worker's own role."""

from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from django.contrib.auth.models import User

from mediahub.delivery import mirror
from mediahub.history.change_set import ChangeSet
from mediahub.library import metadata, publishing, tag_decisions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)


def send(ticket: tickets.UploadTicket, data: bytes) -> int:
    fields: dict[str, Any] = {**ticket.fields, "file": ("original", data, ticket.fields["Content-Type"])}
    return urllib3.request("POST", ticket.url, fields=fields).status


def test_an_upload_becomes_an_image(
    editor: User, event_loop: EventLoop, as_role: Callable[[str], None], aws: Callable[[str, str], Any]
) -> None:
    data = jpeg(1600, 1200, orientation=6)
    as_role("web")
    ticket = tickets.issue_ticket(editor, "Harbour_at_dawn.jpg", "image/jpeg", len(data))
    assert send(ticket, data) == 204
    as_role("worker")
    drain(event_loop)

    image = Image.objects.get()
    assert (image.title, image.width, image.height, image.bytes) == ("Harbour at dawn", 1600, 1200, len(data))
    assert {(r.name, r.width, r.height) for r in image.renditions.all()} == {
        ("xlarge", 1600, 1200),
        ("large", 1024, 768),
        ("medium", 512, 384),
        ("small", 256, 192),
        ("square", 512, 512),
        ("wide", 1024, 576),
    }
    assert Upload.objects.get().state == Upload.State.READY
    tagging = image.taggings.first()
    as_role("web")
    assert tagging
    tag_decisions.accept(ChangeSet(editor), [tagging])
    as_role("worker")
    drain(event_loop)
    items = mirror.read_item(image.pk)
    assert items
    assert (items["state"], items["renditions"]["large"]["width"]) == ("in_review", 1024)
    assert "title" not in items

    as_role("web")
    metadata.edit(
        ChangeSet(editor),
        image,
        {"alt_text": Edit("Boats in the morning"), "credit": Edit("Ada Byron"), "license": Edit("CC0")},
    )
    assert publishing.publish(ChangeSet(editor), [image]).count == 1
    as_role("worker")
    drain(event_loop)
    items = mirror.read_item(image.pk)
    assert items
    assert (items["title"], items["tags"]) == ("Harbour at dawn", [tagging.tag.name])
