"""The review: its pages without a script, what its script asks, and the keys."""

import html
import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.models import Preference
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import metadata
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from mediahub.uploads import upload_batches
from tests.browser.stock import upload
from tests.desk.conftest import HOSTILE
from tests.desk.test_edits import Fields
from tests.records import image, tagging

START, ITEMS, ACTS = reverse("desk:review_start"), reverse("desk:review_items"), reverse("desk:review_acts")
PREFERENCES = reverse("desk:preferences")


@pytest.fixture
def row(db: Any) -> list[Image]:
    """Five images, the newest first: the third is published; each has a sure and an unsure suggestion."""
    images = []
    for number in range(5):
        one = image(f"Image {number}")
        Image.objects.filter(pk=one.pk).update(created_at=timezone.now() - timedelta(minutes=number))
        tagging(one, "Boat", confidence=93.0, boxes=[[0.05, 0.1, 0.2, 0.2], [0.6, 0.7, 0.3, 0.2]])
        tagging(one, "Mist", confidence=61.0)
        images.append(one)
    Image.objects.filter(pk=images[2].pk).update(state=Image.State.PUBLISHED)
    return images


def page_of(image: Image, query: str = "") -> str:
    return reverse("desk:review", args=[image.pk]) + query


def act_of(image: Image, query: str = "") -> str:
    return reverse("desk:review_act", args=[image.pk]) + query


def button(page: str, name: str) -> str:
    """Return what the button with this id, or with this accessible name, sends as `act`."""
    for tag in re.findall(r"<button[^>]*>", page):
        if f'id="{name}"' in tag or f'aria-label="{name}"' in tag:
            return html.unescape(str(re.findall(r'value="([^"]*)"', tag)[0]))
    raise AssertionError(f"no button {name}")


def press(client: Client, image: Image, name: str, query: str = "") -> Any:
    page = client.get(page_of(image, query)).content.decode()
    return client.post(act_of(image, query), {"id": str(uuid4()), "act": button(page, name)})


def states(image: Image) -> dict[str, str]:
    return dict(image.taggings.values_list("tag__name", "state"))


def test_the_review_begins_with_the_newest_in_review_and_keeps_the_filters(signed_in: Client, row: list[Image]) -> None:
    assert signed_in.get(START)["Location"] == page_of(row[0])
    assert signed_in.get(START, {"state": "published"})["Location"] == page_of(row[2], "?state=published")
    nothing = signed_in.get(START, {"state": "archived"}, follow=True).content.decode()
    assert "There is nothing to review here." in nothing


def test_next_and_previous_follow_the_order_and_the_filter(signed_in: Client, row: list[Image]) -> None:
    page = signed_in.get(page_of(row[1])).context
    assert (page["previous"], page["next"]) == (page_of(row[0]), page_of(row[3]))
    assert (page["place"].number, page["place"].total, page["place"].left) == (2, 4, 4)
    end = signed_in.get(page_of(row[4])).context
    assert (end["previous"], end["next"]) == (page_of(row[3]), "")
    # An image that the filter leaves out is shown, and the way leads back into the row.
    outside = signed_in.get(page_of(row[2]))
    assert (outside.context["place"].number, outside.context["next"]) == (None, page_of(row[3]))
    assert "Not one of the 4 images in this review" in outside.content.decode()


def test_images_of_one_moment_are_each_shown_once(signed_in: Client, row: list[Image]) -> None:
    Image.objects.update(created_at=timezone.now(), state=Image.State.IN_REVIEW)
    seen, address = [], signed_in.get(START)["Location"]
    while address:
        context = signed_in.get(address).context
        seen.append(context["image"].pk)
        assert context["place"].number == len(seen)
        address = context["next"]
    assert seen == sorted(one.pk for one in row)


def left(client: Client, image: Image) -> tuple[int, bool]:
    """How many images are left to review, and whether the page counts this one among them."""
    context = client.get(page_of(image)).context
    assert context["config"]["left"] == context["place"].left
    return context["place"].left, context["shown_image"]["untouched"]


