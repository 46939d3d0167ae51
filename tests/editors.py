"""Fixtures: the people who use the desk."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User


def _person(name: str, group: str) -> User:
    person = User.objects.create_user(name, password="a-long-password", is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    return person


@pytest.fixture
def editor(db: Any) -> User:
    """Someone of the group Editor."""
    return _person("editor", "Editor")


@pytest.fixture
def other_editor(db: Any) -> User:
    """Another of the group Editor."""
    return _person("other", "Editor")


@pytest.fixture
def chief(db: Any) -> User:
    """Someone of the group Chief editor."""
    return _person("chief", "Chief editor")
