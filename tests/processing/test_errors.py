"""Which error of botocore is which of ours."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from processing import (
    Misconfigured,
    Missing,
    ProcessingError,
    Rejected,
    Unavailable,
    translate_botocore_error,
    translate_botocore_errors,
)


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "…"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((answered(code), Missing) for code in ("NoSuchKey", "NoSuchVersion", "404", "NotFound")),
        *(
            (answered(code), Misconfigured)
            for code in (
                "AccessDenied",
                "AccessDeniedException",
                "403",
                "NoSuchBucket",
                "KMS.DisabledException",
                "InvalidAccessKeyId",
                "SignatureDoesNotMatch",
                "ExpiredToken",
                "ResourceNotFoundException",
                "AWS.SimpleQueueService.NonExistentQueue",
            )
        ),
        *(
            (answered(code), Unavailable)
            for code in (
                "SlowDown",
                "ThrottlingException",
                "ProvisionedThroughputExceededException",
                "InternalError",
                "503",
                "RequestTimeout",
                "KMS.ThrottlingException",
                "",
            )
        ),
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable),
        (ConnectTimeoutError(endpoint_url="http://x"), Unavailable),
        (ReadTimeoutError(endpoint_url="http://x"), Unavailable),
        (NoCredentialsError(), Misconfigured),
    ],
    ids=str,
)
def test_each_error_has_its_kind(error: Exception, kind: type[ProcessingError]) -> None:
    ours = translate_botocore_error(error, "read_object", key="a.jpg")
    assert type(ours) is kind
    assert "Reading a.jpg failed: " in ours.message


def test_an_error_of_ours_stays_and_a_mistake_of_the_code_comes_out() -> None:
    ours = Rejected("empty", "The file is empty.")
    assert translate_botocore_error(ours, "call", name="anything") is ours
    with pytest.raises(ZeroDivisionError), translate_botocore_errors("call", name="anything"):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        translate_botocore_error(ZeroDivisionError(), "call", name="anything")
    refused = pytest.raises(Misconfigured, match="Calling anything failed")
    with refused as caught, translate_botocore_errors("call", name="anything"):
        raise answered("AccessDenied")
    assert isinstance(caught.value.__cause__, ClientError)