def test_a_tag_of_the_whole_batch_or_of_the_file_is_no_review(signed_in: Client, editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    new_image = image()
    upload(editor, "harbour.jpg", "ready", image=new_image, batch=batch)
    tagging(new_image, "Harbour")
    tagging(new_image, "Keyword", source=Tagging.Source.FILE, confidence=None)
    upload_batches.apply_metadata(
        editor, upload_batches.save_metadata(editor, batch.pk, upload_batches.BatchMetadata(tags=("harbour", "Fair")))
    )
    assert states(new_image) == {"Harbour": "accepted", "Fair": "accepted", "Keyword": "suggested"}
    assert left(signed_in, new_image) == (1, True)
    # The script counts by the same mark.
    tags = {tag["name"]: tag["reviewed"] for tag in signed_in.get(page_of(new_image)).context["shown_image"]["tags"]}
    assert tags == {"Harbour": False, "Fair": False, "Keyword": False}
    press(signed_in, new_image, "Reject Keyword")
    assert left(signed_in, new_image) == (0, False)


def test_words_for_the_batch_take_no_review_back(signed_in: Client, editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    new_image = image()
    upload(editor, "harbour.jpg", "ready", image=new_image, batch=batch)
    tagging(new_image, "Harbour")
    press(signed_in, new_image, "Reject Harbour")
    upload_batches.apply_metadata(
        editor, upload_batches.save_metadata(editor, batch.pk, upload_batches.BatchMetadata(tags=("Harbour",)))
    )
    assert left(signed_in, new_image) == (0, False)


@pytest.mark.parametrize("way", ["accept", "reject", "add", "page of the image", "at a time"])
def test_each_decision_of_a_person_on_an_image_is_a_review(signed_in: Client, editor: User, way: str) -> None:
    new_image = image()
    one = tagging(new_image, "Boat")
    assert left(signed_in, new_image) == (1, True)
    match way:
        case "accept" | "reject":
            press(signed_in, new_image, f"{way.capitalize()} Boat")
        case "add":
            signed_in.post(act_of(new_image), {"id": str(uuid4()), "tag": "Harbour"})
        case "page of the image":
            signed_in.post(reverse("desk:decide_tag", args=[new_image.pk, one.pk]), {"verdict": "accept"})
        case _:
            signed_in.post(reverse("desk:bulk"), {"act": "reject_tag", "tag": "Boat", "image": [str(new_image.pk)]})
    assert left(signed_in, new_image) == (0, False)


def test_boxes_are_drawn_and_said(signed_in: Client, row: list[Image]) -> None:
    tagging(row[0], "Scene", confidence=50.0, boxes=[[0, 0, 1, 0.9]])
    tagging(row[0], "Wrong", Tagging.State.REJECTED, boxes=[[0.1, 0.1, 0.1, 0.1]])
    response = signed_in.get(page_of(row[0]))
    page = response.content.decode()
    assert 'x="5.00%"' in page
    assert 'width="30.00%"' in page
    assert "2 boxes: upper left, lower right" in page
    assert "1 box: nearly all of the picture" in page
    assert {box["tag"] for box in response.context["boxes"]} == {"Boat", "Scene"}
    assert [tag["name"] for tag in response.context["rows"]] == ["Boat", "Wrong", "Mist", "Scene"]


def test_without_a_script_all_above_are_accepted_and_the_next_is_shown(signed_in: Client, row: list[Image]) -> None:
    answer = press(signed_in, row[0], "accept")
    assert answer["Location"] == page_of(row[1])
    assert states(row[0]) == {"Boat": "accepted", "Mist": "suggested"}
    answer = press(signed_in, row[1], "accept", "?_above=60&state=in_review")
    assert answer["Location"] == page_of(row[3], "?state=in_review")
    assert states(row[1]) == {"Boat": "accepted", "Mist": "accepted"}
    assert signed_in.get(page_of(row[1])).context["place"].left == 2


def test_without_a_script_one_tag_is_decided_added_and_taken_back(signed_in: Client, row: list[Image]) -> None:
    assert press(signed_in, row[0], "Reject Boat")["Location"] == page_of(row[0])
    assert press(signed_in, row[0], "Accept Mist").status_code == 302
    assert states(row[0]) == {"Boat": "rejected", "Mist": "accepted"}
    assert press(signed_in, row[0], "Reject Boat").status_code == 302
    assert states(row[0])["Boat"] == "suggested"
    signed_in.post(act_of(row[0]), {"id": str(uuid4()), "tag": "Quay"})
    assert states(row[0])["Quay"] == "accepted"
    page = signed_in.get(page_of(row[3])).content.decode()
    newest = re.findall(r"/undo/([0-9a-f-]{36})/", page)[-1]
    signed_in.post(reverse("desk:undo", args=[newest]))
    assert "Quay" not in states(row[0])


def test_without_a_script_images_are_archived_and_published(chief_client: Client, row: list[Image]) -> None:
    assert press(chief_client, row[0], "reject")["Location"] == page_of(row[1])
    page = chief_client.get(press(chief_client, row[1], "publish")["Location"]).content.decode()
    assert "The alt text is missing." in page
    words = {"alt_text": "Boats", "was_alt_text": "", "credit": "Ada", "was_credit": ""}
    chief_client.post(act_of(row[1]), {"id": str(uuid4()), **words})
    assert press(chief_client, row[1], "publish")["Location"] == page_of(row[3])
    states_by_title = dict(Image.objects.values_list("title", "state"))
    assert (states_by_title["Image 0"], states_by_title["Image 1"]) == (Image.State.ARCHIVED, Image.State.PUBLISHED)
    assert "That was the last image." in chief_client.get(press(chief_client, row[4], "reject").url).content.decode()


def test_a_form_that_is_sent_twice_acts_once(signed_in: Client, row: list[Image]) -> None:
    page = signed_in.get(page_of(row[0])).content.decode()
    order = {"id": str(uuid4()), "act": button(page, "Accept Boat")}
    for _ in range(2):
        signed_in.post(act_of(row[0]), order)
    assert Change.objects.count() == 1


@pytest.mark.parametrize("order", [{"act": "{"}, {"act": "[]"}, {"tag": ""}, {"act": "{}", "id": "x"}])
def test_a_broken_form_gets_a_sentence(signed_in: Client, row: list[Image], order: dict[str, str]) -> None:
    answer = signed_in.post(act_of(row[0]), {"id": str(uuid4()), **order}, follow=True)
    assert answer.status_code == 200
    assert answer.context["messages"]


def test_an_editor_is_not_offered_what_chief_editors_do(signed_in: Client, row: list[Image]) -> None:
    page = signed_in.get(page_of(row[0])).content.decode()
    assert 'id="publish"' not in page
    order = {"id": str(uuid4()), "act": json.dumps({"state": ["in_review", "archived"]})}
    assert "Ask a chief editor" in signed_in.post(act_of(row[0]), order, follow=True).content.decode()
    row[0].refresh_from_db()
    assert row[0].state == Image.State.IN_REVIEW


def send(client: Client, *acts: Any) -> Any:
    return client.post(ACTS, {"acts": list(acts)}, content_type="application/json")


def test_many_acts_are_done_in_their_order_each_by_itself(chief_client: Client, row: list[Image]) -> None:
    boat = row[0].taggings.get(tag__name="Boat").tag_id
    wishes: list[dict[str, Any]] = [
        {"image": str(row[0].pk), "tags": [[boat, "Boat", "suggested", "accepted"]]},
        {"image": str(row[1].pk), "state": ["published", "archived"]},
        {"image": str(row[0].pk), "tags": [[boat, "Boat", "accepted", "rejected"]]},
        {"image": str(uuid4()), "state": ["in_review", "archived"]},
        {"image": str(row[0].pk), "nonsense": True, "words": {"sha256": ["", "x"]}},
    ]
    answer = send(chief_client, *({"id": str(uuid4()), **wish} for wish in wishes)).json()
    assert [act["done"] for act in answer["acts"]] == [True, False, True, False, False]
    assert [act.get("status") for act in answer["acts"]] == [None, 409, None, 404, 400]
    assert "It is now in review" in answer["acts"][1]["reason"]
    assert {one["id"] for one in answer["images"]} == {str(row[0].pk), str(row[1].pk)}
    assert states(row[0])["Boat"] == "rejected"


def test_acts_need_a_sign_in_a_right_a_token_and_a_list(
    client: Client, nobody: Client, signed_in: Client, editor: User, row: list[Image]
) -> None:
    assert send(client).status_code == send(nobody).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    assert send(strict).status_code == 403
    for body in ("", "[]", '{"acts": 1}', '{"acts": [1]}', '{"acts": [{"image": "x"}]}'):
        assert signed_in.post(ACTS, body, content_type="application/json").status_code == 400
    assert signed_in.get(ACTS).status_code == 405
    assert nobody.get(page_of(row[0])).status_code == 403
    assert nobody.get(ITEMS, {"_of": str(row[0].pk)}).status_code == 403
    assert signed_in.get(page_of(Image(pk=uuid4()))).status_code == 404


def test_the_script_asks_for_more_in_both_directions(signed_in: Client, row: list[Image]) -> None:
    def titles(**query: str) -> list[str]:
        return [one["title"] for one in signed_in.get(ITEMS, query).json()["images"]]

    assert titles(_after=str(row[1].pk)) == ["Image 3", "Image 4"]
    assert titles(_before=str(row[3].pk)) == ["Image 1", "Image 0"]
    assert titles(_of=str(row[2].pk)) == ["Image 2"]
    assert titles(_after=str(row[2].pk), state="published") == []
    assert signed_in.get(ITEMS, {"_after": "x"}).status_code == 404
    assert signed_in.get(reverse("desk:tag_names"), {"q": "oa"}).json() == {"names": ["Boat"]}


def test_the_page_and_its_questions_cost_the_same_for_few_as_for_many(queries: Any, row: list[Image]) -> None:
    paths = [page_of(row[3]), f"{ITEMS}?_after={row[1].pk}"]
    few = [queries(path) for path in paths]
    for number in range(20):
        tagging(image(f"More {number}"), "Boat")
        tagging(row[3], f"Tag {number}")
    assert [queries(path) for path in paths] == few
    assert few[0] <= 20


def test_d10_hostile_words_stay_text(signed_in: Client, row: list[Image]) -> None:
    Image.objects.filter(pk=row[0].pk).update(title=HOSTILE, alt_text=HOSTILE, caption=HOSTILE)
    tagging(row[0], HOSTILE, boxes=[[0.1, 0.1, 0.2, 0.2]])
    assert "<script>alert" not in signed_in.get(page_of(row[0])).content.decode()


def test_the_review_is_reached_from_the_first_page_the_library_and_the_image(
    signed_in: Client, row: list[Image]
) -> None:
    library = reverse("admin:library_image_changelist")
    assert f'href="{START}?q=image&amp;alt=no"' in signed_in.get(library, {"q": "image", "alt": "no"}).content.decode()
    assert f'href="{START}"' in signed_in.get("/admin/").content.decode()
    image_page = reverse("admin:library_image_change", args=[row[0].pk])
    assert f'href="{page_of(row[0])}"' in signed_in.get(image_page).content.decode()


def chosen(**keys: str) -> dict[str, str]:
    usual = {"next": "j", "previous": "k", "accept": "a", "reject": "r", "publish": "p"}
    return {**usual, "words": "e", "tag": "t", "zoom": "z", "undo": "u", "help": "?", "threshold": "80", **keys}


def test_keys_are_set_anew_and_switched_off(signed_in: Client, editor: User, row: list[Image]) -> None:
    config = signed_in.get(page_of(row[0])).context["config"]
    assert (config["on"], config["keys"]["accept"], config["threshold"]) == (True, "a", 80)
    assert signed_in.post(PREFERENCES, chosen(accept="Y", next="", shortcuts_on="on")).status_code == 302
    config = signed_in.get(page_of(row[0])).context["config"]
    assert (config["keys"]["accept"], config["keys"]["next"]) == ("y", "")
    assert "<kbd>Y</kbd>" in signed_in.get(reverse("desk:keys")).content.decode()
    signed_in.post(PREFERENCES, chosen())
    page = signed_in.get(page_of(row[0]))
    assert (page.context["config"]["on"], page.context["config"]["keys"]) == (False, {})
    assert "turned off" in page.content.decode()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"accept": "j"}, "“J” is already the shortcut for “Next image”."),
        ({"accept": "R"}, "“R” is already the shortcut for"),
        ({"undo": "3"}, "The number keys are reserved for tags."),
        ({"threshold": "101"}, "more than 100"),
        ({"undo": "xy"}, "at most 1 character"),
    ],
)
def test_keys_that_cannot_be_are_refused_with_a_sentence(signed_in: Client, keys: dict[str, str], says: str) -> None:
    assert says in html.unescape(signed_in.post(PREFERENCES, chosen(**keys)).content.decode())
    assert not Preference.objects.exists()


