"""What IAM would answer: whether the policies in its way allow a request.

`decide` is the rule of "Policy evaluation logic" (IAM user guide) for one policy: what is denied stays denied, what
nobody allows is not allowed. `may` and `service_may` ask every policy of the rendered stack that a request meets.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any

from tests.aws.rendered import ACCOUNT, Rendered

Statement = Mapping[str, Any]
# The values of condition keys; a key with several values at once has a tuple.
Context = Mapping[str, str | tuple[str, ...]]
ACCOUNT_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ARN_PARTS = 6


class Decision(Enum):
    """What a policy says of a request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True)
class Request:
    """One call: `principal` is the ARN of a role, `service` a service principal such as `s3.amazonaws.com`."""

    action: str
    resource: str = "*"
    principal: str = ""
    service: str = ""
    context: Context = field(default_factory=dict)

    @property
    def keys(self) -> Context:
        """Return the condition keys by their names in lower case, with those that follow from the principal."""
        # "AWS global condition context keys": the principal's keys are in every signed request.
        keys: dict[str, str | tuple[str, ...]] = {"aws:principalisawsservice": str(bool(self.service)).lower()}
        if self.service:
            keys["aws:principalservicename"] = self.service
        if self.principal:
            keys |= {"aws:principalarn": self.principal, "aws:principalaccount": self.principal.split(":")[4]}
        return keys | {name.lower(): value for name, value in self.context.items()}


def decide(statements: Iterable[Statement], request: Request) -> Decision:
    """Return what one policy says of a request; a statement without `Principal` is one of an identity policy."""
    effects = {statement["Effect"] for statement in statements if applies(statement, request)}
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if "Allow" in effects else Decision.NOT_ALLOWED


def applies(statement: Statement, request: Request) -> bool:
    """Return whether principal, action, resource and conditions of a statement are those of the request."""
    return (
        _is_principal(statement, request)
        and _is_action(statement, request)
        and _is_resource(statement, request)
        and all(
            holds(operator, key, _listed(values), request.keys)
            for operator, pairs in statement.get("Condition", {}).items()
            for key, values in pairs.items()
        )
    )


