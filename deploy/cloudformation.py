"""CloudFormation stacks, changed by change sets: prepare a change, show it, execute it, wait for it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.errors import DeployError

Report = Callable[[str], None]
# Returns a client by the name of its service, and optionally with a `Config` of botocore's.
ClientFactory = Callable[..., Any]

SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
# A stack in one of these states can only be deleted: creating it or deleting it failed.
# Source: "Understand CloudFormation stack creation events", CloudFormation user guide.
DEAD_ENDS = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
MOST_SECONDS = 3600
ADVICE = "See its events in the CloudFormation console."


@dataclass(frozen=True)
class Change:
    """One resource that a change set adds, changes or removes; `replaces` says that AWS creates a new one for it."""

    action: str
    name: str
    kind: str
    replaces: bool

    def __str__(self) -> str:
        """Return the change in one line, with a sign for its action."""
        mark = {"Add": "+", "Remove": "-", "Import": ">"}.get(self.action, "~")
        return f"{mark} {self.name} ({self.kind.removeprefix('AWS::')}){' is replaced' if self.replaces else ''}"


@dataclass(frozen=True)
class Template:
    """Name where CloudFormation finds a template: in the request, at an address, or in the stack as it is."""

    request: Mapping[str, Any]


KEEP = Template({"UsePreviousTemplate": True})


@dataclass
class Stack:
    """One stack by name, whether it exists or not."""

    name: str
    client: ClientFactory
    poll_seconds: float = 3
    report: Report = print
    _seen: set[str] = field(default_factory=set)
    _failures: list[str] = field(default_factory=list)

    @property
    def _cloudformation(self) -> Any:
        return self.client("cloudformation")

    def describe(self) -> dict[str, Any] | None:
        """Return the description of the stack; None if it does not exist, or only as a change set never executed."""
        try:
            description = dict(self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise DeployError(f"The stack {self.name} could not be read: {error}") from error
        return None if description["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else description

    def read_outputs(self) -> dict[str, str]:
        """Return the outputs by name; raise DeployError when the stack does not exist."""
        description = self.describe()
        if description is None:
            raise DeployError(f"There is no stack {self.name}. Create it: python -m deploy stack STAGE.")
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    def read_parameters(self) -> dict[str, str]:
        """Return the current parameters; none without a stack."""
        description = self.describe() or {}
        return {item["ParameterKey"]: item["ParameterValue"] for item in description.get("Parameters", [])}

    def read_template(self) -> dict[str, Any]:
        """Return the current template."""
        body = self._cloudformation.get_template(StackName=self.name)["TemplateBody"]
        return dict(json.loads(body) if isinstance(body, str) else body)

    def prepare(
        self,
        template: Template,
        parameters: Mapping[str, str],
        known: set[str],
        imports: Sequence[Mapping[str, Any]] = (),
    ) -> list[Change] | None:
        """Create a change set and return its changes; None when nothing would change.

        `known` are the template's parameters: those that are not given keep their value. `imports` are resources to
        take over, each with type, logical name and identifier; then the template may change nothing else.
        """
        values: list[dict[str, Any]] = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        values += [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name in self.read_parameters()
            if name in known and name not in parameters
        ]
        kind = "UPDATE" if self.describe() is not None else "CREATE"
        request = {
            "StackName": self.name,
            "ChangeSetName": self._change_set,
            **({"ChangeSetType": "IMPORT", "ResourcesToImport": imports} if imports else {"ChangeSetType": kind}),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": values,
            **template.request,
        }
        try:
            self.discard()
            self._cloudformation.create_change_set(**request)
        except ClientError as error:
            raise DeployError(f"The stack {self.name} could not be changed: {error}") from error
        return self._wait_for_change_set()

    def execute(self) -> dict[str, str]:
        """Execute the prepared change set, wait for it and return the outputs; raise DeployError with the cause."""
        self._seen = {event["EventId"] for event in self._list_events()}
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=self._change_set)
        return self._wait_until_settled()

    def discard(self) -> None:
        """Delete the prepared change set, if there is one, and with it a stack that was never created."""
        try:
            self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=self._change_set)
        except ClientError as error:
            if "does not exist" not in str(error) and "NotFound" not in str(error):
                raise

    def delete(self) -> None:
        """Delete the stack and wait; resources that it retains stay."""
        if self.describe() is None:
            return
        self._seen = {event["EventId"] for event in self._list_events()}
        self._cloudformation.delete_stack(StackName=self.name)
        until = time.monotonic() + MOST_SECONDS
        while time.monotonic() < until:
            self._report_events()
            description = self.describe()
            if description is None:
                return
            if description["StackStatus"] == "DELETE_FAILED":
                raise DeployError(f"The stack {self.name} could not be deleted. {self._read_failure_reasons()}")
            time.sleep(self.poll_seconds)
        raise DeployError(f"The stack {self.name} is still being deleted after an hour. {ADVICE}")

    def settle(self) -> str:
        """Wait until no operation is in progress, retry a rollback that failed, and return the status.

        The status is empty without a stack. Raise DeployError when an operation takes more than an hour.
        """
        until, is_continued = time.monotonic() + MOST_SECONDS, False
        while time.monotonic() < until:
            status = str((self.describe() or {}).get("StackStatus", ""))
            if status == "UPDATE_ROLLBACK_FAILED" and not is_continued:
                self.report(f"  {self.name} could not roll back its last change; retrying")
                self._cloudformation.continue_update_rollback(StackName=self.name)
                is_continued = True
            elif status == "UPDATE_ROLLBACK_FAILED":
                raise DeployError(
                    f"The stack {self.name} cannot roll back its last change. {self._read_failure_reasons()}"
                )
            elif not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self.poll_seconds)
        raise DeployError(f"The stack {self.name} has been changing for an hour. {ADVICE}")

    def list_resources(self) -> list[dict[str, Any]]:
        """Return each resource with its logical and physical id, type and status."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [dict(resource) for page in pages for resource in page["StackResourceSummaries"]]

    @property
    def _change_set(self) -> str:
        return f"{self.name}-deploy"

    def _wait_for_change_set(self) -> list[Change] | None:
        names = {"StackName": self.name, "ChangeSetName": self._change_set}
        waiter = self._cloudformation.get_waiter("change_set_create_complete")
        try:
            waiter.wait(**names, WaiterConfig={"Delay": max(1, int(self.poll_seconds)), "MaxAttempts": 200})
        except WaiterError as error:
            reason = str(self._cloudformation.describe_change_set(**names).get("StatusReason", error))
            self.discard()
            if "didn't contain changes" in reason or "No updates" in reason:
                return None
            raise DeployError(f"The stack {self.name} could not be changed: {reason}") from error
        change_set = self._cloudformation.describe_change_set(**names)
        if change_set.get("ExecutionStatus") == "UNAVAILABLE":
            self.discard()
            raise DeployError(f"The stack {self.name} could not be changed: {change_set.get('StatusReason')}")
        changes: list[Change] = []
        for page in self._cloudformation.get_paginator("describe_change_set").paginate(**names):
            changes += [_read_change(entry["ResourceChange"]) for entry in page["Changes"] if "ResourceChange" in entry]
        return changes

    def _wait_until_settled(self) -> dict[str, str]:
        until = time.monotonic() + MOST_SECONDS
        while time.monotonic() < until:
            self._report_events()
            status = (self.describe() or {}).get("StackStatus", "")
            if status in SETTLED:
                return self.read_outputs()
            if status and not status.endswith("_IN_PROGRESS"):
                raise DeployError(f"The stack {self.name} is {status}. {self._read_failure_reasons()}")
            time.sleep(self.poll_seconds)
        raise DeployError(f"The stack {self.name} is not ready after an hour. {ADVICE}")

    def _list_events(self) -> Iterator[dict[str, Any]]:
        try:
            yield from self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def _report_events(self) -> None:
        new = [event for event in self._list_events() if event["EventId"] not in self._seen]
        for event in reversed(new):
            self._seen.add(event["EventId"])
            if event["ResourceStatus"].endswith("_FAILED"):
                self._failures.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
            if event["ResourceStatus"].endswith(("_COMPLETE", "_FAILED")):
                self.report(f"  {event['ResourceStatus'].lower().replace('_', ' ')}: {event['LogicalResourceId']}")

    def _read_failure_reasons(self) -> str:
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ValidationStatusReason') or event.get('ResourceStatusReason')}"
            for event in self._cloudformation.describe_events(StackName=self.name)["OperationEvents"]
            if "FAILED" in (event.get("ValidationStatus"), event.get("ResourceStatus", "")[-6:])
        ]
        return " ".join(dict.fromkeys([*self._failures, *reversed(reasons)]))


def _read_change(entry: Mapping[str, Any]) -> Change:
    replaces = entry.get("Replacement") in ("True", "Conditional")
    return Change(entry["Action"], entry["LogicalResourceId"], entry["ResourceType"], replaces)
