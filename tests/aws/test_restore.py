"""Restoring the records: a new cluster with all that the template gives Aurora, which takes the old one's name."""

import itertools
import re
from datetime import UTC, datetime

import pytest

from deploy import __main__ as deploy
from deploy import template
from deploy.database import aurora, restore
from deploy.database.restore import Origin
from deploy.errors import DeployError
from deploy.stage import Stage
from tests.aws.aurora import LAST, Aurora, DataApi
from tests.aws.cloudformation import CloudFormation
from tests.aws.doubles import make_clients
from tests.aws.rendered import REGION, Rendered

NAME = "mediahub-production"
MOMENT = "2026-01-10T08:30:00+00:00"
MARK = "260110083000"
CLUSTER = template.compose()["Resources"]["DatabaseCluster"]["Properties"]


class Ground:
    """A stage with Aurora that stands: its place, and the doubles under it."""

    def __init__(self, **parameters: str) -> None:
        self.stack = CloudFormation({"DatabaseResourceId": "cluster-1", **parameters})
        self.rds, self.data = Aurora(), DataApi(asleep=2)
        self.rds.add_cluster(NAME, MasterUserSecret={"SecretArn": "arn:secret:owner", "SecretStatus": "active"})
        self.rds.add_instance(f"{NAME}-1", NAME)
        clients = make_clients(self.stack, self.rds, self.data)
        self.lines: list[str] = []
        self.stage = Stage("mediahub", "production", REGION, clients, poll_seconds=0, report=self.lines.append)

    def database_id(self) -> str:
        return str(self.rds.clusters[NAME]["DbClusterResourceId"])


@pytest.fixture
def ground() -> Ground:
    return Ground()


@pytest.fixture(autouse=True)
def seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each replaced database is named after the second in which that was; here a second passes each time."""
    ticks = itertools.count(1)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2026, 1, 15, 12, 0, next(ticks), tzinfo=UTC)

    monkeypatch.setattr(restore, "datetime", Clock)


def test_the_restored_database_takes_the_name(ground: Ground) -> None:
    former = restore.restore_database(ground.stage, restore.choose_moment(ground.stage, MOMENT))
    assert set(ground.rds.clusters) == {NAME, former}
    assert ground.rds.instances == {f"{NAME}-1": NAME, f"{former}-1": former}
    assert ground.database_id() == "cluster-2"
    # Whoever makes the stack again, or removes it, knows the database by its name.
    assert aurora.read_resource_id(ground.stage) == "cluster-2"
    assert ground.stack.parameters["DatabaseResourceId"] == "cluster-2"
    assert not ground.rds.clusters[NAME]["TagList"]


def test_the_restored_database_has_what_the_template_gives_aurora(ground: Ground) -> None:
    restore.restore_database(ground.stage, restore.choose_moment(ground.stage, MOMENT))
    [asked] = ground.rds.called("restore_db_cluster_to_point_in_time")
    rendered = ground.stack.rendered
    properties = rendered.properties("DatabaseCluster")
    for name in restore.RESTORED_WITH:
        assert asked[name] == expected(rendered, name, properties[name]), name
    assert asked["SourceDBClusterIdentifier"] == NAME
    assert asked["RestoreToTime"] == datetime.fromisoformat(MOMENT)
    modified = ground.rds.called("modify_db_cluster")[0]
    assert modified["ManageMasterUserPassword"] is True
    assert modified["MasterUserSecretKmsKeyId"] == ground.stack.rendered.outputs["KmsKeyArn"]
    assert len(ground.rds.called("enable_http_endpoint")) == 1
    [instance] = ground.rds.called("create_db_instance")
    given = rendered.properties("DatabaseInstance")
    assert set(instance) == set(given)
    assert instance["DBInstanceClass"] == given["DBInstanceClass"]


def expected(rendered: Rendered, name: str, value: object) -> object:
    """Return what RDS is given for a property: the stack's own part where the template refers to one."""
    if name == "VpcSecurityGroupIds":
        return [rendered.physical_name("DatabaseSecurityGroup")]
    if isinstance(value, dict):
        return {key: float(number) for key, number in value.items()}
    return value


def test_no_setting_of_the_template_is_forgotten() -> None:
    carried = {*restore.RESTORED_WITH, *restore.SET_AFTERWARDS, *restore.RESTORED_FROM, "DBClusterIdentifier"}
    assert carried == set(CLUSTER)


