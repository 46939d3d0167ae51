"""Names keep within each service's limits, also for the longest project and stage that the templates allow."""

import json
import re
from itertools import product
from typing import Any

import pytest

from deploy import template
from deploy.functions.zappa_settings import name_functions
from deploy.stage import Stage
from tests.aws.compositions import EVERYTHING, compose, compose_workers
from tests.aws.rendered import REGION, Rendered, render_settings

TEMPLATES = ("stack.yaml", "workers.yaml", "packages.yaml")
PARAMETERS = {name: template.read_file(template.FOLDER / name)["Parameters"] for name in TEMPLATES}
LONGEST = {name: "a" + "b" * (PARAMETERS["stack.yaml"][name]["MaxLength"] - 1) for name in ("Project", "Stage")}
# Limits that cfn-lint's schemas lack, each from the page of its API's operation that creates the thing.
LIMITS = {
    "AWS::SQS::Queue": ("QueueName", r"[A-Za-z0-9_-]{1,80}"),
    "AWS::DynamoDB::Table": ("TableName", r"[A-Za-z0-9_.-]{3,255}"),
    "AWS::SNS::Topic": ("TopicName", r"[A-Za-z0-9_-]{1,256}"),
    "AWS::RDS::DBProxy": ("DBProxyName", r"[A-Za-z](-?[A-Za-z0-9]){0,62}"),
    "AWS::RDS::DBSubnetGroup": ("DBSubnetGroupName", r"[a-z0-9._ -]{1,255}"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", r"[A-Za-z](-?[A-Za-z0-9]){0,62}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", r".{1,255}"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", r"[A-Za-z0-9_-]{1,255}"),
    "AWS::ECS::Cluster": ("ClusterName", r"[A-Za-z0-9_-]{1,255}"),
    "AWS::ECS::Service": ("ServiceName", r"[A-Za-z0-9_-]{1,255}"),
    "AWS::ECS::TaskDefinition": ("Family", r"[A-Za-z0-9_-]{1,255}"),
    "AWS::Logs::LogGroup": ("LogGroupName", r"[A-Za-z0-9_/.#-]{1,512}"),
    "AWS::SecretsManager::Secret": ("Name", r"[A-Za-z0-9/_+=.@-]{1,512}"),
}
# The rendered stack makes ids of networks up, and names its zones: nothing here is about those.
MADE_UP = ["E1150", "E1151", "E1152", "E1154", "E1155", "E1156", "W3010", "W1030", "I"]


def longest(name: str) -> Rendered:
    """Return a template with the longest names, and all else that it has."""
    shared = {"stack.yaml": compose(EVERYTHING), "workers.yaml": compose_workers()}
    if name in shared:
        return Rendered(shared[name].source, {**shared[name].parameters, **LONGEST})
    return Rendered(template.read_file(template.FOLDER / name), LONGEST)


def literal(stack: Rendered) -> str:
    """Return a template in which every value is written out, so that schemas can judge it."""
    kept_keys = ("Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy")
    resources = {name: {key: part[key] for key in kept_keys if key in part} for name, part in stack.resources.items()}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


def judge(stack: Rendered) -> list[str]:
    """Return what cfn-lint's schemas of the region say of a template's values."""
    # Here, because it takes two seconds, in each process of the suite.
    from cfnlint.api import ManualArgs, lint

    findings = lint(literal(stack), config=ManualArgs(regions=[REGION], ignore_checks=MADE_UP))
    return [f"{match.rule.id} {'.'.join(map(str, match.path or []))}: {match.message}" for match in findings]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_longest_names_are_such_as_the_schemas_allow(name: str) -> None:
    assert judge(longest(name)) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_longest_names_keep_within_the_limits_that_no_schema_has(name: str) -> None:
    stack = longest(name)
    for logical, part in stack.resources.items():
        key, pattern = LIMITS.get(part["Type"], ("", ""))
        if key in part["Properties"]:
            assert re.fullmatch(pattern, part["Properties"][key]), f"{logical}: {part['Properties'][key]}"


def test_the_longest_names_that_zappa_and_the_command_give_keep_within_their_limits() -> None:
    stage = Stage(LONGEST["Project"], LONGEST["Stage"], REGION, lambda _: None)
    for function in name_functions(stage).values():
        # "CreateFunction"; Zappa names the API and its stack after the web's.
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", function)
    for stack in (stage.base, stage.packages):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", f"{stack.name}-deploy")


