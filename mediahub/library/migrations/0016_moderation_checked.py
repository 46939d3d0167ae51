"""Say of which file each image was looked at for flags; take away dates that no time zone, or no driver, can show."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q, Subquery

EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, tzinfo=UTC)


def note_checked(apps: Any, schema_editor: Any) -> None:
    """Believe an answer of the service; it is of the newest file, which may not be the one in use."""
    versions = apps.get_model("library", "Version").objects
    in_use = versions.filter(image=OuterRef("image"), current=True).values("number")[:1]
    newer = versions.filter(image=OuterRef("pk"), number__gt=Subquery(in_use))
    answered = apps.get_model("library", "Image").objects.filter(label_raw__has_key="ModerationLabels")
    answered.exclude(Exists(newer)).update(moderation_checked=F("sha256"))


def leave_out_dates(apps: Any, schema_editor: Any) -> None:
    """On PostgreSQL a year before Christ cannot be read back: one such row took every page down."""
    images = apps.get_model("library", "Image").objects
    images.filter(Q(taken_at__lt=EARLIEST) | Q(taken_at__gt=LATEST)).update(taken_at=None)


class Migration(migrations.Migration):
    dependencies = [("library", "0015_shared_searches")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="moderation_checked",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=64),
        ),
        migrations.RunPython(note_checked, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(leave_out_dates, migrations.RunPython.noop, elidable=True),
    ]
