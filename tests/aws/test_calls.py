"""Each call that the product was seen to make is allowed by all policies in its way; no right is without a call."""

from tests.aws.calls import WITHOUT_A_CALL, find_refused, read, unused
from tests.aws.rendered import render_stack

CALLS = read()


def test_each_recorded_call_is_allowed() -> None:
    assert list(find_refused(CALLS)) == []


def test_the_record_covers_web_worker_and_bulk() -> None:
    assert {call.role for call in CALLS} == {"web", "worker", "bulk"}


def test_nothing_is_granted_that_no_call_needs() -> None:
    stack = render_stack({"Workers": "true"})
    expected = {(role, *right) for right, (roles, _) in WITHOUT_A_CALL.items() for role in roles}
    assert set(unused(stack, CALLS)) == expected
