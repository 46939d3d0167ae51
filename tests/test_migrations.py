"""While a deployment goes on, or is taken back, the release before works on the records of this one."""

import pytest
from django.db.migrations import AddField, DeleteModel, RemoveField, RenameField, RenameModel
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

LATER = [
    (migration, operation)
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items(), key=lambda found: found[0])
    if migration.__module__.startswith("mediahub.") and not name.startswith("0001")
    for operation in migration.operations
]


@pytest.mark.parametrize(("migration", "operation"), LATER, ids=lambda part: str(getattr(part, "name", "")))
def test_c22_no_migration_takes_away_what_the_release_before_needs(migration: object, operation: object) -> None:
    assert not isinstance(operation, RemoveField | RenameField | DeleteModel | RenameModel)
    if isinstance(operation, AddField) and not operation.field.many_to_many:
        # A row that does not name the column must still be taken.
        assert operation.field.null or operation.field.db_default is not NOT_PROVIDED, operation.name
