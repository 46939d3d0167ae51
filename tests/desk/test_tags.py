"""The vocabulary's pages: merging, synonyms, hiding, completing; who may, and what is said when it cannot be."""

from django.test import Client
from django.urls import reverse

from mediahub.library.models import LabelRule, Synonym, Tag
from tests.records import image, tagging


def page(tag: Tag) -> str:
    return reverse("admin:library_tag_change", args=[tag.pk])


def test_a_tag_keeps_its_synonyms_and_says_when_a_word_is_taken(chief_client: Client) -> None:
    boat, _sea = Tag.objects.create(name="Boat"), Tag.objects.create(name="Sea")
    chief_client.post(page(boat), {"name": "Boat", "synonyms": "Vessel\r\nShip"})
    assert set(boat.synonyms.values_list("word", flat=True)) == {"Vessel", "Ship"}
    answer = chief_client.post(page(boat), {"name": "Boat", "synonyms": "sea"}, follow=True)
    assert "“Sea” is a tag itself." in answer.content.decode()
    assert boat.synonyms.count() == 2


def test_merging_leads_to_the_other_tag(chief_client: Client, signed_in: Client) -> None:
    new_image = image()
    ship = tagging(new_image, "Ship").tag
    boat = Tag.objects.create(name="Boat")
    merge = reverse("desk:merge_tag", args=[ship.pk])
    assert signed_in.post(merge, {"into": "Boat"}).status_code == 403
    assert "There is no tag with that name." in chief_client.post(merge, {"into": "Bot"}, follow=True).content.decode()
    answer = chief_client.post(merge, {"into": "boat"}, follow=True)
    assert answer.redirect_chain[-1][0] == page(boat)
    assert "“Ship” was merged into “Boat” on 1 image." in answer.content.decode()
    assert Synonym.objects.get().word == "Ship"


def test_a_label_is_hidden_and_shown_again(chief_client: Client) -> None:
    person = tagging(image(), "Person").tag
    answer = chief_client.post(reverse("desk:hide_label", args=[person.pk]), {"next": page(person)}, follow=True)
    assert "it was on 1 image" in answer.content.decode()
    tags = reverse("admin:library_tag_changelist")
    assert "Suggest again" in chief_client.get(tags).content.decode()
    chief_client.post(reverse("desk:show_label", args=[LabelRule.objects.get().pk]))
    assert "Suggest again" not in chief_client.get(tags).content.decode()


def test_completion_is_for_who_may_see_tags(signed_in: Client, nobody: Client) -> None:
    Tag.objects.create(name="Boat")
    assert signed_in.get(reverse("desk:complete"), {"q": "bo"}).json() == {"names": ["Boat"]}
    assert nobody.get(reverse("desk:complete"), {"q": "bo"}).status_code == 403
