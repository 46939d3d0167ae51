"""What the comparisons found, for who keeps the desk well; and what a chief editor may let pass."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads.models import Upload
from tests.browser.stock import failed_item, upload
from tests.records import image

LIST = reverse("admin:recovery_consistencycheck_changelist")


def check(**fields: object) -> ConsistencyCheck:
    return ConsistencyCheck.objects.create(**{"finished_at": timezone.now(), **fields})


def test_chief_editors_see_what_did_not_fit(chief_client: Client, signed_in: Client) -> None:
    example = {"kind": "lost", "what": "a.jpg", **Reason("upload_unknown").to_json()}
    finished_check = check(counts={"lost": 3, "unlabelled": 1}, examples=[example])
    page = chief_client.get(LIST).content.decode()
    assert "3 differences" in page
    assert "Files that arrived without an event" in page
    page = chief_client.get(
        reverse("admin:recovery_consistencycheck_change", args=[finished_check.pk])
    ).content.decode()
    assert "a.jpg" in page
    assert signed_in.get(LIST).status_code == 403


def test_before_the_first_check_the_page_says_so(chief_client: Client) -> None:
    assert "There are no consistency checks yet" in chief_client.get(LIST).content.decode()


@pytest.mark.django_db(transaction=True)
def test_only_a_chief_editor_lets_a_large_picture_pass(
    chief_client: Client, signed_in: Client, editor: User, aws: object
) -> None:
    large = upload(editor, "wide.png", "rejected", code="too_many_pixels", reason="Too many pixels.")
    page = reverse("admin:uploads_upload_change", args=[large.pk])
    assert "A chief editor can allow it once." in signed_in.get(page).content.decode()
    assert "Allow once" not in signed_in.get(page).content.decode()
    assert "Allow once" in chief_client.get(page).content.decode()
    order = {"action": "allow_more_pixels", "index": "0", "_selected_action": str(large.pk), "stay": "1"}
    signed_in.post(reverse("admin:uploads_upload_changelist"), order)
    large.refresh_from_db()
    assert large.state == Upload.State.REJECTED
    answer = chief_client.post(reverse("admin:uploads_upload_changelist"), order, follow=True).content.decode()
    assert "Retrying 1 image." in answer
    assert "Decisions" in answer


def test_an_image_says_what_failed_and_that_its_original_is_gone(signed_in: Client) -> None:
    gone = image(deleted_at=timezone.now())
    failed_item(None, "The image could not be mirrored.", image=gone)
    page = signed_in.get(reverse("admin:library_image_change", args=[gone.pk])).content.decode()
    assert "The original was deleted" in page
    assert "The image could not be mirrored." in page
    library = reverse("admin:library_image_changelist")
    assert gone.title not in signed_in.get(library).content.decode()
    assert gone.title in signed_in.get(library, {"original": "deleted"}).content.decode()
