"""Timeouts and retries of every step, in one place (requirement L7).

How often and when a failed step is tried again is decided by the activity from the kind of the fault and the settings
(`activities.retrying`), since only it knows the kind: a throttled call waits and never uses up a try. The server
therefore retries without a limit of its own, except where an activity ends the tries.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

UNTIL_TOLD = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)
STORE = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=30)
)


class VendorOptions(TypedDict):
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy
    cancellation_type: ActivityCancellationType


class LongOptions(TypedDict):
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


class StoreOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class LocalOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    local_retry_threshold: timedelta


def vendor() -> VendorOptions:
    """A step that talks to a vendor: long calls are normal, a dead worker is noticed within half a minute."""
    return VendorOptions(
        start_to_close_timeout=timedelta(minutes=15),
        heartbeat_timeout=timedelta(seconds=30),
        retry_policy=UNTIL_TOLD,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


def long() -> LongOptions:
    """A step that reads page after page at a vendor's pace."""
    return LongOptions(
        start_to_close_timeout=timedelta(hours=2),
        heartbeat_timeout=timedelta(seconds=30),
        retry_policy=UNTIL_TOLD,
    )


def store() -> StoreOptions:
    """A step on the workflows' own queue that reads and writes the store only."""
    return StoreOptions(start_to_close_timeout=timedelta(seconds=30), retry_policy=STORE)


def local() -> LocalOptions:
    """A step that reads and writes the store only."""
    return LocalOptions(
        start_to_close_timeout=timedelta(seconds=30),
        retry_policy=STORE,
        local_retry_threshold=timedelta(seconds=10),
    )
