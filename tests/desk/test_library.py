"""The grid and the page of one image: rights, search, filters, actions, and what they cost."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import publishing
from mediahub.library.models import Image, SavedSearch, Tagging
from mediahub.reasons import Reason
from tests.browser.stock import failed_item, upload
from tests.desk.conftest import HOSTILE
from tests.records import image, images, tagging

GRID = reverse("admin:library_image_changelist")
BULK = reverse("desk:bulk")


def page_of(image: Image) -> str:
    return reverse("admin:library_image_change", args=[image.pk])


def titles(client: Client, **query: str) -> list[str]:
    return [image.title for image in client.get(GRID, query).context["images"]]


def decide(client: Client, tagging: Tagging, **data: str) -> Any:
    return client.post(reverse("desk:decide_tag", args=[tagging.image_id, tagging.pk]), data)


def test_pictures_come_from_the_store_and_not_through_django(signed_in: Client, settings: Any) -> None:
    new_image = image(alt_text="Boats")
    page = signed_in.get(GRID).content.decode()
    assert f'src="{settings.AWS_ENDPOINT_URL}/{settings.RENDITION_BUCKET}/small/{new_image.pk}/' in page
    assert 'loading="lazy"' in page
    assert 'width="256"' in page
    assert 'alt="Boats"' in page
    assert 'src="data:image/gif' in page


def test_d17_a_page_costs_the_same_for_five_as_for_fifty(signed_in: Client, editor: User, queries: Any) -> None:
    def grow(number: int) -> None:
        for n, new_image in enumerate(images([{"title": f"Image {n}"} for n in range(number)])):
            tagging(new_image, f"Tag {n}")
            failed_item(upload(editor, f"{n}.jpg", "ready", image=new_image), image=new_image)

    grow(5)
    paths = [
        GRID,
        "/admin/",
        "/admin/activity/",
        "/admin/uploads/upload/",
        "/admin/recovery/faileditem/",
        "/admin/recovery/faileditem/?state__exact=open",
        "/admin/library/tag/",
        f"/admin/review/items/?_after={Image.objects.latest('created_at').pk}",
    ]
    few = {path: queries(path) for path in paths}
    grow(45)
    assert {path: queries(path) for path in paths} == few
    assert max(few.values()) <= 16


def test_an_image_with_many_tags_costs_the_same(queries: Any) -> None:
    new_image = image()
    tagging(new_image, "One")
    few = queries(page_of(new_image))
    for n in range(20):
        tagging(new_image, f"Tag {n}")
    assert queries(page_of(new_image)) == few
    assert few <= 18


def test_the_search_finds_words_in_title_name_alt_text_and_tags_that_stand(signed_in: Client) -> None:
    boats, town = image("Boats", alt_text="A quay"), image("Town", file_name="IMG_7.jpg")
    tagging(boats, "Sea")
    tagging(town, "Sea", Tagging.State.REJECTED)
    assert titles(signed_in, q="boat") == ["Boats"]
    assert titles(signed_in, q="quay boats") == ["Boats"]
    assert titles(signed_in, q="img_7") == ["Town"]
    assert titles(signed_in, q="sea") == ["Boats"]
    assert titles(signed_in, q="quay town") == []


def test_filters_narrow_the_grid(signed_in: Client) -> None:
    boats = image("Boats", alt_text="A quay", state=Image.State.PUBLISHED)
    town = image("Town", label_state=Image.LabelState.UNAVAILABLE)
    sea = tagging(boats, "Sea")
    tagging(town, "Sea", Tagging.State.REJECTED)
    assert titles(signed_in, state="published") == ["Boats"]
    assert titles(signed_in, labels="unavailable") == ["Town"]
    assert titles(signed_in, alt="no") == ["Town"]
    assert titles(signed_in, alt="yes") == ["Boats"]
    assert titles(signed_in, tag=str(sea.tag_id)) == ["Boats"]
    assert len(titles(signed_in, tag="x")) == 2


def test_publishing_is_a_right_of_chief_editors(signed_in: Client, chief_client: Client) -> None:
    new_image = image(alt_text="A harbour", credit="Ada Lund")
    order = {"act": "publish", "image": str(new_image.pk), "next": page_of(new_image)}
    assert signed_in.post(BULK, order).status_code == 403
    new_image.refresh_from_db()
    assert new_image.state == Image.State.IN_REVIEW
    answer = chief_client.post(BULK, order)
    new_image.refresh_from_db()
    assert (new_image.state, new_image.revision, answer["Location"]) == (Image.State.PUBLISHED, 2, page_of(new_image))
    chief_client.post(BULK, {**order, "act": "archive"})
    new_image.refresh_from_db()
    assert new_image.state == Image.State.ARCHIVED


def test_nobody_adds_or_deletes_an_image_by_hand(chief_client: Client) -> None:
    new_image = image()
    assert chief_client.get(reverse("admin:library_image_add")).status_code == 403
    assert (
        chief_client.post(reverse("admin:library_image_delete", args=[new_image.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_words_of_an_image_are_kept_and_reach_the_mirror(signed_in: Client) -> None:
    new_image = image()
    words = {"title": "Quay", "alt_text": "Boats at a quay", "credit": "Ada", "_continue": "1"}
    assert signed_in.post(page_of(new_image), words).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.alt_text, new_image.credit, new_image.revision) == (
        "Quay",
        "Boats at a quay",
        "Ada",
        2,
    )
    refused = signed_in.post(page_of(new_image), {**words, "title": ""}).content.decode()
    assert "This field is required." in refused


@pytest.mark.parametrize(
    ("state", "note", "says"),
    [
        ("unavailable", "Throttled.", "are not available yet"),
        ("not_analyzable", "The picture is 40 px high.", "The picture is 40 px high."),
        ("not_analyzable", "", "too small to analyze"),
        ("off", "", "turned off"),
    ],
)
def test_the_state_of_the_labels_is_said_plainly(signed_in: Client, state: str, note: str, says: str) -> None:
    reason = Reason("of_a_test", {}, note).to_json() if note else {}
    assert says in signed_in.get(page_of(image(label_state=state, label_note=reason))).content.decode()


def test_measured_labels_are_not_called_recognition(signed_in: Client) -> None:
    new_image = image(label_state=Image.LabelState.DONE, label_source="measured")
    assert "This is not image recognition." in signed_in.get(page_of(new_image)).content.decode()


def test_a_tag_is_accepted_and_rejected(signed_in: Client, editor: User) -> None:
    new_tagging = tagging(image(), "Sea")
    answer = decide(signed_in, new_tagging, verdict="accept")
    new_tagging.refresh_from_db()
    assert (new_tagging.state, new_tagging.reviewed_by) == (Tagging.State.ACCEPTED, editor)
    assert answer["Location"].endswith(f"#tag-{new_tagging.pk}")
    decide(signed_in, new_tagging, verdict="reject")
    new_tagging.refresh_from_db()
    assert new_tagging.state == Tagging.State.REJECTED
    decide(signed_in, new_tagging, verdict="perhaps")
    assert "Choose whether" in signed_in.get(page_of(new_tagging.image)).content.decode()


def test_a_tag_is_added_or_refused_with_a_sentence(signed_in: Client) -> None:
    new_image = image()
    add = reverse("desk:add_tag", args=[new_image.pk])
    signed_in.post(add, {"name": " open   sea "})
    assert new_image.taggings.get().tag.name == "open sea"
    signed_in.post(add, {"name": ""})
    assert "Enter a tag" in signed_in.get(page_of(new_image)).content.decode()


def test_deciding_needs_the_right_the_image_and_a_post(signed_in: Client, nobody: Client) -> None:
    new_tagging, other = tagging(image(), "Sea"), image()
    assert decide(nobody, new_tagging, verdict="accept").status_code == 403
    assert nobody.post(reverse("desk:add_tag", args=[other.pk]), {"name": "x"}).status_code == 403
    assert signed_in.get(reverse("desk:add_tag", args=[other.pk])).status_code == 405
    wrong = reverse("desk:decide_tag", args=[other.pk, new_tagging.pk])
    assert signed_in.post(wrong, {"verdict": "accept"}).status_code == 404
    new_tagging.refresh_from_db()
    assert new_tagging.state == Tagging.State.SUGGESTED


def test_a_request_from_another_site_decides_nothing(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert decide(client, tagging(image(), "Sea"), verdict="accept").status_code == 403


def test_the_page_of_an_image_says_how_its_picture_was_made(signed_in: Client) -> None:
    vocabulary = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    made = image(
        taken_at=datetime(2024, 6, 1, 15, 30, tzinfo=UTC),
        taken_offset=540,
        taken_day=date(2024, 6, 2),
        creators=["Ada Lund", "Bo Ek"],
        digital_source_type=f"{vocabulary}trainedAlgorithmicMedia",
        data_mining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
        content_credentials=True,
        extended_description="Three boats lie at the quay.",
    )
    page = signed_in.get(page_of(made)).content.decode()
    for said in (
        "June 2, 2024, 12:30 a.m. (UTC+09:00)",
        "Ada Lund; Bo Ek",
        "Created by AI",
        "Prohibited",
        "In the original (C2PA).",
        "Three boats lie at the quay.",
    ):
        assert said in page
    assert "Location" not in page


def test_rights_are_typed_in_the_form_of_an_image_and_for_many(signed_in: Client) -> None:
    first, second = image(), image("Boats")
    page = page_of(first)
    typed = {"title": "Harbour", "license_url": "https://example.com/a", "copyright": "© Cafe\u0301"}
    assert signed_in.post(page, {**typed, "license": "CC BY 4.0", "_continue": "1"}).status_code == 302
    first.refresh_from_db()
    assert (first.license_url, first.copyright) == ("https://example.com/a", "© Café")
    refused = signed_in.post(page, {**typed, "license_url": "javascript:alert(1)", "_continue": "1"})
    assert "Enter a valid URL." in refused.content.decode()
    for act, name, text in (
        ("set_copyright", "copyright", "© North Press"),
        ("set_license_url", "license_url", "https://example.com/b"),
    ):
        order = {"act": act, name: text, "image": [str(second.pk)]}
        signed_in.post(BULK, order)
        second.refresh_from_db()
        assert getattr(second, name) == text
    order = {"act": "set_license_url", "license_url": "nowhere", "image": [str(second.pk)]}
    said = signed_in.post(BULK, order, follow=True).content.decode()
    assert "Address of the license: Enter a valid URL." in said


def test_d10_hostile_words_stay_text(signed_in: Client) -> None:
    new_image = image(
        HOSTILE,
        file_name=HOSTILE,
        alt_text='"><script>alert(1)</script>',
        notes=[Reason("of_a_test", {}, HOSTILE).to_json()],
        camera=HOSTILE,
    )
    tagging(new_image, HOSTILE)
    for path in (GRID, page_of(new_image), "/admin/", "/admin/library/tag/"):
        assert "<script>alert" not in signed_in.get(path).content.decode()


def ids(*images: Image) -> list[str]:
    return [str(image.pk) for image in images]


def test_filters_that_make_no_sense_are_said_and_left_out(signed_in: Client) -> None:
    image("Boats")
    page = signed_in.get(GRID, {"taken_from": "2026-02-30", "tag": "x", "shape": "round", "least": "9" * 30})
    assert [shown.title for shown in page.context["images"]] == ["Boats"]
    assert page.content.decode().count("is not valid for") == 4


def test_pages_follow_each_other_without_gap_or_overlap(signed_in: Client) -> None:
    images([{"title": f"Image {number}"} for number in range(130)])
    seen: list[str] = []
    address = GRID
    while address:
        context = signed_in.get(address).context
        seen += ids(*context["images"])
        address = f"{GRID}{context['more']}" if context["more"] else ""
    assert len(seen) == len(set(seen)) == 130
    assert context["found"] == 130


def test_a_place_that_makes_no_sense_begins_anew(signed_in: Client) -> None:
    image("Boats")
    for after in ("x", "2026-01-01,x", "x,y,z", f"2026-13-01,{uuid4()}"):
        assert titles(signed_in, after=after) == ["Boats"]


def test_many_images_are_tagged_at_once_and_it_is_taken_back(signed_in: Client) -> None:
    images = [image("Boats"), image("Town"), image("Wood")]
    signed_in.post(BULK, {"act": "add_tag", "tag": " Old  harbour ", "image": ids(*images[:2])})
    assert Tagging.objects.filter(tag__name="Old harbour", state="accepted").count() == 2
    page = signed_in.get(GRID)
    batch = Change.objects.first().change_set  # type: ignore[union-attr]
    assert reverse("desk:undo", args=[batch]) in page.content.decode()
    signed_in.post(reverse("desk:undo", args=[batch]))
    assert not Tagging.objects.exists()


def test_a_tag_is_rejected_on_many(signed_in: Client) -> None:
    images = [image("Boats"), image("Town")]
    for one in images:
        tagging(one, "Fog")
    signed_in.post(BULK, {"act": "reject_tag", "tag": "fog", "image": ids(*images)})
    assert set(Tagging.objects.values_list("state", flat=True)) == {"rejected"}


def test_all_results_means_what_the_search_finds(chief_client: Client) -> None:
    words = {"alt_text": "A quay", "credit": "Ada"}
    images([{"title": f"Boat {number}", **words} for number in range(70)])
    town = image("Town", **words)
    seen = chief_client.get(GRID, {"q": "boat"}).context["shown"]
    chief_client.post(f"{BULK}?q=boat", {"act": "publish", "all": "1", "seen": str(seen)})
    assert Image.objects.filter(state=Image.State.PUBLISHED).count() == 70
    town.refresh_from_db()
    assert town.state == Image.State.IN_REVIEW


def test_what_lacks_something_is_named_and_the_others_go_out(chief_client: Client) -> None:
    good, bad = image("Boats", alt_text="Boats", credit="Ada"), image("Town")
    page = chief_client.post(BULK, {"act": "publish", "image": ids(good, bad)}, follow=True).content.decode()
    assert "1 image published." in page
    assert "Town was not published. The alt text is missing." in page


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"act": "publish"}, "Select images first."),
        ({"act": "publish", "image": ["x"]}, "Select images first."),
        ({"act": "burn"}, "Choose what to do"),
        ({"act": "add_tag", "tag": "", "image": "own"}, "Enter a tag"),
        ({"act": "set_credit", "credit": "", "image": "own"}, "Credit: enter a text."),
    ],
)
def test_a_bulk_act_that_makes_no_sense_is_refused(chief_client: Client, order: dict[str, Any], says: str) -> None:
    new_image = image()
    order = {**order, "image": ids(new_image)} if order.get("image") == "own" else order
    assert says in chief_client.post(BULK, order, follow=True).content.decode()
    assert not Change.objects.exists()


def test_nobody_else_takes_back_what_an_editor_did(signed_in: Client, chief: User, chief_client: Client) -> None:
    act = ChangeSet(chief)
    publishing.archive(act, [image()])
    signed_in.post(reverse("desk:undo", args=[act.id]))
    assert Image.objects.get().state == Image.State.ARCHIVED
    answer = chief_client.post(reverse("desk:undo", args=[act.id]), {"next": "https://elsewhere.example/"})
    assert answer["Location"] == GRID
    assert Image.objects.get().state == Image.State.IN_REVIEW


def test_a_search_is_saved_shared_renamed_and_forgotten(signed_in: Client, chief_client: Client) -> None:
    save = f"{reverse('desk:save_search')}?q=boat&state=in_review&page=9"
    signed_in.post(save, {"name": " Boats ", "shared": "1"})
    saved_search = SavedSearch.objects.get()
    assert (saved_search.name, saved_search.query, saved_search.shared) == ("Boats", "q=boat&state=in_review", True)
    menus = reverse("desk:search_menus")
    assert f'href="{GRID}?q=boat&amp;state=in_review"' in chief_client.get(menus).content.decode()
    assert f'name="next" value="{GRID}?q=sea"' in signed_in.get(menus, {"q": "sea"}).content.decode()
    chief_client.post(reverse("desk:change_search", args=[saved_search.pk]), {"forget": "1"})
    signed_in.post(reverse("desk:change_search", args=[saved_search.pk]), {"name": "Ships"})
    assert SavedSearch.objects.get().name == "Ships"
    signed_in.post(reverse("desk:change_search", args=[saved_search.pk]), {"forget": "1"})
    assert not SavedSearch.objects.exists()


def test_only_who_changes_images_saves_a_search_for_everybody(nobody: Client) -> None:
    guest = User.objects.get(username="guest")
    save = f"{reverse('desk:save_search')}?q=boat"
    assert nobody.post(save, {"name": "Boats"}).status_code == 403
    guest.user_permissions.add(Permission.objects.get(codename="view_image"))
    assert 'name="shared"' not in nobody.get(f"{GRID}?q=boat").content.decode()
    page = nobody.post(save, {"name": "Boats", "shared": "1"}, follow=True)
    assert "permission to save searches for everyone" in page.content.decode()
    assert not SavedSearch.objects.exists()
    nobody.post(save, {"name": "Boats"})
    assert SavedSearch.objects.filter(owner=guest, shared=False).exists()
    # One from before the right was taken away can be removed, and says nothing new.
    shared = SavedSearch.objects.create(owner=guest, name="Ships", query="q=ship", shared=True)
    change = reverse("desk:change_search", args=[shared.pk])
    nobody.post(change, {"name": "Read this"})
    assert SavedSearch.objects.get(shared=True).name == "Ships"
    nobody.post(change, {"forget": "1"})
    assert not SavedSearch.objects.filter(shared=True).exists()


def test_a_search_without_name_or_question_is_not_saved(signed_in: Client) -> None:
    for query, name, says in (("q=boat", "", "Enter a name of 1 to 60 characters"), ("", "All", "before you save it")):
        page = signed_in.post(f"{reverse('desk:save_search')}?{query}", {"name": name}, follow=True)
        assert says in page.content.decode()
    assert not SavedSearch.objects.exists()
