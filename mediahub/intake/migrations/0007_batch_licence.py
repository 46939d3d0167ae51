"""The words for all pictures of a batch have a licence."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0006_duties"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="licence",
            field=models.CharField(blank=True, db_default="", max_length=200, verbose_name="licence"),
        ),
    ]
