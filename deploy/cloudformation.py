"""CloudFormation by change sets: what would change is seen first, then done, then waited for."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.errors import DeployError

Say = Callable[[str], None]
# A maker of clients by service; with a `Config` of botocore's beside it, of clients that are used that way.
Clients = Callable[..., Any]

SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
# A stack of these states can only be deleted: its first create or its deletion failed.
# Source: "Understand CloudFormation stack creation events", CloudFormation user guide.
DEAD_ENDS = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
LONGEST = 3600


@dataclass(frozen=True)
class Change:
    """One resource that a change set adds, changes or removes; `replaces` when it is made anew."""

    action: str
    name: str
    kind: str
    replaces: bool

    def __str__(self) -> str:
        mark = {"Add": "+", "Remove": "-", "Import": ">"}.get(self.action, "~")
        return f"{mark} {self.name} ({self.kind.removeprefix('AWS::')}){' is made anew' if self.replaces else ''}"


@dataclass(frozen=True)
class Template:
    """Where CloudFormation finds a template: in the request, at an address, or as it has it already."""

    request: Mapping[str, Any]


KEEP = Template({"UsePreviousTemplate": True})


@dataclass
class Stack:
    """One stack by name; `pause` is how many seconds lie between two looks at it."""

    name: str
    clients: Clients
    pause: float = 3
    say: Say = print
    _seen: set[str] = field(default_factory=set)
    _failures: list[str] = field(default_factory=list)

    @property
    def _cloudformation(self) -> Any:
        return self.clients("cloudformation")

    def described(self) -> dict[str, Any] | None:
        """What CloudFormation knows of it; None when there is none, or only a change set that was never done."""
        try:
            found = dict(self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise DeployError(f"The stack {self.name} cannot be seen: {error}") from error
        return None if found["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else found

    def outputs(self) -> dict[str, str]:
        """The outputs by name; raises DeployError when the stack is not there."""
        found = self.described()
        if found is None:
            raise DeployError(f"There is no stack {self.name}. Make it: python -m deploy stack STAGE.")
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """The parameters in force; none without a stack."""
        found = self.described() or {}
        return {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])}

    def template(self) -> dict[str, Any]:
        """Return the template in force."""
        body = self._cloudformation.get_template(StackName=self.name)["TemplateBody"]
        return dict(json.loads(body) if isinstance(body, str) else body)

    def prepare(
        self,
        template: Template,
        parameters: Mapping[str, str],
        known: set[str],
        imports: Sequence[Mapping[str, Any]] = (),
    ) -> list[Change] | None:
        """Make a change set and say what it would do; None when nothing would change.

        `known` are the template's parameters: those not given keep the value they have. `imports` are resources to
        take over, each with type, logical name and identifier; then the template may change nothing else.
        """
        held = self.parameters()
        values: list[dict[str, Any]] = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        values += [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name in held
            if name in known and name not in parameters
        ]
        kind = "UPDATE" if self.described() is not None else "CREATE"
        asked = {
            "StackName": self.name,
            "ChangeSetName": self._change_set,
            **({"ChangeSetType": "IMPORT", "ResourcesToImport": imports} if imports else {"ChangeSetType": kind}),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": values,
            **template.request,
        }
        try:
            self._discard()
            self._cloudformation.create_change_set(**asked)
        except ClientError as error:
            raise DeployError(f"The stack {self.name} cannot be changed: {error}") from error
        return self._prepared()

    def execute(self) -> dict[str, str]:
        """Do what was prepared, and wait; returns the outputs. Raises DeployError with the cause of a failure."""
        self._seen = {event["EventId"] for event in self._events()}
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=self._change_set)
        return self._settled()

    def discard(self) -> None:
        """Forget what was prepared; a stack that was never made goes with it."""
        self._discard()

    def delete(self) -> None:
        """Remove the stack and wait; what is retained stays."""
        if self.described() is None:
            return
        self._seen = {event["EventId"] for event in self._events()}
        self._cloudformation.delete_stack(StackName=self.name)
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            self._tell()
            found = self.described()
            if found is None:
                return
            if found["StackStatus"] == "DELETE_FAILED":
                raise DeployError(f"The stack {self.name} could not be removed. {self._reasons()}")
            time.sleep(self.pause)
        raise DeployError(f"The stack {self.name} is still being removed after an hour. Look at it in the console.")

    def settle(self) -> str:
        """Wait until nothing is under way, take back an update that could not be, and return the status.

        The status is empty without a stack. Raises DeployError when nothing comes to rest within an hour.
        """
        until, is_continued = time.monotonic() + LONGEST, False
        while time.monotonic() < until:
            status = str((self.described() or {}).get("StackStatus", ""))
            if status == "UPDATE_ROLLBACK_FAILED" and not is_continued:
                self.say(f"  {self.name} could not take back its last change; trying that again")
                self._cloudformation.continue_update_rollback(StackName=self.name)
                is_continued = True
            elif status == "UPDATE_ROLLBACK_FAILED":
                raise DeployError(f"The stack {self.name} cannot take back its last change. {self._reasons()}")
            elif not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self.pause)
        raise DeployError(f"The stack {self.name} has been at work for an hour. Look at it in the console.")

    def resources(self) -> list[dict[str, Any]]:
        """Each resource with its logical and physical id, type and status."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [dict(found) for page in pages for found in page["StackResourceSummaries"]]

    @property
    def _change_set(self) -> str:
        return f"{self.name}-deploy"

    def _discard(self) -> None:
        try:
            self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=self._change_set)
        except ClientError as error:
            if "does not exist" not in str(error) and "NotFound" not in str(error):
                raise

    def _prepared(self) -> list[Change] | None:
        asked = {"StackName": self.name, "ChangeSetName": self._change_set}
        waiter = self._cloudformation.get_waiter("change_set_create_complete")
        try:
            waiter.wait(**asked, WaiterConfig={"Delay": max(1, int(self.pause)), "MaxAttempts": 200})
        except WaiterError as error:
            found = self._cloudformation.describe_change_set(**asked)
            why = str(found.get("StatusReason", error))
            self._discard()
            if "didn't contain changes" in why or "No updates" in why:
                return None
            raise DeployError(f"The stack {self.name} cannot be changed: {why}") from error
        described = self._cloudformation.describe_change_set(**asked)
        if described.get("ExecutionStatus") == "UNAVAILABLE":
            self._discard()
            raise DeployError(f"The stack {self.name} cannot be changed: {described.get('StatusReason')}")
        changes: list[Change] = []
        for page in self._cloudformation.get_paginator("describe_change_set").paginate(**asked):
            changes += [_change(entry["ResourceChange"]) for entry in page["Changes"] if "ResourceChange" in entry]
        return changes

    def _settled(self) -> dict[str, str]:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            self._tell()
            status = (self.described() or {}).get("StackStatus", "")
            if status in SETTLED:
                return self.outputs()
            if status and not status.endswith("_IN_PROGRESS"):
                raise DeployError(f"The stack {self.name} is {status}. {self._reasons()}")
            time.sleep(self.pause)
        raise DeployError(f"The stack {self.name} is not ready after an hour. Look at it in the console.")

    def _events(self) -> Iterator[dict[str, Any]]:
        try:
            yield from self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def _tell(self) -> None:
        new = [event for event in self._events() if event["EventId"] not in self._seen]
        for event in reversed(new):
            self._seen.add(event["EventId"])
            if event["ResourceStatus"].endswith("_FAILED"):
                self._failures.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
            if event["ResourceStatus"].endswith(("_COMPLETE", "_FAILED")):
                self.say(f"  {event['ResourceStatus'].lower().replace('_', ' ')}: {event['LogicalResourceId']}")

    def _reasons(self) -> str:
        said = [
            f"{event['LogicalResourceId']}: {event.get('ValidationStatusReason') or event.get('ResourceStatusReason')}"
            for event in self._cloudformation.describe_events(StackName=self.name)["OperationEvents"]
            if "FAILED" in (event.get("ValidationStatus"), event.get("ResourceStatus", "")[-6:])
        ]
        return " ".join(dict.fromkeys([*self._failures, *reversed(said)]))


def _change(entry: Mapping[str, Any]) -> Change:
    replaces = entry.get("Replacement") in ("True", "Conditional")
    return Change(entry["Action"], entry["LogicalResourceId"], entry["ResourceType"], replaces)
