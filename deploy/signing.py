"""The pair of keys that signs CloudFront's links: the public half is a parameter, the private half a secret."""

import json
from collections.abc import Mapping

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.place import Place

# CloudFront takes RSA keys of 2048 bits and no others.
BITS = 2048


def public_half(place: Place, held: Mapping[str, str]) -> tuple[str, str]:
    """The public half in PEM, and the private half when it is new: the secret holds it otherwise."""
    if held.get("SigningKey") and _is_kept(place):
        return held["SigningKey"], ""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode(), private.decode()


def keep(place: Place, private: str) -> None:
    """Put the private half where the web reads it from; nowhere else is it written."""
    place.clients("secretsmanager").put_secret_value(
        SecretId=_name(place), SecretString=json.dumps({"PRIVATE_KEY": private})
    )


def _is_kept(place: Place) -> bool:
    try:
        place.clients("secretsmanager").get_secret_value(SecretId=_name(place))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _name(place: Place) -> str:
    return f"{place.project}-{place.stage}/cloudfront"
