import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("library", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change_set", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("undoes", models.UUIDField(blank=True, editable=False, null=True)),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="time")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("uploaded", "uploaded"),
                            ("edited", "changed the details of"),
                            ("tagged", "reviewed the tags of"),
                            ("state_changed", "changed the state of"),
                            ("replaced", "replaced the file of"),
                            ("restored", "restored an earlier version of"),
                            ("expired", "took down"),
                            ("flags_reviewed", "reviewed the flags of"),
                            ("duplicates_merged", "merged duplicates into"),
                            ("duplicate_archived", "archived a duplicate:"),
                            ("marked_different", "marked as not a duplicate:"),
                            ("focal_point_moved", "moved the focal point of"),
                            ("tag_merged", "merged a tag into"),
                            ("file_offered", "uploaded a newer file for"),
                            ("file_declined", "skipped a newer file for"),
                            ("label_hidden", "hid the label"),
                            ("collections_changed", "changed the collections of"),
                            ("collection_created", "created the collection"),
                            ("collection_changed", "changed the collection"),
                            ("collection_deleted", "deleted the collection"),
                            ("downloaded", "downloaded the original of"),
                            ("zip_fetched", "fetched another person's ZIP file with"),
                            ("purged", "erased for good the image"),
                            ("signed_in", "signed in with"),
                            ("sign_in_refused", "refused a sign-in as"),
                            ("locked_out", "refused for a while all sign-ins as"),
                            ("sessions_ended", "ended the sessions of"),
                            ("factor_added", "added a second factor for"),
                            ("factor_removed", "removed a second factor of"),
                            ("codes_renewed", "made new recovery codes for"),
                            ("password_changed", "changed the password of"),
                            ("invited", "invited"),
                            ("roles_changed", "changed the roles of"),
                            ("permissions_changed", "changed the permissions of the group"),
                            ("undone", "undid a change to"),
                        ],
                        max_length=24,
                        verbose_name="action",
                    ),
                ),
                ("kind", models.CharField(default="event", editable=False, max_length=16)),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("data", models.JSONField(default=dict, editable=False)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="library.image",
                    ),
                ),
            ],
            options={
                "verbose_name": "change",
                "verbose_name_plural": "changes",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["change_set", "id"], name="change_by_set"),
                    models.Index(
                        condition=models.Q(("undoes__isnull", False)), fields=["undoes"], name="change_undoes"
                    ),
                ],
            },
        ),
    ]
