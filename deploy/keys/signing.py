"""The keys that sign CloudFront's links: public keys are parameters of the stack, the private key is in its secret.

CloudFront does not change a public key in place ("CannotChangeImmutablePublicKeyFields", CloudFront API reference,
UpdatePublicKey), so the stack has two slots. A new key goes into the free slot; while both are in the key group, links
of both are valid. The secret holds the id of the key that signs beside it, so that a function never mixes two.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.stage import Stage

# CloudFront accepts only RSA keys of 2048 bits.
BITS = 2048
SLOTS = ("A", "B")
KEY_ID, PRIVATE = "CLOUDFRONT_KEY_ID", "CLOUDFRONT_PRIVATE_KEY"


def generate_pair() -> tuple[str, str]:
    """Return the public and the private key of a new pair, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode(), private.decode()


def choose_key(stage: Stage, parameters: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the parameters to set for the key that signs, and its private key if it is new.

    A key is generated if there is none, or if the secret lacks the private key of the one in use.
    """
    used = parameters.get("SigningKeyInUse", "A")
    if parameters.get(f"SigningKey{used}") and is_stored(stage):
        return {}, ""
    public, private = generate_pair()
    slot = find_free_slot(parameters)
    return {f"SigningKey{slot}": public, "SigningKeyInUse": slot}, private


def find_free_slot(parameters: Mapping[str, str]) -> str:
    """Return the slot without a key, or else the one whose key does not sign."""
    used = parameters.get("SigningKeyInUse", "A")
    return next((slot for slot in SLOTS if not parameters.get(f"SigningKey{slot}")), find_other_slot(used))


def find_other_slot(slot: str) -> str:
    """Return the other one of the two slots."""
    return SLOTS[1 - SLOTS.index(slot)]


def store_key(stage: Stage, key_id: str, private: str) -> None:
    """Store the private key, with the id that CloudFront gave it, only in the secret that the web reads."""
    write_secret(stage, {**read_secret(stage), KEY_ID: key_id, PRIVATE: private})


def is_stored(stage: Stage) -> bool:
    """Return whether the secret holds the private key of the key that the stack uses."""
    secret = read_secret(stage)
    return bool(secret.get(PRIVATE)) and secret.get(KEY_ID) == stage.base.read_outputs().get("SigningKeyId")


def read_secret(stage: Stage) -> dict[str, Any]:
    """Return the values in the site's secret; none if there is no secret."""
    try:
        text = stage.client("secretsmanager").get_secret_value(SecretId=f"{stage.full_name}/django")["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    return dict(json.loads(text))


def write_secret(stage: Stage, values: Mapping[str, Any]) -> None:
    """Replace the values in the site's secret."""
    client = stage.client("secretsmanager")
    client.put_secret_value(SecretId=f"{stage.full_name}/django", SecretString=json.dumps(values))
