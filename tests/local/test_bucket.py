"""The upload bucket as browsers and operators meet it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from django.conf import settings

from mediahub.aws import clients
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from mediahub.uploads.models import Upload
from tests.local_aws import drain
from tests.pictures import jpeg

AWS = settings.BASE_DIR / ".venv-local-aws" / "bin" / "aws"
SITE = "http://127.0.0.1:8000"


def copied(file: Path, key: str) -> None:
    target = f"s3://{settings.UPLOAD_BUCKET}/{key}"
    command = [str(AWS), f"--endpoint-url={settings.AWS_ENDPOINT_URL}", "s3", "cp", "--quiet", str(file), target]
    subprocess.run(command, env={**os.environ, "AWS_PROFILE": "operator"}, check=True)


def preflight(origin: str, method: str) -> urllib3.BaseHTTPResponse:
    address = f"{settings.AWS_ENDPOINT_URL}/{settings.UPLOAD_BUCKET}/uploads/1/original"
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return urllib3.request("OPTIONS", address, headers=asked)


def test_a_copied_file_is_announced_on_the_queue(aws: Callable[[str, str], Any], tmp_path: Path) -> None:
    (tmp_path / "test.jpg").write_bytes(jpeg())
    copied(tmp_path / "test.jpg", "Jahr 2026/Straße + Wiese.jpg")
    [message] = aws("worker", "sqs").receive_message(QueueUrl=settings.UPLOAD_QUEUE_URL)["Messages"]
    [record] = json.loads(message["Body"])["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == settings.UPLOAD_BUCKET
    assert record["s3"]["object"]["key"] == "Jahr+2026/Stra%C3%9Fe+%2B+Wiese.jpg"
    assert record["s3"]["object"]["versionId"]
    assert record["s3"]["object"]["sequencer"]


@pytest.mark.django_db(transaction=True)
def test_a_copied_file_becomes_an_image(event_loop: EventLoop, tmp_path: Path) -> None:
    (tmp_path / "test.jpg").write_bytes(jpeg(800, 600))
    copied(tmp_path / "test.jpg", "Jahr 2026/Straße + Wiese.jpg")
    drain(event_loop)
    image = Image.objects.get()
    assert image.file_name == "Straße + Wiese.jpg"
    assert {rendition.name for rendition in image.renditions.all()} == {spec.name for spec in clients.get_specs()}
    assert Upload.objects.get().source == Upload.Source.BUCKET


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE"])
def test_the_sites_pages_may_upload(local_aws: Any, method: str) -> None:
    answer = preflight(SITE, method)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert method in answer.headers["Access-Control-Allow-Methods"]


def test_d18_other_pages_may_not(local_aws: Any) -> None:
    answer = preflight("https://elsewhere.example", "POST")
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_may_read_the_etag_of_what_it_sent(aws: Callable[[str, str], Any]) -> None:
    key = "uploads/1/original"
    url = aws("web", "s3").generate_presigned_url("put_object", Params={"Bucket": settings.UPLOAD_BUCKET, "Key": key})
    answer = urllib3.request("PUT", url, body=b"bytes", headers={"Origin": SITE})
    assert answer.status == 200
    assert "etag" in answer.headers["Access-Control-Expose-Headers"].lower()


def test_what_we_write_is_encrypted_with_our_key(aws: Callable[[str, str], Any]) -> None:
    clients.get_rendition_store().put("small/1/2.jpg", b"bytes", "image/jpeg")
    head = aws("worker", "s3").head_object(Bucket=settings.RENDITION_BUCKET, Key="small/1/2.jpg")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == settings.KMS_KEY_ARN


@pytest.mark.parametrize("bucket", [settings.UPLOAD_BUCKET, settings.RENDITION_BUCKET])
def test_a_bucket_cannot_be_opened_to_the_public(aws: Callable[[str, str], Any], bucket: str) -> None:
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("operator", "s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [everyone]}))
