"""Fixtures: the desk for a client without a browser, with the web's role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mediahub.local import stack

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def as_web(local_aws: stack.Stack, settings: Any) -> None:
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
