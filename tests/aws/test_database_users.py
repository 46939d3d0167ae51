"""Each kind of process signs in to Aurora as a user of its own, and only who deploys as the one who owns the tables."""

import io
import json
from typing import Any

import pytest

from deploy.database import aurora
from deploy.functions import management
from deploy.stage import Stage
from tests.aws.aurora import Aurora
from tests.aws.cloudformation import CloudFormation
from tests.aws.doubles import make_clients
from tests.aws.iam import may
from tests.aws.rendered import ACCOUNT, REGION, render_stack
from tests.aws.test_invocation import Lambda

PLACE = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:DBClusterResourceId-of-DatabaseCluster"
CONNECT = "rds-db:connect"


@pytest.mark.parametrize("kind", ["web", "worker", "bulk"])
def test_roles_name_the_database_that_the_stage_has_now(kind: str) -> None:
    role, user = f"{kind.title()}Role", f'{aurora.USERS[kind]}"'
    text = json.dumps(render_stack({"DatabaseResourceId": "cluster-restored"}).properties(role))
    assert f"dbuser:cluster-restored/{user}" in text
    assert "DBClusterResourceId-of" not in text
    assert f"dbuser:DBClusterResourceId-of-DatabaseCluster/{user}" in json.dumps(render_stack().properties(role))


@pytest.mark.parametrize("role", ["web", "worker", "bulk"])
@pytest.mark.parametrize("parameters", [{}, {"DatabaseProxy": "true", "Zones": 2}], ids=["cluster", "proxy"])
def test_each_role_signs_in_as_its_own_user_alone(role: str, parameters: dict[str, object]) -> None:
    stack = render_stack(parameters)
    users = (aurora.OWNER, *aurora.USERS.values())
    allowed = {user for user in users if may(stack, f"{role.title()}Role", CONNECT, f"{PLACE}/{user}")}
    assert allowed == {aurora.USERS[role]}


def test_the_deployer_signs_in_as_the_owner_of_the_tables() -> None:
    stack = render_stack({"DeployerPrincipal": f"arn:aws:iam::{ACCOUNT}:root"})
    assert may(stack, "DeployerRole", CONNECT, f"{PLACE}/{aurora.OWNER}")
    assert not may(stack, "DeployerRole", CONNECT, f"{PLACE}/{aurora.USERS['web']}")


class Functions(Lambda):
    """Functions that are up to date, and answer a command as the one that ran it."""

    def get_function(self, asked: Any) -> Any:
        return {"Configuration": {"State": "Active", "LastUpdateStatus": "Successful"}}

    def invoke(self, asked: Any) -> Any:
        answer = {"well": True, "output": asked["FunctionName"]}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


def run(line: str, **parameters: str) -> tuple[str, dict[str, Any]]:
    """Return which function runs a command, and what it is handed."""
    functions = Functions()
    clients = make_clients(CloudFormation(parameters), functions, Aurora())
    stage = Stage("mediahub", "production", REGION, clients, poll_seconds=0)
    output = management.run_command(stage, line).output
    return output, json.loads(functions.called("invoke")[0]["Payload"])


def test_an_invitation_is_made_by_the_function_that_has_djangos_key() -> None:
    assert run("invite ada@example.org") == ("mediahub-production", {"manage": "invite ada@example.org"})
    assert run("reconcile --repair") == ("mediahub-production-worker", {"manage": "reconcile --repair"})


def test_migrations_run_with_a_token_of_who_deploys() -> None:
    function, event = run("migrate --no-input")
    assert function == "mediahub-production-worker"
    assert event["database"]["user"] == aurora.OWNER
    token = event["database"]["password"]
    assert "Action=connect&DBUser=mediahub&" in token
    assert "X-Amz-Credential=double%2F" in token
    # A database of the operator's has one user, whose address is in its secret.
    assert run("migrate --no-input", Database="own")[1] == {"manage": "migrate --no-input"}
