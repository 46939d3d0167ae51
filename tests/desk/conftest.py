"""Fixtures: the desk for a client without a browser, with the web's role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from mediahub.local import stack
from tests.desk.addresses import Records

ROLES = ("anonymous", "guest", "viewer", "editor", "chief", "superuser")
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def as_web(used_aws: stack.Stack, settings: Any) -> None:
    """Addresses are signed by the web's role."""
    settings.AWS_PROFILE = "web"


@pytest.fixture
def signed_in(editor: User) -> Client:
    """Provide a client with an editor signed in."""
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def chief_client(chief: User) -> Client:
    """Provide a client with a chief editor signed in."""
    client = Client()
    client.force_login(chief)
    return client


@pytest.fixture
def nobody(db: Any) -> Client:
    """Provide a client with someone signed in who may enter the desk and do nothing there."""
    client = Client()
    client.force_login(User.objects.create_user("guest", is_staff=True))
    return client


@pytest.fixture
def queries(signed_in: Client, django_assert_max_num_queries: Any) -> Callable[[str], int]:
    """queries(path): how many questions the page asks the database, once everything cached is warm."""

    def count(path: str) -> int:
        signed_in.get(path)
        with django_assert_max_num_queries(1000) as asked:
            assert signed_in.get(path).status_code == 200
        return len(asked.captured_queries)

    return count


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
