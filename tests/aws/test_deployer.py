"""The deployer's role may do what `zappa update` does with a stage of ours.

The calls are those that Zappa's source can reach from `ZappaCLI.update`; a newer Zappa with another call fails here
until it is said what the call needs, or which of our settings keeps it away.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache

import pytest
from zappa import cli, core

from deploy.functions import zappa_settings
from tests.aws.compositions import EVERYTHING, compose
from tests.aws.iam import Context, may
from tests.aws.rendered import ACCOUNT, REGION, render_stack

STACK = compose(EVERYTHING)
API = f"arn:aws:apigateway:{REGION}::/restapis/{STACK.parameters['ApiId']}"
PACKAGES = f"arn:aws:s3:::mediahub-production-packages-{ACCOUNT}"
FUNCTIONS = [
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK.outputs[name]}" for name in ("WebFunction", "WorkerFunction")
]
API_STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK.outputs['WebFunction']}/id"
Call = tuple[str, str]
# What each call needs: actions of the service authorization reference, on functions unless another resource is named.
# API Gateway's actions are the verbs of HTTP.
NEEDS: dict[Call, tuple[str, list[str]]] = {
    ("lambda_client", "get_function"): ("lambda:GetFunction", FUNCTIONS),
    ("lambda_client", "get_waiter"): ("lambda:GetFunction", FUNCTIONS),
    ("lambda_client", "get_alias"): ("lambda:GetAlias", FUNCTIONS),
    ("lambda_client", "get_function_configuration"): ("lambda:GetFunctionConfiguration", FUNCTIONS),
    ("lambda_client", "update_function_code"): ("lambda:UpdateFunctionCode", FUNCTIONS),
    ("lambda_client", "update_function_configuration"): ("lambda:UpdateFunctionConfiguration", FUNCTIONS),
    ("lambda_client", "put_function_concurrency"): ("lambda:PutFunctionConcurrency", FUNCTIONS),
    ("lambda_client", "delete_function_concurrency"): ("lambda:DeleteFunctionConcurrency", FUNCTIONS),
    ("lambda_client", "list_versions_by_function"): ("lambda:ListVersionsByFunction", FUNCTIONS),
    ("lambda_client", "delete_function"): ("lambda:DeleteFunction", [f"{function}:7" for function in FUNCTIONS]),
    ("lambda_client", "list_function_url_configs"): ("lambda:ListFunctionUrlConfigs", FUNCTIONS),
    ("s3_client", "head_bucket"): ("s3:ListBucket", [PACKAGES]),
    ("s3_client", "upload_file"): ("s3:PutObject", [f"{PACKAGES}/package.zip"]),
    ("s3_client", "delete_object"): ("s3:DeleteObject", [f"{PACKAGES}/package.zip"]),
    ("cf_client", "describe_stacks"): ("cloudformation:DescribeStacks", [API_STACK]),
    ("cf_client", "update_stack"): ("cloudformation:UpdateStack", [API_STACK]),
    ("cf_client", "describe_stack_resource"): ("cloudformation:DescribeStackResource", [API_STACK]),
    ("apigateway_client", "get_rest_apis"): ("apigateway:GET", [f"arn:aws:apigateway:{REGION}::/restapis"]),
    ("apigateway_client", "get_rest_api"): ("apigateway:GET", [API]),
    ("apigateway_client", "get_resources"): ("apigateway:GET", [f"{API}/resources"]),
    ("apigateway_client", "update_integration"): (
        "apigateway:PATCH",
        [f"{API}/resources/1/methods/ANY/integration"],
    ),
    ("apigateway_client", "update_rest_api"): ("apigateway:PATCH", [API]),
    ("apigateway_client", "create_deployment"): ("apigateway:POST", [f"{API}/deployments"]),
    ("apigateway_client", "update_stage"): ("apigateway:PATCH", [f"{API}/stages/production"]),
}
# Calls that our stages keep away, by client or by method, each with the setting that does.
AWAY: dict[str, str] = {
    "events_client": "no stage has events, and keep_warm is off",
    "cognito_client": "no stage has cognito",
    "dynamodb_client": "no stage has async_response_table",
    "sns_client": "no stage has async_source",
    "efs_client": "no stage has efs_config",
    "iam": "manage_roles is off, and role_arn is given",
    "iam_client": "manage_roles is off",
    "sts_client": "asked for events and cognito alone",
    "get_api_keys": "no stage has api_key",
    "create_stack": "update_only",
    "get_paginator": "an update does not wait for CloudFormation",
    "get_policy": "asked for events and function URLs alone",
    "add_permission": "asked for events and function URLs alone",
    "remove_permission": "asked for events and function URLs alone",
    "create_function_url_config": "no stage has function_url_enabled",
    "update_function_url_config": "no stage has function_url_enabled",
    "delete_function_url_config": "no function has a URL",
    "create_alias": "no stage has snap_start or provisioned_concurrency",
    "update_alias": "no function has an alias",
    "publish_version": "no stage has snap_start or provisioned_concurrency",
    "put_provisioned_concurrency_config": "no stage has provisioned_concurrency",
    "get_provisioned_concurrency_config": "no stage has provisioned_concurrency",
    "delete_provisioned_concurrency_config": "no stage has provisioned_concurrency",
    "tag_resource": "no stage has tags",
    "create_bucket": "the bucket of packages stands",
    "put_bucket_tagging": "the bucket of packages stands",
    "copy": "slim_handler is off",
}
# Settings that would bring one of these calls back.
SETTINGS = {
    "cognito",
    "efs_config",
    "async_source",
    "async_response_table",
    "snap_start",
    "provisioned_concurrency",
} | {
    "function_url_enabled",
    "api_key",
    "tags",
    "alb_enabled",
}


@cache
def methods() -> dict[str, list[ast.FunctionDef]]:
    """Return the functions of Zappa's commands and core by name."""
    functions_by_name: dict[str, list[ast.FunctionDef]] = {}
    for module in (cli, core):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.FunctionDef):
                functions_by_name.setdefault(node.name, []).append(node)
    return functions_by_name


