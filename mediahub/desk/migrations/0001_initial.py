"""People's preferences, and the two groups that editors start with."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EDITOR = {
    "library": [
        "view_image",
        "change_image",
        "replace_image",
        "download_original",
        "view_rendition",
        "view_tag",
        "add_tag",
        "view_tagging",
        "review_tagging",
        "view_collection",
        "add_collection",
        "add_membership",
        "delete_membership",
    ],
    "history": ["view_change"],
    "uploads": ["view_upload", "add_upload"],
    "recovery": ["view_faileditem", "retry_faileditem", "view_retryorder", "view_dashboard"],
    "jobs": ["view_job"],
}
CHIEF_EDITOR = {
    "library": [
        "publish_image",
        "purge_image",
        "change_tag",
        "delete_tag",
        "change_collection",
        "delete_collection",
        "restrict_collection",
        "see_every_collection",
    ],
    "uploads": ["allow_more_pixels"],
    "recovery": ["discard_faileditem", "view_consistencycheck"],
    "jobs": ["change_job", "reprocess_images"],
}


def create_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    from django.apps import apps as installed

    for label in EDITOR:
        # Django creates permissions only after all migrations; the groups need them now.
        create_permissions(installed.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    permissions = apps.get_model("auth", "Permission").objects
    for name, grants in (("Editor", [EDITOR]), ("Chief editor", [EDITOR, CHIEF_EDITOR])):
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for by_app in grants:
            for label, codenames in by_app.items():
                group.permissions.add(*permissions.filter(content_type__app_label=label, codename__in=codenames))


def delete_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=["Editor", "Chief editor"]).delete()


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("library", "0001_initial"),
        ("history", "0001_initial"),
        ("uploads", "0001_initial"),
        ("recovery", "0001_initial"),
        ("jobs", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shortcuts", models.JSONField(blank=True, default=dict, verbose_name="keyboard shortcuts")),
                ("shortcuts_on", models.BooleanField(default=True, verbose_name="keyboard shortcuts enabled")),
                (
                    "threshold",
                    models.PositiveSmallIntegerField(default=80, verbose_name="acceptance threshold, in percent"),
                ),
                (
                    "language",
                    models.CharField(blank=True, db_default="", default="", max_length=8, verbose_name="language"),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preference",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "preference",
                "verbose_name_plural": "preferences",
            },
        ),
        migrations.CreateModel(
            name="CacheEntry",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "desk_cacheentry"},
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("browser", models.CharField(blank=True, max_length=100, verbose_name="browser")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="network address")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="signed in at")),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last used at")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desk_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
        ),
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True)),
                ("account", models.CharField(max_length=64)),
                ("address", models.CharField(max_length=45)),
                ("succeeded", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="attempt_by_account"),
                    models.Index(fields=["address", "at"], name="attempt_by_address"),
                ],
            },
        ),
        migrations.RunPython(create_groups, delete_groups),
    ]
