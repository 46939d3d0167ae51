"""The stubs of the rehearsal: the list has all of them, ministack lacks each, and the edge keeps what nobody ended."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mediahub.local import stack
from tests.e2e.edge import Edge
from tests.e2e.stubs import STUBS

ROOT = Path(__file__).resolve().parent.parent.parent
# Each of them is put in ministack's place when it starts; the others are parameters, or stand before it.
IN_MINISTACK = ("CloudFormation", "EC2", "RDS", "RDS Data API", "CloudWatch")
INSTALL = """
import json
from pathlib import Path
from tests.e2e import provisioners
from tests.e2e.aurora import Aurora
aurora = Aurora(Path("unused"), "unused", Path("unused"), Path("unused"), {})
print(json.dumps([*provisioners.install(), *aurora.install()]))
"""


def test_the_list_names_each_stub_and_ministack_lacks_each() -> None:
    """Where ministack has learned one, installing it fails and says so."""
    python = ROOT / ".venv-local-aws" / "bin" / "python"
    process = subprocess.run([python, "-c", INSTALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    installed = set(json.loads(process.stdout.splitlines()[-1]))
    listed = {stub.part for stub in STUBS if stub.service in IN_MINISTACK}
    # The authority is a file that the ground makes.
    assert installed == listed - {"global-bundle.pem"}
    assert len({(stub.service, stub.part) for stub in STUBS}) == len(STUBS)


@pytest.fixture
def edge(local_aws: stack.Stack, settings: Any) -> Iterator[Edge]:
    """Provide the edge of an account with one bucket."""
    clients = partial(stack.root_client, endpoint=str(settings.AWS_ENDPOINT_URL))
    clients("s3").create_bucket(Bucket="edge")
    yield Edge(clients)
    for name in ("public/one.jpg", "large/one.jpg"):
        clients("s3").delete_object(Bucket="edge", Key=name)
    clients("s3").delete_bucket(Bucket="edge")


def distribute(edge: Edge, key: rsa.RSAPrivateKey) -> tuple[str, str, str]:
    """Make a distribution like the template's; return its id, its host and the id of its public key."""
    client = edge.clients("cloudfront")
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    named = {"CallerReference": "edge", "Name": "edge", "EncodedKey": pem.decode()}
    public = client.create_public_key(PublicKeyConfig=named)["PublicKey"]["Id"]
    group = client.create_key_group(KeyGroupConfig={"Name": "edge", "Items": [public]})["KeyGroup"]["Id"]
    common = {"TargetOriginId": "edge", "ViewerProtocolPolicy": "https-only"}
    config = {
        "CallerReference": "edge",
        "Comment": "edge",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "edge", "DomainName": "edge.s3.us-east-1.amazonaws.com"}]},
        "DefaultCacheBehavior": {
            **common,
            "TrustedKeyGroups": {"Enabled": True, "Quantity": 1, "Items": [group]},
        },
        "CacheBehaviors": {"Quantity": 1, "Items": [{**common, "PathPattern": "public/*"}]},
    }
    distribution = client.create_distribution(DistributionConfig=config)["Distribution"]
    return distribution["Id"], distribution["DomainName"], public


def test_the_edge_keeps_an_answer_until_it_is_told_and_asks_for_signatures(edge: Edge) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    distribution, host, public = distribute(edge, key)
    s3 = edge.clients("s3")
    for name in ("public/one.jpg", "large/one.jpg"):
        s3.put_object(Bucket="edge", Key=name, Body=b"one")
    address = f"https://{host}/public/one.jpg"
    assert (edge.answer(address).status, edge.answer(address).body) == (200, b"one")
    s3.delete_object(Bucket="edge", Key="public/one.jpg")
    assert edge.answer(address).status == 200, "a takedown of which nobody told is seen"
    batch = {"Paths": {"Quantity": 1, "Items": ["/public/*"]}, "CallerReference": "first"}
    edge.clients("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    assert edge.answer(address).status == 403

    private = f"https://{host}/large/one.jpg"
    signer = CloudFrontSigner(public, lambda said: key.sign(said, padding.PKCS1v15(), hashes.SHA1()))
    signed = signer.generate_presigned_url(private, date_less_than=datetime.now(UTC) + timedelta(hours=1))
    assert edge.answer(private).status == 403
    assert edge.answer(signed).status == 200
    assert edge.answer(signed.replace("large/one", "large/two")).status == 403
    assert edge.answer("https://elsewhere.cloudfront.net/public/one.jpg").status == 502
