"""Odd addresses: whatever stands in an address or a query, no page answers with an error of the server."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.test import Client

from mediahub.library.search import FILTERS
from tests.desk.addresses import Records, Route, routes
from tests.desk.odd_requests import LONG, NOBODY, failures

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
TYPED = ("\x00", "9" * 19, LONG, "٣", "nowhere")


@cache
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
