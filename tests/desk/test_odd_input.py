"""Odd input: what cannot be read is refused with a reason, before a database is asked."""

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client
from django.urls import reverse

from mediahub.desk.http import Unreadable, parse_json
from mediahub.library.parsing import read_day, read_moment, read_number
from mediahub.wsgi import application
from processing import is_storable
from tests.desk.odd_requests import FORM, LONG, NOBODY
from tests.records import image, tagging


@pytest.mark.parametrize("program", ["sign", "known", "review_acts"])
@pytest.mark.parametrize("body", ["[", "[]", "[" * 100_000, '{"size": ' + LONG + "}", '{"a": "\\ud800"}', '{"a": NaN}'])
def test_a_program_that_sends_no_json_object_gets_a_reason(signed_in: Client, program: str, body: str) -> None:
    answer = signed_in.post(reverse(f"desk:{program}"), body, content_type="application/json")
    assert answer.status_code == 400
    assert "not a valid JSON object" in answer.json()["reason"]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/public/%00", ""),
        ("/static/%00", ""),
        ("/admin/login/?next=%00", ""),
        ("/admin/?q=%FF", ""),
        ("/admin/?%00=x", ""),
        ("/admin/login/", "username=a%00b&password=x"),
        ("/admin/login/", "username=%FF"),
        ("/admin/login/", "&".join(f"a{n}=1" for n in range(3000))),
        ("/admin/login/", "a=" + "x" * 3_000_000),
    ],
)
def test_the_gate_answers_400_without_sign_in_and_asks_no_database(
    db: Any, client: Client, django_assert_num_queries: Any, address: str, form: str
) -> None:
    method = "POST" if form else "GET"
    with django_assert_num_queries(0):
        page = client.generic(method, address, form, FORM, HTTP_ACCEPT="text/html")
        program = client.generic(method, address, form, FORM, HTTP_ACCEPT="application/json")
    assert page.status_code == program.status_code == 400
    assert "This request cannot be read" in page.content.decode()
    assert program.json()["reason"] in page.content.decode()


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "django_language"])
def test_a_broken_cookie_is_refused_and_removed(client: Client, db: Any, name: str) -> None:
    answer = client.get("/admin/login/", headers={"Cookie": f'{name}="\\000aaaaaaaaaaa"'})
    assert answer.status_code == 400
    assert answer.cookies[name]["max-age"] == 0
    assert client.get("/admin/login/", headers={"Cookie": 'of_another_site="\\000"'}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "sessionid=" + "x" * 5000},
        {"Cookie": "sessionid=\xff\xff\xff\xff\xff\xff\xff\xff; csrftoken=\xff; messages=\xff"},
        {"Cookie": 'messages="[[\\054"; csrftoken=x'},
        {"Cookie": "django_language=" + "x" * 5000},
        {"Accept-Language": "x" * 5000},
        {"Accept-Language": "de;q=1e999,\xff"},
        {"Accept": "a/b; q*=hex''%41"},
        {"Host": "a b\x01"},
        {"Host": "elsewhere.example"},
        {"Referer": "http://[", "Origin": "http://["},
        {"X-Forwarded-Host": "\xff", "X-Forwarded-Proto": "\xff"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"If-Modified-Since": "+275760", "Range": "bytes=9" + LONG},
        {"Content-Length": LONG},
    ],
)
def test_d18_no_header_is_an_error_of_the_server(db: Any, headers: dict[str, str]) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    for path in ("/admin/login/", "/admin/", "/static/desk/desk.css"):
        assert client.get(path, headers=headers).status_code < 500
        assert client.post(path, {"username": "x", "password": "x"}, headers=headers).status_code < 500


@pytest.mark.parametrize("media", ["text/plain; charset=hex", "text/plain; charset=\0", "a/b; c*=hex''%41", "\xff"])
def test_an_encoding_that_is_none_does_not_end_the_request(db: Any, media: str) -> None:
    """Below the first middleware, where Django itself would raise."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/admin/login/",
        "QUERY_STRING": "q=x",
        "CONTENT_TYPE": media,
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _error: Any = None) -> Any:
        statuses.append(status)

    application(environ, start_response)
    assert statuses[0][:3] in ("400", "403")


def test_an_editor_sees_a_tag_with_its_synonyms_its_images_and_no_form(signed_in: Client) -> None:
    boat = tagging(image(), "Boat", "accepted").tag
    boat.synonyms.create(word="Vessel")
    page = signed_in.get(reverse("admin:library_tag_change", args=[boat.pk])).content.decode()
    for text in ("Boat", "Vessel", "Images with this tag", f"?tag={boat.pk}"):
        assert text in page
    assert 'name="synonyms"' not in page
    assert 'name="_save"' not in page
    assert "“Merge”" not in page


def test_d13_what_is_no_view_is_no_way_back(signed_in: Client) -> None:
    answer = signed_in.post(reverse("desk:undo", args=[NOBODY]), {"next": "nowhere"})
    assert answer["Location"] == reverse("admin:library_image_changelist")


def test_a_text_is_storable_unless_it_holds_a_nul_or_half_a_pair() -> None:
    assert is_storable("Straße 🌍 \ufffd\u202e\x01")
    assert not is_storable("a\0b")
    assert not is_storable("a\ud83c")
    assert not is_storable("\udfffa")


def test_numbers_days_and_moments_are_read_within_what_can_be_kept() -> None:
    assert [read_number(text) for text in ("0", "007", str(2**63 - 1))] == [0, 7, 2**63 - 1]
    assert [read_number(text) for text in ("", "-1", "²", "٣", "1.0", str(2**63), LONG)] == [None] * 7
    assert str(read_day("2031-12-24")) == "2031-12-24"
    assert [read_day(text) for text in ("", "0001-01-01", "9999-12-31", "2031-02-30", "x")] == [None] * 5
    assert str(read_moment("2031-12-24T01:00:00+02:00")) == "2031-12-23 23:00:00+00:00"
    assert [read_moment(text) for text in ("", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")] == [None] * 3


@pytest.mark.parametrize("text", ['{"a": 9223372036854775808}', '{"a": 1e400}', b'{"a": "\xff"}', '{"\\u0000": 1}'])
def test_json_that_nothing_could_keep_is_not_read(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        parse_json(text)


def test_json_is_read_as_deep_as_pages_send_it() -> None:
    assert parse_json(b'{"a": [[null, "x", 1.5, true]]}') == {"a": [[None, "x", 1.5, True]]}
    with pytest.raises(Unreadable):
        parse_json('{"a": ' + "[" * 30 + "]" * 30 + "}")
