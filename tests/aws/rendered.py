"""A template as CloudFormation would make it: parameters chosen, conditions decided, functions replaced by values.

Functions and pseudo parameters are those of the CloudFormation user guide, "Intrinsic function reference". Identifiers
that only AWS knows (those of a VPC, a key, a distribution) are made from the logical name, so that two references to
one resource are equal, and references to two are not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import islice
from typing import Any

from deploy import template
from deploy.commands import workers
from deploy.functions import zappa_settings
from deploy.stage import Stage

ACCOUNT = "123456789012"
REGION = "eu-central-1"
STAGE = "production"
GIVEN = {
    "ApiId": "a1b2c3d4e5",
    "WorkerIsDeployed": "true",
    "SigningKeyA": "-----BEGIN PUBLIC KEY-----\nfirst line\nsecond line\n-----END PUBLIC KEY-----",
    "ZoneA": f"{REGION}a",
    "ZoneB": f"{REGION}b",
    "S3PrefixList": "pl-11111111",
    "DynamoDbPrefixList": "pl-22222222",
    "AlarmEmail": "desk@example.org",
}
NO_VALUE = object()
# How each type's `Ref` and `Arn` look, by the name that the template gives it or by its logical name; from the "Return
# values" of each type in the CloudFormation template reference.
ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "AWS::RDS::DBCluster": "arn:aws:rds:{region}:{account}:cluster:{name}",
    "AWS::ECR::Repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "AWS::ECS::Cluster": "arn:aws:ecs:{region}:{account}:cluster/{name}",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
}
REFERS_BY_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret"}
NAMES = (
    "BucketName",
    "QueueName",
    "TableName",
    "RoleName",
    "TopicName",
    "LogGroupName",
    "FunctionName",
    "AlarmName",
    "DBClusterIdentifier",
    "DBInstanceIdentifier",
    "DBProxyName",
    "RepositoryName",
    "ClusterName",
    "ServiceName",
    "Name",
)


@dataclass
class Rendered:
    """One template with its parameters: `resources` are those whose condition holds, with all functions resolved."""

    source: dict[str, Any]
    parameters: dict[str, Any]
    region: str = REGION
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.conditions = {name: bool(self.value(rule)) for name, rule in self.source.get("Conditions", {}).items()}
        for name, part in self.source["Resources"].items():
            if self.conditions.get(part.get("Condition", ""), True):
                self.resources[name] = {**part, "Properties": self.value(part.get("Properties", {}))}
        for name, part in self.source.get("Outputs", {}).items():
            if self.conditions.get(part.get("Condition", ""), True):
                self.outputs[name] = self.value(part["Value"])

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource; raises KeyError when the composition has none of this name."""
        return dict(self.resources[name]["Properties"])

    def of_type(self, *types: str) -> list[str]:
        """Return the logical names of the resources of these types, such as `AWS::IAM::Role`."""
        return [name for name, part in self.resources.items() if part["Type"] in types]

    def arn(self, name: str) -> str:
        """Return the ARN of a resource."""
        kind = self.source["Resources"][name]["Type"]
        form = ARNS.get(kind, f"arn:aws:{kind.split('::')[1].lower()}:{{region}}:{{account}}:{{name}}")
        return form.format(region=self.region, account=ACCOUNT, name=self.physical_name(name))

    def physical_name(self, name: str) -> str:
        """Return the name that the template gives a resource, or one made from its logical name."""
        properties = self.source["Resources"][name].get("Properties", {})
        for key in NAMES:
            if key in properties:
                return str(self.value(properties[key]))
        return f"id-of-{name}"

    def value(self, node: Any) -> Any:
        """Return a part of the template with all functions in it replaced by their values."""
        if isinstance(node, dict):
            if len(node) == 1 and (function := self._functions().get(next(iter(node)))):
                return function(next(iter(node.values())))
            pairs = ((key, self.value(part)) for key, part in node.items())
            return {key: part for key, part in pairs if part is not NO_VALUE}
        if isinstance(node, list):
            return [part for part in (self.value(one) for one in node) if part is not NO_VALUE]
        return node

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": lambda name: bool(self.value(self.source["Conditions"][name])),
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::If": lambda parts: self.value(parts[1] if self._holds(parts[0]) else parts[2]),
            "Fn::Equals": lambda parts: str(self.value(parts[0])) == str(self.value(parts[1])),
            "Fn::Not": lambda parts: not self.value(parts[0]),
            "Fn::And": lambda parts: all(self.value(part) for part in parts),
            "Fn::Or": lambda parts: any(self.value(part) for part in parts),
            "Fn::Join": lambda parts: parts[0].join(str(part) for part in self.value(parts[1])),
            "Fn::Select": lambda parts: self.value(parts[1])[int(self.value(parts[0]))],
            "Fn::Split": lambda parts: str(self.value(parts[1])).split(parts[0]),
            "Fn::GetAZs": lambda _: [f"{self.region}{letter}" for letter in "abc"],
            "Fn::Cidr": self._cidr,
            "Fn::FindInMap": self._mapped,
        }

    def _holds(self, name: str) -> bool:
        return bool(self.value(self.source["Conditions"][name]))

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "stack",
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.source.get("Parameters", {}):
            return self._parameter(name)
        part = self.source["Resources"][name]
        if part["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{self.physical_name(name)}"
        return self.arn(name) if part["Type"] in REFERS_BY_ARN else self.physical_name(name)

    def _parameter(self, name: str) -> Any:
        rule = self.source["Parameters"][name]
        value = self.parameters.get(name, rule.get("Default", f"value-of-{name}"))
        is_list = rule["Type"] == "CommaDelimitedList" or rule["Type"].startswith("List<")
        return str(value).split(",") if is_list else value

    def _attribute(self, path: Any) -> Any:
        name, attribute = path.split(".", 1) if isinstance(path, str) else path
        kind = self.source["Resources"][name]["Type"]
        if attribute in ("Arn", "DBClusterArn"):
            return self.arn(name)
        if attribute in ("QueueName", "Name"):
            return self.physical_name(name)
        if kind == "AWS::S3::Bucket" and attribute == "RegionalDomainName":
            return f"{self.physical_name(name)}.s3.{self.region}.amazonaws.com"
        if kind == "AWS::S3::Bucket" and attribute == "DomainName":
            return f"{self.physical_name(name)}.s3.amazonaws.com"
        if attribute == "Ipv6CidrBlocks":
            return ["2001:db8:1234:5600::/56"]
        return f"{attribute}-of-{name}"

    def _cidr(self, parts: Any) -> list[str]:
        network, count, host_bits = (self.value(part) for part in parts)
        block = ip_network(network)
        subnets = block.subnets(new_prefix=block.max_prefixlen - int(host_bits))
        return [str(subnet) for subnet in islice(subnets, int(count))]

    def _sub(self, form: Any) -> str:
        text, given = (form, {}) if isinstance(form, str) else form

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(self.value(given[name]))
            return str(self._attribute(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([\w:.]+)\}", replace, text)

    def _mapped(self, path: Any) -> Any:
        value: Any = self.source["Mappings"]
        for step in path:
            value = value[str(self.value(step))]
        return value


def render_stack(parameters: Mapping[str, Any] | None = None, region: str = REGION) -> Rendered:
    """Return the whole stack as it is made for a stage, with `parameters` in place of the defaults."""
    return Rendered(template.compose(), {"Stage": STAGE, **GIVEN, **(parameters or {})}, region)


def render_settings(stack: Rendered, kind: str) -> dict[str, str]:
    """Return the settings that `deploy.functions.zappa_settings` gives the function `web` or `worker` of this stack."""
    return zappa_settings.build_settings(_place(stack), stack.outputs, stack.parameters, kind)


def render_workers(stack: Rendered, parameters: Mapping[str, Any]) -> Rendered:
    """Return the stack of the Fargate workers beside `stack`, with the parameters that the deploy command gives."""
    environment = {**render_settings(stack, "worker"), "AWS_REGION": stack.region}
    return Rendered(workers.compose_template(environment), dict(parameters), stack.region)


def _place(stack: Rendered) -> Stage:
    def no_client(service: str) -> Any:
        raise AssertionError(f"Nothing is asked of {service} here.")

    return Stage("mediahub", str(stack.parameters["Stage"]), stack.region, no_client)
