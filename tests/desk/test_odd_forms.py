"""Odd forms: whatever stands in a form or a body, no page answers with an error of the server."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.test import Client
from django.urls import reverse

from mediahub.desk.library import bulk_actions
from tests.desk.addresses import Records, routes
from tests.desk.odd_requests import FEW_TEXTS, FORM, LONG, NOBODY, ask, failures

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
