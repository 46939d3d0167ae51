"""What operators type: the words they get back, and that nothing is done without a yes."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import __main__ as deploy
from deploy import presets, template
from deploy.cloudformation import Change
from deploy.commands import check, down, up, workers
from deploy.errors import DeployError
from deploy.functions import binding, zappa_settings
from deploy.stack import base, removal
from deploy.stage import Stage
from mediahub.local import emulator, stack

LOCAL = {**stack.PARAMETERS, "AlarmEmail": "desk@example.org"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    started = emulator.start_emulator(emulator.find_free_port(), tmp_path_factory.mktemp("aws"), keep=False)
    yield started
    started.stop()


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a zappa_settings.json that may be written."""
    path = tmp_path / "zappa_settings.json"
    path.write_text(zappa_settings.FILE.read_text())
    monkeypatch.setattr(zappa_settings, "FILE", path)
    return path


@pytest.fixture
def stage(running: emulator.Emulator) -> Stage:
    return stack.open_stage(running, "typed")


def yes(changes: list[Change]) -> bool:
    return True


def test_nothing_is_changed_without_a_yes(running: emulator.Emulator) -> None:
    here, seen = stack.open_stage(running, "asked"), list[Change]()

    def no(changes: list[Change]) -> bool:
        seen.extend(changes)
        return False

    with pytest.raises(DeployError, match="because you declined"):
        up.update_stack(here, LOCAL, no)
    assert "+ UploadBucket (S3::Bucket)" in map(str, seen)
    assert here.base.describe() is None
    buckets = [bucket["Name"] for bucket in here.client("s3").list_buckets()["Buckets"]]
    assert buckets == ["mediahub-asked-packages-000000000000"]


def test_the_stages_say_what_the_stack_made_and_keep_what_an_operator_added(stage: Stage, settings_file: Path) -> None:
    written_settings = json.loads(settings_file.read_text())
    written_settings["typed"] = {
        "aws_environment_variables": {"TIME_ZONE": "Europe/Berlin"},
        "domain": "desk.example.org",
    }
    settings_file.write_text(json.dumps(written_settings))
    base.create_or_update(stage, LOCAL, yes)
    outputs = {**stage.base.read_outputs(), **stage.packages.read_outputs()}
    zappa_settings.write_stages(stage, outputs, stage.base.read_parameters())
    written = json.loads(settings_file.read_text())
    web, worker = written["typed"], written["typed_worker"]
    assert web["domain"] == "desk.example.org"
    assert web["aws_environment_variables"]["TIME_ZONE"] == "Europe/Berlin"
    assert (web["role_arn"], worker["role_arn"]) == (outputs["WebRoleArn"], outputs["WorkerRoleArn"])
    assert web["aws_environment_variables"]["SECRET_KEY_SECRET"] == "mediahub-typed/django"
    assert not [name for name in web["aws_environment_variables"] if name in ("SECRET_KEY", "DATABASE_URL")]
    assert zappa_settings.build_settings(stage, outputs, {}, "web")["SITE_URL"] == zappa_settings.NOWHERE


def test_functions_join_the_network_and_sign_in_without_a_password(stage: Stage) -> None:
    outputs = {
        **stage.base.read_outputs(),
        "DatabaseHost": "db.example.internal",
        "FunctionSubnets": "subnet-a,subnet-b",
        "FunctionSecurityGroup": "sg-1",
        "CdnHost": "d1.cloudfront.net",
        "SigningKeyId": "K1",
    }
    web = zappa_settings.build_settings(stage, outputs, {"ApiId": "abc"}, "web")
    worker = zappa_settings.build_settings(stage, outputs, {"ApiId": "abc"}, "worker")
    assert web["DATABASE_URL"] == "postgresql://mediahub_web@db.example.internal:5432/mediahub"
    assert (web["DATABASE_IAM"], web["CLOCK_REST_SECONDS"]) == ("true", "86400")
    assert web["STATIC_URL"] == "https://d1.cloudfront.net/static/"
    assert web["SITE_URL"] == "https://abc.execute-api.us-east-1.amazonaws.com/typed"
    assert worker["DATABASE_URL"] == "postgresql://mediahub_worker@db.example.internal:5432/mediahub"
    # Only the web signs links, sessions and invitations.
    assert set(web) - set(worker) == {"CLOUDFRONT_KEY_SECRET", "SECRET_KEY_SECRET"}
    assert set(worker) - set(web) == {"SECRET_KEY_RANDOM"}
    assert web["CLOUDFRONT_KEY_SECRET"] == web["SECRET_KEY_SECRET"]
    assert zappa_settings._build_network_settings(outputs)["vpc_config"]["SubnetIds"] == ["subnet-a", "subnet-b"]


