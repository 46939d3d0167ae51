"""CloudFormation as a double: one stack that stands, and takes any change of its parameters."""

from collections.abc import Mapping
from typing import Any

from tests.aws.doubles import Double, Fault
from tests.aws.rendered import render_stack

CREATED = {"CreationTime": "2026-01-01T00:00:00Z"}


class CloudFormation(Double):
    """The base of a stage as the template renders it with these parameters."""

    service = "cloudformation"

    def __init__(self, parameters: Mapping[str, str]) -> None:
        super().__init__()
        self.rendered = render_stack(parameters)
        self.parameters = {name: str(self.rendered.value({"Ref": name})) for name in self.rendered.source["Parameters"]}
        self._prepared: dict[str, str] | None = None

    def describe_stacks(self, asked: Any) -> Any:
        status = "CREATE_COMPLETE" if asked["StackName"].endswith("-base") else "DELETE_COMPLETE"
        stack = {
            "StackName": asked["StackName"],
            "StackStatus": status,
            "Parameters": _listed("Parameter", self.parameters),
            "Outputs": _listed("Output", {name: str(value) for name, value in self.rendered.outputs.items()}),
            **CREATED,
        }
        return {"Stacks": [stack]}

    def list_stack_resources(self, asked: Any) -> Any:
        summaries = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": self.rendered.physical_name(name),
                "ResourceType": part["Type"],
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": CREATED["CreationTime"],
            }
            for name, part in self.rendered.resources.items()
        ]
        return {"StackResourceSummaries": summaries}

    def describe_stack_events(self, asked: Any) -> Any:
        return {"StackEvents": []}

    def delete_change_set(self, asked: Any) -> None:
        self._prepared = None

    def create_change_set(self, asked: Any) -> Any:
        given = {item["ParameterKey"]: item.get("ParameterValue") for item in asked["Parameters"]}
        self._prepared = {name: value for name, value in given.items() if value is not None}
        return {"Id": "arn:aws:cloudformation:change-set", "StackId": "arn:aws:cloudformation:stack"}

    def describe_change_set(self, asked: Any) -> Any:
        if self._prepared is None:
            raise Fault("ChangeSetNotFoundException")
        return {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "Changes": []}

    def execute_change_set(self, asked: Any) -> None:
        prepared = self._prepared or {}
        for slot in ("SigningKeyA", "SigningKeyB"):
            # CannotChangeImmutablePublicKeyFields: a public key is made or removed, and never changed.
            current, new = self.parameters[slot], prepared.get(slot, self.parameters[slot])
            assert not (current and new and current != new), f"CloudFront changes no key in place: {slot}"
        self.parameters |= prepared
        self.rendered = render_stack(self.parameters)


def _listed(kind: str, values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{f"{kind}Key": name, f"{kind}Value": value} for name, value in values.items()]
