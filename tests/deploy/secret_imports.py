"""A double of one thing that the local AWS lacks: importing secrets into a stack.

Instead a secret is made anew by the change set that follows, and gets the value it had. All else is the local AWS's.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

from deploy.cloudformation import ClientFactory

KIND = "AWS::SecretsManager::Secret"


def import_secrets(clients: ClientFactory) -> ClientFactory:
    """Return a maker of clients whose CloudFormation takes secrets over."""
    double = _CloudFormation(clients)

    def client(service: str, config: Config | None = None, /) -> Any:
        return double if service == "cloudformation" else clients(service, config)

    return client


class _CloudFormation:
    def __init__(self, clients: ClientFactory) -> None:
        self._clients = clients
        self._real = clients("cloudformation")
        self._values: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_change_set(self, **asked: Any) -> Any:
        if asked["ChangeSetType"] != "IMPORT":
            return self._real.create_change_set(**asked)
        bucket, key = urlsplit(asked["TemplateURL"]).path.lstrip("/").split("/", 1)
        s3 = self._clients("s3")
        whole = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for entry in [entry for entry in asked["ResourcesToImport"] if entry["ResourceType"] == KIND]:
            asked["ResourcesToImport"] = [one for one in asked["ResourcesToImport"] if one is not entry]
            del whole["Resources"][entry["LogicalResourceId"]]
            self._take(entry["ResourceIdentifier"]["Id"])
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(whole).encode())
        return self._real.create_change_set(**asked)

    def describe_stacks(self, **asked: Any) -> Any:
        answer = self._real.describe_stacks(**asked)
        if answer["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE":
            for name, value in self._values.items():
                self._clients("secretsmanager").put_secret_value(SecretId=name, SecretString=value)
            self._values.clear()
        return answer

    def _take(self, identifier: str) -> None:
        secrets = self._clients("secretsmanager")
        if value := secrets.get_secret_value(SecretId=identifier)["SecretString"]:
            self._values[secrets.describe_secret(SecretId=identifier)["Name"]] = value
        secrets.delete_secret(SecretId=identifier, ForceDeleteWithoutRecovery=True)
