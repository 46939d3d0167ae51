"""Every way in which one line of the template may stop to protect: settings removed or flipped, statements loosened."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.deploy.stack import Template

# A setting that protects, wherever it stands; one by one they are removed, and flipped.
SETTINGS = {
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
    "ObjectOwnership",
    "SSEAlgorithm",
    "KMSMasterKeyID",
    "KMSMasterKeyId",
    "KmsMasterKeyId",
    "KmsKeyId",
    "PerformanceInsightsKMSKeyId",
    "BucketKeyEnabled",
    "VersioningConfiguration",
    "LoggingConfiguration",
    "AllowedOrigins",
    "AbortIncompleteMultipartUpload",
    "NoncurrentVersionExpiration",
    "ExpirationInDays",
    "NotificationConfiguration",
    "MessageRetentionPeriod",
    "VisibilityTimeout",
    "RedrivePolicy",
    "deadLetterTargetArn",
    "FunctionResponseTypes",
    "ScalingConfig",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "DeletionProtectionEnabled",
    "DeletionProtection",
    "PointInTimeRecoveryEnabled",
    "SSEEnabled",
    "SSEType",
    "StorageEncrypted",
    "EnableIAMDatabaseAuthentication",
    "ManageMasterUserPassword",
    "BackupRetentionPeriod",
    "VpcSecurityGroupIds",
    "PubliclyAccessible",
    "rds.force_ssl",
    "RequireTLS",
    "DefaultAuthScheme",
    "MapPublicIpOnLaunch",
    "SecurityGroupEgress",
    "EnableKeyRotation",
    "PendingWindowInDays",
    "RetentionInDays",
    "TrustedKeyGroups",
    "ViewerProtocolPolicy",
    "AllowedMethods",
    "MinimumProtocolVersion",
    "OriginAccessControlId",
    "ResponseHeadersPolicyId",
    "SigningBehavior",
    "StrictTransportSecurity",
    "ContentTypeOptions",
    "FrameOptions",
    "ReferrerPolicy",
    "ContentSecurityPolicy",
    "AlarmActions",
    "OKActions",
    "PasswordLength",
    "NotificationsWithSubscribers",
}
FLIPPED = {"Enabled": "Suspended", "BucketOwnerEnforced": "ObjectWriter", "BucketOwnerPreferred": "ObjectWriter"}
Path = tuple[Any, ...]


def mutants(template: Template) -> Iterator[tuple[str, Template]]:
    """Yield (what was done, the template with it done), one change each."""
    for path, value in _walk(template["Resources"], ("Resources",)):
        # What is named twice, a setting in a setting of the same name, is tried at the outer one.
        if path[-1] in SETTINGS and path[-1] != path[-2]:
            yield f"{_name(path)} removed", _without(template, path)
            yield f"{_name(path)} flipped", _with(template, path, _flipped(value))
        if path[-1] == "Statement":
            for place, statement in enumerate(value):
                yield from _loosened(template, (*path, place), statement)
        if path[-1] in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for place, rule in enumerate(value):
                open_rule = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
                yield f"{_name(path)}[{place}] opened", _with(template, (*path, place), {**rule, **open_rule})
    for name, part in template["Resources"].items():
        if part.get("Condition") == "GoesByIpv6":
            yield f"{name} in every network", _with(template, ("Resources", name, "Condition"), "MakesAurora")
    for place, condition in enumerate(template["Conditions"].get("GoesByIpv6", {}).get("Fn::And", [])):
        path = ("Conditions", "GoesByIpv6", "Fn::And", place)
        if "Fn::Equals" in condition:
            yield "GoesByIpv6 always", _with(template, path, {"Fn::Equals": ["", ""]})
    for name in ("TlsOnly", "TrustedPrincipal", "DeployerPrincipal", "UploadPrefix", "VisibilityTimeout", "Network"):
        if name in template["Parameters"]:
            path = ("Parameters", name, "Default")
            weak = {"TlsOnly": "false", "UploadPrefix": "", "VisibilityTimeout": 30, "Network": "ipv6"}.get(name, "*")
            yield f"{name} by default {weak!r}", _with(template, path, weak)


def _loosened(template: Template, path: Path, statement: dict[str, Any]) -> Iterator[tuple[str, Template]]:
    inner = (*path, "Fn::If", 1) if "Fn::If" in statement else path
    target = statement["Fn::If"][1] if "Fn::If" in statement else statement
    name = f"{_name(path[:3])} {target.get('Sid', path[-1])}"
    if target["Effect"] == "Deny":
        yield f"{name} removed", _without(template, path)
        yield f"{name} allows", _with(template, (*inner, "Effect"), "Allow")
        yield f"{name} denies nothing", _with(template, (*inner, "Action"), "s3:GetBucketAcl")
        yield f"{name} denies elsewhere", _with(template, (*inner, "Resource"), "arn:aws:s3:::elsewhere")
        return
    if "AWS" in target.get("Principal", {}) and target.get("Action") != "sts:AssumeRole":
        # The account's own root in the key's policy, which AWS asks for.
        return
    if path[2] == "Properties" and "PolicyDocument" in path and "Principal" not in target:
        yield f"{name} may all", _with(template, (*inner, "Action"), "*")
        if target["Resource"] != "*":
            yield f"{name} on all", _with(template, (*inner, "Resource"), "*")
    if "Principal" in target and target["Principal"] != "*" and "AWS" not in target["Principal"]:
        yield f"{name} for anybody", _with(template, (*inner, "Principal"), "*")
    if "Condition" in target:
        yield f"{name} without condition", _without(template, (*inner, "Condition"))


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key), inner
        yield from _walk(inner, (*path, key))


def _flipped(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return 1
        case str():
            return FLIPPED.get(value, "Delete" if value.startswith("Retain") else "other")
        case list():
            return []
        case {"Status": "Enabled"}:
            return {"Status": "Suspended"}
        case dict():
            return {name: 999 if isinstance(inner, int) else "other" for name, inner in value.items()}
    return None


def _name(path: Path) -> str:
    return ".".join(str(step) for step in path if step not in ("Resources", "Properties"))


def _with(template: Template, path: Path, value: Any) -> Template:
    changed = copy.deepcopy(template)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def _without(template: Template, path: Path) -> Template:
    changed = copy.deepcopy(template)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed
