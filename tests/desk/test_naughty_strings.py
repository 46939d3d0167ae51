"""No naughty string is more than text: on no page, in no JSON, table, header, message, or line of a log."""

import json
import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import content_disposition_header

from mediahub.delivery.embed import build_embed_code
from mediahub.library import cataloging, field_edits
from mediahub.library.field_edits import Edit
from mediahub.library.file_names import name_original
from mediahub.logs import serialize_line
from mediahub.uploads.tickets import clean_file_name
from processing import process
from tests.answers import PageReader, find_raw
from tests.desk.naughty_records import NaughtyLibrary, plant, store
from tests.desk.odd_requests import FORM
from tests.doubles import MemoryStore
from tests.naughty import COMPUTED, KINDS, MARK, NAUGHTY
from tests.pictures import jpeg, with_iptc
from tests.records import image

STRINGS = [store(text) for text in NAUGHTY]
# Of each kind every fifth string is in each part.
PARTS = 5
LISTS = (
    "admin:library_tag_changelist",
    "admin:uploads_upload_changelist",
    "admin:recovery_faileditem_changelist",
    "admin:auth_user_changelist",
    "admin:auth_group_changelist",
)
PAGES = (
    "admin:index",
    "admin:recovery_retryorder_changelist",
    "admin:recovery_consistencycheck_changelist",
    "desk:collections",
    "desk:dashboard",
    "desk:jobs",
    "desk:purges",
    "desk:upload",
    "desk:duplicates",
)


@pytest.fixture
def root(db: None) -> User:
    """Provide an administrator, to whom everything is shown."""
    return User.objects.create_superuser("root")


@pytest.fixture
def root_client(root: User) -> Client:
    """Provide the administrator's browser; an exception is its answer 500."""
    client = Client(raise_request_exception=False)
    client.force_login(root)
    return client


