"""Editors make collections and put images in; chief editors arrange them, and say who sees them."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EDITOR = ["view_collection", "add_collection", "add_membership", "delete_membership"]
CHIEF = ["change_collection", "delete_collection", "restrict_collection", "see_every_collection"]
MAY = {"Editor": EDITOR, "Chief editor": EDITOR + CHIEF}


def let(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    # Django makes permissions only after all migrations; the groups need them now.
    create_permissions(installed.get_app_config("library"), verbosity=0, using=schema_editor.connection.alias)
    permission = apps.get_model("auth", "Permission")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=MAY):
        group.permissions.add(
            *permission.objects.filter(content_type__app_label="library", codename__in=MAY[group.name])
        )


class Migration(migrations.Migration):
    dependencies = [("desk", "0006_language"), ("library", "0009_collections")]
    operations = [migrations.RunPython(let, migrations.RunPython.noop)]