def test_mediahubs_users_sign_in_to_the_restored_one_before_it_is_used(ground: Ground) -> None:
    restore.restore_database(ground.stage, restore.choose_moment(ground.stage, MOMENT))
    assert ground.data.statements == [(f"{NAME}-new-{MARK}", sql) for sql in aurora.CREATE_USERS]


def test_a_restore_is_undone(ground: Ground) -> None:
    former = restore.restore_database(ground.stage, restore.choose_moment(ground.stage, "latest"))
    again = restore.undo_restore(ground.stage)
    assert ground.database_id() == "cluster-1"
    assert ground.stack.parameters["DatabaseResourceId"] == "cluster-1"
    assert set(ground.rds.clusters) == {NAME, again}
    assert former not in ground.rds.clusters
    assert restore.undo_restore(ground.stage)
    assert ground.database_id() == "cluster-2"


def test_a_snapshot_brings_back_a_database_that_is_gone(ground: Ground) -> None:
    ground.rds.clusters.clear()
    ground.rds.instances.clear()
    assert restore.restore_database(ground.stage, restore.choose_snapshot("mediahub-production-last")) == ""
    [asked] = ground.rds.called("restore_db_cluster_from_snapshot")
    assert (asked["SnapshotIdentifier"], asked["Engine"]) == ("mediahub-production-last", "aurora-postgresql")
    assert ground.rds.instances == {f"{NAME}-1": NAME}


@pytest.mark.parametrize("call", ["restore", "create_db_instance", "rename_cluster", "rename_instance"])
def test_the_same_command_goes_on_where_it_was_broken_off(ground: Ground, call: str) -> None:
    origin = restore.choose_moment(ground.stage, MOMENT)
    ground.rds.break_off = call
    with pytest.raises(ConnectionError, match=call):
        restore.restore_database(ground.stage, origin)
    if not restore.resume_swap(ground.stage):
        restore.restore_database(ground.stage, origin)
    assert ground.database_id() == "cluster-2"
    assert len(ground.rds.clusters) == 2
    assert ground.rds.instances[f"{NAME}-1"] == NAME
    assert not restore.resume_swap(ground.stage)


def test_the_proxy_follows(ground: Ground) -> None:
    behind = Ground(DatabaseProxy="true")
    behind.rds.targets = [f"{NAME}-old-260101000000"]
    restore.restore_database(behind.stage, restore.choose_moment(behind.stage, MOMENT))
    assert behind.rds.targets == [NAME]


def test_what_restores_left_is_deleted(ground: Ground) -> None:
    restore.restore_database(ground.stage, restore.choose_moment(ground.stage, MOMENT))
    [former] = restore.delete_others(ground.stage)
    assert set(ground.rds.clusters) == {NAME}
    assert ground.rds.instances == {f"{NAME}-1": NAME}
    [deleted] = ground.rds.called("delete_db_cluster")
    assert deleted["FinalDBSnapshotIdentifier"].startswith(f"{former}-last-")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "yesterday is not a moment"),
        ("2026-01-10T08:30:00", "is not a moment with a time zone. Write one such as"),
        ("2025-12-31T00:00:00Z", "RDS can restore any moment from 2026-01-01"),
        ("2026-01-20T00:00:00Z", f"to {LAST.isoformat()}"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(ground: Ground, text: str, says: str) -> None:
    with pytest.raises(DeployError, match=re.escape(says)):
        restore.choose_moment(ground.stage, text)


def test_a_stage_with_a_database_of_its_own_is_told_what_to_do() -> None:
    ground = Ground(Database="own")
    with pytest.raises(DeployError, match=r"no Aurora.*reconcile --repair"):
        restore.restore_database(ground.stage, Origin("", "", {}))


def test_names_fit_for_the_longest_project_and_stage() -> None:
    """RDS takes 63 characters, and no two hyphens in a row."""
    rules = template.compose()["Parameters"]
    longest = "-".join("a" * int(rules[name]["MaxLength"]) for name in ("Project", "Stage"))
    for kind in (restore.INCOMING, restore.OUTGOING):
        assert len(f"{longest}-{kind}-{MARK}-1") <= 63


def test_the_command_asks_before_records_go_back(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "_open_stage", lambda options: ground.stage)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert deploy.main(["restore", "production", "--to", MOMENT]) == 1
    assert "Nothing was changed, because you declined." in capsys.readouterr().err
    assert set(ground.rds.clusters) == {NAME}