def test_the_check_says_what_is_missing(stage: Stage, settings_file: Path) -> None:
    outputs = {**stage.base.read_outputs(), **stage.packages.read_outputs()}
    zappa_settings.write_stages(stage, outputs, stage.base.read_parameters())
    advice_by_part = {(finding.part, finding.seen): finding.advice for finding in check.inspect_stage(stage)}
    assert advice_by_part[("stack", "mediahub-typed-base is CREATE_COMPLETE")] == ""
    assert "zappa deploy typed" in advice_by_part[("function", "mediahub-typed does not exist")]
    assert advice_by_part[("mapping", "0 from the upload queue to mediahub-typed-worker")]
    assert advice_by_part[("notification", "the queue receives s3:ObjectCreated:*, s3:ObjectRemoved:*")] == ""
    assert advice_by_part[("subscribers", "1 subscribed to the alarms")] == ""
    # Somebody changed something by hand.
    stage.client("s3").put_bucket_notification_configuration(
        Bucket=outputs["UploadBucket"], NotificationConfiguration={}
    )
    loose = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    stage.client("iam").put_role_policy(
        RoleName="mediahub-typed-web", PolicyName="by-hand", PolicyDocument=json.dumps(loose)
    )
    stage.client("cloudwatch").delete_alarms(AlarmNames=["mediahub-typed-worker-fails"])
    faults = [finding.seen for finding in check.inspect_stage(stage) if finding.advice]
    assert "the queue receives no events" in faults
    assert any("1 other policies" in seen for seen in faults)
    assert any("missing: mediahub-typed-worker-fails, notify nobody: none" in seen for seen in faults)


def test_without_a_function_nothing_is_tied(stage: Stage, settings_file: Path) -> None:
    binding.bind_functions(stage)
    assert stage.base.read_parameters()["WorkerIsDeployed"] == "false"
    assert up.read_site_address(stage) == ""


def test_workers_are_told_what_the_base_made(stage: Stage) -> None:
    given = workers.build_parameters(
        stage, stage.base.read_outputs(), {"Subnets": "subnet-1", "SecurityGroups": "sg-1"}
    )
    known = template.read_file(workers.TEMPLATE)["Parameters"]
    assert set(given) <= set(known)
    assert [name for name, parameter in known.items() if "Default" not in parameter and name not in given] == []
    # What they would write into the mirror leads nowhere before the site has an address.
    with pytest.raises(DeployError, match=r"no address yet.*deploy up typed"):
        workers.build_environment(stage, stage.base.read_outputs())
    with pytest.raises(DeployError, match="has no network"):
        workers.build_parameters(stage, stage.base.read_outputs(), {})
    with pytest.raises(DeployError, match="--set Workers=true"):
        workers.update_workers(stage, "", {}, yes)


def test_a_place_that_is_not_there_is_named(running: emulator.Emulator) -> None:
    with pytest.raises(DeployError, match=r"no stack mediahub-never-base.*deploy stack"):
        stack.open_stage(running, "never").base.read_outputs()


def test_a_network_that_a_region_cannot_have_is_refused_before_anything_is_made(running: emulator.Emulator) -> None:
    here = dataclasses.replace(stack.open_stage(running, "south"), region="sa-east-1")
    with pytest.raises(DeployError, match=r"rekognition cannot be reached by IPv6 in sa-east-1.*Labels=false"):
        up.update_stack(here, {**LOCAL, **presets.PRESETS["small"], "Labels": "true"}, yes)
    assert here.base.describe() is None
    assert here.packages.describe() is None


