"""Calls that take a while: the function is invoked once, and a database that sleeps is asked again."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from deploy.database.aurora import CREATE_USERS, create_users
from deploy.errors import DeployError
from deploy.functions import invocation
from deploy.package import build
from deploy.stage import Stage
from tests.aws.aurora import Aurora, DataApi
from tests.aws.doubles import Double, Fault, make_clients
from tests.aws.rendered import REGION

# Lambda quotas, "Function timeout".
LONGEST_FUNCTION = 900
NAME = "mediahub-production"
ONCE: Any = invocation.ONCE


class Lambda(Double):
    """A function that answers with what it was asked, after these faults."""

    service = "lambda"

    def __init__(self, *faults: str) -> None:
        super().__init__()
        self.faults = list(faults)
        self.function_error = False

    def invoke(self, asked: Any) -> Any:
        if self.faults:
            if (fault := self.faults.pop(0)) == "silence":
                raise ReadTimeoutError(endpoint_url="https://lambda")
            raise Fault(fault)
        body = {"errorMessage": "it broke"} if self.function_error else json.loads(asked["Payload"])
        error = {"FunctionError": "Unhandled"} if self.function_error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(body).encode()), **error}


def place_of(*doubles: Double) -> Stage:
    return Stage("mediahub", "production", REGION, make_clients(*doubles), poll_seconds=0, report=lambda line: None)


def test_the_answer_is_waited_for_longer_than_any_function_works() -> None:
    assert ONCE.read_timeout > LONGEST_FUNCTION
    stages = json.loads((build.ROOT / "zappa_settings.json").read_text())
    assert all(stage.get("timeout_seconds", 0) < ONCE.read_timeout for stage in stages.values())


def test_a_function_is_invoked_once() -> None:
    assert ONCE.retries == {"total_max_attempts": 1}
    function = Lambda("silence")
    with pytest.raises(DeployError, match=r"may still be running.*nothing is done twice"):
        invocation.invoke_function(place_of(function), "worker", {"manage": "migrate"})
    assert len(function.called("invoke")) == 1


def test_the_client_that_invokes_is_the_one_that_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    function = Lambda()
    configs: list[Any] = []

    def clients(service: str, config: Any = None) -> Any:
        configs.append(config)
        return function.client

    stage = Stage("mediahub", "production", REGION, clients, poll_seconds=0)
    assert invocation.invoke_function(stage, "worker", {"manage": "check"}) == {"manage": "check"}
    assert configs == [invocation.ONCE]


@pytest.mark.parametrize("fault", sorted(invocation.NOT_STARTED))
def test_what_did_not_start_is_asked_again(fault: str) -> None:
    function = Lambda(fault, fault)
    assert invocation.invoke_function(place_of(function), "worker", {"manage": "check"}) == {"manage": "check"}
    assert len(function.called("invoke")) == 3


def test_a_function_that_never_starts_is_named() -> None:
    with pytest.raises(DeployError, match="did not start worker in 60 attempts"):
        invocation.invoke_function(place_of(Lambda(*["TooManyRequestsException"] * 60)), "worker", {})


def test_an_error_that_may_have_run_is_not_repeated() -> None:
    function = Lambda("ServiceException")
    with pytest.raises(ClientError, match="ServiceException"):
        invocation.invoke_function(place_of(function), "worker", {})
    assert len(function.called("invoke")) == 1


def test_a_function_that_fails_says_why() -> None:
    function = Lambda()
    function.function_error = True
    with pytest.raises(DeployError, match="worker failed: it broke"):
        invocation.invoke_function(place_of(function), "worker", {})


def test_a_paused_database_is_asked_until_it_wakes() -> None:
    aurora, data = Aurora(), DataApi(asleep=3)
    aurora.add_cluster(NAME, MasterUserSecret={"SecretArn": "arn:secret:owner", "SecretStatus": "active"})
    create_users(place_of(aurora, data), NAME)
    assert [sql for _, sql in data.statements] == list(CREATE_USERS)


def test_a_database_that_is_not_there_is_named() -> None:
    with pytest.raises(DeployError, match="There is no database mediahub-production"):
        create_users(place_of(Aurora(), DataApi()), NAME)
