import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("library", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255, unique=True, verbose_name="key")),
                ("source", models.CharField(blank=True, max_length=255, verbose_name="source")),
                (
                    "superseded_at",
                    models.DateTimeField(blank=True, db_index=True, null=True, verbose_name="superseded"),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="public_files", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "public file",
                "verbose_name_plural": "public files",
                "ordering": ["key"],
            },
        ),
    ]
