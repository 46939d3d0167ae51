"""The stages in zappa_settings.json, where plain `zappa` finds what the stack created; nothing in it is secret."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.database import aurora
from deploy.errors import DeployError
from deploy.stack import endpoints
from deploy.stage import Stage

FILE = Path(__file__).resolve().parents[2] / "zappa_settings.json"
# A name that never exists (RFC 2606).
NOWHERE = "https://not-deployed.invalid"
# Reserved concurrency must leave a hundred to the rest of the account.
UNRESERVED = 100
RESERVED = {"web": 20, "worker": 15}
# A clock with nothing to do rests until the end of the day, so that the database can pause.
REST_SECONDS = 24 * 3600


def name_stages(stage: Stage) -> dict[str, str]:
    """Return Zappa's stages by kind; API Gateway accepts no dash in them."""
    return {"web": stage.name, "worker": f"{stage.name}_worker"}


def name_functions(stage: Stage) -> dict[str, str]:
    """Return the functions by kind, as Zappa names them."""
    return {"web": stage.full_name, "worker": f"{stage.full_name}-worker"}


def read_stages() -> dict[str, Any]:
    """Return all stages; raise DeployError when the file cannot be read."""
    try:
        return dict(json.loads(FILE.read_text()))
    except (OSError, ValueError) as error:
        raise DeployError(f"{FILE.name} cannot be read: {error}. Restore it from version control.") from error


def find_origin(stage: Stage, parameters: Mapping[str, str]) -> str:
    """Return scheme and host of the site: the operator's own, or API Gateway's, or NOWHERE before it is deployed."""
    if parameters.get("SiteOrigin"):
        return parameters["SiteOrigin"]
    if parameters.get("ApiId"):
        return f"https://{parameters['ApiId']}.execute-api.{stage.region}.amazonaws.com"
    return NOWHERE


def find_address(stage: Stage, parameters: Mapping[str, str]) -> str:
    """Return the site's address without a final slash; on API Gateway's own host the path begins with the stage."""
    site = find_origin(stage, parameters)
    at_gateway = parameters.get("ApiId") and not parameters.get("SiteOrigin")
    return f"{site}/{stage.name}" if at_gateway else site


def build_address_settings(stage: Stage, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that hold the address of the site."""
    host = find_origin(stage, parameters).removeprefix("https://")
    return {
        "SITE_URL": find_address(stage, parameters),
        "ALLOWED_HOSTS": f".execute-api.{stage.region}.amazonaws.com,{host}",
    }


def write_stages(stage: Stage, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Write the stages of web and worker, and keep what an operator added to them."""
    stages = read_stages()
    limit = int(stage.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    for kind, name in name_stages(stage).items():
        former = stages.get(name, {})
        settings = {
            "extends": kind,
            "project_name": stage.project,
            "aws_region": stage.region,
            "s3_bucket": outputs["PackageBucket"],
            "role_arn": outputs["WorkerRoleArn" if kind == "worker" else "WebRoleArn"],
            "aws_environment_variables": collect_settings(stage, outputs, parameters, kind, stages),
            **_build_network_settings(outputs),
        }
        if limit >= sum(RESERVED.values()) + UNRESERVED:
            settings["lambda_concurrency"] = RESERVED[kind]
        stages[name] = {**former, **settings}
    save_stages(stages)


def save_stages(stages: Mapping[str, Any]) -> None:
    """Write the whole file."""
    FILE.write_text(json.dumps(stages, indent=4) + "\n")


def collect_settings(
    stage: Stage, outputs: Mapping[str, str], parameters: Mapping[str, str], kind: str, all_stages: Mapping[str, Any]
) -> dict[str, str]:
    """Return all settings of a function: the operator's for this stage and for every stage, and the stack's.

    The Fargate workers (`bulk`) get the operator's for the worker function, so that no setting can reach one and not
    the other.
    """
    return {
        **all_stages.get(name_stages(stage)["web" if kind == "web" else "worker"], {}).get(
            "aws_environment_variables", {}
        ),
        **all_stages.get("base", {}).get("aws_environment_variables", {}),
        **build_settings(stage, outputs, parameters, kind),
    }


def build_settings(
    stage: Stage, outputs: Mapping[str, str], parameters: Mapping[str, str], kind: str
) -> dict[str, str]:
    """Return the settings that come from the stack: names, addresses and references, never a secret."""
    settings = {
        "STAGE": stage.name,
        **build_address_settings(stage, parameters),
        "UPLOAD_BUCKET": outputs["UploadBucket"],
        "RENDITION_BUCKET": outputs["RenditionBucket"],
        "UPLOAD_QUEUE_URL": outputs["UploadQueueUrl"],
        "UPLOAD_QUEUE_ARN": outputs["UploadQueueArn"],
        "DEAD_LETTER_QUEUE_URL": outputs["DeadLetterQueueUrl"],
        "BULK_QUEUE_URL": outputs["BulkQueueUrl"],
        "MIRROR_TABLE": outputs["MirrorTable"],
        "KMS_KEY_ARN": outputs["KmsKeyArn"],
        "LABELER": "rekognition" if parameters.get("Labels", "true") == "true" else "off",
    }
    if host := outputs.get("CdnHost"):
        settings |= {"CLOUDFRONT_DOMAIN": host, "STATIC_URL": f"https://{host}/static/"}
    if "FunctionNetwork" in outputs:
        settings |= endpoints.list_addresses(stage.region, outputs["FunctionNetwork"])
    if kind != "web" and "CdnQueueUrl" in outputs:
        settings["CDN_QUEUE_URL"] = outputs["CdnQueueUrl"]
    return settings | _build_key_settings(outputs, kind) | _build_database_settings(outputs, kind)


def _build_key_settings(outputs: Mapping[str, str], kind: str) -> dict[str, str]:
    if kind != "web":
        return {"SECRET_KEY_RANDOM": "true"}
    names = ["SECRET_KEY_SECRET", *(["CLOUDFRONT_KEY_SECRET"] if "SigningKeyId" in outputs else [])]
    return dict.fromkeys(names, outputs["SecretName"])


def _build_database_settings(outputs: Mapping[str, str], kind: str) -> dict[str, str]:
    if "DatabaseHost" in outputs:
        address = f"postgresql://{aurora.USERS[kind]}@{outputs['DatabaseHost']}:{aurora.PORT}/mediahub"
        return {"DATABASE_URL": address, "DATABASE_IAM": "true", "CLOCK_REST_SECONDS": str(REST_SECONDS)}
    return {"DATABASE_SECRET": outputs["DatabaseSecretName"]}


def _build_network_settings(outputs: Mapping[str, str]) -> dict[str, Any]:
    if "FunctionSubnets" not in outputs:
        return {}
    subnets = outputs["FunctionSubnets"].split(",")
    return {
        "vpc_config": {
            "SubnetIds": subnets,
            "SecurityGroupIds": [outputs["FunctionSecurityGroup"]],
            # Zappa passes all of this to Lambda unchanged (`create_lambda_function` and `update_lambda_configuration`).
            "Ipv6AllowedForDualStack": outputs.get("FunctionNetwork") == endpoints.IPV6,
        }
    }
