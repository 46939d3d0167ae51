"""No address of the site tells a word of an image that is closed to the person who asks, whatever it is asked.

The addresses are found in the URLconf. One that this walk cannot fill in or does not know what to send to fails it:
then say below what a person could ask there.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django.db import transaction
from django.db.models import Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from mediahub.library.models import Image
from tests.desk.closed_records import SHA256, Desk, list_leaked_words, list_raw_words, plant, word

Asked = dict[str, Any]
# Django admin's addresses, and all others, which make test asks.
PARTS = ("admin", "others")


@dataclass(frozen=True)
class Address:
    """A pattern of the URLconf: its name with its namespaces, its whole route, and what stands in it."""

    name: str
    route: str

    @property
    def part(self) -> str:
        """The part of the site that the address belongs to."""
        return "admin" if self.name.startswith("admin:") else "others"

    @property
    def parameters(self) -> list[str]:
        """The names of the parts that are filled in."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.route)

    def path(self, values: dict[str, str]) -> str:
        """Return the address with its parts filled in."""
        plain = re.sub(r"\(\?P<(\w+)>.*?\)", r"<\1>", self.route).replace("^", "").replace("$", "")
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], plain)


def addresses(patterns: list[Any] | None = None, names: tuple[str, ...] = (), route: str = "") -> Iterator[Address]:
    """Each address of the site."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            inner = (*names, one.namespace) if one.namespace else names
            yield from addresses(one.url_patterns, inner, route + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield Address(":".join([*names, str(one.name)]), route + str(one.pattern))


def _pks(*records: Any) -> list[str]:
    return [str(record.pk) for record in records]


def fillings(desk: Desk, address: Address) -> list[dict[str, str]]:
    """Return what can stand in the parts of an address: ids of closed records, and of open ones."""
    values = [_values(desk, address, parameter) for parameter in address.parameters]
    return [dict(zip(address.parameters, chosen, strict=True)) for chosen in product(*values)]


def _values(desk: Desk, address: Address, parameter: str) -> list[str]:
    by_name: dict[tuple[str, str], list[str]] = {
        ("desk:merge_tag", "pk"): _pks(*desk.tags),
        ("desk:hide_label", "pk"): _pks(*desk.tags),
        ("desk:show_label", "pk"): _pks(*desk.rules),
        ("desk:change_search", "pk"): _pks(*desk.searches),
        ("desk:collection", "pk"): _pks(*desk.collections),
        ("desk:change_collection", "pk"): _pks(*desk.collections),
        ("desk:remove_person", "pk"): _pks(desk.lawyer),
        ("desk:remove_factors", "pk"): _pks(desk.lawyer),
        ("mfa_remove_webauthn", "pk"): ["1"],
        ("desk:job_part", "pk"): _pks(*desk.chunks),
        ("desk:undo", "batch"): [str(batch) for batch in desk.acts],
        ("admin:view_on_site", "content_type_id"): _pks(*ContentType.objects.filter(app_label="library")),
        ("admin:view_on_site", "object_id"): _pks(desk.closed),
    }
    by_parameter: dict[str, list[str]] = {
        "image_id": _pks(desk.closed, desk.open),
        "upload_id": _pks(desk.uploads[0], desk.uploads[1], desk.uploads[4], desk.uploads[5], desk.uploads[-2]),
        "batch_id": [*_pks(*desk.batches), str(UUID(int=0))],
        "job_id": _pks(*desk.jobs),
        "tagging_id": _pks(*desk.taggings),
        "number": ["1", "2"],
        "kind": ["csv", "jsonl"],
        "name": ["large"],
        "format_name": ["JPEG"],
        "path": [f"{desk.closed.pk}/large.jpg"],
        "uidb64": ["MQ"],
        "token": ["set-password"],
        "app_label": ["library", "uploads", "recovery", "jobs", "auth"],
        "url": ["nothing/there/"],
        "id": _pks(desk.lawyer),
    }
    choices = by_name.get((address.name, parameter), by_parameter.get(parameter))
    if parameter == "object_id" and choices is None:
        choices = _objects(desk, address)
    assert choices, f"Say in {__file__} what can stand as {parameter} in {address.route}."
    return choices


def _objects(desk: Desk, address: Address) -> list[str]:
    records: dict[str, list[Any]] = {
        "library.image": [desk.closed, desk.open],
        "library.tag": [desk.tags[0], desk.tags[1], desk.tags[4]],
        "uploads.upload": desk.uploads,
        "recovery.faileditem": desk.items,
        "recovery.retryorder": desk.orders,
        "recovery.consistencycheck": desk.checks,
        "auth.user": [desk.lawyer],
        "auth.group": [Group.objects.get(name="Legal")],
    }
    label = ".".join(address.route.split("/")[1:3])
    assert label in records, f"Say in {__file__} which records of {apps.get_model(label)} a person could ask for."
    # The page of a record shows the most; of the others a few will do.
    return _pks(*records[label][: None if address.name.endswith("_change") else 3])


def questions(desk: Desk, address: Address) -> list[Asked]:
    """Return what is asked of an address after its question mark, besides nothing."""
    name = address.name
    ids, queries = ",".join(_pks(*desk.uploads)), [{}] if address.parameters else [{}, {"q": "zxq"}]
    words = [{"q": word(about)} for about in WORDS] if name in SEARCHES else []
    closed = {"collection": str(desk.collections[0].pk), "batch": str(desk.batches[0].pk), "by": str(desk.lawyer.pk)}
    filters = [{key: value} for key, value in closed.items()]
    filters += [{key: "only"} for key in ("near", "twice", "failed")] + [{"tag": tag} for tag in _pks(*desk.tags)]
    narrowed: dict[str, list[Asked]] = {
        "admin:library_image_changelist": [
            *filters,
            {"original": "deleted"},
            {"after": f"2030-01-01T00:00:00+00:00,{uuid4()}"},
        ],
        "admin:recovery_faileditem_changelist": [
            *({"state__exact": item.state, "o": "1"} for item in desk.items[2:6]),
            {"fingerprint__exact": "f" * 16},
            {"upload__id__exact": str(desk.uploads[4].pk)},
        ],
        "admin:uploads_upload_changelist": [{"state__exact": state} for state in ("ready", "failed", "issued")],
        "desk:status": [{"ids": ids}],
        "desk:review_items": [{key: pk} for key in ("_of", "_after", "_before") for pk in _pks(desk.closed, desk.open)],
        "desk:review_start": filters[:3],
        "desk:activity": [*({"verb": verb} for verb in ("folded", "merged", "filed")), {"by": str(desk.lawyer.pk)}],
        "desk:dashboard": [{"days": "7"}, {"days": "90"}],
        "desk:collections": [{"within": str(desk.collections[0].pk)}],
        "desk:job": [],
    }
    return [*queries, *words, *narrowed.get(name, [])]


# Where words are searched for, and which of them: one of each record.
SEARCHES = {
    "admin:library_image_changelist",
    "admin:library_tag_changelist",
    "admin:uploads_upload_changelist",
    "admin:recovery_faileditem_changelist",
    "desk:complete",
    "desk:tag_names",
    "desk:complete_collection",
}
WORDS = ("title", "tag_accepted", "synonym", "collection", "upload_ready", "failed_upload_open")


def bodies(desk: Desk, name: str) -> list[Asked] | None:
    """Return what is sent to an address; "json" goes as JSON. None where nobody has said yet what could be."""
    images = _pks(desk.closed, desk.open)
    both, secret_tag = {"image": images}, desk.tags[1]
    place = {"collection": f"{desk.collections[0].name}"}
    acts = ("publish", "archive", "reopen", "ask_reprocess", "reprocess", "ask_purge", "download")
    bulk = [{"act": act, **both} for act in acts]
    bulk += [{"act": "add_tag", "tag": "Vessel", **both}, {"act": "reject_tag", "tag": secret_tag.name, **both}]
    bulk += [{"act": act, **place, **both} for act in ("put_in", "take_out")]
    bulk += [{"act": f"set_{name}", name: "Ada", **both} for name in ("credit", "license")]
    bulk += [{"act": "archive", "all": "1"}]
    items = {"_selected_action": _pks(*desk.items), "select_across": "1", "index": "0"}
    wish = {"id": str(uuid4()), "image": images[0], "tags": [[secret_tag.pk, "", None, "accepted"]]}
    known: dict[str, list[Asked]] = {
        "desk:bulk": bulk,
        "desk:purge": [
            {**both, "reason": "Seen", "number": "3"},
            {"image": images[:1], "reason": "Seen", "number": "1"},
        ],
        "desk:remove_person": [{"name": "nobody"}],
        "desk:remove_factors": [{}],
        "desk:end_sessions": [{}, {"session": "0" * 32}],
        "account_login": [{"username": desk.lawyer.username, "password": "x"}],
        "mfa_authenticate": [{"code": "1"}],
        "mfa_login_webauthn": [{"credential": "{}"}],
        "desk:sign": [{"json": {"method": "POST", "name": "a.jpg", "type": "image/jpeg", "size": 9, "sha256": SHA256}}],
        "desk:known": [{"json": {"hashes": [SHA256, "0" * 64]}}],
        "desk:identify": [{}, {"json": [SHA256]}],
        "desk:batch_words": [{"json": {"title": "A", "tags": ["b"], "collection": desk.collections[0].pk}}],
        "desk:merge_tag": [{"into": "Boat"}, {"into": secret_tag.name}, {"into": word("synonym")}],
        "desk:hide_label": [{}],
        "admin:logout": [{}],
        "csp_report": [{"json": {"csp-report": {}}}],
        "desk:show_label": [{}],
        "desk:save_search": [{"name": "Mine", "shared": "1"}],
        "desk:change_search": [{"name": "Other"}, {"forget": "1"}],
        "desk:make_collection": [{"name": "A", "parent": str(pk)} for pk in _pks(*desk.collections)],
        "desk:drop": [{"collection": str(pk), **both} for pk in _pks(*desk.collections)],
        "desk:change_collection": [
            {"act": act, "name": "News", "parent": str(desk.collections[1].pk), "group": ["1"]}
            for act in ("rename", "move", "restrict", "delete")
        ],
        "desk:file_image": [place, {"out": str(desk.collections[0].pk)}, {"collection": "News"}],
        "desk:decide_duplicates": [{**both, "keep": images[1], "agreed": "1"}, {**both, "part": images[1]}, both],
        "desk:steer_job": [{"verb": verb} for verb in ("pause", "resume", "cancel", "retry")],
        "desk:download": [{}],
        "desk:download_version": [{}],
        "desk:undo": [{}],
        "desk:review_acts": [{"json": {"acts": [wish, {**wish, "image": images[1]}]}}],
        "desk:review_act": [{"id": str(uuid4()), "tag": "Vessel"}, {"id": str(uuid4()), "act": json.dumps(wish)}],
        "desk:threshold": [{"threshold": "70"}],
        "desk:restore_version": [{}, {"decline": "1"}],
        "desk:put_back": [{}],
        "desk:look_at_flags": [{}],
        "desk:take_over": [{"field": "title"}],
        "desk:add_tag": [{"name": "Vessel"}, {"name": ""}],
        "desk:decide_tag": [{"verdict": "accept"}, {"verdict": "none"}],
        "desk:crop": [{"x": "10", "y": "20"}],
        "admin:recovery_faileditem_changelist": [
            {"action": action, "note": "Seen", **items} for action in ("retry", "retry_without_labels", "discard")
        ],
        "admin:uploads_upload_changelist": [
            {"action": "allow_more_pixels", "_selected_action": _pks(*desk.uploads), "index": "0"}
        ],
        "admin:library_tag_changelist": [
            {"action": "delete_selected", "_selected_action": _pks(*desk.tags), "index": "0"}
        ],
        "admin:library_tag_add": [{"name": secret_tag.name, "synonyms": word("synonym")}],
        "admin:library_tag_change": [{"name": "Boats", "synonyms": f"{word('synonym')}\nvessel"}],
        "admin:library_image_change": [{"title": "A", "alt_text": "B"}],
        "admin:auth_user_changelist": [
            {"action": "delete_selected", "_selected_action": _pks(desk.lawyer), "index": "0"}
        ],
    }
    return known.get(name)


def _role(name: str) -> User | None:
    """Return a person as strong as can be without the right to see every collection."""
    if name == "stranger":
        return None
    person = User.objects.create_user(name, is_staff=True)
    groups = {"editor": "Editor", "chief editor": "Chief editor"}
    every = Permission.objects.exclude(codename="see_every_collection")
    if name in groups:
        Group.objects.get(name="Chief editor").permissions.remove(
            Permission.objects.get(codename="see_every_collection")
        )
        person.groups.add(Group.objects.get(name=groups[name]))
    elif name == "onlooker":
        person.user_permissions.set(every.filter(Q(codename__startswith="view_")))
    elif name == "deputy":
        person.user_permissions.set(every)
    return person


class Walker:
    """One person's browser, in which no request leaves anything behind, and what it was told."""

    def __init__(self, person: User | None, closed: Image) -> None:
        self.client = Client(raise_request_exception=False)
        if person:
            self.client.force_login(person)
        self._cookies, self._closed = self.client.cookies.output(header="", sep=";"), closed
        self.leaks: list[str] = []
        self.leaked: set[str] = set()
        self.raw: set[str] = set()
        self.requests = 0

    def get(self, path: str, asked: Asked) -> int:
        """Ask for an address."""
        return self._ask(f"GET {path}?{urlencode(asked)}", lambda: self.client.get(path, asked))

    def post(self, path: str, body: Asked) -> int:
        """Send a form, or JSON."""
        sent = json.dumps(body)
        if "json" in body:
            text, kind = json.dumps(body["json"]), "application/json"
            return self._ask(f"POST {path} {sent}", lambda: self.client.post(path, text, content_type=kind))
        return self._ask(f"POST {path} {sent}", lambda: self.client.post(path, body))

    def _ask(self, sent: str, request: Callable[[], Any]) -> int:
        self.requests += 1
        self.client.cookies = SimpleCookie(self._cookies)
        with transaction.atomic():
            answer = request()
            text = self._text(answer)
            transaction.set_rollback(True)
        # What a person typed may come back to them.
        leaked = list_leaked_words(text) - list_leaked_words(sent)
        self.leaked |= leaked
        if str(self._closed.pk) in text and str(self._closed.pk) not in sent:
            leaked.add("id of the closed image")
        if answer.status_code >= 500:
            leaked.add(f"status {answer.status_code}")
        if "html" in answer.get("Content-Type", ""):
            self.raw |= list_raw_words(answer.content.decode())
        if leaked:
            self.leaks.append(f"{sent[:200]} → {answer.status_code}: {', '.join(sorted(leaked))}")
        return int(answer.status_code)

    def _text(self, answer: Any) -> str:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        request = answer.wsgi_request
        # What is said on the next page lies signed in a cookie until then.
        messages = [str(message) for message in get_messages(request)]
        cookies = [f"{name}={cookie.value}" for name, cookie in answer.cookies.items() if name != "messages"]
        headers = [f"{name}: {value}" for name, value in answer.items()]
        return "\n".join([body.decode(), *messages, *cookies, *headers])