def list_addresses(client: Client, library: NaughtyLibrary) -> Iterator[str]:
    """Yield the address of each page, table, and answer to a script that tells of these records."""
    yield from (reverse(name) for name in PAGES)
    for name in LISTS:
        yield from (f"{reverse(name)}?p={number}" for number in range(1, len(library.images) // 100 + 2))
    more: Any = ""
    while more is not None:
        address = f"{reverse('admin:library_image_changelist')}{more}"
        yield address
        more = client.get(address).context["more"] or None
    before: Any = ""
    while before is not None:
        address = f"{reverse('desk:activity')}?before={before}"
        yield address
        before = client.get(address).context["more"]
    yield from (reverse("desk:export_activity", args=[kind]) for kind in ("csv", "jsonl"))
    yield reverse("desk:job", args=[library.job.pk])
    yield reverse("admin:recovery_consistencycheck_change", args=[library.check.pk])
    uploads = [str(upload.pk) for upload in library.uploads]
    for start in range(0, len(uploads), 200):
        yield f"{reverse('desk:status')}?{urlencode({'ids': ','.join(uploads[start : start + 200])})}"


def list_single_addresses(library: NaughtyLibrary, number: int) -> Iterator[str]:
    """Yield the address of each page about the record of one string."""
    image, upload = library.images[number].pk, library.uploads[number].pk
    for name in ("review", "versions", "crop", "replace", "duplicates_of"):
        yield reverse(f"desk:{name}", args=[image])
    yield f"{reverse('desk:review_items')}?_of={image}"
    yield reverse("desk:arrival", args=[upload])
    yield reverse("desk:batch_words", args=[library.batches[number].pk])
    for label, record in (
        ("library_image", image),
        ("library_tag", library.tags[number].pk),
        ("uploads_upload", upload),
        ("recovery_faileditem", library.items[number].pk),
        ("auth_user", library.people[number].pk),
        ("auth_group", library.groups[number].pk),
    ):
        yield reverse(f"admin:{label}_change", args=[record])
    yield reverse("desk:collection", args=[library.collections[number].pk])


def list_searches(text: str) -> Iterator[str]:
    """Yield addresses that bring the text as words to search for."""
    for name in ("desk:complete", "desk:tag_names", "desk:complete_collection", "desk:count_images"):
        yield f"{reverse(name)}?q={quote(text)}"


def list_forms(library: NaughtyLibrary, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield forms, and JSON as a text, that bring the text to everything that takes one."""
    image = library.images[0].pk
    fields = dict.fromkeys(("title", "alt_text", "caption", "credit", "copyright", "license", "license_url"), text)
    yield reverse("admin:library_image_change", args=[image]), fields
    yield reverse("desk:add_tag", args=[image]), {"name": text}
    yield reverse("desk:make_collection"), {"name": text, "description": text}
    yield reverse("desk:change_collection", args=[library.collections[0].pk]), {"act": "rename", "name": text}
    yield reverse("desk:file_image", args=[image]), {"collection": text}
    yield f"{reverse('desk:save_search')}?q={quote(text)}", {"name": text}
    yield reverse("desk:change_search", args=[library.searches[0].pk]), {"name": text}
    yield reverse("desk:merge_tag", args=[library.tags[0].pk]), {"into": text}
    yield reverse("admin:library_tag_add"), {"name": text, "synonyms": text}
    yield reverse("admin:auth_user_add"), {"username": text, "email": text}
    yield reverse("admin:auth_group_add"), {"name": text}
    yield reverse("desk:remove_person", args=[library.people[0].pk]), {"name": text}
    yield reverse("admin:login"), {"username": text, "password": text, "next": text}
    chosen = {"_selected_action": str(library.items[0].pk), "index": "0"}
    yield reverse("admin:recovery_faileditem_changelist"), {"action": "discard", "note": text, **chosen}
    for verb, name in (("add_tag", "tag"), ("reject_tag", "tag"), ("put_in", "collection"), ("set_credit", "credit")):
        yield reverse("desk:bulk"), {"act": verb, "image": str(image), name: text}
    yield reverse("desk:purge"), {"image": str(image), "reason": text, "number": text}
    wish = {"method": "POST", "name": text, "type": "image/jpeg", "size": 9}
    yield reverse("desk:sign"), json.dumps(wish)
    yield reverse("desk:sign"), json.dumps({**wish, "type": text})
    words = {"title": text, "credit": text, "copyright": text, "license": text, "tags": [text]}
    yield reverse("desk:batch_words", args=[uuid4()]), json.dumps(words)
    yield (
        reverse("desk:review_acts"),
        json.dumps({"acts": [{"id": text, "image": str(image), "words": {"title": ["", text]}}]}),
    )
    yield reverse("desk:undo", args=[uuid4()]), {"next": text}


def send(client: Client, address: str, body: dict[str, Any] | str) -> list[Any]:
    """Return the answer to a form or to JSON, and the page that it leads to, with the message there."""
    with transaction.atomic():
        if isinstance(body, str):
            answers = [client.post(address, body, content_type="application/json")]
        else:
            answers = [client.generic("POST", address, urlencode(body), FORM)]
            if answers[0].status_code == 302:
                answers.append(client.get(answers[0]["Location"]))
        transaction.set_rollback(True)
    return answers


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold at the end that each line of the log is one line, without a control character."""
    caplog.set_level(logging.INFO)
    yield
    messages = [record.getMessage() for record in caplog.get_records("call")]
    assert [line for line in messages if MARK in line and re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)] == []


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("part", range(PARTS))
def test_s2_d10_no_naughty_string_is_more_than_text(
    root: User, root_client: Client, part: int, record_property: Any
) -> None:
    strings = STRINGS[part::PARTS]
    library = plant(root, strings)
    addresses = list(list_addresses(root_client, library))
    for number in range(part, len(strings), 20):
        addresses += list_single_addresses(library, number)
    for text in strings[::10]:
        addresses += list_searches(text)
    raw = {address[:200]: raw_parts for address in addresses if (raw_parts := find_raw(root_client.get(address)))}
    assert raw == {}
    record_property("naughty strings", len(strings))
    record_property("answers with naughty strings", len(addresses))


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5])
def test_s2_no_form_gives_a_naughty_string_back_as_more_than_text(
    root: User, root_client: Client, place: int, record_property: Any
) -> None:
    few = [store(list(kind())[place]) for kind in KINDS.values()]
    library = plant(root, few[:3])
    raw, number = {}, 0
    for text in few:
        for address, body in list_forms(library, text):
            for answer in send(root_client, address, body):
                number += 1
                if raw_parts := find_raw(answer):
                    raw[f"{address} {text!r}"[:200]] = raw_parts
    assert raw == {}
    record_property("answers with naughty strings", number)


def test_s2_no_file_brings_a_naughty_string_that_is_more_than_text(
    root: User, root_client: Client, record_property: Any
) -> None:
    """As a title, a caption, and keywords of IPTC, through processing and onto the pages of the image."""
    addresses = []
    for start in range(0, len(STRINGS), 50):
        group = STRINGS[start : start + 50]
        words = {105: group[:1], 120: [" ".join(group)[:1900]], 80: group[1:2], 116: group[2:3], 25: group}
        image_id = uuid4()
        result = process(
            BytesIO(with_iptc(words, data=jpeg(64, 48))), image_id, store=MemoryStore(versioned=False), labeler=None
        )
        with transaction.atomic():
            cataloging.record_result(image_id, f"{group[0]}.jpg", result)
        addresses += [reverse("admin:library_image_change", args=[image_id]), reverse("desk:review", args=[image_id])]
    addresses += [reverse("admin:library_image_changelist"), reverse("desk:export_activity", args=["csv"])]
    raw = {address: raw_parts for address in addresses if (raw_parts := find_raw(root_client.get(address)))}
    assert raw == {}
    record_property("answers with naughty strings", len(addresses))


