"""Secrets by reference: what AWS Secrets Manager keeps, fetched once at the start, which fails without it."""

import json
from functools import cache

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

# A function's start is limited to ten seconds; what does not answer by then will not.
PATIENT = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def read_secret(reference: str, region: str, endpoint: str | None = None) -> dict[str, str]:
    """Return the names and values that the secret `reference`, an ARN or name, holds as JSON.

    Raise ImproperlyConfigured with the secret's name and never its value.
    """
    try:
        # A session of its own: boto3's shared one keeps the profiles it found when it was first used.
        client = boto3.Session(region_name=region).client("secretsmanager", endpoint_url=endpoint, config=PATIENT)
        text = client.get_secret_value(SecretId=reference)["SecretString"]
    except (ClientError, BotoCoreError, KeyError) as error:
        raise ImproperlyConfigured(
            f"The secret {reference} cannot be read: {_describe_error(error)} Nothing starts without it: put its "
            "value into Secrets Manager, and check the role's right to it and the way there."
        ) from error
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        # No cause: it would quote the text.
        raise ImproperlyConfigured(f"The secret {reference} is not a JSON object of names and values.")
    return {str(name): str(value) for name, value in content.items()}


def read_secret_value(reference: str, name: str, region: str, endpoint: str | None = None) -> str:
    """Return one value of a secret; raise ImproperlyConfigured when the secret has no such name or an empty value."""
    value = read_secret(reference, region, endpoint).get(name, "")
    if not value:
        raise ImproperlyConfigured(f"The secret {reference} has no {name}. Add it, as docs/operations.md says.")
    return value


def _describe_error(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}."
    return "It is empty." if isinstance(error, KeyError) else f"{type(error).__name__}."
