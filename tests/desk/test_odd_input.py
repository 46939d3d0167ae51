"""Odd input: whatever stands in an address, a form, a cookie or a body, no page answers with an error of the server."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from mediahub.desk.http import Unreadable, parse_json
from mediahub.desk.library import bulk_actions
from mediahub.library.parsing import read_day, read_moment, read_number
from mediahub.library.search import FILTERS
from mediahub.wsgi import application
from processing import is_storable
from tests.desk.addresses import Records, Route, routes
from tests.records import image, tagging

FORM = "application/x-www-form-urlencoded"
ROLES = ("anonymous", "guest", "viewer", "editor", "chief", "superuser")
# Python reads no number of more than 4,300 digits.
LONG = "9" * 5000
NOBODY = "00000000-0000-0000-0000-000000000000"
# As they stand in an address: NUL by itself and as the admin writes it, half a surrogate pair, numbers that are none.
IDS = (
    "%00",
    "_00",
    "%ED%A0%80",
    "%FF",
    "9" * 19,
    "9" * 30,
    LONG,
    "%D9%A3",
    "%C2%B2",
    "-1",
    "1.5",
    "a%0Ab",
    "..%2F",
    NOBODY,
)
TEXTS = (
    "\x00",
    "9" * 19,
    LONG,
    "٣",
    "²",
    "-1",
    "1e999",
    "NaN",
    "(((",
    "0001-01-01",
    "9999-12-31",
    "+275760-09-13",
    "nowhere",
    f"0001-01-01T00:00:00+23:59,{NOBODY}",
    f"9999-12-31T23:59:59-23:59,{NOBODY}",
)
FEW_TEXTS = ("(((", LONG, "9" * 19)
TYPED = ("\x00", "9" * 19, LONG, "٣", "nowhere")
# What Django's own lists let an address ask for.
LOOKUPS = (
    *("id__exact", "id__in", "pk__gt", "state__exact", "state__regex", "reason__iregex", "last_failed_at__year"),
    *("issued_at__date", "upload__id__exact", "fingerprint__exact", "groups__id__exact", "is_active__exact"),
    *("attempts__lt", "name__regex", "nothing__at__all", "password__startswith"),
    *("_facets", "_popup", "_to_field", "o", "p", "q", "e", "all"),
)
BODIES: tuple[str | bytes, ...] = (
    *("", "null", "1", '"x"', "[]", "{}", "[" * 100_000, '{"a":' * 100_000, LONG, '{"size": ' + LONG + "}"),
    *('{"acts": {}}', '{"acts": 1}', '{"acts": [1]}', '{"acts": [{"image": 5}]}', '{"acts": [{"image": "x"}]}'),
    *('{"acts": [null]}', '{"hashes": {}}', '{"hashes": [1e999]}', '{"start": 1e400}', '{"title": NaN}'),
    *('{"collection": 99999999999999999999}', '{"collection": -1}', '{"tags": [["a"]]}', '{"title": ["a"]}'),
    *('{"title": "\\u0000"}', '{"title": "\\ud800"}', '{"name": "\\ud800", "type": "image/jpeg", "size": 9}'),
    *('{"uploadId": "\\ud800", "method": "POST", "key": "k"}', '{"uploadId": "u", "method": "POST", "key": "\\u0000"}'),
    *(b"\xff\xfe\x00", b"\x80", '{"hashes": []}'.encode("utf-16")),
)
ACTS: tuple[dict[str, Any], ...] = (
    *({"id": 5}, {"tags": 5}, {"words": [1]}, {"state": {}}, {"state": 1}, {"state": {"a": 1}}),
    *({"undoes": 5}, {"undoes": [1]}, {"tags": [[float("inf"), "x", None, "accepted"]]}),
    *({"tags": [[10**30, "x", None, "accepted"]]}, {"tags": [[None, "\x00", None, "accepted"]]}),
    *(
        {"words": {"title": ["Harbour", "\ud800"]}},
        {"words": {"title": ["Harbour", "\0"]}},
        {"words": {"title": [1, {}]}},
    ),
)
MEDIA = (
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    f"{FORM}; charset=utf-16",
    "text/plain; charset=utf-7",
    "application/json; charset=unicode_escape",
)
PART = 'form-data; name="q"'
PARTS = (
    f"--x\r\nContent-Disposition: {PART}\r\n\r\n\0\r\n--x--\r\n",
    f"--x\r\nContent-Disposition: {PART}\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n",
    "--x\r\nContent-Disposition: form-data; name*=hex''%41\r\n\r\nx\r\n--x--\r\n",
    f'--x\r\nContent-Disposition: {PART}; filename="\0"\r\n\r\nx\r\n--x--\r\n',
    f"--x\r\nContent-Disposition: {PART}; filename*=rot13''x\r\n\r\nx\r\n--x--\r\n",
)


@pytest.fixture
def records(chief: User) -> Records:
    """One record of each kind, of the chief editor."""
    return Records(chief)


@pytest.fixture
def clients(chief: User, editor: User) -> dict[str, Client]:
    """Provide a client of each role; an exception is its answer 500."""
    people = {
        "guest": User.objects.create_user("guest", is_staff=True),
        "viewer": User.objects.create_user("viewer", is_staff=True),
        "editor": editor,
        "chief": chief,
        "superuser": User.objects.create_superuser("root"),
    }
    people["viewer"].user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    clients = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, person in people.items():
        clients[role].force_login(person)
    return clients


def ask(client: Client, method: str, address: str, data: str | bytes = b"", media: str = FORM, **headers: str) -> Any:
    """Return the answer to one request; what the request changed is taken back."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        try:
            answer = client.generic(method, address, data, media, **headers)  # type: ignore[arg-type]
            # An export writes its lines only now.
            answer.getvalue()
            return answer
        finally:
            transaction.set_rollback(True)
            client.cookies.clear()
            client.cookies.load(cookies)


