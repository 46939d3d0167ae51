"""What the groups may do about failures: everyone watches a retry, chief editors see the checks and lift a limit."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAY = {
    "Editor": ["view_redrive"],
    "Chief editor": ["view_redrive", "view_reconciliation", "allow_more_pixels"],
}


def allow(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    # Django makes permissions only after all migrations; the groups need them now.
    create_permissions(installed.get_app_config("intake"), verbosity=0, using=schema_editor.connection.alias)
    permission = apps.get_model("auth", "Permission")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=MAY):
        group.permissions.add(
            *permission.objects.filter(content_type__app_label="intake", codename__in=MAY[group.name])
        )


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_groups"), ("intake", "0002_recovery")]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
