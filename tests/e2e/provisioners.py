"""Resource types that ministack's CloudFormation lacks; runs in its process. Each is named in tests/e2e/stubs.py."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import budgets, cloudfront, ec2, rds, secretsmanager
from ministack.services.cloudformation import changesets, provisioners

Made = tuple[str, dict[str, str]]
HANDLERS = provisioners._RESOURCE_HANDLERS


def install() -> list[str]:
    """Register the types; return the parts of the list that this module stands in for."""
    lacking = {
        "AWS::Budgets::Budget": {"create": _make_budget, "update": _remake_budget, "delete": _delete_budget},
        "AWS::CloudFront::PublicKey": {"create": _make_key, "update": _keep_key, "delete": _delete_key},
        "AWS::CloudFront::KeyGroup": {"create": _make_group, "update": _change_group, "delete": _delete_group},
    }
    for kind, handlers in lacking.items():
        assert kind not in HANDLERS, f"ministack has {kind} now: drop the stub."
        HANDLERS[kind] = handlers
    for kind, (key, find) in IMPORTED.items():
        assert "import" not in HANDLERS[kind], f"ministack imports {kind} now: drop the stub."
        HANDLERS[kind]["import"] = lambda identifier, key=key, find=find: find(identifier[key])
        changesets._IMPORT_LOOKUPS[kind] = ((key,), _problem(kind, find))
    record = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = lambda name, props: record(name, _without_math(props))
    describe = ec2._ACTION_MAP["DescribeSecurityGroups"]
    ec2._ACTION_MAP["DescribeSecurityGroups"] = lambda p: _describe_groups(describe, p)
    return [*lacking, "import", "alarm on metric math", "DescribeSecurityGroups by description"]


def _describe_groups(describe: Callable[[dict[str, Any]], Any], p: dict[str, Any]) -> Any:
    wanted = ec2._parse_filters(p).get("description")
    if not wanted:
        return describe(p)
    groups = [group["GroupId"] for group in ec2._security_groups.values() if group["Description"] in wanted]
    if not groups:
        return ec2._xml(200, "DescribeSecurityGroupsResponse", "<securityGroupInfo></securityGroupInfo>")
    return describe({**p, **{f"GroupId.{number}": [group] for number, group in enumerate(groups, 1)}})


def _without_math(props: dict[str, Any]) -> dict[str, Any]:
    """Return an alarm that stands and never rings, in place of one on an expression."""
    if not props.get("Metrics"):
        return props
    others = {name: value for name, value in props.items() if name != "Metrics"}
    return {**others, "Namespace": "MetricMath", "MetricName": "Expression", "TreatMissingData": "missing"}


def _problem(kind: str, find: Callable[[str], Made]) -> Callable[[str], str | None]:
    def problem(value: str) -> str | None:
        try:
            find(value)
        except (KeyError, TypeError):
            return f"Resource of type '{kind}' with identifier '{value}' was not found."
        return None

    return problem


def _find_secret(value: str) -> Made:
    _name, secret = secretsmanager._resolve(value, use_arn_scope=True)
    return secret["ARN"], {"Id": secret["ARN"]}


def _find_vpc(value: str) -> Made:
    vpc = ec2._vpcs[value]
    return value, {"VpcId": value, "DefaultSecurityGroup": vpc["DefaultSecurityGroupId"]}


def _find_subnet(value: str) -> Made:
    return value, {"SubnetId": value, "AvailabilityZone": ec2._subnets[value]["AvailabilityZone"]}


def _find_group(value: str) -> Made:
    return value, {"GroupId": value, "VpcId": ec2._security_groups[value]["VpcId"]}


# By the primary identifier of each type in CloudFormation's registry, which cfn-lint ships.
IMPORTED: dict[str, tuple[str, Callable[[str], Made]]] = {
    "AWS::SecretsManager::Secret": ("Id", _find_secret),
    "AWS::EC2::VPC": ("VpcId", _find_vpc),
    "AWS::EC2::Subnet": ("SubnetId", _find_subnet),
    "AWS::EC2::SecurityGroup": ("Id", _find_group),
    "AWS::RDS::DBCluster": (
        "DBClusterIdentifier",
        lambda name: (name, provisioners._rds_db_cluster_attrs(rds._clusters[name])),
    ),
    "AWS::RDS::DBInstance": (
        "DBInstanceIdentifier",
        lambda name: (name, provisioners._rds_db_instance_attrs(rds._instances[name])),
    ),
    "AWS::RDS::DBSubnetGroup": (
        "DBSubnetGroupName",
        lambda name: (name, {"DBSubnetGroupArn": rds._subnet_groups[name]["DBSubnetGroupArn"]}),
    ),
    "AWS::RDS::DBClusterParameterGroup": (
        "DBClusterParameterGroupName",
        lambda name: (name, {"DBClusterParameterGroupName": rds._db_cluster_param_groups[name] and name}),
    ),
}


def _called(answer: tuple[int, Any, Any], what: str) -> None:
    if answer[0] >= 400:
        raise ValueError(f"{what}: {answer[2]!r}")


def _make_budget(logical: str, props: dict[str, Any], stack: str) -> Made:
    # A name that is not given is CloudFormation's own, so that a changed budget can stand beside the former.
    budget = {"BudgetName": f"{stack}-{logical}", **props["Budget"]}
    budget["BudgetLimit"] = {name: str(value) for name, value in budget["BudgetLimit"].items()}
    entries = props.get("NotificationsWithSubscribers", [])
    _called(budgets._create_budget({"Budget": budget, "NotificationsWithSubscribers": entries}), "AWS::Budgets::Budget")
    return budget["BudgetName"], {}


def _remake_budget(name: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Made:
    """Replace it: the type has no update but of its limit, and creates before it deletes."""
    budget = _make_budget(f"{name.rsplit('-', 1)[-1]}2", new, stack)
    _delete_budget(name, old)
    return budget


def _delete_budget(name: str, _props: dict[str, Any]) -> None:
    budgets._delete_budget({"BudgetName": name})


def _xml(tag: str, config: dict[str, Any]) -> bytes:
    root = Element(tag)
    for name, value in config.items():
        if isinstance(value, list):
            items = SubElement(root, name)
            for item in value:
                SubElement(items, "PublicKey").text = str(item)
        else:
            SubElement(root, name).text = str(value)
    return tostring(root)


def _make_key(_logical: str, props: dict[str, Any], _stack: str) -> Made:
    before = set(cloudfront._public_keys)
    _called(
        cloudfront._create_public_key(_xml("PublicKeyConfig", props["PublicKeyConfig"])), "AWS::CloudFront::PublicKey"
    )
    [name] = set(cloudfront._public_keys) - before
    return name, {"Id": name, "CreatedTime": "2026-01-01T00:00:00Z"}


def _keep_key(name: str, old: dict[str, Any], new: dict[str, Any], _stack: str) -> Made:
    """CloudFront changes nothing but the comment of a public key."""
    fixed = ("CallerReference", "Name", "EncodedKey")
    if any(old["PublicKeyConfig"].get(key) != new["PublicKeyConfig"].get(key) for key in fixed):
        raise ValueError("CannotChangeImmutablePublicKeyFields: You can't change the value of a public key.")
    return name, {"Id": name}


def _delete_key(name: str, _props: dict[str, Any]) -> None:
    etag = cloudfront._public_keys[name]["ETag"]
    _called(cloudfront._delete_public_key(name, {"if-match": etag}), "AWS::CloudFront::PublicKey")


def _make_group(_logical: str, props: dict[str, Any], _stack: str) -> Made:
    before = set(cloudfront._key_groups)
    _called(cloudfront._create_key_group(_xml("KeyGroupConfig", props["KeyGroupConfig"])), "AWS::CloudFront::KeyGroup")
    [name] = set(cloudfront._key_groups) - before
    return name, {"Id": name}


def _change_group(name: str, _old: dict[str, Any], new: dict[str, Any], _stack: str) -> Made:
    etag = cloudfront._key_groups[name]["ETag"]
    body = _xml("KeyGroupConfig", new["KeyGroupConfig"])
    _called(cloudfront._update_key_group(name, {"if-match": etag}, body), "AWS::CloudFront::KeyGroup")
    return name, {"Id": name}


def _delete_group(name: str, _props: dict[str, Any]) -> None:
    etag = cloudfront._key_groups[name]["ETag"]
    _called(cloudfront._delete_key_group(name, {"if-match": etag}), "AWS::CloudFront::KeyGroup")
