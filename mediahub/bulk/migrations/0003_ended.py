"""Jobs of the release before: those that are at their end say so, and each chunk counts what failed."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    job, chunk = apps.get_model("bulk", "Job").objects, apps.get_model("bulk", "Chunk").objects
    job.exclude(finished_at=None).update(state="done")
    for held in chunk.exclude(failures=[]).iterator():
        chunk.filter(pk=held.pk).update(failed=len(held.failures))
        job.filter(pk=held.job_id, state="done").update(state="partly")


class Migration(migrations.Migration):
    dependencies = [("bulk", "0002_jobs")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
