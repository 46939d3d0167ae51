"""Who takes a role may take it, and may do with it what a service does; Zappa's own API among them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from zappa.core import Zappa

from deploy.database import aurora
from deploy.functions import zappa_settings
from tests.aws.compositions import COMPOSITIONS, EVERYTHING, compose, compose_workers
from tests.aws.iam import Context, may, may_assume
from tests.aws.rendered import ACCOUNT, REGION, STAGE, Rendered

# The condition keys that each service is documented to send when it takes a role; one that is not here is not sent.
TRUST: dict[str, Context] = {
    # "Defining Lambda function permissions with an execution role" shows none.
    "lambda.amazonaws.com": {},
    # Taking the role of an integration, API Gateway sends none: with aws:SourceAccount in the trust every request was a
    # 500, seen by aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws, pull request 479.
    "apigateway.amazonaws.com": {},
    # "Confused deputy prevention in EventBridge Scheduler".
    "scheduler.amazonaws.com": {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default",
    },
    # "Amazon ECS task IAM role" and "Amazon ECS task execution IAM role".
    "ecs-tasks.amazonaws.com": {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*",
    },
    # "Setting up database credentials for RDS Proxy" shows none.
    "rds.amazonaws.com": {},
}
TAKEN_BY = {
    "WebRole": {"lambda.amazonaws.com", "apigateway.amazonaws.com"},
    "WorkerRole": {"lambda.amazonaws.com"},
    "CdnRole": {"lambda.amazonaws.com"},
    "BulkRole": {"ecs-tasks.amazonaws.com"},
    "ExecutionRole": {"ecs-tasks.amazonaws.com"},
    "ClockRole": {"scheduler.amazonaws.com"},
    "ProxyRole": {"rds.amazonaws.com"},
    # Taken by whom the operator names.
    "DeployerRole": set(),
}
# Of AWS's managed policy AWSLambdaVPCAccessExecutionRole.
IN_A_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def role_of(stack: Rendered, arn: str) -> str:
    """Return the logical name of the role with this ARN."""
    [name] = [role for role in stack.of_type("AWS::IAM::Role") if stack.arn(role) == arn]
    return name


def function_role(stack: Rendered, function: str) -> str:
    """Return the role of a function of Zappa's or of the stack, by the function's name or ARN."""
    name = function.rsplit(":", 1)[-1]
    if name == stack.outputs["WebFunction"]:
        return "WebRole"
    if name == stack.outputs["WorkerFunction"]:
        return "WorkerRole"
    [named_function] = [part for part in stack.of_type("AWS::Lambda::Function") if stack.physical_name(part) == name]
    return role_of(stack, stack.properties(named_function)["Role"])


def refusals(stack: Rendered, role: str, service: str, *actions: tuple[str, str], via: str = "") -> Iterator[str]:
    """Yield why a service cannot take a role, and what it may not do with it; `via` asks KMS in the role's name."""
    context: Context = {"kms:ViaService": f"{via}.{REGION}.amazonaws.com"} if via else {}
    yield from (f"{service}: {why}" for why in may_assume(stack, role, service, TRUST[service]).refusals)
    for action, resource in actions:
        verdict = may(stack, role, action, resource, context, by=service)
        yield from (f"{service} with {role}, {action} on {resource}: {why}" for why in verdict.refusals)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_each_role_is_taken_by_its_services_and_by_no_other(composition: str) -> None:
    stack = compose(composition)
    for template in (stack, compose_workers(composition)):
        for role in template.of_type("AWS::IAM::Role"):
            services = {service for service in TRUST if may_assume(template, role, service, TRUST[service])}
            assert services == TAKEN_BY[role], role


def api(stack: Rendered, qualifier: str | None) -> dict[str, Any]:
    """Return the resources of the API as Zappa makes them for the stage of the web; see its cli.py, `deploy`."""
    settings = zappa_settings.read_stages()["web"]
    zappa = Zappa(load_credentials=False, aws_region=REGION, desired_role_arn=stack.outputs["WebRoleArn"])
    zappa.boto_session = boto3.Session(region_name=REGION)
    template = zappa.create_stack_template(
        lambda_arn=f"{FUNCTION}{stack.outputs['WebFunction']}",
        lambda_name=stack.outputs["WebFunction"],
        api_key_required=False,
        iam_authorization=False,
        authorizer={},
        endpoint_configuration=settings["endpoint_configuration"],
        stage_name=STAGE,
        lambda_qualifier=qualifier,
    )
    return dict(json.loads(template.to_json())["Resources"])


@pytest.mark.parametrize("qualifier", [None, "snapstart"])
def test_api_gateway_calls_the_web_with_the_role_that_zappa_gives_it(qualifier: str | None) -> None:
    """Zappa's core.py, `create_and_setup_methods`, makes the function's role the integration's credentials."""
    stack = compose(EVERYTHING)
    methods = [part for part in api(stack, qualifier).values() if part["Type"] == "AWS::ApiGateway::Method"]
    assert methods
    for method in methods:
        integration = method["Properties"]["Integration"]
        role = role_of(stack, integration["Credentials"])
        uri = json.dumps(integration["Uri"])
        function = next(word for word in uri.replace("/", '"').split('"') if word.startswith(FUNCTION))
        assert function.endswith(qualifier or stack.outputs["WebFunction"])
        asked = ("lambda:InvokeFunction", function)
        assert list(refusals(stack, role, "apigateway.amazonaws.com", asked)) == []


