"""A passkey as a browser registers it, made by code."""

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

# A person is there, and was verified; the credential's data follows.
FLAGS = AuthenticatorData.FLAG(0x45)


def build_credential(credential_id: bytes = b"k" * 16, host: str = "localhost") -> dict[str, Any]:
    """Return the browser's answer to a registration, with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    public_key = ES256.from_cryptography_key(key)  # type: ignore[no-untyped-call]
    credential = AttestedCredentialData.create(b"\0" * 16, credential_id, public_key)
    auth_data = AuthenticatorData.create(sha256(host.encode()).digest(), FLAGS, 0, bytes(credential))
    client_data = {"type": "webauthn.create", "challenge": "YQ", "origin": f"http://{host}"}
    return {
        "id": websafe_encode(credential_id),
        "rawId": websafe_encode(credential_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(json.dumps(client_data).encode()),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", auth_data, {}))),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
