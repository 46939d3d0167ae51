"""Bind a deployed function: the queue and the clock to the worker, the site's address to both functions."""

from botocore.exceptions import ClientError

from deploy.database import aurora
from deploy.functions import zappa_settings
from deploy.stack import base
from deploy.stage import Stage


def bind_functions(stage: Stage) -> dict[str, str]:
    """Set the stack's parameters for functions and API, and the site's address; return the outputs."""
    parameters = {
        "WorkerIsDeployed": str(function_exists(stage, zappa_settings.name_functions(stage)["worker"])).lower()
    }
    if api := find_api_id(stage):
        parameters["ApiId"] = api
    if stage.base.read_parameters().get("Database") == "aurora":
        parameters["DatabaseResourceId"] = aurora.read_resource_id(stage)
    outputs = base.update_parameters(stage, parameters)
    _update_address(stage, zappa_settings.build_address_settings(stage, stage.base.read_parameters()))
    return outputs


def find_api_id(stage: Stage) -> str:
    """Return the API that Zappa created for the web; empty if there is none."""
    name = zappa_settings.name_functions(stage)["web"]
    for page in stage.client("apigateway").get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == name:
                return str(api["id"])
    return ""


def function_exists(stage: Stage, function: str) -> bool:
    """Return whether Lambda has the function."""
    try:
        stage.client("lambda").get_function(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _update_address(stage: Stage, address_settings: dict[str, str]) -> None:
    """Set the address in the functions and in zappa_settings.json, which is unknown until the API exists."""
    stages = zappa_settings.read_stages()
    for kind, zappa_stage in zappa_settings.name_stages(stage).items():
        if zappa_stage in stages:
            stages[zappa_stage]["aws_environment_variables"] |= address_settings
        function = zappa_settings.name_functions(stage)[kind]
        if not function_exists(stage, function):
            continue
        client = stage.client("lambda")
        variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        if variables.get("SITE_URL") != address_settings["SITE_URL"]:
            client.get_waiter("function_updated_v2").wait(FunctionName=function)
            client.update_function_configuration(
                FunctionName=function, Environment={"Variables": {**variables, **address_settings}}
            )
    zappa_settings.save_stages(stages)
