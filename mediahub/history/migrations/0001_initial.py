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
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="when")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("uploaded", "uploaded"),
                            ("described", "changed the words of"),
                            ("tagged", "decided on the tags of"),
                            ("moved", "changed the state of"),
                            ("replaced", "replaced the file of"),
                            ("restored", "restored an earlier version of"),
                            ("expired", "took down, as the rights ended,"),
                            ("seen", "looked at what was flagged in"),
                            ("took_over", "merged duplicates into"),
                            ("folded", "archived a duplicate:"),
                            ("parted", "said what is no duplicate of"),
                            ("aimed", "moved the focal point of"),
                            ("merged", "merged a tag into"),
                            ("offered", "sent a newer file for"),
                            ("declined", "left out a newer file of"),
                            ("hidden", "hid the label"),
                            ("filed", "changed the collections of"),
                            ("made", "made the collection"),
                            ("arranged", "changed the collection"),
                            ("removed", "deleted the collection"),
                            ("downloaded", "downloaded the original of"),
                            ("undone", "took back a change of"),
                        ],
                        max_length=16,
                        verbose_name="what",
                    ),
                ),
                ("kind", models.CharField(default="event", editable=False, max_length=16)),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
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
