"""From a fault to what Temporal does next, by kind alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationErrorCategory

from activities.retrying import verdict
from domain.faults import Fault, FaultKind


def fault(kind: FaultKind, retry_after: float | None = None) -> Fault:
    return Fault(kind, system="galaxy", code="9001", message="金蝶的话", field="FQty", retry_after=retry_after)


@pytest.mark.parametrize("kind", [FaultKind.INVALID, FaultKind.REFUSED, FaultKind.EXPIRED])
def test_what_repeating_cannot_change_is_final(kind: FaultKind) -> None:
    error = verdict(fault(kind, retry_after=9), 0, 3, 300, 2)
    assert error.non_retryable and error.next_retry_delay is None
    assert error.category is ApplicationErrorCategory.UNSPECIFIED


@pytest.mark.parametrize(
    ("tries_used", "tries", "final"), [(0, 3, False), (1, 3, False), (2, 3, True), (5, 3, True), (0, 1, True)]
)
def test_trouble_is_tried_as_often_as_allowed(tries_used: int, tries: int, final: bool) -> None:
    error = verdict(fault(FaultKind.TRANSIENT), tries_used, tries, 300, 2)
    assert error.non_retryable is final
    assert error.next_retry_delay == (None if final else timedelta(seconds=300))


@pytest.mark.parametrize(("asked", "delay"), [(None, 300), (20, 300), (900, 900)])
def test_between_tries_we_wait_at_least_as_long_as_asked(asked: float | None, delay: int) -> None:
    assert verdict(fault(FaultKind.TRANSIENT, asked), 0, 3, 300, 2).next_retry_delay == timedelta(seconds=delay)


@pytest.mark.parametrize(("asked", "delay"), [(None, 2), (0.25, 0.25), (60, 60)])
def test_throttling_never_uses_up_a_try_and_never_alarms(asked: float | None, delay: float) -> None:
    error = verdict(fault(FaultKind.THROTTLED, asked), 99, 3, 300, 2)
    assert not error.non_retryable
    assert error.next_retry_delay == timedelta(seconds=delay)
    assert error.category is ApplicationErrorCategory.BENIGN


@pytest.mark.parametrize("kind", FaultKind)
def test_the_workflow_decides_on_data(kind: FaultKind) -> None:
    error = verdict(fault(kind), 0, 3, 300, 2)
    assert error.type == kind.value
    assert list(error.details) == ["galaxy", "9001", "金蝶的话"]
    assert error.message == "金蝶的话"
