"""The two groups that editors start with."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EDITOR = {
    "library": [
        "view_image",
        "change_image",
        "view_rendition",
        "view_tag",
        "add_tag",
        "view_tagging",
        "review_tagging",
    ],
    "intake": ["view_upload", "add_upload", "view_faileditem", "retry_faileditem"],
}
CHIEF = {
    "library": ["publish_image", "change_tag", "delete_tag"],
    "intake": ["discard_faileditem"],
}


def make_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    for label in EDITOR:
        # Django makes permissions only after all migrations; the groups need them now.
        create_permissions(installed.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    permission = apps.get_model("auth", "Permission")
    groups = apps.get_model("auth", "Group").objects
    for name, sets in (("Editor", [EDITOR]), ("Chief editor", [EDITOR, CHIEF])):
        group, _ = groups.get_or_create(name=name)
        for codenames in sets:
            for label, codes in codenames.items():
                group.permissions.add(*permission.objects.filter(content_type__app_label=label, codename__in=codes))


def drop_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Chief editor"]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("library", "0001_initial"),
        ("intake", "0001_initial"),
    ]
    operations = [migrations.RunPython(make_groups, drop_groups)]
