"""Services that the local AWS lacks, as doubles under botocore's own client.

Parameters, waiters, paginators and the parsing of errors are botocore's; only the answer is the double's. What it
answers is checked against the service's model, as `botocore.stub` does, and it raises only errors that the model lists.
"""

from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.model import OperationModel
from botocore.validate import validate_parameters

from deploy.cloudformation import ClientFactory
from tests.aws.rendered import REGION


class Fault(Exception):
    """An error that a double answers with, by the name that the service's model gives it."""


class Double:
    """A service by the name that boto3 has for it.

    A subclass has a method for each operation, such as `list_keys`, which takes the parameters and returns the answer.
    """

    service = ""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        client = boto3.client(  # type: ignore[call-overload]
            self.service, region_name=REGION, aws_access_key_id="double", aws_secret_access_key="double"
        )
        client.meta.events.register_first("before-parameter-build", self._record)
        client.meta.events.register_first("before-call", self._answer)
        self.client = client
        self._names = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}

    def called(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of each call of an operation, such as `create_db_instance`."""
        return [parameters for name, parameters in self.calls if name == operation]

    def _record(self, params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        self.calls.append((self._names[model.name], dict(params)))

    def _answer(self, model: OperationModel, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        name, parameters = self.calls[-1]
        try:
            answer = dict(getattr(self, name)(parameters) or {})
        except Fault as fault:
            return self._refuse(model, str(fault))
        if model.output_shape is not None:
            validate_parameters(answer, model.output_shape)
        return _response(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _refuse(self, model: OperationModel, fault: str) -> tuple[AWSResponse, dict[str, Any]]:
        listed = {shape.name: shape for shape in model.error_shapes}
        if fault not in listed:
            raise AssertionError(f"The model of {self.service} lists no {fault} for {model.name}.")
        code = listed[fault].metadata.get("error", {}).get("code", fault)
        error = {"Code": code, "Message": f"{fault}, by the double"}
        return _response(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def make_clients(*doubles: Double, others: ClientFactory | None = None) -> ClientFactory:
    """Return a maker of clients, as `Place` takes it; what has no double comes from `others`."""
    known = {double.service: double.client for double in doubles}

    def client(service: str, config: Config | None = None, /) -> Any:
        if service in known:
            return known[service]
        if others is None:
            raise AssertionError(f"Nobody doubles {service}.")
        return others(service, config)

    return client


def _response(status: int) -> AWSResponse:
    return AWSResponse("https://double.invalid", status, HTTPHeaders(), None)