def test_a_dashboard_is_there_on_demand(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base.create_or_update(stage, LOCAL, yes)
    monkeypatch.setattr(deploy, "_open_stage", lambda options: stage)

    def dashboards() -> list[str]:
        entries = stage.client("cloudwatch").list_dashboards()["DashboardEntries"]
        return [entry["DashboardName"] for entry in entries if entry["DashboardName"] == "mediahub-typed"]

    assert dashboards() == []
    assert deploy.main(["dashboard", "typed"]) == 0
    assert dashboards() == ["mediahub-typed"]
    body = json.loads(stage.client("cloudwatch").get_dashboard(DashboardName="mediahub-typed")["DashboardBody"])
    shown = {arn.rsplit(":", 1)[-1] for arn in body["widgets"][0]["properties"]["alarms"]}
    described = stage.client("cloudwatch").describe_alarms(AlarmNames=sorted(shown))["MetricAlarms"]
    arns = {alarm["AlarmArn"] for alarm in described}
    assert arns
    assert arns <= set(body["widgets"][0]["properties"]["alarms"])
    assert "#dashboards/dashboard/mediahub-typed" in capsys.readouterr().out
    for _ in range(2):
        assert deploy.main(["dashboard", "typed", "--remove"]) == 0
        assert dashboards() == []


def test_what_is_given_explicitly_wins_over_a_preset() -> None:
    assert presets.apply_preset("small", {"Zones": "2"}) == {**presets.PRESETS["small"], "Zones": "2"}
    assert presets.apply_preset(None, {"Zones": "2"}) == {"Zones": "2"}
    options = deploy._build_parser().parse_args(["up", "typed", "--preset", "small", "--set", "Network=closed"])
    assert deploy._read_parameters(options) == {**presets.PRESETS["small"], "Network": "closed"}


def test_an_unknown_parameter_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["stack", "typed", "--region", "us-east-1", "--set", "Colour=red"]) == 1
    assert "no parameter Colour. Choose from: AlarmEmail, " in capsys.readouterr().err


def test_the_template_is_printed_for_other_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["template"]) == 0
    assert json.loads(capsys.readouterr().out) == template.compose()


def test_down_asks_for_the_name(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "something else")
    assert deploy.main(["down", "typed", "--region", "us-east-1"]) == 1
    assert "Nothing was removed." in capsys.readouterr().err


def test_data_is_deleted_for_who_names_the_stage_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["down", "typed", "--region", "us-east-1", "--yes", "--delete-data", "production"]) == 1
    assert "--delete-data production does not match the stage typed. Nothing was removed." in capsys.readouterr().err


def test_what_was_kept_is_deleted_each_in_its_way(running: emulator.Emulator) -> None:
    here = stack.open_stage(running, "ended")
    outputs = base.create_or_update(here, LOCAL, yes)
    s3 = here.client("s3")
    for body in (b"first", b"second"):
        s3.put_object(Bucket=outputs["UploadBucket"], Key="uploads/1/original", Body=body)
    s3.delete_object(Bucket=outputs["UploadBucket"], Key="uploads/1/original")
    retained = [one for one in here.base.list_resources() if one["LogicalResourceId"] in down.list_retained_names()]
    here.base.delete()
    assert removal.delete_resources(here, retained) == []
    assert not [b for b in s3.list_buckets()["Buckets"] if b["Name"].startswith("mediahub-ended-uploads")]
    assert outputs["MirrorTable"] not in here.client("dynamodb").list_tables()["TableNames"]
    key = here.client("kms").describe_key(KeyId=outputs["KmsKeyArn"])["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"
    # What is gone already is named.
    bucket = next(one for one in retained if one["ResourceType"] == "AWS::S3::Bucket")
    assert "NoSuchBucket" in removal.delete_resources(here, [bucket])[0]


def test_every_kind_that_is_kept_can_be_deleted() -> None:
    resources = template.compose()["Resources"]
    assert (
        {resources[name]["Type"] for name in down.list_retained_names()} == set(removal.ORDER) == set(removal._DELETERS)
    )


def test_what_is_retained_is_what_holds_data() -> None:
    assert {"UploadBucket", "MirrorTable", "DatabaseCluster", "Key", "Secret"} <= down.list_retained_names()
    assert not {"StaticBucket", "Distribution", "Topic"} & down.list_retained_names()