def walk(walker: Walker, desk: Desk, parts: Collection[str] = PARTS) -> None:
    """Ask for every address of some parts all that can be asked there."""
    for address in addresses():
        if address.part not in parts:
            continue
        sendable = bodies(desk, address.name)
        for values in fillings(desk, address):
            path = address.path(values)
            statuses = {walker.get(path, asked) for asked in questions(desk, address)}
            assert sendable or 405 not in statuses, f"Say in {__file__} what a person could send to {address.route}."
            for body in sendable or [{}]:
                walker.post(path, body)


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("role", ["stranger", "guest", "editor", "chief editor", "onlooker", "deputy"])
def test_d12_no_address_tells_a_word_of_a_closed_image(role: str, part: str, record_property: Any) -> None:
    desk = plant()
    walker = Walker(_role(role), desk.closed)
    walk(walker, desk, [part])
    assert not walker.leaks, "\n".join(walker.leaks)
    assert walker.requests > 100
    record_property("requests about a closed image", walker.requests)


# What no page shows to anybody.
NEVER_SHOWN = re.compile(
    r"label_raw|label_model|log|flag_parent|error_.*|request_.*|failed_note_.*|reason_issued|snapshot_.*"
)


@pytest.mark.django_db
def test_s2_each_word_that_is_planted_is_told_as_text_to_who_may_see_everything(record_property: Any) -> None:
    """A word that nobody is ever told could not be missed by the walk above."""
    desk = plant()
    User.objects.filter(pk=desk.lawyer.pk).update(is_superuser=True)
    walker = Walker(User.objects.get(pk=desk.lawyer.pk), desk.closed)
    walk(walker, desk)
    planted = {
        about
        for model in apps.get_models()
        for row in model._default_manager.values_list()
        for about in list_leaked_words(str(row))
    }
    assert len(planted) > 200
    assert not [about for about in sorted(planted - walker.leaked) if not NEVER_SHOWN.fullmatch(about)]
    # Each word is a tag, and no page has such a tag.
    assert walker.raw == set()
    record_property("places with a hostile word", len(planted))


@pytest.mark.django_db
def test_an_address_that_nobody_described_stops_the_walk() -> None:
    desk = plant()
    with pytest.raises(AssertionError, match="what can stand as secret in admin/new/"):
        fillings(desk, Address("desk:new", "admin/new/<slug:secret>/"))
    assert bodies(desk, "desk:new") is None
