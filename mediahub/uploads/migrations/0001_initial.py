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
            name="UploadBatch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                ("folder", models.CharField(blank=True, editable=False, max_length=1024, verbose_name="folder")),
                (
                    "system_files",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="system files skipped"),
                ),
                ("title", models.CharField(blank=True, max_length=300, verbose_name="title")),
                ("numbered", models.BooleanField(default=True, verbose_name="number the titles")),
                ("credit", models.CharField(blank=True, max_length=500, verbose_name="credit")),
                (
                    "copyright",
                    models.CharField(blank=True, db_default="", max_length=500, verbose_name="copyright notice"),
                ),
                ("license", models.CharField(blank=True, db_default="", max_length=500, verbose_name="license")),
                (
                    "license_url",
                    models.CharField(blank=True, db_default="", max_length=500, verbose_name="address of the license"),
                ),
                ("tags", models.JSONField(blank=True, default=list, verbose_name="tags")),
                ("act", models.UUIDField(default=uuid.uuid4, editable=False)),
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
                    "collection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="library.collection",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload batch",
                "verbose_name_plural": "upload batches",
                "ordering": ["-made_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("folder", ""), _negated=True), fields=["-made_at"], name="batch_of_folder"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "source",
                    models.CharField(
                        choices=[("browser", "browser"), ("bucket", "bucket")],
                        default="browser",
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("post", "single request"),
                            ("multipart", "multipart"),
                            ("plain", "plain form"),
                            ("direct", "placed in the bucket"),
                        ],
                        default="post",
                        max_length=12,
                        verbose_name="method",
                    ),
                ),
                ("file_name", models.CharField(max_length=255, verbose_name="file name")),
                ("content_type", models.CharField(blank=True, max_length=100, verbose_name="content type")),
                ("declared_bytes", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="bytes")),
                ("bucket", models.CharField(max_length=63, verbose_name="bucket")),
                ("key", models.CharField(max_length=1024, verbose_name="key")),
                ("version_id", models.CharField(blank=True, max_length=1024, verbose_name="version")),
                ("sequencer", models.CharField(blank=True, max_length=64, verbose_name="sequencer")),
                ("unsequenced", models.BooleanField(db_default=False, default=False, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("issued", "waiting for the file"),
                            ("working", "processing"),
                            ("ready", "done"),
                            ("rejected", "rejected"),
                            ("failed", "failed"),
                            ("deleted", "deleted"),
                            ("expired", "never arrived"),
                        ],
                        db_index=True,
                        default="issued",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=16, verbose_name="step")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("code", models.CharField(blank=True, db_default="", max_length=64, verbose_name="error code")),
                ("params", models.JSONField(blank=True, default=dict, editable=False)),
                ("error", models.CharField(blank=True, db_default="", max_length=100, verbose_name="error")),
                ("request_id", models.CharField(blank=True, db_default="", max_length=64, verbose_name="request")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "recipe",
                    models.CharField(blank=True, db_default="", max_length=16, verbose_name="processing settings"),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="leased until")),
                ("next_try_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt")),
                (
                    "issued_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="issued"),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ticket expires")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                (
                    "work_ms",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="processing time in milliseconds"),
                ),
                ("seen", models.PositiveBigIntegerField(editable=False, null=True)),
                ("declared_sha256", models.CharField(blank=True, db_default="", editable=False, max_length=64)),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="library.image",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="uploads.uploadbatch",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "verbose_name_plural": "uploads",
                "ordering": ["-issued_at", "id"],
                "permissions": [("allow_more_pixels", "Can allow an image over the pixel limit")],
                "indexes": [
                    models.Index(fields=["uploaded_by", "state"], name="upload_by_editor"),
                    models.Index(fields=["issued_at", "state", "work_ms"], name="upload_outcomes"),
                    models.Index(
                        condition=models.Q(("source", "browser")), fields=["-issued_at", "id"], name="upload_by_person"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("bucket", "key"), name="one_upload_a_key")],
            },
        ),
        migrations.CreateModel(
            name="ArrivalFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("outcomes", models.JSONField(default=dict)),
                ("times", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "figures of a day",
                "verbose_name_plural": "figures of days",
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=models.Q(("image", None)), fields=["issued_at"], name="upload_without_image"),
        ),
        migrations.AddField(
            model_name="arrivalfigures",
            name="audience",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="library.audience"),
        ),
    ]
