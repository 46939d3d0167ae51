"""After Zappa has made or changed a function: queue and clock are tied to it, and the site's address is told."""

from typing import Any

from botocore.exceptions import ClientError

from deploy.database import aurora
from deploy.functions import zappa_settings
from deploy.stack import base
from deploy.stage import Place, open_clients


def after(cli: Any) -> None:
    """Zappa's callback `post`, called at the end of its deploy and update."""
    config = cli.stage_config
    client, region = open_clients(config.get("profile_name"), config.get("aws_region"))
    stage = str(cli.api_stage).removesuffix("_worker")
    bind(Place(config["project_name"], stage, region, client))


def bind(place: Place) -> dict[str, str]:
    """Tell the stack which function and API stand now, and the functions the site's address; returns the outputs."""
    known = {"WorkerIsDeployed": str(exists(place, zappa_settings.functions(place)["worker"])).lower()}
    if api := api_id(place):
        known["ApiId"] = api
    if place.base.parameters().get("Database") == "aurora":
        known["DatabaseResourceId"] = aurora.read_resource_id(place)
    outputs = base.bind(place, known)
    _tell(place, zappa_settings.addresses(place, place.base.parameters()))
    return outputs


def api_id(place: Place) -> str:
    """The API that Zappa made for the web; empty when there is none."""
    wanted = zappa_settings.functions(place)["web"]
    for page in place.clients("apigateway").get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == wanted:
                return str(api["id"])
    return ""


def exists(place: Place, function: str) -> bool:
    """Whether Lambda has the function."""
    try:
        place.clients("lambda").get_function(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _tell(place: Place, told: dict[str, str]) -> None:
    """Give functions and zappa_settings.json the address, which nobody knew before the API stood."""
    held = zappa_settings.read()
    for kind, stage in zappa_settings.names(place).items():
        if stage in held:
            held[stage]["aws_environment_variables"] |= told
        function = zappa_settings.functions(place)[kind]
        if not exists(place, function):
            continue
        client = place.clients("lambda")
        variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        if variables.get("SITE_URL") != told["SITE_URL"]:
            client.get_waiter("function_updated_v2").wait(FunctionName=function)
            client.update_function_configuration(
                FunctionName=function, Environment={"Variables": {**variables, **told}}
            )
    zappa_settings.save(held)
