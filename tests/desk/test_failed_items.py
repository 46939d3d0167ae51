"""What failed: shown with its reason, retried or discarded by who may."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.intake.models import FailedItem
from tests.browser.stock import failed_item, upload
from tests.desk.conftest import HOSTILE

LIST = reverse("admin:intake_faileditem_changelist")


def page_of(item: FailedItem) -> str:
    return reverse("admin:intake_faileditem_change", args=[item.pk])


def act(client: Client, item: FailedItem, action: str, **data: str) -> Any:
    order = {"action": action, "index": "0", "_selected_action": str(item.pk), **data}
    return client.post(LIST, order, follow=True).content.decode()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_editor_retries_and_the_queue_gets_the_message(
    signed_in: Client, editor: User, settings: Any, aws: Any
) -> None:
    item = failed_item(upload(editor, "a.jpg", "failed", attempts=3))
    assert "1 failed item is being retried." in act(signed_in, item, "retry", stay="1")
    item.refresh_from_db()
    assert (item.state, item.handled_by) == (FailedItem.State.RETRIED, editor)
    (message,) = aws("worker", "sqs").receive_message(QueueUrl=settings.UPLOAD_QUEUE_URL)["Messages"]
    assert str(item.upload_id) in message["Body"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_retry_that_the_queue_does_not_take_says_so(signed_in: Client, editor: User, settings: Any) -> None:
    item = failed_item(upload(editor, "a.jpg", "failed"))
    settings.UPLOAD_QUEUE_URL += "-gone"
    assert "The retry stopped." in act(signed_in, item, "retry")
    item.refresh_from_db()
    assert item.state == FailedItem.State.OPEN


def test_only_chief_editors_discard(signed_in: Client, chief_client: Client, chief: User) -> None:
    item = failed_item(None)
    act(signed_in, item, "discard", note="no")
    item.refresh_from_db()
    assert item.state == FailedItem.State.OPEN
    assert "1 failed item was discarded." in act(chief_client, item, "discard", note="A test file", stay="1")
    item.refresh_from_db()
    assert (item.state, item.handled_by, item.note) == (FailedItem.State.DISCARDED, chief, "A test file")


def test_buttons_are_offered_to_who_may_use_them(signed_in: Client, chief_client: Client) -> None:
    page = page_of(failed_item(None))
    assert signed_in.get(page).context["actions_offered"] == ["retry"]
    assert chief_client.get(page).context["actions_offered"] == ["retry", "discard"]


@pytest.mark.parametrize("payload", ['{"a": "<script>alert(1)</script>"}', "<script>alert(1)</script>", "[" * 100_000])
def test_any_payload_is_shown_as_text(signed_in: Client, payload: str) -> None:
    page = signed_in.get(page_of(failed_item(None, HOSTILE, payload=payload)))
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_json_is_laid_out(signed_in: Client) -> None:
    page = signed_in.get(page_of(failed_item(None, payload='{"Records":[]}'))).content.decode()
    assert "{\n  &quot;Records&quot;: []\n}" in page


def test_strangers_see_nothing(client: Client, nobody: Client) -> None:
    path = page_of(failed_item(None))
    assert client.get(path).status_code == 302
    assert nobody.get(path).status_code == 403
    assert nobody.get(LIST).status_code == 403


def test_the_items_of_one_upload_can_be_asked_for(signed_in: Client, editor: User) -> None:
    one = failed_item(upload(editor, "a.jpg", "failed"))
    failed_item(upload(editor, "b.jpg", "failed"))
    found = signed_in.get(LIST, {"upload__id__exact": str(one.upload_id)}).context["cl"].result_list
    assert [item.pk for item in found] == [one.pk]
