"""Editors see jobs on many images and download originals; chief editors have renditions made anew."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAY = {
    "Editor": ["view_job", "download_original"],
    "Chief editor": ["view_job", "download_original", "change_job", "reprocess_images"],
}


def let(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    labels = ["library", "bulk"]
    for label in labels:
        # Django makes permissions only after all migrations; the groups need them now.
        create_permissions(installed.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    permission = apps.get_model("auth", "Permission").objects
    for group in apps.get_model("auth", "Group").objects.filter(name__in=MAY):
        found = permission.filter(content_type__app_label__in=labels, codename__in=MAY[group.name])
        group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [("desk", "0008_dashboard"), ("library", "0013_downloads"), ("bulk", "0003_ended")]
    operations = [migrations.RunPython(let, migrations.RunPython.noop)]
