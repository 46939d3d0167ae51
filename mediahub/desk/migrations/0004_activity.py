"""Who reviews may also see who did what."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def let(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("library"), verbosity=0, using=schema_editor.connection.alias)
    may = apps.get_model("auth", "Permission").objects.get(content_type__app_label="library", codename="view_activity")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Chief editor"]):
        group.permissions.add(may)


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_replace"), ("library", "0003_words_and_activity")]
    operations = [migrations.RunPython(let, migrations.RunPython.noop)]
