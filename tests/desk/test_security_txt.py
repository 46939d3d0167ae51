"""security.txt: whom to tell of a vulnerability, and until when that holds. Source: RFC 9116."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

ADDRESS = "/.well-known/security.txt"
pytestmark = pytest.mark.django_db


def test_it_names_contacts_and_a_day_within_the_year(client: Client, settings: Any) -> None:
    settings.SECURITY_CONTACTS = ["mailto:security@example.org", "https://example.org/report"]
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = [line.split(": ", 1) for line in answer.content.decode().splitlines()]
    contacts = [value for name, value in fields if name == "Contact"]
    assert contacts == settings.SECURITY_CONTACTS
    [expires] = [datetime.fromisoformat(value) for name, value in fields if name == "Expires"]
    assert timedelta(days=90) < expires - timezone.now() < timedelta(days=365)
    assert ["Canonical", f"{settings.SITE_URL}{ADDRESS}"] in fields
    assert ["Preferred-Languages", "en, de, ar"] in fields


def test_a_site_without_contacts_has_none(client: Client, settings: Any) -> None:
    settings.SECURITY_CONTACTS = []
    assert client.get(ADDRESS).status_code == 404
