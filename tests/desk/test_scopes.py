"""What a person sees beside an image that is closed to them: their own uploads, numbers, and what was made before."""

import html
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.library import access, collections, duplicates, memberships, publishing, tag_decisions, vocabulary
from mediahub.library.models import Collection, Image, LabelRule, Tag, Tagging
from mediahub.reasons import Reason
from mediahub.recovery.access import visible_examples
from mediahub.recovery.models import ConsistencyCheck, FailedItem, RetryOrder
from mediahub.uploads.models import Upload, UploadBatch
from tests.browser.stock import failed_item, upload
from tests.records import image, tagging

BUCKET = "mediahub-local-uploads-000000000000"


@pytest.fixture
def legal(db: Any) -> Group:
    return Group.objects.create(name="Legal")


@pytest.fixture
def lawsuit(legal: Group) -> Collection:
    """Provide a collection that only the group Legal may see."""
    return collections.create(ChangeSet(None), "Lawsuit", groups=[legal])


@pytest.fixture
def closed(lawsuit: Collection) -> Image:
    """Provide an image that only the group Legal may see."""
    new_image = image("Secret plan", file_name="secret-plan.jpg")
    memberships.add_images(ChangeSet(None), [new_image], lawsuit)
    return new_image


def page(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, address
    return (b"".join(answer) if answer.streaming else answer.content).decode()


def chart(client: Client, name: str) -> dict[str, list[Any]]:
    charts = client.get(reverse("desk:dashboard"), {"days": "7"}).context["charts"]
    named_chart = next(one for one in charts if one.name == name)
    return {one.name: list(one.values) for one in named_chart.series}


def test_people_see_the_state_of_what_they_sent_and_nothing_of_the_image_it_became(
    signed_in: Client, editor: User, chief: User, closed: Image
) -> None:
    sent = upload(editor, "from-my-camera.jpg", "ready", image=closed)
    statuses = signed_in.get(reverse("desk:status"), {"ids": str(sent.pk)}).json()["uploads"]
    assert [(one["name"], one["state"], one["image"], one["picture"], one["links"]) for one in statuses] == [
        ("from-my-camera.jpg", "ready", None, None, [])
    ]
    pages = [reverse("desk:upload"), reverse("desk:arrival", args=[sent.pk]), "/admin/uploads/upload/"]
    for address in [*pages, reverse("admin:uploads_upload_change", args=[sent.pk])]:
        text = page(signed_in, address)
        assert "from-my-camera.jpg" in text
        assert "Secret plan" not in text
        assert str(closed.pk) not in text
    # Of the same image another upload, which is not theirs.
    other = upload(chief, "secret-plan.jpg", "ready", image=closed)
    assert signed_in.get(reverse("desk:status"), {"ids": str(other.pk)}).json() == {"uploads": []}


def test_a_file_on_its_way_into_a_closed_collection_is_closed_to_others(
    signed_in: Client, editor: User, chief: User, lawsuit: Collection
) -> None:
    batch = UploadBatch.objects.create(by=chief, collection=lawsuit)
    sent = upload(chief, "evidence.jpg", "failed", batch=batch)
    failed_item(sent, reason="evidence.jpg is cut off.")
    for address in (
        "/admin/uploads/upload/",
        "/admin/recovery/faileditem/",
        "/admin/recovery/faileditem/?state__exact=open",
    ):
        assert "evidence.jpg" not in page(signed_in, address)
    assert "evidence.jpg" not in page(signed_in, reverse("desk:dashboard"))
    assert chart(signed_in, "uploads")["failed"][-1] == 0
    editor.groups.add(Group.objects.get(name="Legal"))
    assert "evidence.jpg" in page(signed_in, "/admin/uploads/upload/")


def test_figures_count_what_is_open_to_the_reader(
    signed_in: Client, chief_client: Client, chief: User, closed: Image
) -> None:
    upload(chief, "secret-plan.jpg", "ready", image=closed)
    failed_item(None, image=closed, reason="secret-plan.jpg could not be mirrored.")
    for client, number in ((signed_in, 0), (chief_client, 1)):
        assert sum(chart(client, "uploads")["processed"]) == number
        assert chart(client, "failures").get("open", []) == [1] * number
        assert chart(client, "storage")["size"][0] == closed.bytes * number
        assert client.get("/admin/").context["counts"]["uploads"]["today"] == str(number)
        assert ("could not be mirrored" in page(client, reverse("desk:dashboard"))) == bool(number)


def test_a_cause_is_told_by_an_item_that_is_open_to_the_reader(signed_in: Client, closed: Image) -> None:
    failed_item(None, image=image("Harbour"), reason="harbour.jpg is cut off.", fingerprint="f" * 16)
    failed_item(None, image=closed, reason="secret-plan.jpg is cut off.", fingerprint="f" * 16)
    text = page(signed_in, "/admin/recovery/faileditem/")
    assert "harbour.jpg is cut off." in text
    assert "secret-plan" not in text


def test_a_message_that_nobody_can_read_is_for_those_to_whom_nothing_is_closed(
    signed_in: Client, editor: User, legal: Group
) -> None:
    item = failed_item(None, kind="unknown", reason="The message is no JSON text.", payload="secret-plan.jpg")
    listed = "/admin/recovery/faileditem/?state__exact=open"
    assert "no JSON text" in page(signed_in, listed)
    collections.create(ChangeSet(None), "Lawsuit", groups=[legal])
    assert "no JSON text" not in page(signed_in, listed)
    assert signed_in.get(reverse("admin:recovery_faileditem_change", args=[item.pk])).status_code == 302
    editor.groups.add(legal)
    assert "no JSON text" in page(signed_in, listed)


def test_a_message_about_several_files_is_shown_when_all_are_open(
    signed_in: Client, chief_client: Client, chief: User, closed: Image
) -> None:
    ours, hidden = upload(chief, "harbour.jpg", "failed"), upload(chief, "secret-plan.jpg", "ready", image=closed)
    records = [
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": {"key": one.key}}}
        for one in (ours, hidden)
    ]
    item = failed_item(ours, payload=json.dumps({"Records": records}))
    address = reverse("admin:recovery_faileditem_change", args=[item.pk])
    assert hidden.key in page(chief_client, address)
    text = page(signed_in, address)
    assert hidden.key not in text
    assert "have access to one of them" in text


def test_a_retry_counts_the_items_that_are_open(signed_in: Client, chief: User, closed: Image) -> None:
    order = RetryOrder.objects.create(by=chief, total=2)
    failed_item(None, image=image(), retry_order=order, state=FailedItem.State.RESOLVED)
    failed_item(None, image=closed, retry_order=order, state=FailedItem.State.RETRIED)
    only_closed = RetryOrder.objects.create(by=chief, total=1)
    failed_item(None, image=closed, retry_order=only_closed, state=FailedItem.State.RETRIED)
    text = page(signed_in, reverse("admin:recovery_retryorder_change", args=[order.pk]))
    assert "Retry of 1 failed item<" in text
    assert "1 succeeded" in text
    assert signed_in.get(reverse("admin:recovery_retryorder_change", args=[only_closed.pk])).status_code == 302
    assert [one.pk for one in signed_in.get("/admin/recovery/faileditem/").context["orders"]] == [order.pk]


def test_examples_of_a_check_name_what_is_open(editor: User, chief: User, closed: Image) -> None:
    hidden, ours = upload(chief, "secret-plan.jpg", "ready", image=closed), upload(chief, "harbour.jpg", "ready")
    shown = image()
    names = [
        hidden.key,
        ours.key,
        str(closed.pk),
        str(shown.pk),
        closed.renditions.get(name="large", format="JPEG").key,
        shown.renditions.get(name="large", format="JPEG").key,
        "a-name-that-nobody-knows.jpg",
    ]
    check = ConsistencyCheck.objects.create(examples=[{"kind": "gone", "what": name} for name in names])
    assert [example["what"] for example in visible_examples(editor, check)] == [names[1], names[3], names[5]]
    assert len(visible_examples(chief, check)) == 7


def test_a_job_names_the_failures_on_open_images_and_counts_the_others(
    signed_in: Client, chief_client: Client, chief: User, closed: Image
) -> None:
    shown = image(file_name="harbour.jpg")
    ids = sorted(str(one.pk) for one in (closed, shown))
    job = Job.objects.create(selection={"ids": ids}, by=chief, total=2, state=Job.State.PARTLY)
    failures = [
        build_failure(each.pk, each.file_name, Reason("of_a_test", {}, f"{each.file_name} is cut off."))
        for each in (closed, shown)
    ]
    Chunk.objects.create(job=job, first=ids[0], last=ids[1], only=ids, failed=2, failures=failures)
    text = page(signed_in, reverse("desk:job", args=[job.pk]))
    assert "harbour.jpg is cut off." in text
    assert "secret-plan" not in text
    assert "1 image that you don't have access to also failed." in text
    assert "secret-plan.jpg is cut off." in page(chief_client, reverse("desk:job", args=[job.pk]))


@pytest.mark.parametrize("whose", ["own", "a colleague's"])
def test_a_zip_with_what_is_closed_by_now_is_not_handed_out(
    signed_in: Client, editor: User, chief: User, lawsuit: Collection, whose: str
) -> None:
    new_image = image("Secret plan")
    editor.user_permissions.set(Group.objects.get(name="Chief editor").permissions.filter(codename="change_job"))
    by = editor if whose == "own" else chief
    job = Job.objects.create(kind=Job.Kind.ZIP, files="large", selection={"ids": [str(new_image.pk)]}, by=by, total=1)
    only = [str(new_image.pk)]
    chunk = Chunk.objects.create(
        job=job, first=new_image.pk, last=new_image.pk, only=only, key="downloads/a.zip", bytes=9
    )
    address = reverse("desk:job_part", args=[job.pk, chunk.pk])
    assert "downloads/a.zip" in signed_in.get(address)["Location"]
    memberships.add_images(ChangeSet(None), [new_image], lawsuit)
    answer = signed_in.get(address, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("desk:job", args=[job.pk])
    assert "contains images you don" in answer.content.decode()


def test_the_number_at_work_counts_the_jobs_that_are_listed(signed_in: Client, chief: User) -> None:
    Job.objects.create(kind=Job.Kind.ZIP, files="large", selection={"ids": []}, by=chief, total=1)
    Job.objects.create(selection={"ids": []}, by=chief, total=1)
    assert [way.open for way in signed_in.get("/admin/").context["navigation"] if way.name == "work"] == [1]
    assert len(signed_in.get(reverse("desk:jobs")).context["jobs"]) == 1


def accepted(user: User) -> dict[str, int]:
    """On how many images each tag is accepted, as the list of tags tells this person."""
    client = Client()
    client.force_login(user)
    return {tag.name: tag.accepted_count for tag in client.get("/admin/library/tag/").context["cl"].result_list}


def test_a_tag_counts_on_open_images_and_is_offered_when_one_has_it(
    signed_in: Client, editor: User, chief: User, closed: Image
) -> None:
    tagging(closed, "Verdict", Tagging.State.ACCEPTED)
    for tagged_image in (closed, image()):
        tagging(tagged_image, "Boat", Tagging.State.ACCEPTED)
    Tag.objects.create(name="Unused")
    LabelRule.objects.create(label="verdict", tag=None)
    assert accepted(editor) == {"Boat": 1, "Unused": 0}
    assert accepted(chief) == {"Boat": 2, "Unused": 0, "Verdict": 1}
    assert vocabulary.list_common_names(editor, 10) == ["Boat"]
    assert vocabulary.list_common_names(chief, 10) == ["Boat", "Verdict"]
    # A tag that is on no image yet is completed all the same.
    assert signed_in.get(reverse("desk:complete"), {"q": "unu"}).json() == {"names": ["Unused"]}
    for address, query in ((reverse("desk:complete"), "verd"), (reverse("desk:tag_names"), "verd")):
        assert signed_in.get(address, {"q": query}).json() == {"names": []}
    verdict = Tag.objects.get(name="Verdict")
    filters = signed_in.get(reverse("admin:library_image_changelist"), {"tag": verdict.pk}).context["filters"]
    assert [chip.value for chip in filters.chips] == [str(verdict.pk)]
    assert not access.visible_rules(editor).exists()
    # The word itself is not locked: who puts it on an image of their own reads it there.
    tag_decisions.add_tag(ChangeSet(editor), image(), "verdict")
    assert signed_in.get(reverse("desk:complete"), {"q": "verd"}).json() == {"names": ["Verdict"]}


def test_a_tag_of_closed_images_is_not_merged_by_who_cannot_see_it(
    signed_in: Client, editor: User, closed: Image
) -> None:
    editor.user_permissions.set(Group.objects.get(name="Chief editor").permissions.filter(codename__endswith="_tag"))
    secret = tagging(closed, "Verdict", Tagging.State.ACCEPTED).tag
    boat = tagging(image(), "Boat").tag
    tagging(closed, "Boat")
    assert signed_in.post(reverse("desk:merge_tag", args=[secret.pk]), {"into": "Boat"}).status_code == 404
    assert signed_in.post(reverse("desk:hide_label", args=[secret.pk])).status_code == 404
    signed_in.post(reverse("desk:merge_tag", args=[boat.pk]), {"into": "Verdict"})
    assert Tag.objects.count() == 2
    Tag.objects.create(name="Ship")
    answer = signed_in.post(reverse("desk:merge_tag", args=[boat.pk]), {"into": "Ship"}, follow=True)
    assert "“Boat” was merged into “Ship” on 1 image." in " ".join(str(one) for one in answer.context["messages"])


def test_history_masks_the_titles_of_closed_images(
    signed_in: Client, chief_client: Client, chief: User, closed: Image
) -> None:
    other = image("Harbour")
    duplicates.merge(ChangeSet(chief), closed, [other])
    for address in (reverse("desk:activity"), reverse("desk:export_activity", args=["csv"])):
        assert "Secret plan" in page(chief_client, address)
        text = page(signed_in, address)
        assert "Secret plan" not in text
        assert "an image you don't have access to" in html.unescape(text)
    text = page(signed_in, reverse("admin:library_image_change", args=[other.pk]))
    assert "an image you don't have access to" in html.unescape(text)


def test_an_act_on_open_and_closed_images_is_told_of_the_open_ones(
    signed_in: Client, chief: User, closed: Image
) -> None:
    publishing.archive(act := ChangeSet(chief), [closed, image("Harbour")])
    change_sets = signed_in.get(reverse("desk:activity")).context["change_sets"]
    assert [(one["first"].change_set, one["number"], one["first"].subject) for one in change_sets] == [
        (act.id, 1, "Harbour")
    ]


@pytest.mark.parametrize("verb", [Action.TAG_MERGED, Action.LABEL_HIDDEN])
def test_words_of_the_vocabulary_are_told_while_nothing_is_closed(
    signed_in: Client, chief_client: Client, chief: User, legal: Group, verb: Action
) -> None:
    ChangeSet(chief).record_other("Verdict → Court", verb)
    assert "Verdict → Court" in page(signed_in, reverse("desk:activity"))
    collections.create(ChangeSet(None), "Lawsuit", groups=[legal])
    assert "Verdict → Court" not in page(signed_in, reverse("desk:activity"))
    assert "Verdict → Court" in page(chief_client, reverse("desk:activity"))


def test_people_who_sent_closed_images_only_are_no_filter(signed_in: Client, chief: User, closed: Image) -> None:
    def people() -> list[str]:
        filters = signed_in.get(reverse("admin:library_image_changelist")).context["filters"]
        return [text for _value, text, _chosen in next(one for one in filters.fields if one.name == "by").options]

    upload(chief, "secret-plan.jpg", Upload.State.READY, image=closed)
    assert people() == []
    upload(chief, "harbour.jpg", Upload.State.READY, image=image())
    assert people() == ["chief"]


def test_deleting_a_collection_names_none_below_it_that_is_closed(
    signed_in: Client, chief_client: Client, editor: User, legal: Group
) -> None:
    editor.user_permissions.set(Group.objects.get(name="Chief editor").permissions.filter(codename="delete_collection"))
    news = collections.create(ChangeSet(None), "News")
    for parent in (None, news):
        collections.create(ChangeSet(None), "Lawsuit", parent, groups=[legal])
    address = reverse("desk:change_collection", args=[news.pk])
    text = signed_in.post(address, {"act": "delete"}, follow=True).content.decode()
    assert "Lawsuit" not in text
    assert "contains a collection that you don" in text
    assert "Lawsuit" in chief_client.post(address, {"act": "delete"}, follow=True).content.decode()
