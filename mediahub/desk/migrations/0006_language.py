from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0005_preferences")]

    operations = [
        migrations.AddField(
            model_name="preference",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=8, verbose_name="language"),
        ),
    ]