def test_the_threshold_is_remembered(signed_in: Client, nobody: Client, row: list[Image]) -> None:
    address = reverse("desk:threshold")
    assert signed_in.post(address, {"threshold": "55"}).status_code == 200
    page = signed_in.get(page_of(row[0])).context
    assert (page["threshold"], page["above"]) == (55, 2)
    assert signed_in.post(address, {"threshold": "much"}).status_code == 400
    assert nobody.post(address, {"threshold": "55"}).status_code == 403


def test_words_that_are_refused_stand_in_the_fields_again(signed_in: Client, row: list[Image], chief: User) -> None:
    image = row[0]
    sent = Fields(signed_in.get(page_of(image)).content.decode(), "was_caption").sent
    metadata.edit(ChangeSet(chief), image, {"caption": Edit("Typed by the chief")})
    answer = signed_in.post(act_of(image), {**sent, "caption": "Typed by <me>", "credit": "Ada"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "changed its caption in the meantime: “Typed by the chief”" in page
    again = Fields(page, "was_caption").sent
    assert (again["caption"], again["credit"]) == (["Typed by <me>"], ["Ada"])
    assert signed_in.post(act_of(image), again).status_code == 302
    image.refresh_from_db()
    assert (image.caption, image.credit) == ("Typed by <me>", "Ada")
