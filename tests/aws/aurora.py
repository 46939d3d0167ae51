"""Aurora and its Data API as doubles: clusters that are restored, renamed and deleted, and wake when they are asked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.aws.doubles import Double, Fault
from tests.aws.rendered import ACCOUNT, REGION

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime(2026, 1, 14, 12, tzinfo=UTC)
# Calls after which whoever waits has waited in vain.
PATIENCE = 500


class Aurora(Double):
    """The clusters of one account, with their instances.

    Each change takes effect when the cluster is looked at the second time, as RDS's take a while; `break_off` names a
    call before which the operator's connection breaks.
    """

    service = "rds"

    def __init__(self) -> None:
        super().__init__()
        self.clusters: dict[str, dict[str, Any]] = {}
        self.instances: dict[str, str] = {}
        self.targets: list[str] = []
        self.break_off = ""
        self._pending: list[Callable[[], None]] = []
        self._made = 0

    def add_cluster(self, name: str, **settings: Any) -> None:
        """Make a cluster that stands; one that was restored has no instance, secret or Data API."""
        self._made += 1
        arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{name}"
        window = {"EarliestRestorableTime": FIRST, "LatestRestorableTime": LAST}
        identity = {"DBClusterIdentifier": name, "DBClusterArn": arn, "DbClusterResourceId": f"cluster-{self._made}"}
        self.clusters[name] = {"Status": "available", "TagList": [], **identity, **window, **settings}

    def add_instance(self, name: str, cluster: str) -> None:
        self.instances[name] = cluster

    def describe_db_clusters(self, asked: Any) -> Any:
        self._go_on()
        names = [asked["DBClusterIdentifier"]] if "DBClusterIdentifier" in asked else sorted(self.clusters)
        return {"DBClusters": [self._described(name) for name in names]}

    def describe_db_instances(self, asked: Any) -> Any:
        self._go_on()
        name = asked["DBInstanceIdentifier"]
        if name not in self.instances:
            raise Fault("DBInstanceNotFoundFault")
        return {"DBInstances": [{"DBInstanceIdentifier": name, "DBInstanceStatus": "available"}]}

    def describe_db_subnet_groups(self, asked: Any) -> Any:
        group = {"DBSubnetGroupName": asked["DBSubnetGroupName"], "VpcId": "vpc-1"}
        return {"DBSubnetGroups": [group]}

    def restore_db_cluster_to_point_in_time(self, asked: Any) -> Any:
        self._cluster(asked["SourceDBClusterIdentifier"])
        return self._restore(asked)

    def restore_db_cluster_from_snapshot(self, asked: Any) -> Any:
        return self._restore(asked)

    def create_db_instance(self, asked: Any) -> Any:
        self._connect("create_db_instance")
        self._cluster(asked["DBClusterIdentifier"])
        self._later(lambda: self.add_instance(asked["DBInstanceIdentifier"], asked["DBClusterIdentifier"]))

    def modify_db_cluster(self, asked: Any) -> Any:
        name = asked["DBClusterIdentifier"]
        cluster = self._cluster(name)
        new = asked.get("NewDBClusterIdentifier")
        if new:
            self._connect("rename_cluster")
            if new in self.clusters:
                raise Fault("DBClusterAlreadyExistsFault")
            self._later(lambda: self._rename(name, new))
        if "DeletionProtection" in asked:
            cluster["DeletionProtection"] = asked["DeletionProtection"]
        if asked.get("ManageMasterUserPassword"):
            secret = {"SecretArn": "arn:secret:owner", "SecretStatus": "active"}
            self._later(lambda: cluster.update(MasterUserSecret=secret))

    def modify_db_instance(self, asked: Any) -> Any:
        self._connect("rename_instance")
        old, new = asked["DBInstanceIdentifier"], asked["NewDBInstanceIdentifier"]
        if new in self.instances:
            raise Fault("DBInstanceAlreadyExistsFault")
        self._later(lambda: self.instances.update({new: self.instances.pop(old)}))

    def enable_http_endpoint(self, asked: Any) -> Any:
        for cluster in self.clusters.values():
            if cluster["DBClusterArn"] == asked["ResourceArn"]:
                cluster["HttpEndpointEnabled"] = True

    def add_tags_to_resource(self, asked: Any) -> None:
        self._tagged(asked["ResourceName"])["TagList"] = asked["Tags"]

    def remove_tags_from_resource(self, asked: Any) -> None:
        self._tagged(asked["ResourceName"])["TagList"] = []

    def describe_db_proxy_targets(self, asked: Any) -> Any:
        return {"Targets": [{"Type": "TRACKED_CLUSTER", "RdsResourceId": target} for target in self.targets]}

    def deregister_db_proxy_targets(self, asked: Any) -> None:
        self.targets = [target for target in self.targets if target not in asked["DBClusterIdentifiers"]]

    def register_db_proxy_targets(self, asked: Any) -> None:
        self.targets += asked["DBClusterIdentifiers"]

    def delete_db_instance(self, asked: Any) -> None:
        del self.instances[asked["DBInstanceIdentifier"]]

    def delete_db_cluster(self, asked: Any) -> None:
        if self._cluster(asked["DBClusterIdentifier"]).get("DeletionProtection"):
            raise Fault("InvalidDBClusterStateFault")
        del self.clusters[asked["DBClusterIdentifier"]]

    def _restore(self, asked: Any) -> None:
        self._connect("restore")
        if asked["DBClusterIdentifier"] in self.clusters:
            raise Fault("DBClusterAlreadyExistsFault")
        settings = {key: asked[key] for key in ("DeletionProtection", "KmsKeyId") if key in asked}
        self.add_cluster(asked["DBClusterIdentifier"], **settings)

    def _described(self, name: str) -> dict[str, Any]:
        cluster = self._cluster(name)
        members = [instance for instance, owner in sorted(self.instances.items()) if owner == name]
        listed = [{"DBInstanceIdentifier": member, "IsClusterWriter": True} for member in members]
        return {**cluster, "DBClusterMembers": listed}

    def _cluster(self, name: str) -> dict[str, Any]:
        if name not in self.clusters:
            raise Fault("DBClusterNotFoundFault")
        return self.clusters[name]

    def _tagged(self, arn: str) -> dict[str, Any]:
        return next(cluster for cluster in self.clusters.values() if cluster["DBClusterArn"] == arn)

    def _rename(self, old: str, new: str) -> None:
        cluster = self.clusters.pop(old)
        arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{new}"
        self.clusters[new] = {**cluster, "DBClusterIdentifier": new, "DBClusterArn": arn}
        self.instances = {name: new if owner == old else owner for name, owner in self.instances.items()}

    def _later(self, change: Callable[[], Any]) -> None:
        self._pending.append(change)

    def _go_on(self) -> None:
        assert len(self.calls) < PATIENCE, "something is waited for that does not come"
        pending, self._pending = self._pending, []
        for change in pending:
            change()

    def _connect(self, call: str) -> None:
        if self.break_off == call:
            self.break_off = ""
            raise ConnectionError(call)


class DataApi(Double):
    """Runs no statement, and wakes after a few were asked."""

    service = "rds-data"

    def __init__(self, asleep: int = 0) -> None:
        super().__init__()
        self.asleep = asleep
        self.statements: list[tuple[str, str]] = []

    def execute_statement(self, asked: Any) -> Any:
        if self.asleep:
            self.asleep -= 1
            raise Fault("DatabaseResumingException")
        self.statements.append((asked["resourceArn"].rsplit(":", 1)[-1], asked["sql"]))
        return {}
