import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("library", "0001_initial"),
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsistencyCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("full", models.BooleanField(default=True, verbose_name="full")),
                ("repair", models.BooleanField(default=False, verbose_name="repairs differences")),
                ("by_hand", models.BooleanField(default=False, verbose_name="manual")),
                ("since", models.DateTimeField(blank=True, null=True, verbose_name="changed since")),
                ("grace_seconds", models.PositiveIntegerField(default=0, verbose_name="grace period in seconds")),
                ("step", models.CharField(blank=True, max_length=32, verbose_name="step")),
                ("cursor", models.JSONField(default=dict)),
                ("pages", models.PositiveIntegerField(default=0, verbose_name="pages")),
                ("counts", models.JSONField(default=dict, verbose_name="findings")),
                ("examples", models.JSONField(default=list, verbose_name="examples")),
            ],
            options={
                "verbose_name": "consistency check",
                "verbose_name_plural": "consistency checks",
                "ordering": ["-started_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "fault",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unavailable", "Unavailable"),
                            ("misconfigured", "Misconfigured"),
                            ("database", "Database"),
                            ("unforeseen", "Unforeseen"),
                            ("cut_off", "Cut Off"),
                        ],
                        db_default="",
                        max_length=16,
                    ),
                ),
                ("code", models.CharField(blank=True, db_default="", max_length=64)),
                ("items", models.JSONField(blank=True, default=list)),
                ("busy_until", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name_plural": "duties",
                "ordering": ["failing_since", "name"],
            },
        ),
        migrations.CreateModel(
            name="QueueHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(unique=True, verbose_name="hour")),
                ("at", models.DateTimeField(verbose_name="last checked")),
                ("waiting", models.PositiveIntegerField(verbose_name="messages waiting")),
                ("waiting_most", models.PositiveIntegerField(verbose_name="most messages waiting")),
                ("oldest", models.PositiveIntegerField(verbose_name="oldest upload, in seconds")),
                ("oldest_most", models.PositiveIntegerField(verbose_name="oldest upload at its peak, in seconds")),
                ("dead_letters", models.PositiveIntegerField(verbose_name="dead letters")),
            ],
            options={
                "verbose_name": "queue hour",
                "verbose_name_plural": "queue hours",
                "ordering": ["-hour"],
                "permissions": [("view_dashboard", "Can see the dashboard")],
            },
        ),
        migrations.CreateModel(
            name="FailedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=100, unique=True, verbose_name="message")),
                ("kind", models.CharField(max_length=32, verbose_name="kind")),
                ("step", models.CharField(blank=True, max_length=16, verbose_name="step")),
                ("code", models.CharField(blank=True, max_length=64, verbose_name="error code")),
                ("params", models.JSONField(blank=True, default=dict)),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("error", models.CharField(blank=True, db_default="", max_length=100, verbose_name="error")),
                (
                    "fingerprint",
                    models.CharField(
                        blank=True, db_default="", db_index=True, max_length=16, verbose_name="fingerprint"
                    ),
                ),
                ("request_id", models.CharField(blank=True, db_default="", max_length=64, verbose_name="request")),
                ("attempts", models.PositiveIntegerField(default=1, verbose_name="attempts")),
                ("retries", models.PositiveIntegerField(db_default=0, default=0, verbose_name="retries")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("payload", models.TextField(verbose_name="payload")),
                ("first_failed_at", models.DateTimeField(verbose_name="first failed")),
                ("last_failed_at", models.DateTimeField(verbose_name="last failed")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("retried", "being retried"),
                            ("resolved", "resolved"),
                            ("discarded", "discarded"),
                        ],
                        db_index=True,
                        default="open",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="resolved at")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "handled_by",
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
                        related_name="failed_items",
                        to="library.image",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="failed_items",
                        to="uploads.upload",
                    ),
                ),
            ],
            options={
                "verbose_name": "failed item",
                "verbose_name_plural": "failed items",
                "ordering": ["-last_failed_at", "-pk"],
                "permissions": [
                    ("retry_faileditem", "Can retry failed items"),
                    ("discard_faileditem", "Can discard failed items"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("retry", "retried"), ("discard", "discarded")], max_length=12, verbose_name="decision"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="uploads.upload",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="recovery.faileditem",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="RetryOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="requested")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="failed items")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_all_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "retry",
                "verbose_name_plural": "retries",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="faileditem",
            name="retry_order",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="items",
                to="recovery.retryorder",
            ),
        ),
    ]
