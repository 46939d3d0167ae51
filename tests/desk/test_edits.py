"""Two people, one record: each writes only what they changed, and sees what the other has changed meanwhile."""

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.library.models import Activity, Image
from tests.desk.records import image


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


def page_of(made: Image) -> str:
    return reverse("admin:library_image_change", args=[made.pk])


@pytest.fixture
def colleague(other_editor: User) -> Client:
    """Another editor's client."""
    client = Client()
    client.force_login(other_editor)
    return client


def test_two_people_change_different_words_of_one_image_and_both_stay(signed_in: Client, colleague: Client) -> None:
    made = image(caption="Two lines\nof it.", rights_until=date(2030, 1, 31))
    mine, theirs = form(signed_in, page_of(made)), form(colleague, page_of(made))
    assert colleague.post(page_of(made), {**theirs, "caption": "Boats at dawn", "rights_until": ""}).status_code == 302
    assert signed_in.post(page_of(made), {**mine, "title": "Quay"}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.caption, made.rights_until) == ("Quay", "Boats at dawn", None)
    told = [(str(done.by), sorted(done.changes["fields"])) for done in Activity.objects.order_by("pk")]
    assert told == [("other", ["caption", "rights_until"]), ("editor", ["title"])]


def test_both_captions_are_shown_and_none_is_lost(signed_in: Client, colleague: Client) -> None:
    made = image(caption="Boats")
    mine, theirs = form(signed_in, page_of(made)), form(colleague, page_of(made))
    colleague.post(page_of(made), {**theirs, "caption": "Boats <at> dawn"})
    answer = signed_in.post(page_of(made), {**mine, "caption": "Boats at noon", "title": "Quay"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert re.search(r"other changed this on .+, while you had the page open", page)
    assert page.count("Boats <at> dawn") >= 2
    assert "Keep theirs" in page
    made.refresh_from_db()
    assert made.caption == "Boats <at> dawn"
    again = Fields(answer.content.decode(), "title").sent
    assert (again["caption"], again["title"]) == (["Boats at noon"], ["Quay"])
    # Without an answer it asks again, and with one it does that.
    assert signed_in.post(page_of(made), again).status_code == 409
    assert signed_in.post(page_of(made), {**again, "choice-caption": "mine"}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.caption) == ("Quay", "Boats at noon")


def test_who_keeps_theirs_saves_the_rest(signed_in: Client, colleague: Client) -> None:
    made = image(caption="Boats", rights_until=date(2030, 1, 31))
    mine, theirs = form(signed_in, page_of(made)), form(colleague, page_of(made))
    colleague.post(page_of(made), {**theirs, "caption": "Dawn", "rights_until": "2031-01-31"})
    answer = signed_in.post(page_of(made), {**mine, "caption": "Noon", "rights_until": "2032-01-31", "title": "Quay"})
    again = Fields(answer.content.decode(), "title").sent
    chosen = {"choice-caption": "theirs", "choice-rights_until": "mine"}
    assert signed_in.post(page_of(made), {**again, **chosen}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.caption, made.rights_until) == ("Quay", "Dawn", date(2032, 1, 31))


def test_what_was_changed_a_third_time_is_asked_again(signed_in: Client, colleague: Client) -> None:
    made = image(caption="Boats")
    mine, theirs = form(signed_in, page_of(made)), form(colleague, page_of(made))
    colleague.post(page_of(made), {**theirs, "caption": "Dawn"})
    again = Fields(signed_in.post(page_of(made), {**mine, "caption": "Noon"}).content.decode(), "title").sent
    colleague.post(page_of(made), {**form(colleague, page_of(made)), "caption": "Dusk"})
    answer = signed_in.post(page_of(made), {**again, "choice-caption": "mine"})
    assert answer.status_code == 409
    assert "Dusk" in answer.content.decode()
    made.refresh_from_db()
    assert made.caption == "Dusk"


def test_line_ends_and_spaces_are_no_change(signed_in: Client, colleague: Client) -> None:
    made = image(caption="One\r\ntwo  \n")
    mine = form(signed_in, page_of(made))
    colleague.post(page_of(made), {**form(colleague, page_of(made)), "caption": "Three"})
    assert signed_in.post(page_of(made), {**mine, "title": "Quay"}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.caption) == ("Quay", "Three")


def test_a_published_image_is_judged_by_what_it_would_say(signed_in: Client, colleague: Client) -> None:
    made = image(alt_text="Boats", credit="Ada", state=Image.State.PUBLISHED)
    mine = form(signed_in, page_of(made))
    colleague.post(page_of(made), {**form(colleague, page_of(made)), "credit": "Ben"})
    assert signed_in.post(page_of(made), {**mine, "title": "Quay"}).status_code == 302
    refused = signed_in.post(page_of(made), {**form(signed_in, page_of(made)), "credit": ""})
    assert "Archive it first" in refused.content.decode()
    made.refresh_from_db()
    assert (made.title, made.credit) == ("Quay", "Ben")


def test_a_field_that_was_not_sent_stays(signed_in: Client) -> None:
    made = image(caption="Boats")
    signed_in.post(page_of(made), {"title": "Quay"})
    made.refresh_from_db()
    assert (made.title, made.caption) == ("Quay", "Boats")
