"""Browsers may reach each host that is signed for them: by the pages' policy in every region, and by the bucket's CORS.

Sources: Content Security Policy Level 3 (W3C): fetch is connect-src, pictures are img-src, forms and what they lead to
are form-action. Hosts are those that botocore's endpoint rules make, so they are asked here and not written down.
"""

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from django.conf import settings

from tests.aws.rendered import ACCOUNT, render_settings, render_stack

# Every region of the partition that deploy/ is written for; some are opted into.
REGIONS = sorted(boto3.Session().get_available_regions("s3", partition_name="aws"))
# Without CloudFront more is signed by S3; with it the hosts differ in no region.
PLACES = [*((region, "false") for region in REGIONS), ("us-east-1", "true"), ("eu-central-1", "true")]
SIGN = """
import functools, json, os, runpy, sys
import botocore.session
import django
from django.conf import settings

# Each region's clients read the same models of the services.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

django.setup()
from csp.utils import build_policy
from django.core.cache import caches
from django.core.files.storage import storages
from django.test import override_settings
from mediahub.aws import clients
from mediahub.delivery import addresses
from mediahub.uploads import tickets

def sign(environment):
    os.environ.update(environment)
    names = runpy.run_path("mediahub/settings.py")
    clients._make_client.cache_clear()
    caches["process"].clear()
    with override_settings(**{name: value for name, value in names.items() if name.isupper()}):
        signer = clients.get_upload_signer()
        form = signer.sign_post("uploads/1/original", "image/jpeg", 1000, 60).url
        given = {"UploadId": "u", "PartNumber": 1, "VersionId": "v", "ContentType": "image/jpeg"}
        wanted = {"create_multipart_upload": ["ContentType"], "upload_part": ["UploadId", "PartNumber"]}
        steps = [
            signer.sign_address(operation, "uploads/1/original", 60, {name: given[name] for name in names})
            for operation in tickets._PRESIGNED.values()
            for names in [wanted.get(operation, ["UploadId"])]
        ]
        files = [addresses.sign_original_link("uploads/1/original", "v", "a.jpg")]
        files.append(addresses.sign_download_link("downloads/1.zip", "a.zip"))
        shown = [addresses.build_address("large/1/2.jpg")]
        shown.append(clients.get_rendition_signer().sign_address("get_object", "large/1/2.jpg", 60, {}))
        # Nothing asks django-storages for a link of S3's; if something did, it would be of the same host.
        storage = storages["renditions"]
        shown.append(storage.connection.meta.client.generate_presigned_url(
            "get_object", Params={"Bucket": settings.RENDITION_BUCKET, "Key": "k"}))
        return {"policy": build_policy(), "form": [form], "steps": steps, "files": files, "shown": shown}

for line in sys.stdin:
    print("SIGNED " + json.dumps(sign(json.loads(line))), flush=True)
"""


def environment_of(region: str, cdn: str) -> dict[str, str]:
    """Return what the web's function is given there, with the secrets that settings would fetch left out."""
    given = render_settings(render_stack({"Cdn": cdn}, region), "web")
    host = {"CLOUDFRONT_DOMAIN": "d111111abcdef8.cloudfront.net"} if cdn == "true" else {"CLOUDFRONT_DOMAIN": ""}
    return {name: value for name, value in given.items() if not name.endswith(("_SECRET", "_KEY_ID", "_IAM"))} | {
        **host,
        "AWS_REGION": region,
        "DATABASE_URL": "sqlite://:memory:",
    }


@pytest.fixture(scope="module")
def signed() -> dict[tuple[str, str], dict[str, Any]]:
    """Provide what one process signs with the settings of each region, with CloudFront and without."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-key",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    process = subprocess.run(
        [sys.executable, "-c", SIGN],
        input="\n".join(json.dumps(environment_of(*stage)) for stage in PLACES),
        env={**clean, **keys, "DJANGO_SETTINGS_MODULE": "mediahub.settings", "LOCAL": "false"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    lines = [line for line in process.stdout.splitlines() if line.startswith("SIGNED ")]
    return {stage: json.loads(line.removeprefix("SIGNED ")) for stage, line in zip(PLACES, lines, strict=True)}


def directives(policy: str) -> dict[str, set[str]]:
    return {words[0]: set(words[1:]) for words in (part.split() for part in policy.split(";")) if words}


@pytest.mark.parametrize(("region", "cdn"), PLACES)
def test_what_is_signed_is_allowed_to_browsers(
    signed: dict[tuple[str, str], dict[str, Any]], region: str, cdn: str
) -> None:
    signed_addresses = signed[region, cdn]
    policy = directives(signed_addresses["policy"])
    asked = {
        "connect-src": signed_addresses["form"] + signed_addresses["steps"],
        # The form without scripts, and what a form's answer redirects to.
        "form-action": signed_addresses["form"] + signed_addresses["files"],
        "img-src": signed_addresses["shown"],
    }
    for directive, addresses in asked.items():
        origins = {f"{urlsplit(address).scheme}://{urlsplit(address).netloc}" for address in addresses}
        assert origins <= policy[directive], (directive, region)
        assert all(origin.startswith("https://") for origin in origins)
    uploads = {urlsplit(address).netloc for address in signed_addresses["form"] + signed_addresses["steps"]}
    assert uploads == {f"mediahub-production-uploads-{ACCOUNT}.s3.{region}.amazonaws.com"}


def test_cloudfronts_host_shows_pictures_and_serves_what_pages_load(
    signed: dict[tuple[str, str], dict[str, Any]],
) -> None:
    policy = directives(signed["us-east-1", "true"]["policy"])
    assert signed["us-east-1", "true"]["shown"][0] == "https://d111111abcdef8.cloudfront.net/large/1/2.jpg"
    assert "https://d111111abcdef8.cloudfront.net" in policy["img-src"]
    static = environment_of("us-east-1", "true")["STATIC_URL"]
    assert urlsplit(static).path == "/static/"
    # Never the whole host, which serves what people uploaded too.
    for directive in ("script-src", "style-src", "font-src"):
        assert policy[directive] == {"'self'", static}


@pytest.mark.parametrize("region", REGIONS)
def test_the_upload_bucket_takes_the_origin_of_the_pages_and_each_method_that_is_signed(region: str) -> None:
    stack = render_stack(region=region)
    site = urlsplit(render_settings(stack, "web")["SITE_URL"])
    [rule] = stack.properties("UploadBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [f"{site.scheme}://{site.netloc}"]
    assert {"POST", "PUT", "DELETE", "GET"} <= set(rule["AllowedMethods"])
    assert (rule["AllowedHeaders"], "ETag" in rule["ExposedHeaders"]) == (["*"], True)
