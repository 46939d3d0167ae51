"""Each error that AWS's models list for a call of the deploy command is handled, or waived with a reason.

Whatever is not handled ends the command with AWS's own words and "Check your credentials, region and rights"
(`deploy.__main__.main`); so a reason says why no more could be done there, or why it does not come to it.
"""

import re
from collections.abc import Iterator

import pytest

from deploy.functions import invocation
from tests.aws.deploy_calls import DEPLOY, Call, find_calls

CALLS = sorted(find_calls())
# Errors that the code looks for, by the name in its source, and the calls where it does.
HANDLED: dict[str, tuple[str, ...]] = {
    "ChangeSetNotFoundException": ("delete_change_set", "describe_change_set"),
    "DBClusterNotFoundFault": ("describe_db_clusters", "modify_db_cluster"),
    "DBInstanceAlreadyExistsFault": ("create_db_instance",),
    "DBInstanceNotFoundFault": ("describe_db_instances",),
    "DBSubnetGroupNotFoundFault": ("describe_db_subnet_groups",),
    "DatabaseResumingException": ("execute_statement",),
    "DatabaseUnavailableException": ("execute_statement",),
    "HttpEndpointNotEnabledException": ("execute_statement",),
    "InvalidResourceStateException": ("execute_statement",),
    "NoSuchBucket": ("head_bucket",),
    "NotFoundException": ("describe_key",),
    "QueueDoesNotExist": ("get_queue_url",),
    "ResourceNotFoundException": (
        "describe_secret",
        "describe_table",
        "get_function",
        "get_secret_value",
        "update_table",
    ),
    "StatementTimeoutException": ("execute_statement",),
    **dict.fromkeys(sorted(invocation.NOT_STARTED), ("invoke",)),
}
# Where the code has AWS's code for an error in place of its name.
CODES = {"ChangeSetNotFoundException": "NotFound", "DBInstanceAlreadyExistsFault": "DBInstanceAlreadyExists"}
# Modules that hand every error on by their design.
REPORTED = {
    "deploy/stack/removal.py": "`remove` names what could not be deleted, and why; the rest is deleted.",
    "deploy/commands/check.py": "`check` shows it as a finding.",
    "deploy/rehearsal/rehearse.py": "A rehearsal names the step that failed, and removes what it made.",
}
BY_NAME: dict[str, str] = {
    r"Internal|^Service(Exception|Failure|Unavailable)|DependencyTimeout|Throttl|TooManyRequests|EC2Unexpected": (
        "AWS's own fault, or too much at once: botocore has asked again."
    ),
    r"Quota|Limit(Exceeded|Reached)|Insufficient(DB|Storage|Available)|StorageExceeded|DoesNotCover|NotAvailable": (
        "The account or the region has no room: AWS's words name what to ask for."
    ),
    r"Access(Denied|Exception)|Unauthorized|Authorization(Error|NotFound)|Forbidden|KMSKeyNotAccessible": (
        "Rights are missing, and the command says so."
    ),
    r"Domain|OptionGroup|Tenant|GlobalCluster|BlueGreen|ShardGroup|Integration|CapacityReservation|Iops|BackupPolicy": (
        "Nothing of the kind is made or named here."
    ),
    r"EFS|S3Files|SnapStart|Durable|CodeArtifact|CodeSign|CodeVerif|RuntimeAlias|NoPublishedVersion|StorageType": (
        "Functions and databases here use nothing of the kind."
    ),
    r"NetworkType|SecurityGroup(NotFound|State)|CertificateNotFound|UpgradeDependency|ParameterGroup|VpcEncryption": (
        "The template's own parts are named, which exist as long as the stack does."
    ),
    r"^Invalid(Parameter|Arn|Address|AttributeName|Security|Next|Request$|RequestContent|WriteOffset|Zip|Runtime)": (
        "The request would be wrong: its form is botocore's, which the doubles check, and AWS's words say the rest."
    ),
    r"^(BadRequest|Validation|MissingRequired|Unsupported|UnsupportedMedia|Serialized|RequestTooLarge|TooManyParts)": (
        "The request would be wrong: its form is botocore's, which the doubles check, and AWS's words say the rest."
    ),
    r"EncryptionTypeMismatch|ModeNotSupported|RecursiveInvocation|DashboardInvalidInput|InsufficientCapabilities": (
        "The request would be wrong: nothing of it depends on what stands."
    ),
    r"DatabaseError|DatabaseNotFound|TransactionNotFound|InvalidSecret|SecretsError|UnsupportedResult": (
        "Not a matter of time: the database is not as the template made it, which AWS's words tell."
    ),
    r"^KMS(Disabled|NotFound|InvalidState)|DecryptionFailure|EncryptionFailure|RuntimeVersionDeleted": (
        "Somebody took the key or the runtime away: AWS's words name it."
    ),
    r"^Invalid(Subnet|VPC|SubnetID|SecurityGroupID)|^InvalidDBSubnet": (
        "The network is the stack's own; AWS's words name what is wrong with it."
    ),
}
ALREADY = "It has been looked for before, and somebody else made it in between: run the command again."
GONE = "It was there a moment ago, and somebody else deleted it: run the command again."
BUSY = "The command waits until nothing is under way; somebody else has begun something: run it again."
BY_STATE: dict[str, str] = {
    r"AlreadyExists|AlreadyRegistered|ResourceExists|TokenAlreadyExists": ALREADY,
    r"NotFound|NoSuchEntity|DoesNotExist": GONE,
    r"State(Fault|Exception)?$|StatusException|InUse|Conflict|Precondition|OperationAborted": BUSY,
    r"^InvalidRequestException$": BUSY,
    r"InvalidRestoreFault": "`--to` is held against the window that RDS names; AWS's words say the rest.",
}


