"""Judge what S3 takes of a signed form and of a signed address, by AWS's published rules.

The local AWS checks most of them, and not all; here each is written down. Sources: "POST Policy", "Browser-Based
Uploads Using POST: Calculating a Signature" and "Authenticating Requests: Using Query Parameters (AWS Signature
Version 4)" in the Amazon S3 API reference.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
# Fields that a policy need not name. S3 passes over those that begin with x-ignore-.
FREE_FIELDS = ("policy", "x-amz-signature", "file")
# The longest that an address signed by Signature Version 4 may be valid.
LONGEST = timedelta(days=7)


def refuse_form(fields: Mapping[str, str], size: int, bucket: str, secret: str, now: datetime) -> list[str]:
    """Return why S3 refuses a form with a file of this size, sent to a bucket; empty when it takes it."""
    lower = {name.lower(): value for name, value in fields.items()}
    try:
        policy = json.loads(base64.b64decode(lower["policy"], validate=True))
        expires = datetime.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        scope = lower["x-amz-credential"].split("/")
        key = _derive_key(secret, *scope[1:4])
    except (KeyError, ValueError, TypeError) as error:
        return [f"It cannot be read: {error!r}"]
    signature = hmac.new(key, lower["policy"].encode(), hashlib.sha256).hexdigest()
    reasons = []
    if lower.get("x-amz-algorithm") != ALGORITHM or lower.get("x-amz-signature") != signature:
        reasons.append("The signature does not fit.")
    if now >= expires:
        reasons.append("The policy has expired.")
    named = {"bucket"}
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            [(name, value)] = condition.items()
            operator = "eq"
        else:
            operator, name, value = (condition[0], condition[1], condition[2])
        if operator == "content-length-range":
            if not condition[1] <= size <= condition[2]:
                reasons.append("The size is out of range.")
            continue
        name = str(name).removeprefix("$").lower()
        named.add(name)
        sent = bucket if name == "bucket" else lower.get(name)
        if sent is None or (sent != value if operator == "eq" else not sent.startswith(value)):
            reasons.append(f"{name} is not what the policy says.")
    free = {name for name in lower if name in FREE_FIELDS or name.startswith("x-ignore-")}
    reasons += [f"The policy names no {name}." for name in sorted(lower.keys() - named - free)]
    return reasons


def refuse_request(
    method: str, address: str, headers: Mapping[str, str], secret: str, now: datetime, size: int = 0
) -> list[str]:
    """Return why S3 refuses a request with a signed address; empty when it takes it.

    `size` is that of its body, which S3 reads as long as the header says.
    """
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    lower = {
        "host": parts.netloc,
        "content-length": str(size),
        **{name.lower(): value for name, value in headers.items()},
    }
    try:
        signed = query["X-Amz-SignedHeaders"].split(";")
        scope = query["X-Amz-Credential"].split("/")
        begins = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        valid = timedelta(seconds=int(query["X-Amz-Expires"]))
        key = _derive_key(secret, *scope[1:4])
    except (KeyError, ValueError, TypeError) as error:
        return [f"It cannot be read: {error!r}"]
    reasons = []
    if query.get("X-Amz-Algorithm") != ALGORITHM or "host" not in signed:
        reasons.append("It is signed in no way that S3 knows.")
    if not timedelta() < valid <= LONGEST or not begins - timedelta(minutes=15) <= now < begins + valid:
        reasons.append("The address has expired, or is valid too long.")
    pairs = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
    canonical = "\n".join(
        [
            method,
            quote(parts.path, safe="/~%"),
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs),
            *(f"{name}:{' '.join(lower.get(name, '').split())}" for name in signed),
            "",
            query["X-Amz-SignedHeaders"],
            "UNSIGNED-PAYLOAD",
        ]
    )
    text = "\n".join(
        [ALGORITHM, query["X-Amz-Date"], "/".join(scope[1:]), hashlib.sha256(canonical.encode()).hexdigest()]
    )
    if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != query.get("X-Amz-Signature"):
        reasons.append("The signature does not fit.")
    unsigned = [name for name in lower if name.startswith("x-amz-") and name not in signed]
    reasons += [f"There were headers present in the request which were not signed: {name}" for name in unsigned]
    if len(dict(query)) != len(parse_qsl(parts.query, keep_blank_values=True)):
        reasons.append("A parameter stands twice.")
    return reasons


def _derive_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def read_policy(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy of a form."""
    policy: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return policy


def write_policy(policy: Mapping[str, Any]) -> str:
    """Return a policy as it stands in a form."""
    return base64.b64encode(json.dumps(policy).encode()).decode()
