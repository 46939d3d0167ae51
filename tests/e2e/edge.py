"""CloudFront's edge: serves a distribution by the behaviors, keys and invalidations that ministack keeps of it.

An answer is kept until an invalidation names it, as long as `s-maxage` says on AWS (here a year, so: for ever): a
takedown of which CloudFront was not told is seen.
"""

import base64
import fnmatch
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.rehearsal.editor import Response


@dataclass
class Edge:
    """All distributions of an account; `clients` are the operator's."""

    clients: Callable[[str], Any]
    answers: dict[str, Response] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def answer(self, url: str) -> Response:
        """Return what a browser gets at an address of CloudFront."""
        host, path = urlsplit(url).netloc, unquote(urlsplit(url).path)
        distribution = self._distribution(host)
        if distribution is None:
            return Response(502, [], b"no distribution has this host name")
        name, config = distribution
        self._forget(name, host)
        behavior = next(
            (one for one in config.get("CacheBehaviors", {}).get("Items", []) if _matches(one["PathPattern"], path)),
            config["DefaultCacheBehavior"],
        )
        if not self._may_pass(behavior, url):
            return Response(403, [], b"MissingKey")
        key = f"{host}{path}"
        if key not in self.answers:
            answer = self._fetch(config, behavior["TargetOriginId"], path)
            if answer.status != 200:
                return answer
            self.answers[key] = answer
        return self.answers[key]

    def _distribution(self, host: str) -> tuple[str, dict[str, Any]] | None:
        client = self.clients("cloudfront")
        for one in client.list_distributions()["DistributionList"].get("Items", []):
            if one["DomainName"] == host and one["Enabled"]:
                return one["Id"], client.get_distribution_config(Id=one["Id"])["DistributionConfig"]
        return None

    def _forget(self, distribution: str, host: str) -> None:
        client = self.clients("cloudfront")
        listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]
        for one in listed.get("Items", []):
            if one["Id"] in self.seen:
                continue
            self.seen.add(one["Id"])
            batch = client.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"]
            for path in batch["InvalidationBatch"]["Paths"]["Items"]:
                self.answers = {key: value for key, value in self.answers.items() if not _matches(f"{host}{path}", key)}

    def _may_pass(self, behavior: dict[str, Any], url: str) -> bool:
        """Return whether the behavior asks for no signature, or one of its keys made the one of the address."""
        groups = behavior.get("TrustedKeyGroups", {})
        if not groups.get("Items"):
            return True
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if not {"Expires", "Signature", "Key-Pair-Id"} <= set(asked):
            return False
        client = self.clients("cloudfront")
        keys = {
            key
            for group in groups["Items"]
            for key in client.get_key_group(Id=group)["KeyGroup"]["KeyGroupConfig"]["Items"]
        }
        if asked["Key-Pair-Id"] not in keys:
            return False
        pem = client.get_public_key(Id=asked["Key-Pair-Id"])["PublicKey"]["PublicKeyConfig"]["EncodedKey"]
        resource = url.split("?", 1)[0]
        condition = {"DateLessThan": {"AWS:EpochTime": int(asked["Expires"])}}
        policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))
        return _is_signed(pem, policy, asked["Signature"])

    def _fetch(self, config: dict[str, Any], origin: str, path: str) -> Response:
        host = next(one["DomainName"] for one in config["Origins"]["Items"] if one["Id"] == origin)
        try:
            stored = self.clients("s3").get_object(Bucket=host.split(".", 1)[0], Key=path.lstrip("/"))
        except ClientError as error:
            # Without the right to list the bucket, S3 says 403 of a key that is not there.
            return Response(403, [], str(error).encode())
        return Response(200, [("Content-Type", stored["ContentType"])], stored["Body"].read())


def _matches(pattern: str, path: str) -> bool:
    """Return whether a path matches a pattern, whose asterisk also stands for slashes; its first slash may lack."""
    return fnmatch.fnmatchcase(path.lstrip("/"), pattern.lstrip("/"))


def _is_signed(pem: str, policy: str, signature: str) -> bool:
    """Return whether the key signed the canned policy; CloudFront's letters stand for those an address cannot hold."""
    key = serialization.load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    raw = base64.b64decode(signature.translate(str.maketrans("-_~", "+=/")))
    try:
        key.verify(raw, policy.encode(), padding.PKCS1v15(), hashes.SHA1())
    except InvalidSignature:
        return False
    return True
