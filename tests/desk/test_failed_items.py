"""What failed: shown with its reason, retried or discarded by who may."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.recovery.models import FailedItem
from tests.browser.stock import failed_item, upload
from tests.desk.conftest import HOSTILE

LIST = reverse("admin:recovery_faileditem_changelist")


def page_of(item: FailedItem) -> str:
    return reverse("admin:recovery_faileditem_change", args=[item.pk])


def act(client: Client, item: FailedItem, action: str, **data: str) -> Any:
    order = {"action": action, "index": "0", "_selected_action": str(item.pk), **data}
    return client.post(LIST, order, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_editor_retries_and_sees_how_far_it_is(signed_in: Client, editor: User, settings: Any, aws: Any) -> None:
    item = failed_item(upload(editor, "a.jpg", "failed", attempts=3))
    page = act(signed_in, item, "retry", stay="1")
    assert "Retry of 1 failed item" in page
    assert "0 of 1 processed" in page
    assert "The work continues" in page
    row = page.split('class="ledger')[1]
    assert "waiting" in row
    assert "being retried" not in row
    item.refresh_from_db()
    assert (item.state, item.handled_by) == (FailedItem.State.RETRIED, editor)
    (message,) = aws("worker", "sqs").receive_message(QueueUrl=settings.UPLOAD_QUEUE_URL)["Messages"]
    assert json.loads(message["Body"]) == {"mediahub": "redrive", "order": item.retry_order_id}
    item.sent_at = timezone.now()
    item.save()
    address = reverse("admin:recovery_retryorder_change", args=[item.retry_order_id])
    assert "being retried" in signed_in.get(address).content.decode().split('class="ledger')[1]
    item.state = FailedItem.State.RESOLVED
    item.save()
    page = signed_in.get(address).content.decode()
    assert "1 succeeded" in page
    assert "The work continues" not in page


@pytest.mark.django_db(transaction=True)
def test_a_retry_that_the_queue_does_not_take_waits_for_the_clock(
    signed_in: Client, editor: User, settings: Any
) -> None:
    item = failed_item(upload(editor, "a.jpg", "failed"))
    settings.UPLOAD_QUEUE_URL += "-gone"
    assert "waiting for their turn" in act(signed_in, item, "retry")
    item.refresh_from_db()
    assert item.state == FailedItem.State.RETRIED


def test_what_cannot_be_retried_says_why(signed_in: Client) -> None:
    item = failed_item(None, kind="unknown", payload="no json")
    assert "Nothing was retried" in act(signed_in, item, "retry", stay="1")


def test_d16_only_chief_editors_discard_and_say_why(signed_in: Client, chief_client: Client, chief: User) -> None:
    item = failed_item(None)
    act(signed_in, item, "discard", note="no")
    assert "Enter a reason" in act(chief_client, item, "discard", note=" ", stay="1")
    item.refresh_from_db()
    assert item.state == FailedItem.State.OPEN
    page = act(chief_client, item, "discard", note="A test file", stay="1")
    assert "1 failed item was discarded." in page
    assert "Decisions" in page
    item.refresh_from_db()
    assert (item.state, item.handled_by, item.note) == (FailedItem.State.DISCARDED, chief, "A test file")


def test_the_list_opens_on_causes_the_largest_first(signed_in: Client, editor: User) -> None:
    for number in range(3):
        failed_item(upload(editor, f"{number}.jpg", "failed"), "The store was slow.", fingerprint="a" * 16)
    failed_item(upload(editor, "4.jpg", "failed"), "The disk was full.", fingerprint="b" * 16)
    failed_item(None, "Dealt with.", fingerprint="c" * 16, state=FailedItem.State.DISCARDED)
    page = signed_in.get(LIST)
    assert [(group.count, group.sample.reason) for group in page.context["groups"]] == [
        (3, "The store was slow."),
        (1, "The disk was full."),
    ]
    inside = signed_in.get(LIST, {"fingerprint__exact": "a" * 16, "state__exact": "open"})
    assert len(inside.context["cl"].result_list) == 3


@pytest.mark.django_db(transaction=True)
def test_a_whole_cause_is_dealt_with_at_once(chief_client: Client, editor: User, aws: Any) -> None:
    for number in range(60):
        failed_item(upload(editor, f"{number}.jpg", "failed"), fingerprint="a" * 16)
    other = failed_item(None, fingerprint="b" * 16)
    order = {"action": "retry", "index": "0", "select_across": "1", "cause": "1", "_selected_action": "1"}
    page = chief_client.post(f"{LIST}?fingerprint__exact={'a' * 16}&state__exact=open", order, follow=True)
    assert "Retry of 60 failed items" in page.content.decode()
    order = {**order, "action": "discard", "note": "sent by mistake"}
    page = chief_client.post(f"{LIST}?fingerprint__exact={'b' * 16}&state__exact=open", order, follow=True)
    assert page.redirect_chain[-1][0] == LIST
    other.refresh_from_db()
    assert other.state == FailedItem.State.DISCARDED
    assert FailedItem.objects.filter(state=FailedItem.State.RETRIED).count() == 60


def test_the_list_of_causes_asks_no_more_for_many(
    signed_in: Client, editor: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        failed_item(upload(editor, f"{number}.jpg", "failed"), fingerprint=f"{number:016}")
    with django_assert_max_num_queries(12):
        signed_in.get(LIST)


def test_buttons_are_offered_to_who_may_use_them(signed_in: Client, chief_client: Client) -> None:
    page = page_of(failed_item(None))
    assert signed_in.get(page).context["actions_offered"] == ["retry", "retry_without_labels"]
    assert chief_client.get(page).context["actions_offered"] == ["retry", "retry_without_labels", "discard"]


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
    listed_items = signed_in.get(LIST, {"upload__id__exact": str(one.upload_id)}).context["cl"].result_list
    assert [item.pk for item in listed_items] == [one.pk]