def failures(client: Client, requests: Iterator[tuple[Any, ...]]) -> list[str]:
    """Those of the requests, each as `ask` takes it, that end in an error of the server."""
    asked = [(request, ask(client, *request).status_code) for request in requests]
    assert asked
    return [f"{status} {request}"[:300] for request, status in asked if status >= 500]


def names() -> list[str]:
    """Return the names that the desk's code reads from addresses and forms."""
    filter_names = {one.name for one in FILTERS}
    read = re.compile(r"(?:(?:GET|POST|form|asked)(?:\.get|\.getlist)?[\[(]|\.read_\w+\()f?\"(\w+)\"")
    desk = Path(django_settings.BASE_DIR) / "mediahub" / "desk"
    # What npm installs below the frontend may be changing meanwhile.
    for file in [*desk.glob("*.py"), *(file for file in desk.glob("*/*.py") if file.parent.name != "frontend")]:
        filter_names |= set(read.findall(file.read_text()))
    assert {"q", "next", "after", "before", "threshold"} <= filter_names
    return sorted(filter_names)


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_every_role(records: Records, clients: dict[str, Client], role: str) -> None:
    methods = ("GET", "POST", "PUT", "HEAD") if role == "superuser" else ("GET", "POST")
    requests = ((method, route.fill(records.values(route))) for route in routes() for method in methods)
    assert failures(clients[role], requests) == []


@pytest.mark.parametrize("role", ["anonymous", "superuser"])
def test_no_odd_part_of_an_address_is_an_error_of_the_server(
    records: Records, clients: dict[str, Client], role: str
) -> None:
    def requests(route: Route) -> Iterator[tuple[str, str]]:
        for name in route.parameters:
            for text in IDS:
                address = route.fill({**records.values(route), name: text})
                yield "GET", address
                if not route.pattern.startswith("admin/") or route.name in ("merge_tag", "decide_tag", "undo"):
                    yield "POST", address

    assert failures(clients[role], (request for route in routes() for request in requests(route))) == []


def test_no_odd_text_in_a_query_or_a_form_is_an_error_of_the_server(
    records: Records, clients: dict[str, Client]
) -> None:
    def requests() -> Iterator[tuple[str, ...]]:
        for route in routes():
            address = route.fill(records.values(route))
            for text in TEXTS:
                query = "&".join(f"{name}={quote(text)}" for name in names())
                yield "GET", f"{address}?{query}"
                if text in TYPED:
                    yield "POST", address, query

    assert failures(clients["superuser"], requests()) == []


