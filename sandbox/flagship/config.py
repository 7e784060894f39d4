"""Who may call the simulated tenant, and what a person may switch on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FlagshipConfig:
    """The account of the simulated tenant. All values are made up.

    Attributes:
        user: proxy user of the application; a token acts with this user's permissions.
        other_user: a user of the tenant that is not in the application's proxy list.
        digest_key: the application's key for digest authentication (摘要认证).
        gateway_identity: expected in ``x-acgw-identity`` where the switch of that name is on.
        token_seconds: life of a token.
    """

    app_id: str = "demo_app"
    app_secret: str = "Demo@Secret#0001xx"
    account_id: str = "1000000000000000001"
    account_name: str = "演示数据中心"
    user: str = "openapi"
    other_user: str = "clerk"
    digest_key: str = "demo-digest-key-0001"
    gateway_identity: str = "djF8MDEyMzQ1Njc4OWFiY2RlZjAxMjM="
    token_seconds: int = 7200


class PartialFailure(StrEnum):
    """How the envelope tells that some rows failed; the vendor document leaves it open (section 6.3)."""

    SUCCESS = "success"
    """``status`` true and ``errorCode`` 0; only ``failCount`` and the rows tell."""
    FAILURE = "failure"
    """``status`` false and ``errorCode`` 611, though other rows were done."""


class TotalCount(StrEnum):
    """What a query says about the number of rows (section 6.2)."""

    EXACT = "exact"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """Minus one."""


class StatusCodes(StrEnum):
    """HTTP statuses of failures (section 6.1 leaves them open)."""

    COMMON = "common"
    """The error code for 401, 403, 404, 405, 415, 429 and 500; 200 for everything else."""
    ALWAYS_200 = "always_200"


@dataclass(slots=True)
class Switches:
    """Settings of the simulated tenant.

    Attributes:
        underscore_headers: whether ``access_token`` arrives; nginx drops it by default (section 2).
        gateway: whether the public-cloud gateway stands in front and wants the application's identity.
        proxy_control: whether only users in the application's proxy list get a token.
        multi_time_zone: dates as in section 8.1 for tenants with several time zones.
        unaudit_to: status after an un-audit, A or B.
        closed_until: last day (``YYYY-MM-DD``) of the closed period, or None.
        idempotency_seconds: how long an ``Idempotency-Key`` is remembered unless the call says otherwise.
        refuse_repeats: byte-equal bodies within 30 seconds are duplicates.
        calls_per_minute: of one data centre; ``calls_per_second``: of one application; None: no limit.
        query_rows, save_rows, operation_rows, inventory_rows: volume limits.
        call_ms, bill_ms: processing time per call and per bill in it; parallel: calls processed at the same time.
    """

    partial_failure: PartialFailure = PartialFailure.SUCCESS
    total_count: TotalCount = TotalCount.EXACT
    status_codes: StatusCodes = StatusCodes.COMMON
    underscore_headers: bool = True
    gateway: bool = False
    proxy_control: bool = True
    multi_time_zone: bool = False
    unaudit_to: str = "A"
    closed_until: str | None = None
    idempotency_seconds: int = 30
    refuse_repeats: bool = False
    calls_per_minute: int | None = 600
    calls_per_second: int | None = 30
    query_rows: int = 2_000
    save_rows: int = 10_000
    operation_rows: int = 2_000
    inventory_rows: int = 1_000
    call_ms: int = 0
    bill_ms: int = 0
    parallel: int | None = None
