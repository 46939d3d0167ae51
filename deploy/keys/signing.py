"""The keys that sign CloudFront's links: public halves are parameters of the stack, the private one is in its secret.

CloudFront changes no public key in place ("CannotChangeImmutablePublicKeyFields", CloudFront API reference,
UpdatePublicKey), so the stack has two places for one. A new key goes into the place that is free; while both are in
the key group, links of both are good. The secret says which one signs, so that a function never mixes two.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.stage import Place

# CloudFront takes RSA keys of 2048 bits and no others.
BITS = 2048
SLOTS = ("A", "B")
KEY_ID, PRIVATE = "CLOUDFRONT_KEY_ID", "CLOUDFRONT_PRIVATE_KEY"


def make_pair() -> tuple[str, str]:
    """Return the public and the private half of a new key, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode(), private.decode()


def choose_key(place: Place, held: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the parameters of a key that signs, and its private half when it is new.

    A new one is made where there is none, and where the secret does not hold the private half of the one in use.
    """
    used = held.get("SigningKeyInUse", "A")
    if held.get(f"SigningKey{used}") and is_kept(place):
        return {}, ""
    public, private = make_pair()
    slot = free_slot(held)
    return {f"SigningKey{slot}": public, "SigningKeyInUse": slot}, private


def free_slot(held: Mapping[str, str]) -> str:
    """Return the place that no key has, or else the one whose key does not sign."""
    used = held.get("SigningKeyInUse", "A")
    return next((slot for slot in SLOTS if not held.get(f"SigningKey{slot}")), other_slot(used))


def other_slot(slot: str) -> str:
    """Return the other one of the two places."""
    return SLOTS[1 - SLOTS.index(slot)]


def keep(place: Place, key_id: str, private: str) -> None:
    """Put the private half, with the id that CloudFront gave the key, where the web reads it; nowhere else is it."""
    write_secret(place, {**read_secret(place), KEY_ID: key_id, PRIVATE: private})


def is_kept(place: Place) -> bool:
    """Return whether the secret holds the private half of the key that the stack says is in use."""
    secret = read_secret(place)
    return bool(secret.get(PRIVATE)) and secret.get(KEY_ID) == place.base.outputs().get("SigningKeyId")


def read_secret(place: Place) -> dict[str, Any]:
    """Return what the site's secret holds; nothing where there is none."""
    try:
        text = place.clients("secretsmanager").get_secret_value(SecretId=f"{place.name}/django")["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    return dict(json.loads(text))


def write_secret(place: Place, values: Mapping[str, Any]) -> None:
    """Put other values into the site's secret."""
    client = place.clients("secretsmanager")
    client.put_secret_value(SecretId=f"{place.name}/django", SecretString=json.dumps(values))
