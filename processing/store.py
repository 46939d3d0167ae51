"""Objects in S3: read, written and signed for browsers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from processing.errors import Unavailable, too_large, translate_botocore_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024
# Most photographs fit in memory; larger files go to the disk, so that they take no memory beside their decoder.
MAX_IN_MEMORY = 8 * CHUNK


@dataclass(frozen=True)
class StoredObject:
    """What a store says of an object without its bytes; `bytes` is their number."""

    key: str
    version_id: str
    bytes: int
    etag: str
    content_type: str
    last_modified: datetime


@dataclass(frozen=True)
class ObjectVersion:
    """One version in a listing.

    Attributes:
        key: The key of the object.
        version_id: Empty or "null" in a bucket without versions.
        bytes: Its size.
        last_modified: When it was written.
        latest: Whether a reader who names no version gets it.
        removed: Whether it is a delete marker of S3.
    """

    key: str
    version_id: str
    bytes: int
    last_modified: datetime
    latest: bool = True
    removed: bool = False


@dataclass(frozen=True)
class VersionPage:
    """A part of a listing, and where the next begins; None after the last."""

    versions: tuple[ObjectVersion, ...]
    next: dict[str, str] | None


class Store(Protocol):
    """A place for objects. Each method raises Missing, Unavailable or Misconfigured."""

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        """Return what is known of one object."""

    def get(self, key: str, version_id: str | None = None, max_bytes: int | None = None) -> IO[bytes]:
        """Return the bytes of one version, seekable; raise Rejected when there are more than `max_bytes`."""

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        """Write an object."""

    def put_file(self, key: str, file: IO[bytes], content_type: str) -> None:
        """Write an object from an open file, which is read in pieces from its beginning."""

    def delete(self, key: str) -> None:
        """Remove an object; no error when there is none."""

    def list_page(self, start: Mapping[str, str] | None = None, limit: int = 1000, *, prefix: str = "") -> VersionPage:
        """Return up to `limit` versions, at most 1000, in the order of their keys, from a page's `next` on.

        With a prefix, only of the keys that begin with it.
        """

    def list_versions(self, key: str) -> tuple[ObjectVersion, ...]:
        """Return every version of one object with its delete markers; none for an object that never existed."""

    def list_folders(self) -> list[str]:
        """Return the parts before the first slash of all keys, also of those that only have earlier versions."""

    def erase_key(self, key: str) -> int:
        """Remove every version of one object and its delete markers for good; return how many there were."""

    def erase_folder(self, prefix: str) -> int:
        """Remove every version of all objects whose keys begin with a prefix for good; return how many there were."""


class S3Store:
    """A bucket as a Store, encrypted with a key of KMS when one is given."""

    def __init__(self, client: "S3Client", bucket: str, kms_key_arn: str = "") -> None:
        """Use a bucket, and a key of KMS for what is written."""
        self._client = client
        self.bucket = bucket
        self._encryption = _encryption(kms_key_arn)

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        """Return what S3 says of one object."""
        with translate_botocore_errors("read_object", key=key):
            answer = self._client.head_object(**self._address(key, version_id))
        return StoredObject(
            key,
            answer.get("VersionId", ""),
            answer["ContentLength"],
            answer["ETag"].strip('"'),
            answer.get("ContentType", ""),
            answer["LastModified"],
        )

    def get(self, key: str, version_id: str | None = None, max_bytes: int | None = None) -> IO[bytes]:
        """Fetch one version into memory, or to the disk when it is large."""
        with translate_botocore_errors("read_object", key=key):
            answer = self._client.get_object(**self._address(key, version_id))
        length = answer["ContentLength"]
        if max_bytes is not None and length > max_bytes:
            answer["Body"].close()
            raise too_large(length, max_bytes)
        file: IO[bytes] = SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115 - the caller closes it
        try:
            with translate_botocore_errors("read_object", key=key):
                for chunk in answer["Body"].iter_chunks(CHUNK):
                    file.write(chunk)
            # A connection that ends early must not pass for a file that is broken.
            if file.tell() != length:
                raise Unavailable("incomplete", key=key)
        except Exception:
            file.close()
            raise
        file.seek(0)
        return file

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        """Write an object from bytes."""
        extra: dict[str, Any] = {"CacheControl": cache_control} if cache_control else {}
        with translate_botocore_errors("write_object", key=key):
            self._client.put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentType=content_type, **extra, **self._encryption
            )

    def put_file(self, key: str, file: IO[bytes], content_type: str) -> None:
        """Write an object from an open file."""
        file.seek(0)
        with translate_botocore_errors("write_object", key=key):
            self._client.put_object(
                Bucket=self.bucket, Key=key, Body=file, ContentType=content_type, **self._encryption
            )

    def restore_version(self, key: str, version_id: str) -> str:
        """Write an earlier version of an object over its later ones; return the id of the new version."""
        with translate_botocore_errors("restore_object", key=key):
            answer = self._client.copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource={"Bucket": self.bucket, "Key": key, "VersionId": version_id},
                **self._encryption,
            )
        return str(answer["VersionId"])

    def delete(self, key: str) -> None:
        """Delete an object."""
        with translate_botocore_errors("delete_object", key=key):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def list_page(self, start: Mapping[str, str] | None = None, limit: int = 1000, *, prefix: str = "") -> VersionPage:
        """Return up to `limit` versions from a page's `next` on."""
        return self._list(limit, **({"Prefix": prefix} if prefix else {}), **dict(start or {}))

    def list_versions(self, key: str) -> tuple[ObjectVersion, ...]:
        """Return every version of one object."""
        versions: list[ObjectVersion] = []
        start: dict[str, str] | None = {}
        # Keys that begin with this one come after it.
        while start is not None:
            page = self._list(1000, Prefix=key, **start)
            versions += [version for version in page.versions if version.key == key]
            start = page.next if page.next and page.next["KeyMarker"] == key else None
        return tuple(versions)

    def measure_parts(self, key: str, multipart_id: str) -> int:
        """Return how many bytes the parts of an upload have that is not completed."""
        with translate_botocore_errors("read_object", key=key):
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=key, UploadId=multipart_id
            )
            return sum(part["Size"] for page in pages for part in page.get("Parts", []))

    def list_folders(self) -> list[str]:
        """Return the parts before the first slash of all keys, also of those that only have earlier versions."""
        folders: list[str] = []
        marker: dict[str, str] | None = {}
        while marker is not None:
            with translate_botocore_errors("list_bucket", bucket=self.bucket):
                answer = self._client.list_object_versions(Bucket=self.bucket, Delimiter="/", **cast(Any, marker))
            folders += [str(part["Prefix"]).rstrip("/") for part in answer.get("CommonPrefixes", [])]
            marker = {"KeyMarker": answer["NextKeyMarker"]} if answer.get("IsTruncated") else None
        return folders

    def erase_key(self, key: str) -> int:
        """Remove every version of one object and its delete markers for good; return how many there were."""
        versions = self.list_versions(key)
        self._erase_versions(versions)
        return len(versions)

    def erase_folder(self, prefix: str) -> int:
        """Remove every version of all objects whose keys begin with a prefix for good; return how many there were."""
        number = 0
        # What is gone is listed no more, so each page is the first one.
        while versions := self.list_page(prefix=prefix).versions:
            self._erase_versions(versions)
            number += len(versions)
        return number

    def _erase_versions(self, versions: Iterable[ObjectVersion]) -> None:
        for version in versions:
            with translate_botocore_errors("delete_object", key=version.key):
                self._client.delete_object(Bucket=self.bucket, Key=version.key, VersionId=version.version_id)

    def _list(self, limit: int, **marker: str) -> VersionPage:
        with translate_botocore_errors("list_bucket", bucket=self.bucket):
            answer = self._client.list_object_versions(Bucket=self.bucket, MaxKeys=limit, **cast(Any, marker))
        versions = [
            *(
                ObjectVersion(v["Key"], v["VersionId"], v["Size"], v["LastModified"], v["IsLatest"])
                for v in answer.get("Versions", [])
            ),
            *(
                ObjectVersion(v["Key"], v["VersionId"], 0, v["LastModified"], v["IsLatest"], removed=True)
                for v in answer.get("DeleteMarkers", [])
            ),
        ]
        # The page begins after the marker; not every S3 keeps to that in a bucket without versions.
        previous = marker.get("KeyMarker"), marker.get("VersionIdMarker")
        versions = [version for version in versions if (version.key, version.version_id) != previous]
        after = None
        if answer.get("IsTruncated"):
            after = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}
        return VersionPage(tuple(versions), after)

    def _address(self, key: str, version_id: str | None) -> Any:
        address = {"Bucket": self.bucket, "Key": key}
        return {**address, "VersionId": version_id} if version_id else address


