"""A stage that goes and comes back: what was kept is taken over, what failed is cleared, on the local AWS."""

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from deploy import __main__ as deploy
from deploy import template
from deploy.cloudformation import Change, Template
from deploy.commands import down
from deploy.errors import DeployError
from deploy.stack import base, existing, removal
from deploy.stage import Stage
from mediahub.local import emulator, stack
from tests.deploy.secret_imports import import_secrets

LOCAL = {**stack.PARAMETERS, "AlarmEmail": "desk@example.org"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    started = emulator.start_emulator(emulator.find_free_port(), tmp_path_factory.mktemp("aws"), keep=False)
    yield started
    started.stop()


def place_of(running: emulator.Emulator, stage: str) -> Stage:
    here = stack.open_stage(running, stage)
    return dataclasses.replace(here, client=import_secrets(here.client))


def yes(changes: list[Change]) -> bool:
    return True


def test_what_was_kept_is_taken_over_with_all_it_holds(running: emulator.Emulator) -> None:
    here = place_of(running, "returned")
    first = base.create_or_update(here, LOCAL, yes)
    s3, secrets = here.client("s3"), here.client("secretsmanager")
    s3.put_object(Bucket=first["UploadBucket"], Key="uploads/1/original", Body=b"a picture")
    here.client("sqs").send_message(QueueUrl=first["DeadLetterQueueUrl"], MessageBody="a dead letter")
    key_of_django = secrets.get_secret_value(SecretId=first["SecretName"])["SecretString"]
    here.base.delete()
    # Somebody left it open in the meantime.
    s3.put_bucket_versioning(Bucket=first["UploadBucket"], VersioningConfiguration={"Status": "Suspended"})

    asked: list[list[str]] = []

    def note(changes: list[Change]) -> bool:
        asked.append([str(change) for change in changes])
        return True

    second = base.create_or_update(here, LOCAL, note)
    assert (here.base.describe() or {})["StackStatus"] == "UPDATE_COMPLETE"
    assert {"> UploadBucket (S3::Bucket)", "> Key (KMS::Key)", "> UploadQueue (SQS::Queue)"} <= set(asked[0])
    assert {"+ WebRole (IAM::Role)", "+ UploadBucketPolicy (S3::BucketPolicy)"} <= set(asked[1])
    assert second["KmsKeyArn"] == first["KmsKeyArn"]
    assert s3.get_object(Bucket=second["UploadBucket"], Key="uploads/1/original")["Body"].read() == b"a picture"
    letters = here.client("sqs").receive_message(QueueUrl=second["DeadLetterQueueUrl"])["Messages"]
    assert [letter["Body"] for letter in letters] == ["a dead letter"]
    assert secrets.get_secret_value(SecretId=second["SecretName"])["SecretString"] == key_of_django
    # What the template says is in force again.
    assert s3.get_bucket_versioning(Bucket=second["UploadBucket"])["Status"] == "Enabled"
    assert down.list_retained_names() & {resource["LogicalResourceId"] for resource in here.base.list_resources()} >= {
        "Key",
        "Secret",
    }
    assert base.create_or_update(here, LOCAL, yes)["KmsKeyArn"] == first["KmsKeyArn"]


def test_a_no_leaves_what_was_kept_as_it_is(running: emulator.Emulator) -> None:
    here = place_of(running, "hesitant")
    base.create_or_update(here, LOCAL, yes)
    here.base.delete()
    assert "UploadBucket" not in base.create_or_update(here, LOCAL, lambda changes: False)
    assert here.base.describe() is None


def test_a_stack_whose_first_create_failed_is_made_anew(running: emulator.Emulator) -> None:
    here = place_of(running, "failed")
    # There is no function that the mapping could call.
    with pytest.raises(DeployError, match=r"is ROLLBACK_COMPLETE. ClockIsNotRepeated: Lambda function not found"):
        base.create_or_update(here, {**LOCAL, "WorkerIsDeployed": "true"}, yes)
    assert not [name for name in _buckets(here) if "failed-uploads" in name], "what the failed create made is gone"
    assert "UploadBucket" in base.create_or_update(here, LOCAL, yes)
    assert (here.base.describe() or {})["StackStatus"] == "CREATE_COMPLETE"


def test_a_resource_that_an_update_lost_is_taken_over(running: emulator.Emulator) -> None:
    here = place_of(running, "lost")
    first = base.create_or_update(here, LOCAL, yes)
    smaller = template.compose()
    for name in ("CdnQueue", "OtherQueuesPolicy"):
        del smaller["Resources"][name]
    text = json.dumps(smaller).replace("CdnQueue", "BulkQueue")
    key = "templates/smaller.json"
    s3 = here.client("s3")
    s3.put_object(Bucket=first["PackageBucket"], Key=key, Body=text.encode())
    address = Template({"TemplateURL": f"{s3.meta.endpoint_url}/{first['PackageBucket']}/{key}"})
    here.base.prepare(address, {}, set(smaller["Parameters"]))
    here.base.execute()
    assert "CdnQueue" not in {resource["LogicalResourceId"] for resource in here.base.list_resources()}
    base.create_or_update(here, LOCAL, yes)
    assert "CdnQueue" in {resource["LogicalResourceId"] for resource in here.base.list_resources()}


def test_a_key_and_secrets_that_are_leaving_are_called_back(running: emulator.Emulator) -> None:
    here = place_of(running, "leaving")
    first = base.create_or_update(here, LOCAL, yes)
    retained = down._list_retained(here)
    here.base.delete()
    assert removal.delete_resources(here, retained) == []
    whole = template.compose()
    wanted = {name: whole["Resources"][name] for name in template.list_retained(whole)}
    leaving = list(existing.find_existing(here, wanted))
    assert {resource.logical for resource in leaving} == {"Secret", "DatabaseSecret", "Key"}
    assert all(resource.is_leaving for resource in leaving)
    second = base.create_or_update(here, LOCAL, yes)
    assert second["KmsKeyArn"] == first["KmsKeyArn"]
    state = here.client("kms").describe_key(KeyId=first["KmsKeyArn"])["KeyMetadata"]["KeyState"]
    assert state == "Enabled"


def test_down_empties_what_goes_with_the_stacks(running: emulator.Emulator) -> None:
    here = place_of(running, "emptied")
    first = base.create_or_update(here, LOCAL, yes)
    s3 = here.client("s3")
    # A bucket that goes with the stack, as CloudFront's has it: versioned, and full.
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as written:
        written.writestr("handler.py", "")
    for _ in range(2):
        s3.put_object(Bucket=first["PackageBucket"], Key="package.zip", Body=package.getvalue())
    retained = down.remove_stage(here)
    assert {"UploadBucket", "Key"} <= {resource["LogicalResourceId"] for resource in retained}
    assert f"mediahub-emptied-packages-{emulator.ACCOUNT}" not in _buckets(here)
    assert f"mediahub-emptied-uploads-{emulator.ACCOUNT}" in _buckets(here)
    # What a `down` kept is found by the next one too, which may have been told to delete it.
    assert {resource["PhysicalResourceId"] for resource in down.remove_stage(here)} >= {first["UploadBucket"]}


def test_what_was_kept_is_deleted_after_an_earlier_down(
    running: emulator.Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = place_of(running, "regretted")
    base.create_or_update(here, LOCAL, yes)
    monkeypatch.setattr(deploy, "_open_stage", lambda options: here)
    assert deploy.main(["down", "regretted", "--yes"]) == 0
    assert "kept because they hold data:" in capsys.readouterr().out
    assert deploy.main(["down", "regretted", "--yes", "--delete-data", "regretted"]) == 0
    assert "Removed, including all data." in capsys.readouterr().out
    assert not [name for name in _buckets(here) if "regretted" in name]


def _buckets(here: Stage) -> set[str]:
    return {bucket["Name"] for bucket in here.client("s3").list_buckets()["Buckets"]}
