"""The stages in zappa_settings.json: what the stack made, where plain `zappa` finds it; nothing is secret."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.stack import endpoints
from deploy.stage import Place

FILE = Path(__file__).resolve().parents[2] / "zappa_settings.json"
# RFC 2606: a name that never exists.
NOWHERE = "https://not-deployed.invalid"
# Reserving concurrency must leave a hundred to the rest of the account.
LEAST_LEFT = 100
RESERVED = {"web": 20, "worker": 15}
# So that a database that pauses may: a clock with nothing to do rests until the day ends.
REST_SECONDS = 24 * 3600


def names(place: Place) -> dict[str, str]:
    """Zappa's stages by kind; API Gateway takes no dash in them."""
    return {"web": place.stage, "worker": f"{place.stage}_worker"}


def functions(place: Place) -> dict[str, str]:
    """The functions by kind, as Zappa names them."""
    return {"web": f"{place.project}-{place.stage}", "worker": f"{place.project}-{place.stage}-worker"}


def read() -> dict[str, Any]:
    """All stages; raises DeployError when the file is no JSON."""
    try:
        return dict(json.loads(FILE.read_text()))
    except (OSError, ValueError) as error:
        raise DeployError(f"{FILE.name} cannot be read: {error}. Restore it from version control.") from error


def origin(place: Place, parameters: Mapping[str, str]) -> str:
    """Scheme and host of the site: the operator's, or what API Gateway gives; `not-deployed.invalid` before that."""
    if parameters.get("SiteOrigin"):
        return parameters["SiteOrigin"]
    if parameters.get("ApiId"):
        return f"https://{parameters['ApiId']}.execute-api.{place.region}.amazonaws.com"
    return NOWHERE


def address(place: Place, parameters: Mapping[str, str]) -> str:
    """Return the site's address without a slash at its end: API Gateway's own host has the stage in its path."""
    site = origin(place, parameters)
    at_gateway = parameters.get("ApiId") and not parameters.get("SiteOrigin")
    return f"{site}/{place.stage}" if at_gateway else site


def addresses(place: Place, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that say where the site is."""
    host = origin(place, parameters).removeprefix("https://")
    return {
        "SITE_URL": address(place, parameters),
        "ALLOWED_HOSTS": f".execute-api.{place.region}.amazonaws.com,{host}",
    }


def write(place: Place, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Write the stages of web and worker; what an operator added to them stays."""
    held = read()
    room = int(place.clients("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    for kind, name in names(place).items():
        stage = held.get(name, {})
        made = {
            "extends": kind,
            "project_name": place.project,
            "aws_region": place.region,
            "s3_bucket": outputs["PackageBucket"],
            "role_arn": outputs["WorkerRoleArn" if kind == "worker" else "WebRoleArn"],
            "aws_environment_variables": settings_of(place, outputs, parameters, kind, held),
            **_network(outputs),
        }
        if room >= sum(RESERVED.values()) + LEAST_LEFT:
            made["lambda_concurrency"] = RESERVED[kind]
        held[name] = {**stage, **made}
    save(held)


def save(held: Mapping[str, Any]) -> None:
    """Write all stages."""
    FILE.write_text(json.dumps(held, indent=4) + "\n")


def settings_of(
    place: Place, outputs: Mapping[str, str], parameters: Mapping[str, str], kind: str, all_stages: Mapping[str, Any]
) -> dict[str, str]:
    """Return all settings of a function: an operator's for this stage, those for every stage, and the stack's.

    The workers on Fargate are given those of the worker's function, so that no setting can reach one and not the other.
    """
    return {
        **all_stages.get(names(place)[kind], {}).get("aws_environment_variables", {}),
        **all_stages.get("base", {}).get("aws_environment_variables", {}),
        **environment(place, outputs, parameters, kind),
    }


def environment(place: Place, outputs: Mapping[str, str], parameters: Mapping[str, str], kind: str) -> dict[str, str]:
    """The settings of a function: names, addresses and references, never a secret."""
    found = {
        "STAGE": place.stage,
        **addresses(place, parameters),
        "UPLOAD_BUCKET": outputs["UploadBucket"],
        "RENDITION_BUCKET": outputs["RenditionBucket"],
        "UPLOAD_QUEUE_URL": outputs["UploadQueueUrl"],
        "UPLOAD_QUEUE_ARN": outputs["UploadQueueArn"],
        "DEAD_LETTER_QUEUE_URL": outputs["DeadLetterQueueUrl"],
        "BULK_QUEUE_URL": outputs["BulkQueueUrl"],
        "MIRROR_TABLE": outputs["MirrorTable"],
        "KMS_KEY_ARN": outputs["KmsKeyArn"],
        "SECRET_KEY_SECRET": outputs["SecretName"],
        "LABELER": "rekognition" if parameters.get("Labels", "true") == "true" else "off",
    }
    if host := outputs.get("CdnHost"):
        found |= {"CLOUDFRONT_DOMAIN": host, "STATIC_URL": f"https://{host}/static/"}
    if "FunctionNetwork" in outputs:
        found |= endpoints.list_addresses(place.region, outputs["FunctionNetwork"])
    if kind == "worker" and "CdnQueueUrl" in outputs:
        found["CDN_QUEUE_URL"] = outputs["CdnQueueUrl"]
    if kind == "web" and "SigningKeyId" in outputs:
        found["CLOUDFRONT_KEY_SECRET"] = outputs["SecretName"]
    return found | _database(outputs)


def _database(outputs: Mapping[str, str]) -> dict[str, str]:
    if "DatabaseHost" in outputs:
        address = f"postgresql://mediahub@{outputs['DatabaseHost']}:5432/mediahub"
        return {"DATABASE_URL": address, "DATABASE_IAM": "true", "CLOCK_REST_SECONDS": str(REST_SECONDS)}
    return {"DATABASE_SECRET": outputs["DatabaseSecretName"]}


def _network(outputs: Mapping[str, str]) -> dict[str, Any]:
    if "FunctionSubnets" not in outputs:
        return {}
    subnets = outputs["FunctionSubnets"].split(",")
    return {
        "vpc_config": {
            "SubnetIds": subnets,
            "SecurityGroupIds": [outputs["FunctionSecurityGroup"]],
            # Zappa hands all of this to Lambda as it is (`create_lambda_function` and `update_lambda_configuration`).
            "Ipv6AllowedForDualStack": outputs.get("FunctionNetwork") == endpoints.IPV6,
        }
    }
