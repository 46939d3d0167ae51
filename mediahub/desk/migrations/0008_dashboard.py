"""Who reviews may also see the dashboard."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def let(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("intake"), verbosity=0, using=schema_editor.connection.alias)
    may = apps.get_model("auth", "Permission").objects.get(content_type__app_label="intake", codename="view_dashboard")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Chief editor"]):
        group.permissions.add(may)


class Migration(migrations.Migration):
    dependencies = [("desk", "0007_collections"), ("intake", "0005_queue_hours")]
    operations = [migrations.RunPython(let, migrations.RunPython.noop)]