def called(function: ast.FunctionDef) -> Iterator[Call]:
    """Yield the calls in a function: (client of AWS, its method), or ("", name) for one of Zappa's own."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            of_aws = isinstance(owner, ast.Attribute) and (owner.attr.endswith("_client") or owner.attr == "iam")
            yield (owner.attr if of_aws and isinstance(owner, ast.Attribute) else "", node.func.attr)


@cache
def reachable(start: str = "update") -> frozenset[Call]:
    """Return the calls to AWS that can be reached from one of Zappa's commands."""
    calls: set[Call] = set()
    seen: set[str] = set()
    # Methods of dictionaries and of the other commands bear the same names.
    waiting = [start]
    elsewhere = {"get", "copy", "deploy", "undeploy", "update"}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for function in methods().get(name, []):
            for client, method in called(function):
                if client:
                    calls.add((client, method))
                elif method in methods() and method not in elsewhere:
                    waiting.append(method)
    return frozenset(calls)


def test_each_call_of_a_release_is_needed_or_kept_away() -> None:
    unknown = {call for call in reachable() if call not in NEEDS and call[0] not in AWAY and call[1] not in AWAY}
    assert unknown == set()
    assert set(NEEDS) <= reachable()


def test_no_stage_has_a_setting_that_brings_another_call() -> None:
    for stage in zappa_settings.read_stages().values():
        assert not SETTINGS & set(stage)
    base = zappa_settings.read_stages()["base"]
    assert (base["manage_roles"], base["keep_warm"], base["slim_handler"]) == (False, False, False)


@pytest.mark.parametrize("call", NEEDS, ids=lambda call: ".".join(call))
def test_the_deployer_may_do_what_a_release_does(call: Call) -> None:
    action, resources = NEEDS[call]
    refused = [resource for resource in resources if not may(STACK, "DeployerRole", action, resource)]
    assert refused == []


def test_the_deployer_may_leave_functions_in_their_network() -> None:
    """Lambda looks at subnets and groups in the name of who configures a function.

    Source: "Giving Lambda functions access to resources in an Amazon VPC", required IAM permissions.
    """
    for action in ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"):
        assert may(STACK, "DeployerRole", action).refusals == ()
    passed: Context = {"iam:PassedToService": "lambda.amazonaws.com"}
    for role in ("WebRole", "WorkerRole"):
        assert may(STACK, "DeployerRole", "iam:PassRole", STACK.arn(role), passed).refusals == ()


def test_the_deployer_changes_the_api_of_its_stage_and_no_other() -> None:
    other = f"arn:aws:apigateway:{REGION}::/restapis/z9z9z9z9z9"
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for resource in (other, f"{other}/deployments", f"{API}0", f"arn:aws:apigateway:{REGION}::/domainnames/desk"):
            assert not may(STACK, "DeployerRole", f"apigateway:{verb}", resource), (verb, resource)
    # Neither a new one nor none.
    assert not may(STACK, "DeployerRole", "apigateway:POST", f"arn:aws:apigateway:{REGION}::/restapis")
    assert not may(STACK, "DeployerRole", "apigateway:DELETE", API)


def test_before_the_web_is_deployed_there_is_no_api_to_change() -> None:
    stack = render_stack({"DeployerPrincipal": f"arn:aws:iam::{ACCOUNT}:root", "ApiId": ""})
    assert not may(stack, "DeployerRole", "apigateway:PATCH", API)
    assert may(stack, "DeployerRole", "apigateway:GET", f"arn:aws:apigateway:{REGION}::/restapis")
