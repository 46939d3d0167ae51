"""A newer file of a published image waits for somebody who may publish."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0016_moderation_checked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="waiting",
            field=models.BooleanField(db_default=False, default=False, verbose_name="waiting"),
        ),
        migrations.AlterField(
            model_name="activity",
            name="verb",
            field=models.CharField(
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
        migrations.AddIndex(
            model_name="version",
            index=models.Index(condition=models.Q(("waiting", True)), fields=["image"], name="version_waiting"),
        ),
    ]