@dataclass(frozen=True)
class PresignedPost:
    """An address and the form fields with which S3 accepts a file."""

    url: str
    fields: dict[str, str]


class Signer:
    """Signs what a browser may send to one bucket, without a call to AWS."""

    def __init__(self, client: "S3Client", bucket: str, kms_key_arn: str = "") -> None:
        """Sign for a bucket, and for a key of KMS that encrypts what is sent."""
        self._client = client
        self._bucket = bucket
        self._encryption = _encryption(kms_key_arn)

    def list_headers(self, operation: str) -> dict[str, str]:
        """Return the headers that are signed with the address of an operation, and must be sent with it."""
        match operation:
            case "create_multipart_upload":
                return {_HEADERS[name]: value for name, value in self._encryption.items()}
            case "complete_multipart_upload":
                return {"If-None-Match": "*"}
        return {}

    def sign_post(self, key: str, content_type: str, max_bytes: int, expires: int, redirect: str = "") -> PresignedPost:
        """Sign a form for one file of at most `max_bytes`, valid for `expires` seconds.

        S3 refuses any other field or key, and an empty file.

        Source: "POST Policy" in the Amazon S3 API reference.
        """
        fixed = {"Content-Type": content_type}
        if redirect:
            fixed["success_action_redirect"] = redirect
        if self._encryption:
            fixed["x-amz-server-side-encryption"] = self._encryption["ServerSideEncryption"]
            fixed["x-amz-server-side-encryption-aws-kms-key-id"] = self._encryption["SSEKMSKeyId"]
        conditions: list[Any] = [{name: value} for name, value in fixed.items()]
        conditions.append(["content-length-range", 1, max_bytes])
        with translate_botocore_errors("sign_address", key=key):
            post = self._client.generate_presigned_post(
                self._bucket, key, Fields=dict(fixed), Conditions=conditions, ExpiresIn=expires
            )
        return PresignedPost(post["url"], post["fields"])

    def sign_address(self, operation: str, key: str, expires: int, params: Mapping[str, str | int]) -> str:
        """Sign the address of one S3 operation on the key, such as "upload_part", valid for `expires` seconds.

        The headers of `list_headers` must be sent with it. S3 completes an upload only where there is no object yet,
        so that no second file is put over the first; a form has no such condition.
        Source: "Conditional writes" in the Amazon S3 user guide.
        """
        if operation == "create_multipart_upload":
            params = {**params, **self._encryption}
        if operation == "complete_multipart_upload":
            params = {**params, "IfNoneMatch": "*"}
        with translate_botocore_errors("sign_address", key=key):
            return self._client.generate_presigned_url(
                operation, Params={"Bucket": self._bucket, "Key": key, **params}, ExpiresIn=expires
            )


_HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
}


def _encryption(kms_key_arn: str) -> Any:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