def test_each_act_on_many_images_takes_odd_words(records: Records, clients: dict[str, Client]) -> None:
    def requests() -> Iterator[tuple[str, ...]]:
        for verb in bulk_actions.BULK_ACTIONS:
            for text in (*FEW_TEXTS, "٣", "x" * 3000):
                fields = "&".join(f"{name}={quote(text)}" for name in ("tag", "credit", "collection", "files", "next"))
                yield "POST", reverse("desk:bulk"), f"act={verb}&image={records.image.pk}&{fields}"
        for seen in ("0001-01-01T00:00:00%2B23:59 1 x", f"9999-12-31T23:59:59-23:59 {LONG} x", "x y z", "٣ ٣ ٣"):
            yield "POST", reverse("desk:bulk"), f"act=archive&all=1&seen={seen}"

    assert failures(clients["superuser"], requests()) == []


def test_a_list_is_asked_only_for_the_filters_that_it_offers(records: Records, clients: dict[str, Client]) -> None:
    lists = [route for route in routes() if route.name.endswith("changelist")]
    requests = (
        ("GET", f"{route.fill({})}?{name}={quote(text)}") for route in lists for name in LOOKUPS for text in FEW_TEXTS
    )
    assert failures(clients["superuser"], requests) == []
    refused = reverse("admin:recovery_faileditem_changelist") + "?reason__regex=(("
    assert ask(clients["superuser"], "GET", refused).status_code == 400
    linked = f"{reverse('admin:recovery_faileditem_changelist')}?upload__id__exact={records.upload.pk}"
    assert ask(clients["editor"], "GET", linked).status_code == 200


def test_no_body_is_an_error_of_the_server(records: Records, clients: dict[str, Client]) -> None:
    act = {"id": NOBODY, "image": str(records.image.pk)}
    acts = [json.dumps({"acts": [{**act, **more}]}) for more in ACTS]
    programs = ("sign/", "known/", "words/", "acts/")

    def requests() -> Iterator[tuple[Any, ...]]:
        for route in routes():
            address = route.fill(records.values(route))
            for body in (*BODIES, *acts) if route.pattern.endswith(programs) else BODIES[6:9]:
                yield "POST", address, body, "application/json"
            for media in MEDIA:
                yield "POST", f"{address}?q=%5Cud800&next=nowhere", b"q=\\ud800&next=nowhere", media
        for part in PARTS:
            yield "POST", reverse("admin:login"), part, MEDIA[0]
            yield "POST", reverse("desk:undo", args=[NOBODY]), part, MEDIA[0]
        for more in ACTS:
            form = f"act={quote(json.dumps(more))}"
            yield "POST", reverse("desk:review_act", args=[records.image.pk]), form
        yield "POST", reverse("desk:review_act", args=[records.image.pk]), "act=" + "[" * 100_000

    assert failures(clients["superuser"], requests()) == []


def test_no_odd_choice_in_a_form_of_the_admin_is_an_error_of_the_server(
    records: Records, clients: dict[str, Client]
) -> None:
    fields = (
        "groups",
        "permissions",
        "_selected_action",
        "name",
        "username",
        "last_login_0",
        "rights_until",
        "synonyms",
    )
    actions = ("retry", "retry_without_labels", "discard", "allow_more_pixels", "delete_selected")
    pages = [route for route in routes() if route.name.endswith(("_changelist", "_add", "_change", "_delete"))]

    def requests() -> Iterator[tuple[str, ...]]:
        for route in pages:
            address = route.fill(records.values(route))
            for text in (*FEW_TEXTS, "9" * 30, "-1", "x", "٣"):
                form = "&".join(f"{name}={quote(text)}" for name in fields) + "&note=x&index=0"
                yield "POST", address, f"post=yes&{form}"
                if route.name.endswith("_changelist"):
                    yield from (("POST", address, f"action={action}&{form}") for action in actions)

    assert failures(clients["superuser"], requests()) == []


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
def test_no_header_is_an_error_of_the_server(db: Any, headers: dict[str, str]) -> None:
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


def test_what_is_no_view_is_no_way_back(signed_in: Client) -> None:
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
