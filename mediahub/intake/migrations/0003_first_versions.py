"""Counts the file of each image that is there already as its first version."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FACTS = ("file_name", "format", "width", "height", "bytes", "sha256", "camera", "latitude", "longitude")
FILE = ("key", "width", "height", "bytes", "content_type", "sha256")


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    uploads, versions = (apps.get_model(*name) for name in (("intake", "Upload"), ("library", "Version")))
    ready = uploads.objects.filter(state="ready", image__isnull=False, image__versions=None)
    seen = set()
    for upload in ready.select_related("image").order_by("-sequencer").iterator(500):
        image = upload.image
        if image.pk in seen:
            continue
        seen.add(image.pk)
        facts = {name: getattr(image, name) for name in FACTS}
        facts |= {
            "taken_at": image.taken_at.isoformat() if image.taken_at else None,
            "placeholder": image.placeholder,
            "notes": image.notes,
            "moderation": [],
        }
        files = {row["name"]: {name: row[name] for name in FILE} for row in image.renditions.values("name", *FILE)}
        versions.objects.create(
            image=image,
            number=1,
            key=upload.key,
            version_id=upload.version_id,
            facts=facts,
            files=files,
            by_id=upload.uploaded_by_id,
            at=upload.finished_at or upload.issued_at,
        )


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_recovery"), ("library", "0004_versions")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
