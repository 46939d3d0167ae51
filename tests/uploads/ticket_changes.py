"""Every single change of what a ticket hands out: fields, policy, addresses, and headers."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tests.aws.s3_rules import read_policy, write_policy

# What a form of S3 can say besides what a ticket says. Source: "PostObject" in the Amazon S3 API reference.
MORE_FIELDS = {
    "acl": "public-read",
    "Cache-Control": "max-age=31536000",
    "Content-Disposition": "inline",
    "Content-Encoding": "gzip",
    "Expires": "Thu, 01 Dec 2037 16:00:00 GMT",
    "redirect": "https://elsewhere.example/",
    "success_action_redirect": "https://elsewhere.example/",
    "success_action_status": "201",
    "tagging": "<Tagging><TagSet/></Tagging>",
    "x-amz-acl": "public-read",
    "x-amz-storage-class": "GLACIER",
    "x-amz-website-redirect-location": "https://elsewhere.example/",
    "x-amz-meta-note": "mine",
    "x-amz-meta-sha256": "0" * 64,
    "x-amz-tagging": "a=b",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z",
    "x-amz-object-lock-legal-hold-status": "ON",
    "x-amz-server-side-encryption-context": "e30=",
    "x-amz-server-side-encryption-bucket-key-enabled": "true",
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-grant-full-control": "uri=http://acs.amazonaws.com/groups/global/AllUsers",
    "x-amz-checksum-sha256": "AAAA",
    "x-amz-request-payer": "requester",
}
# Headers that a request can bring besides those that are signed.
MORE_HEADERS = {
    "x-amz-acl": "public-read",
    "x-amz-storage-class": "GLACIER",
    "x-amz-meta-note": "mine",
    "x-amz-tagging": "a=b",
    "x-amz-website-redirect-location": "https://elsewhere.example/",
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-context": "e30=",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-grant-read": "uri=http://acs.amazonaws.com/groups/global/AllUsers",
    "x-amz-copy-source": "/another-bucket/key",
    "x-amz-copy-source-range": "bytes=0-9",
    "x-amz-checksum-crc32": "AAAAAA==",
    "x-amz-checksum-algorithm": "SHA256",
    "x-amz-sdk-checksum-algorithm": "SHA256",
    "x-amz-request-payer": "requester",
    "x-amz-expected-bucket-owner": "111122223333",
    "x-amz-content-sha256": "0" * 64,
}
MORE_PARAMETERS = {
    "acl": "",
    "tagging": "",
    "versionId": "null",
    "uploads": "",
    "delete": "",
    "partNumber": "9",
    "uploadId": "another",
    "x-amz-acl": "public-read",
    "x-amz-storage-class": "GLACIER",
    "response-content-type": "text/html",
}
Form = tuple[str, dict[str, str]]


def list_alterations(text: str) -> list[str]:
    """Return texts in the place of another: none, longer and shorter ones, another case, and one without sense."""
    candidates = ["", f"{text}x", f"x{text}", text[:-1], text.swapcase(), "0", "../x", f"{text}\r\nx: y"]
    return [candidate for candidate in dict.fromkeys(candidates) if candidate != text]


def change_form(fields: Mapping[str, str]) -> Iterator[Form]:
    """Yield each form that differs from this one in one field, or in one line of its policy, with what differs."""
    for name, value in fields.items():
        yield f"without {name}", {other: text for other, text in fields.items() if other != name}
        for text in list_alterations(value):
            yield f"{name}={text[:30]!r}", {**fields, name: text}
    for name, value in MORE_FIELDS.items():
        if name not in fields:
            yield f"with {name}", {**fields, name: value}
    policy = read_policy(fields)
    for number, condition in enumerate(policy["conditions"]):
        others = [*policy["conditions"][:number], *policy["conditions"][number + 1 :]]
        yield f"policy without {condition}", {**fields, "policy": write_policy({**policy, "conditions": others})}
        wider = [*others, *_widen(condition)]
        yield f"policy with {condition} widened", {**fields, "policy": write_policy({**policy, "conditions": wider})}
    later = {**policy, "expiration": "2099-01-01T00:00:00Z"}
    yield "policy that expires later", {**fields, "policy": write_policy(later)}
    forever = {name: value for name, value in policy.items() if name != "expiration"}
    yield "policy that never expires", {**fields, "policy": write_policy(forever)}


def _widen(condition: Any) -> list[Any]:
    if isinstance(condition, list):
        return [[condition[0], 0, 5_000_000_000]]
    return [["starts-with", f"${next(iter(condition))}", ""]]


def change_address(address: str) -> Iterator[tuple[str, str]]:
    """Yield each address that differs from this one in its key, or in one parameter, with what differs."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for key in ("uploads/another/original", "other", "1/large.jpg", ""):
        head = parts.path.split("/uploads/")[0] if "/uploads/" in parts.path else ""
        yield f"key {key!r}", urlunsplit(parts._replace(path=f"{head}/{key}"))
    if parts.path.startswith("/uploads/"):
        other_place = parts._replace(netloc=f"another-{parts.netloc}")
    else:
        other_place = parts._replace(path=f"/another-{parts.path[1:]}")
    yield "another bucket", urlunsplit(other_place)
    for name, value in pairs:
        others = [(other, text) for other, text in pairs if other != name]
        yield f"without {name}", urlunsplit(parts._replace(query=urlencode(others)))
        for text in list_alterations(value):
            yield f"{name}={text[:30]!r}", urlunsplit(parts._replace(query=urlencode([*others, (name, text)])))
    for name, text in MORE_PARAMETERS.items() - set(pairs):
        more = [(other, value) for other, value in pairs if other != name]
        yield f"{name}={text!r}", urlunsplit(parts._replace(query=urlencode([*more, (name, text)])))


def change_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each set of headers that differs in one header, with what differs."""
    for name, value in headers.items():
        yield f"without {name}", {other: text for other, text in headers.items() if other != name}
        for text in list_alterations(value):
            if "\n" not in text:
                yield f"{name}: {text[:30]!r}", {**headers, name: text}
    for name, value in MORE_HEADERS.items():
        if name not in headers:
            yield f"with {name}", {**headers, name: value}
