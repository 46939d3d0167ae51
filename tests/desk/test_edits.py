"""Two people, one record: each writes only what they changed, and sees what the other has changed meanwhile."""

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from mediahub.desk.models import Preference
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import collections, tag_decisions, vocabulary
from mediahub.library.models import Collection, Image, Tag
from tests.records import image, tagging


class Fields(HTMLParser):
    """What a browser would send of the form that has a field of this name."""

    def __init__(self, page: str, name: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._area: str | None = None
        self._select: tuple[str, bool] | None = None
        self.feed(page.replace("\r\n", "\n"))
        self.sent = next(form for form in self.forms if name in form)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag == "form":
            self.forms.append({})
        name = own.get("name")
        if not self.forms or not name:
            self._option(tag, own)
            return
        if tag == "textarea":
            self._area = name
            self.forms[-1].setdefault(name, []).append("")
        elif tag == "select":
            self._select = (name, False)
        elif tag == "input" and own.get("type") not in ("submit", "button", "file"):
            if own.get("type") in ("checkbox", "radio") and "checked" not in own:
                return
            self.forms[-1].setdefault(name, []).append(own.get("value") or "")

    def _option(self, tag: str, own: dict[str, str | None]) -> None:
        if tag == "option" and self._select and "selected" in own:
            self.forms[-1].setdefault(self._select[0], []).append(own.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            # The first line end after the tag is none, and the others are sent as two characters.
            said = self.forms[-1][self._area][-1] + data
            self.forms[-1][self._area][-1] = said.removeprefix("\n").removeprefix("\r\n").replace("\n", "\r\n")


def form(client: Client, path: str, name: str = "title") -> dict[str, Any]:
    return Fields(client.get(path).content.decode(), name).sent


def page_of(image: Image) -> str:
    return reverse("admin:library_image_change", args=[image.pk])


@pytest.fixture
def colleague(other_editor: User) -> Client:
    """Another editor's client."""
    client = Client()
    client.force_login(other_editor)
    return client


@pytest.fixture
def superuser(db: Any) -> Client:
    """Provide a client with somebody signed in who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_two_people_change_different_words_of_one_image_and_both_stay(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="Two lines\nof it.", rights_until=date(2030, 1, 31))
    mine, theirs = form(signed_in, page_of(new_image)), form(colleague, page_of(new_image))
    assert (
        colleague.post(page_of(new_image), {**theirs, "caption": "Boats at dawn", "rights_until": ""}).status_code
        == 302
    )
    assert signed_in.post(page_of(new_image), {**mine, "title": "Quay"}).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption, new_image.rights_until) == ("Quay", "Boats at dawn", None)
    changes = [(str(change.by), sorted(change.data["after"])) for change in Change.objects.order_by("pk")]
    assert changes == [("other", ["caption", "rights_until"]), ("editor", ["title"])]


def test_a_direction_that_was_left_open_is_closed_and_counts(signed_in: Client) -> None:
    new_image = image()
    sent = form(signed_in, page_of(new_image))
    assert signed_in.post(page_of(new_image), {**sent, "title": "\u2067رصيف"}).status_code == 302
    new_image.refresh_from_db()
    assert new_image.title == "\u2067رصيف\u2069"
    page = signed_in.post(page_of(new_image), {**form(signed_in, page_of(new_image)), "title": "\u2067" + "x" * 299})
    assert "it has 301" in page.content.decode()


def test_both_captions_are_shown_and_none_is_lost(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="Boats")
    mine, theirs = form(signed_in, page_of(new_image)), form(colleague, page_of(new_image))
    colleague.post(page_of(new_image), {**theirs, "caption": "Boats <at> dawn"})
    answer = signed_in.post(page_of(new_image), {**mine, "caption": "Boats at noon", "title": "Quay"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert re.search("other changed this on .+ while you had the page open", page)
    assert page.count("Boats <at> dawn") >= 2
    assert "Keep theirs" in page
    new_image.refresh_from_db()
    assert new_image.caption == "Boats <at> dawn"
    again = Fields(answer.content.decode(), "title").sent
    assert (again["caption"], again["title"]) == (["Boats at noon"], ["Quay"])
    # Without an answer it asks again, and with one it does that.
    assert signed_in.post(page_of(new_image), again).status_code == 409
    assert signed_in.post(page_of(new_image), {**again, "choice-caption": "mine"}).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption) == ("Quay", "Boats at noon")


def test_who_keeps_theirs_saves_the_rest(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="Boats", rights_until=date(2030, 1, 31))
    mine, theirs = form(signed_in, page_of(new_image)), form(colleague, page_of(new_image))
    colleague.post(page_of(new_image), {**theirs, "caption": "Dawn", "rights_until": "2031-01-31"})
    answer = signed_in.post(
        page_of(new_image), {**mine, "caption": "Noon", "rights_until": "2032-01-31", "title": "Quay"}
    )
    again = Fields(answer.content.decode(), "title").sent
    chosen = {"choice-caption": "theirs", "choice-rights_until": "mine"}
    assert signed_in.post(page_of(new_image), {**again, **chosen}).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption, new_image.rights_until) == ("Quay", "Dawn", date(2032, 1, 31))


def test_what_was_changed_a_third_time_is_asked_again(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="Boats")
    mine, theirs = form(signed_in, page_of(new_image)), form(colleague, page_of(new_image))
    colleague.post(page_of(new_image), {**theirs, "caption": "Dawn"})
    again = Fields(signed_in.post(page_of(new_image), {**mine, "caption": "Noon"}).content.decode(), "title").sent
    colleague.post(page_of(new_image), {**form(colleague, page_of(new_image)), "caption": "Dusk"})
    answer = signed_in.post(page_of(new_image), {**again, "choice-caption": "mine"})
    assert answer.status_code == 409
    assert "Dusk" in answer.content.decode()
    new_image.refresh_from_db()
    assert new_image.caption == "Dusk"


def test_line_ends_and_spaces_are_no_change(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="One\r\ntwo  \n")
    mine = form(signed_in, page_of(new_image))
    colleague.post(page_of(new_image), {**form(colleague, page_of(new_image)), "caption": "Three"})
    assert signed_in.post(page_of(new_image), {**mine, "title": "Quay"}).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption) == ("Quay", "Three")


def test_a_published_image_is_judged_by_what_it_would_say(signed_in: Client, colleague: Client) -> None:
    new_image = image(alt_text="Boats", credit="Ada", state=Image.State.PUBLISHED)
    mine = form(signed_in, page_of(new_image))
    colleague.post(page_of(new_image), {**form(colleague, page_of(new_image)), "credit": "Ben"})
    assert signed_in.post(page_of(new_image), {**mine, "title": "Quay"}).status_code == 302
    refused = signed_in.post(page_of(new_image), {**form(signed_in, page_of(new_image)), "credit": ""})
    assert "Archive the image first" in refused.content.decode()
    new_image.refresh_from_db()
    assert (new_image.title, new_image.credit) == ("Quay", "Ben")


def test_a_field_that_was_not_sent_stays(signed_in: Client) -> None:
    new_image = image(caption="Boats")
    signed_in.post(page_of(new_image), {"title": "Quay"})
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption) == ("Quay", "Boats")


def test_a_collection_is_described_by_two_people(chief_client: Client, superuser: Client) -> None:
    news = collections.create(ChangeSet(None), "News", description="Daily")
    path, change = reverse("desk:collection", args=[news.pk]), reverse("desk:change_collection", args=[news.pk])
    mine, theirs = form(chief_client, path, "name"), form(superuser, path, "name")
    assert superuser.post(change, {**theirs, "act": "rename", "description": "Each morning"}).status_code == 302
    assert chief_client.post(change, {**mine, "act": "rename", "name": "Paper"}).status_code == 302
    news.refresh_from_db()
    assert (news.name, news.description) == ("Paper", "Each morning")
    answer = chief_client.post(change, {**mine, "act": "rename", "description": "Each evening"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "root changed this on" in page or "chief changed this on" in page
    assert "Each morning" in page
    again = Fields(page, "name").sent
    assert again["description"] == ["Each evening"]
    chief_client.post(change, {**again, "act": "rename", "choice-description": "mine", "choice-name": "theirs"})
    news.refresh_from_db()
    assert (news.name, news.description) == ("Paper", "Each evening")


def test_what_is_typed_for_a_collection_stays_when_it_is_refused(chief_client: Client) -> None:
    collections.create(ChangeSet(None), "Sport")
    news = collections.create(ChangeSet(None), "News")
    change = reverse("desk:change_collection", args=[news.pk])
    words = {"name": "Sport", "description": "Long and well thought out"}
    for path, more in ((reverse("desk:make_collection"), {}), (change, {"act": "rename"})):
        answer = chief_client.post(path, {**words, **more})
        assert answer.status_code == 400
        page = answer.content.decode()
        assert "Long and well thought out" in page
        assert "already" in page
    assert Collection.objects.count() == 2


def test_groups_that_two_people_choose_are_put_together(chief_client: Client, superuser: Client) -> None:
    news = collections.create(ChangeSet(None), "News", groups=[Group.objects.get(name="Editor")])
    editors, chiefs = (Group.objects.get(name=name).pk for name in ("Editor", "Chief editor"))
    legal = Group.objects.create(name="Legal").pk
    path, change = reverse("desk:collection", args=[news.pk]), reverse("desk:change_collection", args=[news.pk])
    mine, theirs = form(chief_client, path, "seen_groups"), form(superuser, path, "seen_groups")
    superuser.post(change, {**theirs, "act": "restrict", "group": [editors, chiefs]})
    chief_client.post(change, {**mine, "act": "restrict", "group": [legal]})
    assert set(news.groups.values_list("pk", flat=True)) == {chiefs, legal}


def test_a_collection_that_was_moved_meanwhile_is_not_moved_from_elsewhere(
    chief_client: Client, superuser: Client
) -> None:
    places = [collections.create(ChangeSet(None), name) for name in ("News", "Archive", "Sport")]
    sport = places[2]
    path, change = reverse("desk:collection", args=[sport.pk]), reverse("desk:change_collection", args=[sport.pk])
    mine = form(chief_client, path, "seen_parent")
    superuser.post(change, {**form(superuser, path, "seen_parent"), "act": "move", "parent": places[0].pk})
    answer = chief_client.post(change, {**mine, "act": "move", "parent": places[1].pk}, follow=True)
    assert "Someone else has moved this collection since" in answer.content.decode()
    sport.refresh_from_db()
    assert sport.parent == places[0]


def test_synonyms_that_two_people_add_and_take_off_are_put_together(chief_client: Client, superuser: Client) -> None:
    boat = Tag.objects.create(name="Boat")
    vocabulary.set_synonyms(User.objects.get(username="root"), boat, ["ship", "vessel"])
    path = reverse("admin:library_tag_change", args=[boat.pk])
    mine, theirs = form(chief_client, path, "synonyms"), form(superuser, path, "synonyms")
    superuser.post(path, {**theirs, "synonyms": "ship\r\nvessel\r\nbarge", "name": "Boats"})
    assert chief_client.post(path, {**mine, "synonyms": "Ship\r\nyacht"}).status_code == 302
    boat.refresh_from_db()
    assert boat.name == "Boats"
    assert {one.word for one in boat.synonyms.all()} == {"ship", "barge", "yacht"}
    taken = chief_client.post(path, {**form(chief_client, path, "synonyms"), "synonyms": "Tram\r\nbarge"})
    assert taken.status_code == 302
    Tag.objects.create(name="Bus")
    refused = chief_client.post(path, {**form(chief_client, path, "synonyms"), "synonyms": "bus\r\nlorry"})
    assert "is a tag itself" in refused.content.decode()
    assert "lorry" in refused.content.decode()


def test_a_tag_that_two_people_rename_asks_the_second(chief_client: Client, superuser: Client) -> None:
    boat = Tag.objects.create(name="Boat")
    path = reverse("admin:library_tag_change", args=[boat.pk])
    mine = form(chief_client, path, "synonyms")
    superuser.post(path, {**form(superuser, path, "synonyms"), "name": "Ship"})
    answer = chief_client.post(path, {**mine, "name": "Vessel"})
    assert answer.status_code == 409
    assert "root changed this on" in answer.content.decode()
    boat.refresh_from_db()
    assert boat.name == "Ship"


def test_two_administrators_change_one_person(superuser: Client, editor: User, other_editor: User) -> None:
    User.objects.filter(pk=other_editor.pk).update(is_superuser=True)
    other = Client()
    other.force_login(other_editor)
    person = User.objects.create_user("ada", password="a-long-password", email="ada@example.org")
    path = reverse("admin:auth_user_change", args=[person.pk])
    page = superuser.get(path).content.decode()
    assert person.password not in page
    mine, theirs = form(superuser, path, "email"), form(other, path, "email")
    editors, chiefs = (Group.objects.get(name=name).pk for name in ("Editor", "Chief editor"))
    assert other.post(path, {**theirs, "groups": [editors], "is_staff": "on"}).status_code == 302
    assert superuser.post(path, {**mine, "email": "a@example.org"}).status_code == 302
    person.refresh_from_db()
    assert (person.email, person.is_staff, person.check_password("a-long-password")) == ("a@example.org", True, True)
    assert [group.pk for group in person.groups.all()] == [editors]
    answer = superuser.post(path, {**mine, "groups": [chiefs]})
    assert answer.status_code == 409
    assert [group.pk for group in person.groups.all()] == [editors]
    again = Fields(answer.content.decode(), "email").sent
    # The address was changed by the same person in another tab, and is asked about too.
    chosen = {"choice-groups": "mine", "choice-email": "theirs", "groups": [chiefs]}
    assert superuser.post(path, {**again, **chosen}).status_code == 302
    assert [group.pk for group in person.groups.all()] == [chiefs]
    person.refresh_from_db()
    assert person.email == "a@example.org"


def test_a_slider_moved_in_another_tab_stays_where_it_is(signed_in: Client, editor: User) -> None:
    signed_in.post(reverse("desk:threshold"), {"threshold": "80"})
    path = reverse("desk:preferences")
    mine = form(signed_in, path, "threshold")
    signed_in.post(reverse("desk:threshold"), {"threshold": "65"})
    assert signed_in.post(path, {**mine, "next": "n"}).status_code == 302
    preference = Preference.objects.get(user=editor)
    assert (preference.threshold, preference.shortcuts["next"]) == (65, "n")
    answer = signed_in.post(path, {**mine, "threshold": "90", "next": "n"})
    assert answer.status_code == 409
    assert "editor changed this while you had the page open" in answer.content.decode()


def test_a_focal_point_that_another_moves_meanwhile_is_shown_beside_ones_own(
    signed_in: Client, colleague: Client
) -> None:
    new_image = image()
    path = reverse("desk:crop", args=[new_image.pk])
    mine, theirs = form(signed_in, path, "x"), form(colleague, path, "x")
    assert colleague.post(path, {**theirs, "act": "save", "x": "20", "y": "30"}).status_code == 302
    answer = signed_in.post(path, {**mine, "act": "save", "x": "70", "y": "80"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert (
        "other moved the focal point to 20.0 % / 30.0 % while you had the page open; yours is 70.0 % / 80.0 %" in page
    )
    again = Fields(page, "x").sent
    assert (again["x"], again["y"]) == (["70"], ["80"])
    new_image.refresh_from_db()
    assert (new_image.focal_x, new_image.focal_y) == (0.2, 0.3)
    assert signed_in.post(path, {**again, "act": "save"}).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.focal_x, new_image.focal_y) == (0.7, 0.8)


def test_a_tag_that_another_decides_on_meanwhile_stays_as_it_is(signed_in: Client, other_editor: User) -> None:
    sea = tagging(image(), "Sea")
    seen = Fields(signed_in.get(page_of(sea.image)).content.decode(), "seen").sent
    tag_decisions.accept(ChangeSet(other_editor), [sea])
    decide = reverse("desk:decide_tag", args=[sea.image_id, sea.pk])
    page = signed_in.post(decide, {**seen, "verdict": "reject"}, follow=True).content.decode()
    assert "Someone else has decided on “Sea” in the meantime. It is now accepted." in page
    sea.refresh_from_db()
    assert (sea.state, sea.reviewed_by) == ("accepted", other_editor)
    signed_in.post(decide, {**Fields(page, "seen").sent, "verdict": "reject"})
    sea.refresh_from_db()
    assert sea.state == "rejected"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_one_field_in_the_same_moment_one_is_asked(signed_in: Client, colleague: Client) -> None:
    new_image = image(caption="Boats")

    def save(client: Client, fields: dict[str, Any], begin: Barrier, answers: list[int]) -> None:
        begin.wait(timeout=300)
        answers.append(client.post(page_of(new_image), fields).status_code)
        connection.close()

    for turn in range(5):
        begin, answers = Barrier(2), list[int]()
        threads = []
        for client in (signed_in, colleague):
            fields = {**form(client, page_of(new_image)), "caption": f"{turn} by {id(client)}"}
            threads.append(Thread(target=save, args=(client, fields, begin, answers)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=300)
        assert sorted(answers) == [302, 409]
    assert Change.objects.count() == 5