@pytest.mark.parametrize("parameter", ["Project", "Stage"])
def test_all_templates_allow_the_same_names(parameter: str) -> None:
    limits = ("AllowedPattern", "MinLength", "MaxLength")
    rules = [{key: parameters[parameter][key] for key in limits} for parameters in PARAMETERS.values()]
    assert rules == [rules[0]] * len(TEMPLATES)


@pytest.mark.parametrize(
    ("project", "allowed"),
    [("mediahub", True), ("media-hub", True), ("a1-b2", True), ("media--hub", False), ("media-", False), ("1a", False)],
)
def test_a_projects_name_is_one_that_every_service_takes(project: str, allowed: bool) -> None:
    pattern = PARAMETERS["stack.yaml"]["Project"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, project)) is allowed
    if allowed:
        stack = Rendered(compose(EVERYTHING).source, {**compose(EVERYTHING).parameters, "Project": project})
        assert re.fullmatch(
            r"[A-Za-z](-?[A-Za-z0-9]){0,62}", stack.properties("DatabaseCluster")["DBClusterIdentifier"]
        )


def is_refused(stack: Rendered) -> bool:
    """Return whether one of a template's rules refuses its parameters; see "Rules" in the CloudFormation user guide."""
    rules: dict[str, Any] = stack.source.get("Rules", {})
    return any(
        not stack.value(assertion["Assert"])
        for rule in rules.values()
        if stack.value(rule.get("RuleCondition", True))
        for assertion in rule["Assertions"]
    )


SIZES = list(product(PARAMETERS["workers.yaml"]["Cpu"]["AllowedValues"], ["", "2048", "4096", "8192"]))


@pytest.mark.parametrize(("cpu", "memory"), SIZES)
def test_each_size_that_may_be_given_is_one_that_fargate_has(cpu: int, memory: str) -> None:
    """Source: "Task CPU and memory" in the Amazon ECS developer guide, as cfn-lint's E3047 holds it."""
    workers = compose_workers()
    sized = Rendered(workers.source, {**workers.parameters, "Cpu": cpu, "Memory": memory})
    if is_refused(sized):
        assert memory != "", "the default must be a size"
        return
    sized.resources = {name: part for name, part in sized.resources.items() if name == "Task"}
    assert judge(sized) == []
    gigabytes = int(sized.properties("Task")["Memory"]) // 1024
    assert gigabytes in {512: range(1, 5), 1024: range(2, 9), 2048: range(4, 17)}[cpu]


# "IAM and AWS STS quotas" (all inline policies of a role together; a trust), "Bucket policies" (S3, 20 KB), "Amazon SQS
# policy quotas" (8,192 bytes), KMS "Resource quotas" (32 KB), "Amazon VPC quotas" (20,480).
SIZES_OF_POLICIES = {
    "AWS::IAM::Role": ("Policies", 10240),
    "AWS::S3::BucketPolicy": ("PolicyDocument", 20 * 1024),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", 8192),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", 30 * 1024),
    "AWS::KMS::Key": ("KeyPolicy", 32 * 1024),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument", 20480),
}
TRUST_CHARACTERS = 2048


@pytest.mark.parametrize("name", TEMPLATES)
def test_policies_with_the_longest_names_are_no_longer_than_aws_takes(name: str) -> None:
    for logical, part in longest(name).resources.items():
        key, characters = SIZES_OF_POLICIES.get(part["Type"], ("", 0))
        if key in part["Properties"]:
            documents = part["Properties"][key]
            documents = [policy["PolicyDocument"] for policy in documents] if key == "Policies" else [documents]
            length = sum(len(json.dumps(document, separators=(",", ":"))) for document in documents)
            assert length <= characters, f"{logical} has {length} characters"
        if "AssumeRolePolicyDocument" in part["Properties"]:
            trust = json.dumps(part["Properties"]["AssumeRolePolicyDocument"], separators=(",", ":"))
            assert len(trust) <= TRUST_CHARACTERS, logical


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_the_settings_of_a_function_with_the_longest_names_fit_into_its_environment(kind: str) -> None:
    """Source: "Lambda quotas": 4 KB for all environment variables of a function; Zappa adds a few short ones."""
    settings = render_settings(longest("stack.yaml"), kind)
    assert sum(len(f"{name}{value}") for name, value in settings.items()) <= 4096 - 512
