import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reprocess", "regenerate renditions"),
                            ("zip", "ZIP download"),
                            ("mirror", "rebuild the mirror"),
                            ("check", "compare buckets, records, and mirror"),
                            ("action", "change images"),
                            ("undo", "undo changes"),
                        ],
                        db_default="reprocess",
                        default="reprocess",
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("paused", "paused"),
                            ("cancelled", "canceled"),
                            ("done", "done"),
                            ("partly", "done with errors"),
                        ],
                        db_default="waiting",
                        db_index=True,
                        default="waiting",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("selection", models.JSONField(verbose_name="selection")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("renditions", "renditions"),
                            ("labels", "labels, from stored answers"),
                            ("mirror", "mirror"),
                        ],
                        db_default="renditions",
                        default="renditions",
                        max_length=16,
                        verbose_name="stage",
                    ),
                ),
                ("relabel", models.BooleanField(default=False, verbose_name="relabel")),
                (
                    "action",
                    models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, editable=False),
                ),
                (
                    "files",
                    models.CharField(
                        blank=True,
                        choices=[("original", "originals"), ("large", "large renditions")],
                        db_default="",
                        max_length=16,
                        verbose_name="files",
                    ),
                ),
                ("queued", models.BooleanField(db_default=False, default=False, editable=False)),
                ("total", models.PositiveIntegerField(default=0, verbose_name="images")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("passed_before", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("asked_at", models.DateTimeField(editable=False, null=True)),
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
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ["-created_at"],
                "permissions": [("reprocess_images", "Can regenerate the renditions of many images")],
            },
        ),
        migrations.CreateModel(
            name="Chunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.UUIDField()),
                ("last", models.UUIDField()),
                ("only", models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                ("cursor", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("start", models.PositiveIntegerField(db_default=1, default=1)),
                ("reached", models.UUIDField(null=True)),
                ("succeeded", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(db_default=0, default=0)),
                ("failures", models.JSONField(default=list)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("key", models.CharField(blank=True, db_default="", max_length=255)),
                ("bytes", models.PositiveBigIntegerField(db_default=0, default=0)),
                ("finished_at", models.DateTimeField(db_index=True, null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="jobs.job"
                    ),
                ),
            ],
            options={
                "verbose_name": "chunk",
                "verbose_name_plural": "chunks",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["-created_at"], name="job_newest"),
        ),
    ]
