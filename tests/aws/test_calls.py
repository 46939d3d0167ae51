"""Each call that the product was seen to make is allowed by all policies in its way; no right is without a call."""

from typing import Any

import pytest

from tests.aws.calls import WITHOUT_A_CALL, judge, read, unused
from tests.aws.rendered import render_stack

COMPOSITIONS: dict[str, dict[str, Any]] = {
    "closed network": {"Workers": "true"},
    "database of yours": {"Database": "own"},
    "proxy": {"DatabaseProxy": "true", "Zones": 2},
}
CALLS = read()


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_each_recorded_call_is_allowed(name: str) -> None:
    stack = render_stack(COMPOSITIONS[name])
    refused = {call: refusals for call in CALLS if (refusals := judge(stack, call))}
    assert refused == {}


def test_the_record_covers_web_worker_and_bulk() -> None:
    pairs = {(call.role, f"{call.service}:{call.operation}") for call in CALLS}
    print(f"{len(pairs)} distinct (role, operation) pairs")
    assert {role for role, _ in pairs} == {"web", "worker", "bulk"}


def test_nothing_is_granted_that_no_call_needs() -> None:
    without = {(role, action) for role, _, action in unused(render_stack({"Workers": "true"}), CALLS)}
    assert without == {(role, action) for action, (roles, _) in WITHOUT_A_CALL.items() for role in roles}