def accounts(call: Call, error: str) -> Iterator[str]:
    """Give each way in which an error of a call is accounted for."""
    if call.operation in HANDLED.get(error, ()):
        yield "handled"
    if call.module in REPORTED:
        yield REPORTED[call.module]
    yield from (reason for pattern, reason in {**BY_NAME, **BY_STATE}.items() if re.search(pattern, error))


def test_the_calls_are_found() -> None:
    operations = {call.operation for call in CALLS}
    assert {"create_change_set", "execute_statement", "invoke", "schedule_key_deletion", "delete_objects"} <= operations
    assert {"restore_db_cluster_to_point_in_time", "describe_security_groups", "list_stack_resources"} <= operations
    assert len(CALLS) > 80


@pytest.mark.parametrize(
    "call", CALLS, ids=lambda call: f"{call.module.removeprefix('deploy/')}-{call.service}-{call.operation}"
)
def test_each_error_is_handled_or_waived(call: Call) -> None:
    assert [error for error in call.errors() if not next(accounts(call, error), "")] == []


@pytest.mark.parametrize("error", HANDLED)
def test_what_is_handled_is_looked_for_in_the_code(error: str) -> None:
    text = "".join(path.read_text() for path in sorted(DEPLOY.rglob("*.py")))
    assert f'"{CODES.get(error, error)}"' in text
    listed = {call.operation for call in CALLS if error in call.errors()} | {"delete_change_set"}
    assert set(HANDLED[error]) <= listed, "a call that does not raise it any more"


# What changes with time or by another hand: to wait or to look is the command's affair, and no reason excuses it.
MUST_BE_HANDLED = {
    ("execute_statement", "DatabaseResumingException"),
    ("execute_statement", "DatabaseUnavailableException"),
    ("invoke", "TooManyRequestsException"),
    ("invoke", "ResourceConflictException"),
    ("describe_db_clusters", "DBClusterNotFoundFault"),
    ("describe_db_instances", "DBInstanceNotFoundFault"),
}


def test_no_error_that_waiting_mends_is_waived() -> None:
    assert {
        (operation, error) for operation, error in MUST_BE_HANDLED if operation not in HANDLED.get(error, ())
    } == set()


def test_every_reason_is_needed() -> None:
    errors = {error for call in CALLS for error in call.errors()}
    unused = [pattern for pattern in {**BY_NAME, **BY_STATE} if not any(re.search(pattern, error) for error in errors)]
    assert unused == []
    assert {call.module for call in CALLS} >= set(REPORTED)