def type_into(name: str, text: str) -> str:
    """Return a text as it is stored when somebody types it into a field."""
    return str(field_edits.merge_edits({name: ""}, {name: Edit(text)})[0].get(name, ""))


def test_s2_what_is_typed_is_on_one_line_where_names_are_made_of_it(root_client: Client) -> None:
    new_image, text = image(), "a\r\nb\tc\x01d\u2028e\x85f"
    address = reverse("admin:library_image_change", args=[new_image.pk])
    fields = dict.fromkeys(("title", "alt_text", "caption", "credit", "copyright", "license"), text)
    assert root_client.post(address, {**fields, "license_url": ""}).status_code == 302
    new_image.refresh_from_db()
    for name in ("title", "credit", "copyright", "license"):
        assert getattr(new_image, name) == "a b cd e f"
    assert new_image.caption == "a\nb\tcd\ne\nf"
    words = {"title": ["a b cd e f", f"{text}2"]}
    acts = {"acts": [{"id": str(uuid4()), "image": str(new_image.pk), "words": words}]}
    assert root_client.post(reverse("desk:review_acts"), acts, content_type="application/json").status_code == 200
    new_image.refresh_from_db()
    assert new_image.title == "a b cd e f2"
    # What is nothing once it is stored is nothing.
    answer = root_client.post(address, {**fields, "title": "\x01\x02", "license_url": ""})
    assert (answer.status_code, "This field is required" in answer.content.decode()) == (200, True)


def test_s2_no_name_of_a_download_is_more_than_a_name() -> None:
    for text in STRINGS:
        for name in (name_original(clean_file_name(text), "JPEG"), f"{type_into('title', text)} large.jpg"):
            header = content_disposition_header(True, name) or ""
            assert header.isascii()
            assert header.isprintable()
            assert header.startswith("attachment")
            # Within quotes, or encoded: no name adds a parameter.
            assert (
                not re.sub(r'"(?:[^"\\]|\\.)*"|utf-8\'\'[\w%.!~()-]*', "", header).partition("filename")[2].strip("*=")
            )


def test_s2_what_is_copied_into_other_pages_is_text_there(db: None) -> None:
    """As HTML, as Markdown, and as a line of credit."""
    new_image = image(state="published")
    for text in STRINGS:
        for name in ("title", "alt_text", "credit", "license"):
            setattr(new_image, name, type_into(name, text))
        embed = build_embed_code(new_image)
        assert embed
        reader = PageReader()
        reader.feed(embed.picture)
        reader.close()
        assert reader.raw == [], text
        # Without what is escaped by a backslash, nothing ends the text of the link or begins a tag.
        alt_text = re.sub(r"\\.", "", embed.markdown, flags=re.DOTALL).partition("![")[2].rpartition("](")[0]
        assert not set("[]<`\n") & set(alt_text), embed.markdown
        assert not re.search(r"[\r\n\x0b\x0c\x85\u2028\u2029]", embed.credit_line), text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f"<p><{MARK}></p>", "text/html"),
        (f'<img src="x" onerror="{MARK}()">', "text/html"),
        (f"<p title='x' {MARK}=''></p>", "text/html"),
        (f'<script>let x = "{MARK}"</script>', "text/html"),
        (f"<!-- {MARK} -->", "text/html"),
        (f'<a href=" java\tscript:{MARK}()">x</a>', "text/html"),
        (f"<p>{MARK} {COMPUTED}</p>", "text/html"),
        (f"who,what\r\neditor,={MARK}\r\n", "text/csv"),
        (f"who,what\r\neditor,\u200b＝{MARK}\r\n", "text/csv"),
        (f"who,what\r\neditor,{MARK}\r\n=1\r\n", "text/csv"),
        (f"{MARK}\0", "text/plain"),
    ],
)
def test_what_is_more_than_text_is_found(body: str, kind: str) -> None:
    headers = {"X-Content-Type-Options": "nosniff"}
    assert find_raw(HttpResponse(body, content_type=kind, headers=headers))
    assert not find_raw(HttpResponse(escape(MARK), content_type=kind, headers=headers))


def test_s2_each_naughty_string_is_one_line_of_the_workers_log() -> None:
    for text in NAUGHTY:
        line = serialize_line({"message": text, "key": text})
        assert line.isprintable()
        assert json.loads(line)["key"] == text
    assert len(NAUGHTY) >= 500
