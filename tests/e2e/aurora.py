"""Aurora's stub, in ministack's process: a PostgreSQL for each cluster, restored by its own log to any moment.

ministack's RDS keeps the records; what it lacks is here and named in tests/e2e/stubs.py. A cluster's address is one of
loopback's own (127.71.0.0/16), so that the functions reach it by the address and port that the template's outputs say.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, rds, rds_data, secretsmanager
from ministack.services.cloudformation import provisioners

from tests.e2e.gate import Gate

# Status, headers and body, as ministack's handlers return them.
Answer = Any
Operation = Callable[[dict[str, Any]], Answer]
ACCOUNT, REGION = "000000000000", "us-east-1"
PORT = 5432


@dataclass
class Aurora:
    """All clusters: where their PostgreSQL lie, by the resource id that stays when a cluster is renamed."""

    folder: Path
    python: str
    root: Path
    certificate: Path
    gates: dict[str, Gate]

    def install(self) -> list[str]:
        """Put the stubs in their places; return the parts of the list that this module stands in for."""
        assert "RestoreDBClusterToPointInTime" not in rds._ACTION_MAP, "ministack restores now: drop the stub."
        create, delete = rds._ACTION_MAP["CreateDBCluster"], rds._ACTION_MAP["DeleteDBCluster"]
        modify, describe = rds._ACTION_MAP["ModifyDBCluster"], rds._ACTION_MAP["DescribeDBClusters"]
        rds._ACTION_MAP["CreateDBCluster"] = lambda p: self._created(create(p), rds._p(p, "DBClusterIdentifier"))
        rds._ACTION_MAP["DeleteDBCluster"] = lambda p: self._delete(delete, p)
        rds._ACTION_MAP["ModifyDBCluster"] = lambda p: self._modify(modify, p)
        modify_instance = rds._ACTION_MAP["ModifyDBInstance"]
        rds._ACTION_MAP["ModifyDBInstance"] = lambda p: _modify_instance(modify_instance, p)
        rds._ACTION_MAP["DescribeDBClusters"] = lambda p: self._describe(describe, p)
        rds._ACTION_MAP["RestoreDBClusterToPointInTime"] = lambda p: self._restore(create, p)
        rds_data._execute_statement = self._execute
        handlers = provisioners._RESOURCE_HANDLERS["AWS::RDS::DBCluster"]
        make = handlers["create"]
        handlers["create"] = lambda *given: self._make(make, *given)
        threading.Thread(target=self._tell_capacity, daemon=True).start()
        return [
            "AWS::RDS::DBCluster",
            "sign-in by IAM",
            "RestoreDBClusterToPointInTime",
            "ModifyDBCluster",
            "ModifyDBInstance",
            "DeleteDBCluster",
            "ExecuteStatement",
            "ServerlessDatabaseCapacity",
        ]

    def _make(self, make: Any, logical: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name, _attributes = make(logical, props, stack)
        self._begin(rds._clusters[name])
        if props.get("ManageMasterUserPassword"):
            _manage_password(rds._clusters[name])
        return name, provisioners._rds_db_cluster_attrs(rds._clusters[name])

    def _created(self, answer: Answer, name: str) -> Answer:
        if answer[0] < 400:
            self._begin(rds._clusters[name])
        return answer

    def _begin(self, cluster: dict[str, Any], *source: str) -> None:
        """Start the PostgreSQL of a cluster, empty or with what its source had at a moment, and its gate."""
        folder = self._folder(cluster)
        command = ["restore", str(folder), *source] if source else ["begin", str(folder)]
        self._postgres(*command)
        cluster["Endpoint"] = cluster["ReaderEndpoint"] = self._open_gate(cluster["DBClusterIdentifier"])
        cluster["Port"] = PORT

    def _folder(self, cluster: dict[str, Any]) -> Path:
        return self.folder / str(cluster["DbClusterResourceId"]).lower()

    def _postgres(self, *command: str) -> str:
        """Run tests/e2e/postgres.py; return what it said on its last line."""
        run = [self.python, "-m", "tests.e2e.postgres", *command]
        process = subprocess.run(run, cwd=self.root, capture_output=True, text=True, check=False)
        if process.returncode:
            raise ValueError(f"{' '.join(command)}: {process.stdout}{process.stderr}"[-1500:])
        return process.stdout.strip()

    def _open_gate(self, name: str) -> str:
        """Return the address under which the cluster of this name is reached, whichever cluster has the name."""
        if name not in self.gates:
            self.gates[name] = Gate.open(name, self.certificate, self._cluster)
        return self.gates[name].host

    def _cluster(self, name: str) -> tuple[dict[str, Any], Path] | None:
        with request_scope(ACCOUNT, REGION):
            cluster = rds._clusters.get(name)
        return (cluster, self._folder(cluster) / "data") if cluster else None

    def _delete(self, delete: Operation, p: dict[str, Any]) -> Answer:
        cluster = rds._clusters.get(rds._p(p, "DBClusterIdentifier"))
        snapshot = rds._p(p, "FinalDBSnapshotIdentifier")
        answer = delete(p)
        if answer[0] < 400 and cluster:
            if snapshot:
                rds._create_cluster_snapshot_internal(snapshot, cluster)
            self._postgres("end", str(self._folder(cluster)))
        return answer

    def _modify(self, modify: Operation, p: dict[str, Any]) -> Answer:
        answer = modify(p)
        cluster = rds._clusters.get(rds._p(p, "DBClusterIdentifier"))
        if answer[0] >= 400 or not cluster:
            return answer
        if rds._p(p, "ManageMasterUserPassword") == "true" and not cluster.get("MasterUserSecret"):
            _manage_password(cluster)
        if name := rds._p(p, "NewDBClusterIdentifier"):
            self._rename(cluster, name)
        return answer

    def _rename(self, cluster: dict[str, Any], name: str) -> None:
        former = cluster["DBClusterIdentifier"]
        del rds._clusters[former]
        arn = cluster["DBClusterArn"].rsplit(":", 1)[0]
        cluster |= {"DBClusterIdentifier": name, "DBClusterArn": f"{arn}:{name}", "Endpoint": self._open_gate(name)}
        rds._clusters[name] = cluster
        for instance in rds._instances.values():
            if instance.get("DBClusterIdentifier") == former:
                instance["DBClusterIdentifier"] = name

    def _describe(self, describe: Operation, p: dict[str, Any]) -> Answer:
        for cluster in rds._clusters.values():
            cluster["LatestRestorableTime"] = rds._format_time(time.time())
        return describe(p)

    def _restore(self, create: Operation, p: dict[str, Any]) -> Answer:
        """Make another cluster as of a moment; like RDS it takes from its source what belongs to the data alone."""
        name, source = rds._p(p, "DBClusterIdentifier"), rds._clusters.get(rds._p(p, "SourceDBClusterIdentifier"))
        if source is None:
            return rds._error("DBClusterNotFoundFault", "The source DB cluster is not there.", 404)
        said = ("Engine", "EngineVersion", "MasterUsername", "DatabaseName", "KmsKeyId")
        settings = {key: [str(source[key])] for key in said if source.get(key)}
        answer = create({**p, **settings, "StorageEncrypted": ["true"]})
        if answer[0] >= 400:
            return answer
        moment = rds._p(p, "RestoreToTime") or rds._format_time(time.time())
        cluster = rds._clusters[name]
        self._begin(cluster, str(self._folder(source)), moment)
        xml = rds._cluster_xml(cluster)
        tag = "RestoreDBClusterToPointInTime"
        return rds._xml(200, f"{tag}Response", f"<{tag}Result><DBCluster>{xml}</DBCluster></{tag}Result>")

    def _execute(self, data: dict[str, Any]) -> Answer:
        """Run one statement of the Data API as the owner, whose password the secret must hold."""
        cluster = rds._resolve_cluster(data["resourceArn"])
        if not cluster or not cluster.get("HttpEndpointEnabled"):
            return rds_data._error("BadRequestException", "HttpEndpoint is not enabled for this cluster.")
        if not cluster["DBClusterMembers"]:
            return rds_data._error("DatabaseUnavailableException", "The cluster has no instance.", 504)
        user, _password, fault = rds_data._require_secret_credentials(data["secretArn"])
        if fault:
            return fault
        if user != cluster["MasterUsername"]:
            return rds_data._error("BadRequestException", f"{user} may not sign in.")
        gate = self.gates[cluster["DBClusterIdentifier"]]
        if gate.is_paused():
            gate.wake()
            return rds_data._error("DatabaseResumingException", "The database is resuming after being auto-paused.")
        gate.wake()
        said = self._postgres("run", str(self._folder(cluster)), data.get("database", "postgres"), user, data["sql"])
        if said:
            return rds_data._error("DatabaseErrorException", said)
        return rds_data.json_response({"numberOfRecordsUpdated": 0, "generatedFields": [], "records": []})

    def _tell_capacity(self) -> None:
        """Say each few seconds, as RDS does each minute, how many units each database has."""
        while True:
            time.sleep(5)
            with request_scope(ACCOUNT, REGION):
                for name, gate in list(self.gates.items()):
                    if name in rds._clusters:
                        units = 0.0 if gate.is_paused() else 0.5
                        self._store(name, units)

    def _store(self, name: str, units: float) -> None:
        metric = ("AWS/RDS", "ServerlessDatabaseCapacity", {"DBClusterIdentifier": name})
        cloudwatch._store_datum(*metric, time.time(), "None", units, None, None, None)


def _modify_instance(modify: Operation, p: dict[str, Any]) -> Answer:
    answer = modify(p)
    former, name = rds._p(p, "DBInstanceIdentifier"), rds._p(p, "NewDBInstanceIdentifier")
    if answer[0] < 400 and name:
        instance = rds._instances[former]
        arn = instance["DBInstanceArn"].rsplit(":", 1)[0]
        rds._instances[name] = {**instance, "DBInstanceIdentifier": name, "DBInstanceArn": f"{arn}:{name}"}
        del rds._instances[former]
        for member in rds._clusters[instance["DBClusterIdentifier"]]["DBClusterMembers"]:
            if member["DBInstanceIdentifier"] == former:
                member["DBInstanceIdentifier"] = name
    return answer


def _manage_password(cluster: dict[str, Any]) -> None:
    """Put the owner's password into a secret that RDS keeps."""
    text = json.dumps({"username": cluster["MasterUsername"], "password": rds._generate_master_user_password()})
    arn = secretsmanager.create_secret_in_process(f"rds!{cluster['DbClusterResourceId'].lower()}", text)
    cluster["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": cluster.get("KmsKeyId", "")}