def test_who_ships_a_release_may_pass_each_role_to_its_service() -> None:
    """Source: "Granting a user permissions to pass a role to an AWS service": functions and integrations name roles."""
    stack = compose(EVERYTHING)
    for role, service in (
        ("WebRole", "lambda.amazonaws.com"),
        ("WorkerRole", "lambda.amazonaws.com"),
        ("WebRole", "apigateway.amazonaws.com"),
    ):
        passed: Context = {"iam:PassedToService": service}
        assert may(stack, "DeployerRole", "iam:PassRole", stack.arn(role), passed).refusals == ()
    assert not may(stack, "DeployerRole", "iam:PassRole", stack.arn("ClockRole"), {"iam:PassedToService": "x"})


def test_the_code_of_the_web_calls_no_function_with_that_right() -> None:
    stack = compose(EVERYTHING)
    for name in (stack.outputs["WebFunction"], stack.outputs["WorkerFunction"]):
        assert not may(stack, "WebRole", "lambda:InvokeFunction", FUNCTION + name)


def test_the_clock_wakes_the_worker() -> None:
    stack = compose(EVERYTHING)
    for name in stack.of_type("AWS::Scheduler::Schedule"):
        schedule = stack.properties(name)
        target = schedule["Target"]
        # The schedule's role is who reads the payload with a key of ours ("Encryption at rest"; aws-cdk#31923).
        reads = [("kms:Decrypt", schedule["KmsKeyArn"])] if "KmsKeyArn" in schedule else []
        role = role_of(stack, target["RoleArn"])
        asked = [("lambda:InvokeFunction", target["Arn"]), *reads]
        assert list(refusals(stack, role, "scheduler.amazonaws.com", *asked)) == []


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_lambda_takes_messages_from_each_queue_for_its_function(composition: str) -> None:
    """Source: "Using Lambda with Amazon SQS", execution role permissions."""
    stack = compose(composition)
    queues = {stack.arn(name): stack.properties(name) for name in stack.of_type("AWS::SQS::Queue")}
    for name in stack.of_type("AWS::Lambda::EventSourceMapping"):
        mapping = stack.properties(name)
        queue = mapping["EventSourceArn"]
        actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        asked = [*((action, queue) for action in actions), ("kms:Decrypt", queues[queue]["KmsMasterKeyId"])]
        role = function_role(stack, mapping["FunctionName"])
        assert list(refusals(stack, role, "lambda.amazonaws.com", *asked, via="sqs")) == []


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_lambda_starts_each_function_in_its_network_and_writes_its_log(composition: str) -> None:
    stack = compose(composition)
    own = [stack.physical_name(name) for name in stack.of_type("AWS::Lambda::Function")]
    for function in (stack.outputs["WebFunction"], stack.outputs["WorkerFunction"], *own):
        log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{function}:log-stream:1"
        asked = [("logs:CreateLogStream", log), ("logs:PutLogEvents", log)]
        if "FunctionSubnets" in stack.outputs and function not in own:
            asked += [(action, "*") for action in IN_A_NETWORK]
        assert list(refusals(stack, function_role(stack, function), "lambda.amazonaws.com", *asked)) == []


def test_fargate_starts_the_workers() -> None:
    stack, workers = compose(EVERYTHING), compose_workers()
    task = workers.properties("Task")
    role = role_of(workers, task["ExecutionRoleArn"])
    repository, log = workers.arn("Repository"), workers.arn("Logs").removesuffix("*") + "log-stream:1"
    pulls = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
    asked = [("ecr:GetAuthorizationToken", "*"), *((action, repository) for action in pulls)]
    asked += [("logs:CreateLogStream", log), ("logs:PutLogEvents", log)]
    assert list(refusals(workers, role, "ecs-tasks.amazonaws.com", *asked)) == []
    assert list(refusals(stack, role_of(stack, task["TaskRoleArn"]), "ecs-tasks.amazonaws.com")) == []


def test_the_proxy_signs_in_to_the_database() -> None:
    """Source: "Configuring IAM authentication for RDS Proxy", end-to-end: the proxy's role connects as each user."""
    stack = compose(EVERYTHING)
    role = role_of(stack, stack.properties("Proxy")["RoleArn"])
    cluster = stack.value({"Fn::GetAtt": ["DatabaseCluster", "DBClusterResourceId"]})
    place = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{cluster}"
    asked = [("rds-db:connect", f"{place}/{user}") for user in (aurora.OWNER, *aurora.USERS.values())]
    assert list(refusals(stack, role, "rds.amazonaws.com", *asked)) == []
