"""`python -m tests.whole_recovery --images 10000`: a whole library recovered by `deploy manage`.

It makes a library of so many small pictures, each different, whose renditions and mirror are lost, as after a restore;
what is left of the mirror is ahead of the records, or of no record. Then it types what an operator types:
`rebuild_mirror`, left once while it goes on and taken up again, and `reprocess_images --all`. Two workers bring the
queue's messages to the deployed function's front door, each invocation with a minute. It prints each line of progress,
and at the end how many invocations there were and how long the longest took.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TypeVar
from unittest.mock import patch
from uuid import uuid4

os.environ.setdefault("TEST_STATE", f"recovery-{os.getpid()}")
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
# A database of its own, which its children share.
FOLDER = Path(tempfile.mkdtemp(prefix="mediahub-recovery-"))
os.environ["DATABASE_URL"] = f"sqlite:///{FOLDER / 'recovery.sqlite3'}"
# The clock would find what is lost as well, and mend it meanwhile; crops and labels make each image only slower.
os.environ |= {"RECONCILE_SECONDS": str(10**9), "RENDITION_FILLS": "", "LABELER": "off"}

import django  # noqa: E402
from PIL import Image as Picture  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from deploy import __main__ as deploy  # noqa: E402
from deploy.stage import Stage  # noqa: E402
from mediahub.aws import clients  # noqa: E402
from mediahub.delivery import mirror  # noqa: E402
from mediahub.jobs.models import Job  # noqa: E402  # noqa: E402
from mediahub.library.models import Image, Version  # noqa: E402
from mediahub.local import emulator, stack  # noqa: E402
from mediahub.recovery.models import ConsistencyCheck  # noqa: E402
from mediahub.uploads.models import Upload  # noqa: E402
from tests.deployed import deployed_function, mapping  # noqa: E402
from tests.local_aws import client  # noqa: E402
from tests.settings import AWS_PORT, STATE  # noqa: E402
from tests.settings import WORKER as PROCESS  # noqa: E402

AHEAD, STRANGERS, PUBLISHED, LOOKED_AT = 500, 200, 100, 500
WORKERS = 2
Row = TypeVar("Row", Image, Upload, Version)


def main() -> int:
    """Run both recoveries; return 0 when each ended well."""
    parser = argparse.ArgumentParser(prog="python -m tests.whole_recovery", description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    images = parser.parse_args().images
    folder = STATE / PROCESS
    running = emulator.start_emulator(AWS_PORT, folder, keep=False)
    try:
        parameters = {"SiteOrigin": "http://127.0.0.1:8000", "VisibilityTimeout": "360", "MaxReceiveCount": "5"}
        deployed = stack.deploy_stack(running, "local", parameters)
        stack.write_profiles(folder / "aws-config", deployed, running.root_key)
        settings.KMS_KEY_ARN = deployed.outputs["KmsKeyArn"]
        call_command("migrate", verbosity=0)
        return recover(images)
    finally:
        running.stop()


def recover(images: int) -> int:
    """Fill the library, break the mirror, and have both mended."""
    seconds = FOLDER / "seconds"
    settings.AWS_PROFILE = "worker"
    ConsistencyCheck.objects.create(
        full=True, by_hand=False, repair=True, grace_seconds=0, step="", finished_at=timezone.now()
    )
    with mapping(str(seconds)):
        take_in_one()
    fill(images)
    with deployed_function() as function:
        stage = Stage("mediahub", "local", "us-east-1", lambda service, config=None: function, poll_seconds=1)
        with ExitStack() as block, patch.object(deploy, "_open_stage", lambda options: stage):
            for _ in range(WORKERS):
                block.enter_context(mapping(str(seconds)))
            codes = [type_in("rebuild_mirror", leave=True), type_in("reprocess_images --all")]
        assert {pk for pk, _ in clients.get_mirror_table().list_keys() if pk.startswith("stranger")} == set()
        assert not any(mirror.has_drifted(image) for image in Image.objects.order_by("?")[:LOOKED_AT])
        took = [float(line) for line in seconds.read_text().splitlines()]
        print(f"{len(took)} invocations of the workers, the longest {max(took):.1f} s, half under", end=" ")
        print(f"{statistics.median(took):.1f} s; {len(function.seconds)} of `deploy manage`, the longest", end=" ")
        print(f"{function.longest:.1f} s")
    return max(codes)


def take_in_one() -> None:
    """Have the worker take in one file; all others are recorded as this one is."""
    client("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key="00000.jpg", Body=noise(0))
    while not Upload.objects.filter(state=Upload.State.READY, image__mirrored_revision__gt=0).exists():
        time.sleep(0.2)


def fill(images: int) -> None:
    """Put originals into the bucket and record each as an image whose renditions and mirror are lost."""
    start, s3 = time.monotonic(), client("operator", "s3")
    upload, version, image = Upload.objects.get(), Version.objects.get(), Image.objects.get()
    rows: tuple[list[Image], list[Upload], list[Version]] = ([], [], [])
    for number in range(1, images):
        key, image_id = f"{number:05}.jpg", uuid4()
        put = s3.put_object(Bucket=settings.UPLOAD_BUCKET, Key=key, Body=noise(number))
        place = {"key": key, "version_id": put["VersionId"]}
        state = Image.State.PUBLISHED if number < PUBLISHED else image.state
        rows[0].append(copied(image, pk=image_id, file_name=key, state=state, alt_text="a", credit="b", license="CC0"))
        rows[1].append(copied(upload, pk=uuid4(), file_name=key, image_id=image_id, **place))
        rows[2].append(copied(version, pk=None, image_id=image_id, files=[], **place))
    Image.objects.bulk_create(rows[0], batch_size=500)
    Upload.objects.bulk_create(rows[1], batch_size=500)
    Version.objects.bulk_create(rows[2], batch_size=500)
    # What S3 told of these is not to be worked on as well.
    client("operator", "sqs").purge_queue(QueueUrl=settings.UPLOAD_QUEUE_URL)
    for pk in Image.objects.values_list("pk", flat=True)[:AHEAD]:
        clients.get_mirror_table().put({"pk": str(pk), "sk": "image", "revision": 99})
    for number in range(STRANGERS):
        clients.get_mirror_table().put({"pk": f"stranger {number}", "sk": "image", "revision": 1})
    print(f"{Image.objects.count()} images stand in the records after {time.monotonic() - start:.0f} s", flush=True)


def copied(row: Row, **changed: object) -> Row:
    """Return a new row like `row` but for what is changed."""
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    pk = changed.pop("pk")
    return type(row)(**{**fields, "id": pk, **changed})


def noise(number: int) -> bytes:
    """Return a picture that is like no other of another number."""
    out = BytesIO()
    tiny = Picture.frombytes("RGB", (8, 6), Random(number).randbytes(8 * 6 * 3))
    tiny.resize((96, 72)).save(out, "JPEG", quality=80)
    return out.getvalue()


def type_in(line: str, *, leave: bool = False) -> int:
    """Type a command as an operator does; `leave` it once while it goes on, and take it up again."""
    start = time.monotonic()
    print(f"$ python -m deploy manage local {line}", flush=True)
    if leave:
        with patch("deploy.functions.job_progress.time.sleep", side_effect=KeyboardInterrupt):
            assert deploy.main(["manage", "local", line]) == 130
        job = Job.objects.latest("created_at")
        print(f"$ python -m deploy manage local jobs {str(job.pk)[:8]}", flush=True)
        line = f"jobs {str(job.pk)[:8]}"
    code = deploy.main(["manage", "local", line])
    print(f"ended with {code} after {time.monotonic() - start:.0f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
