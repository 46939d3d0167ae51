"""The bucket takes each step that MediaHub signs for a browser, and nothing with another encryption.

S3 asks for s3:PutObject at each part of a file too, though a part can name no encryption: a rule that denies what lacks
the header denies every part, as boto/botocore issue 471 and aws/aws-cli issue 4251 saw. What names none gets the
bucket's default, which is our key.
"""

import boto3
import botocore.session
import pytest

from processing.store import Signer
from tests.aws.compositions import EVERYTHING, compose
from tests.aws.iam import BROWSER, Context, Verdict, may
from tests.aws.rendered import REGION

HEADER = "x-amz-server-side-encryption"
KEY_HEADER = f"{HEADER}-aws-kms-key-id"
# The action of each operation: "Multipart upload API and permissions" in the Amazon S3 user guide.
STEPS = {
    "create_multipart_upload": "s3:PutObject",
    "upload_part": "s3:PutObject",
    "complete_multipart_upload": "s3:PutObject",
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "list_parts": "s3:ListMultipartUploadParts",
}


def upload(action: str, headers: dict[str, str], bucket: str = "UploadBucket", role: str = "WebRole") -> Verdict:
    """Return whether the browser may send this, by a link of the web; the worker writes by itself."""
    stack = compose(EVERYTHING)
    context: Context = {f"s3:{name}": value for name, value in headers.items() if name.startswith(HEADER)}
    folder = "uploads" if bucket == "UploadBucket" else "1"
    by = BROWSER if role == "WebRole" else ""
    return may(stack, role, action, f"{stack.arn(bucket)}/{folder}/original", context, by=by)


def signer() -> Signer:
    client = boto3.client("s3", region_name=REGION, aws_access_key_id="example", aws_secret_access_key="example")
    return Signer(client, "bucket", compose(EVERYTHING).outputs["KmsKeyArn"])


@pytest.mark.parametrize("operation", STEPS)
def test_each_step_of_a_file_in_parts_is_taken(operation: str) -> None:
    assert upload(STEPS[operation], signer().list_headers(operation)).refusals == ()


def test_a_part_can_name_no_encryption() -> None:
    model = botocore.session.get_session().get_service_model("s3")
    shape = model.operation_model("UploadPart").input_shape
    assert shape is not None
    assert not {"ServerSideEncryption", "SSEKMSKeyId"} & set(shape.members)


def test_a_form_is_taken() -> None:
    assert upload("s3:PutObject", signer().sign_post("key", "image/png", 1, 60).fields).refusals == ()


@pytest.mark.parametrize(("bucket", "role"), [("UploadBucket", "WebRole"), ("RenditionBucket", "WorkerRole")])
def test_another_encryption_is_refused(bucket: str, role: str) -> None:
    key = compose(EVERYTHING).outputs["KmsKeyArn"]
    for headers, taken in (
        ({}, True),
        ({HEADER: "aws:kms", KEY_HEADER: key}, True),
        ({HEADER: "AES256"}, False),
        ({HEADER: "aws:kms:dsse", KEY_HEADER: key}, False),
        # Without a key of its own such a request would get Amazon's.
        ({HEADER: "aws:kms"}, False),
        ({HEADER: "aws:kms", KEY_HEADER: f"{key}-other"}, False),
    ):
        assert bool(upload("s3:PutObject", headers, bucket, role)) is taken, headers


def test_what_names_no_encryption_is_encrypted_with_our_key() -> None:
    stack = compose(EVERYTHING)
    for bucket in ("UploadBucket", "RenditionBucket"):
        [rule] = stack.properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": stack.outputs["KmsKeyArn"],
        }
