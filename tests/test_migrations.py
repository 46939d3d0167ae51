"""While a deployment goes on, or is taken back, the release before works on the records of this one."""

from typing import Any

import pytest
from django.db import models
from django.db.migrations import AddField, DeleteModel, RemoveField, RenameField, RenameModel
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED


def breaks_the_release_before(operation: Any) -> bool:
    """Return whether the release before could not go on after this operation: what it reads or writes would be gone."""
    if isinstance(operation, RemoveField | RenameField | DeleteModel | RenameModel):
        return True
    # A row that does not name the column must still be taken.
    return (
        isinstance(operation, AddField)
        and not operation.field.many_to_many
        and not operation.field.null
        and operation.field.db_default is NOT_PROVIDED
    )


def test_c22_no_migration_takes_away_what_the_release_before_needs() -> None:
    later = [
        (app, name, operation)
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if migration.__module__.startswith("mediahub.") and not name.startswith("0001")
        for operation in migration.operations
    ]
    assert [entry for entry in later if breaks_the_release_before(entry[2])] == []


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (RemoveField("image", "title"), True),
        (DeleteModel("image"), True),
        (AddField("image", "mood", models.CharField(max_length=10)), True),
        (AddField("image", "mood", models.CharField(max_length=10, db_default="")), False),
        (AddField("image", "mood", models.CharField(max_length=10, null=True)), False),
    ],
)
def test_what_breaks_the_release_before_is_noticed(operation: Any, breaks: bool) -> None:
    assert breaks_the_release_before(operation) is breaks
