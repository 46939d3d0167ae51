"""Fixtures: the people who use the desk."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

groups = import_module("mediahub.desk.migrations.0001_groups")


def _person(name: str, group: str) -> User:
    # A test that commits is followed by a flush, which takes the groups of the migration along.
    if not Group.objects.filter(name=group).exists():
        groups.make_groups(apps, connection.schema_editor())
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
