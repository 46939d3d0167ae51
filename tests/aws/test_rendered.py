"""The rendered stack is one that CloudFormation could have made."""

import json
from itertools import product

import pytest

from tests.aws.rendered import render_stack


@pytest.mark.parametrize(
    ("database", "cdn", "labels"), list(product(("aurora", "own"), ("true", "false"), ("true", "false")))
)
def test_every_composition_resolves(database: str, cdn: str, labels: str) -> None:
    stack = render_stack(
        {"Database": database, "Cdn": cdn, "Labels": labels, "DatabaseProxy": "true", "Workers": "true"}
    )
    text = json.dumps({"resources": stack.resources, "outputs": stack.outputs})
    assert "Fn::" not in text
    assert '"Ref"' not in text
    assert "${" not in text.replace("${!", "")
    assert ("DatabaseCluster" in stack.resources) == (database == "aurora")
    assert ("Distribution" in stack.resources) == (cdn == "true")


def test_references_to_one_resource_are_equal() -> None:
    stack = render_stack()
    queue = stack.properties("UploadQueue")
    assert stack.properties("Mapping")["EventSourceArn"] == stack.arn("UploadQueue")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == stack.arn("DeadLetterQueue")
    assert stack.outputs["UploadQueueUrl"].endswith("/123456789012/mediahub-production-uploads")