def matches(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern in which * stands for any characters, colons too, and ? for one."""
    pieces = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(pieces), text, re.DOTALL) is not None


def holds(operator: str, key: str, values: Sequence[str], keys: Context) -> bool:
    """Return whether one condition holds; raises ValueError for an operator that no template here uses.

    Source: "IAM JSON policy elements: Condition operators". A key that the request lacks: what must match does not
    hold, what must not match holds, `IfExists` holds, `ForAllValues` holds and `ForAnyValue` does not.
    """
    quantifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    given = keys.get(key.lower())
    if base == "Null":
        return (given is None) == (str(values[0]).lower() == "true")
    if given is None and base != name:
        return True
    test, negated = _operator(base)
    if quantifier == "ForAllValues":
        return all(test(value, values) != negated for value in _several(given))
    if quantifier == "ForAnyValue":
        return any(test(value, values) != negated for value in _several(given))
    if given is None:
        return negated
    if not isinstance(given, str):
        raise ValueError(f"{key} has several values; ask for them with ForAnyValue or ForAllValues.")
    return test(given, values) != negated


def _operator(name: str) -> tuple[Callable[[str, Sequence[str]], bool], bool]:
    """Return the test that one of the values passes, and whether the operator asks for the opposite."""
    negated = "Not" in name
    positive = name.replace("Not", "", 1) if negated else name
    if positive not in OPERATORS:
        raise ValueError(f"tests/aws/iam.py does not know the operator {name}. Add it with what IAM's guide says.")
    one = OPERATORS[positive]
    return lambda given, values: any(one(given, str(value)) for value in values), negated


def _is_arn_like(given: str, pattern: str) -> bool:
    # Each of the six parts between colons is looked at for itself.
    if pattern.count(":") < ARN_PARTS - 1:
        raise ValueError(f"{pattern} is no pattern of an ARN: it has fewer than {ARN_PARTS} parts.")
    pairs = zip(given.split(":", ARN_PARTS - 1), pattern.split(":", ARN_PARTS - 1), strict=False)
    return given.count(":") >= ARN_PARTS - 1 and all(matches(wanted, part) for part, wanted in pairs)


def _is_address_in(given: str, block: str) -> bool:
    network = ip_network(block, strict=False)
    address = ip_address(given)
    return address.version == network.version and address in network


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda given, value: given == value,
    "StringEqualsIgnoreCase": lambda given, value: given.lower() == value.lower(),
    "StringLike": lambda given, value: matches(value, given),
    "ArnEquals": _is_arn_like,
    "ArnLike": _is_arn_like,
    "Bool": lambda given, value: given.lower() == value.lower(),
    "NumericEquals": lambda given, value: float(given) == float(value),
    "NumericGreaterThan": lambda given, value: float(given) > float(value),
    "NumericGreaterThanEquals": lambda given, value: float(given) >= float(value),
    "NumericLessThan": lambda given, value: float(given) < float(value),
    "NumericLessThanEquals": lambda given, value: float(given) <= float(value),
    "IpAddress": _is_address_in,
}


def _is_principal(statement: Statement, request: Request) -> bool:
    if "NotPrincipal" in statement:
        return not _is_principal({"Principal": statement["NotPrincipal"]}, request)
    if "Principal" not in statement or statement["Principal"] == "*":
        return True
    principals = statement["Principal"]
    if request.service and request.service in _listed(principals.get("Service", [])):
        return True
    accounts = {"*", request.principal}
    if statement.get("Effect") == "Deny" and request.principal:
        # Denied to an account is denied to everybody in it.
        accounts |= {request.principal.split(":")[4], f"arn:aws:iam::{request.principal.split(':')[4]}:root"}
    return bool(request.principal) and not accounts.isdisjoint(_listed(principals.get("AWS", [])))


def _is_action(statement: Statement, request: Request) -> bool:
    if "NotAction" in statement:
        return not _is_action({"Action": statement["NotAction"]}, request)
    return any(matches(pattern.lower(), request.action.lower()) for pattern in _listed(statement["Action"]))


def _is_resource(statement: Statement, request: Request) -> bool:
    if "NotResource" in statement:
        return not _is_resource({"Resource": statement["NotResource"]}, request)
    # A role's trust has no resource: it is about the role.
    return "Resource" not in statement or any(
        matches(pattern, request.resource) for pattern in _listed(statement["Resource"])
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _several(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


# The roles whose code runs in the network of the stack, where it has one; see
# deploy/functions/zappa_settings.py and deploy/commands/workers.py.
# A task's image and log take the way of its code ("Amazon ECR interface VPC endpoints", for Fargate 1.4).
IN_THE_NETWORK = ("WebRole", "WorkerRole", "BulkRole", "ExecutionRole")
# The functions whose code has the role, by the end of their names; Lambda says in each call of the code which it is.
FUNCTION_OF = {"WebRole": "", "WorkerRole": "-worker", "CdnRole": "-cdn"}
# The services of the endpoints that an action or all of its prefix need, where it is not the prefix itself. Source:
# "Amazon ECR interface VPC endpoints": tokens come from the API's, layers and manifests through the registry's.
ENDPOINTS = {"ecr:GetAuthorizationToken": ("ecr.api",), "ecr": ("ecr.api", "ecr.dkr")}
# rds-db:connect is no request: the token is arithmetic, and the database's own port takes it. KMS is asked by S3, SQS,
# DynamoDB, Secrets Manager, Lambda and ECR on the caller's behalf ("kms:ViaService"), never by code of MediaHub.
NOT_BY_ENDPOINT = {"rds-db", "kms"}
# TEST-NET-1 (RFC 5737): where calls from outside the network come from, unless the context says otherwise.
OUTSIDE = "192.0.2.1"
# Who sends what the code only signs.
BROWSER = "browser"


@dataclass(frozen=True)
class Verdict:
    """Whether a request is allowed, and the policies that say no."""

    refusals: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.refusals


def may(
    stack: Rendered,
    role: str,
    action: str,
    resource: str = "*",
    context: Context | None = None,
    *,
    by: str = "",
    network: Rendered | None = None,
) -> Verdict:
    """Return whether a role may do something, by its own policy, the resource's, and that of the endpoint on the way.

    `role` is the logical name. `by` is the service that acts itself with the role, such as `apigateway.amazonaws.com`,
    or BROWSER for a link that was signed; without it the role's code acts, in the network when the stack has one.
    `network` is the stack with the network and its endpoints, where that is another one.
    """
    around = network or stack
    surroundings = _surroundings(around, role, action, by)
    request = Request(action, resource, stack.arn(role), context={**surroundings, **(context or {})})
    refusals = [*_refused_by_policies(stack, role, request)]
    if not by and passes_the_network(around, role, action):
        refusals += _refused_on_the_way(around, request)
    return Verdict(tuple(refusals))


def request_of(stack: Rendered, role: str, action: str, resource: str = "*", context: Context | None = None) -> Request:
    """Return the request of a role's code, with the keys of `context` before those that AWS adds."""
    keys = {**_surroundings(stack, role, action, by=""), **(context or {})}
    return Request(action, resource, stack.arn(role), context=keys)


def service_may(stack: Rendered, service: str, action: str, resource: str, context: Context | None = None) -> Verdict:
    """Return whether a service may do something in its own name, which only the resource's policy can allow."""
    given = {"aws:SecureTransport": "true", **(context or {})}
    name, statements = resource_policy(stack, resource)
    said = decide(statements, Request(action, resource, service=service, context=given))
    return Verdict() if said is Decision.ALLOWED else Verdict((f"{name}: {said.value}",))


def may_assume(stack: Rendered, role: str, service: str, context: Context | None = None) -> Verdict:
    """Return whether a role trusts a service that sends these condition keys."""
    trust = stack.properties(role)["AssumeRolePolicyDocument"]["Statement"]
    said = decide(trust, Request("sts:AssumeRole", stack.arn(role), service=service, context=context or {}))
    return Verdict() if said is Decision.ALLOWED else Verdict((f"trust of {role}: {said.value}",))


def identity_policy(stack: Rendered, role: str) -> list[Statement]:
    """Return the statements of a role's own policies."""
    policies = stack.properties(role).get("Policies", [])
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def resource_policy(stack: Rendered, resource: str) -> tuple[str, list[Statement]]:
    """Return the name and the statements of the policy that a bucket, queue, topic or key has; none without one."""
    for name in stack.of_type("AWS::KMS::Key"):
        if stack.arn(name) == resource:
            return f"key policy of {name}", _listed(stack.properties(name)["KeyPolicy"]["Statement"])
    names = []
    statements: list[Statement] = []
    for name in stack.of_type("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        if _guards(stack, name, resource):
            names.append(name)
            statements += stack.properties(name)["PolicyDocument"]["Statement"]
    return " and ".join(names) or f"no policy of {resource}", statements


def _guards(stack: Rendered, policy: str, resource: str) -> bool:
    properties = stack.properties(policy)
    if "Bucket" in properties:
        return resource.split("/")[0] == f"arn:aws:s3:::{properties['Bucket']}"
    if "Topics" in properties:
        return resource in properties["Topics"]
    # A queue's policy names it by its address.
    service, name = (resource.split(":") + [""] * ARN_PARTS)[2], resource.split(":")[-1]
    return service == "sqs" and any(address.endswith(f"/{name}") for address in properties["Queues"])


def passes_the_network(stack: Rendered, role: str, action: str) -> bool:
    """Return whether a call of the role's code begins in the stack's network."""
    inside = role in IN_THE_NETWORK and bool(stack.of_type("AWS::EC2::VPC"))
    return inside and action.split(":")[0] not in NOT_BY_ENDPOINT


def endpoints(stack: Rendered, action: str) -> list[str]:
    """Return the logical names of the endpoints that take an action to its service."""
    prefix = action.split(":")[0]
    services = ENDPOINTS.get(action) or ENDPOINTS.get(prefix) or (prefix,)
    names = {f"com.amazonaws.{stack.region}.{service}" for service in services}
    return [name for name in stack.of_type("AWS::EC2::VPCEndpoint") if stack.properties(name)["ServiceName"] in names]


def _surroundings(stack: Rendered, role: str, action: str, by: str) -> dict[str, str | tuple[str, ...]]:
    """Return the keys that AWS itself puts into a request, by where it comes from."""
    keys: dict[str, str | tuple[str, ...]] = {"aws:SecureTransport": "true"}
    if by:
        return {**keys, "aws:SourceIp": OUTSIDE} if by == BROWSER else keys
    if role in FUNCTION_OF:
        name = f"{stack.outputs['WebFunction']}{FUNCTION_OF[role]}"
        keys["lambda:SourceFunctionArn"] = f"arn:aws:lambda:{stack.region}:{ACCOUNT}:function:{name}"
    if passes_the_network(stack, role, action) and (ways := endpoints(stack, action)):
        # aws:SourceIp is missing then: see "aws:SourceIp" under the global condition keys.
        return keys | {"aws:SourceVpc": str(stack.value({"Ref": "Vpc"})), "aws:SourceVpce": ways[0]}
    return keys | {"aws:SourceIp": OUTSIDE}


def _refused_by_policies(stack: Rendered, role: str, request: Request) -> Iterable[str]:
    own = decide(identity_policy(stack, role), request)
    name, statements = resource_policy(stack, request.resource)
    theirs = decide(statements, request)
    if own is Decision.DENIED:
        yield f"identity policy of {role}: denied"
    if theirs is Decision.DENIED:
        yield f"{name}: denied"
    if theirs is Decision.ALLOWED:
        return
    if own is Decision.NOT_ALLOWED:
        yield f"identity policy of {role}: not allowed"
    # "Key policies in AWS KMS": identity policies count only where the key's policy names the account's root.
    delegated = decide(statements, replace(request, principal=ACCOUNT_ROOT))
    if request.resource.startswith("arn:aws:kms:") and delegated is Decision.NOT_ALLOWED:
        yield f"{name}: not allowed"


def _refused_on_the_way(stack: Rendered, request: Request) -> Iterable[str]:
    ways = endpoints(stack, request.action)
    if not ways and not stack.of_type("AWS::EC2::Route"):
        yield f"no way: the network has no endpoint for {request.action.split(':')[0]}"
    everything = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    for name in ways:
        # "Control access to VPC endpoints": without a policy of its own an endpoint lets everything through.
        document = stack.properties(name).get("PolicyDocument", everything)
        said = decide(_listed(document["Statement"]), request)
        if said is not Decision.ALLOWED:
            yield f"{name}: {said.value}"
