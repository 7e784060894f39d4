"""Settings of the simulator: credentials, and a switch for everything the vendor's sources leave open."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.documents import Frozen
from sandbox.jushuitan.codes import Code

ZONE = ZoneInfo("Asia/Shanghai")
"""All wire times are written in it, without an offset (vendor document section 7)."""


class Application(StrEnum):
    """The two kinds of application; they get their tokens differently (vendor document section 2)."""

    OWN = "own"
    """商家自研: takes its first token by getInitToken and refreshes it."""
    PROVIDER = "provider"
    """服务商: the merchant authorises it, and it may not refresh."""


class Oversize(StrEnum):
    """What happens to a page larger than the API allows."""

    CUT = "cut"
    REFUSE = "refuse"


class Refreshing(StrEnum):
    """What a refresh inside the window gives (the sources disagree)."""

    EXTEND = "extend"
    """The same pair, living longer."""
    RENEW = "renew"
    """A new pair; the old one ends."""


class Repeat(StrEnum):
    """What answers an upload whose number was used before, where the vendor does not say (section 13)."""

    SAME = "same"
    """The first result again."""
    REFUSE = "refuse"
    """Error 160."""


class JushuitanConfig(Frozen):
    """Credentials and switches. All credentials are made up.

    Attributes:
        tolerance: how far `timestamp` may be off; `tolerance_code` answers when it is (140 or 180).
        refresh_window: a refresh earlier than this before expiry changes nothing.
        init_token_replaces: whether a new first token ends the tokens before it.
        per_second, per_minute: calls per application and token; None is no limit.
        permissions: paths the application may call; None is all.
        allowed_ips: None is all.
        window_code: answers a time window that is too long, half given or missing.
        batch_ioi_id: whether batch rows name their line (a setting of the tenant).
        nested_batches: whether batch rows of a refund stand under its items instead of beside them.
        negative_stock: whether uploads and confirmations may leave an area with less than nothing in it.
        callback_url: where the authorisation page sends the code of a provider's application.
        first_ts: where the tenant-wide row version starts, beyond 2^31.
    """

    app_key: str = "kingpostdemoappkey00000000000001"
    app_secret: str = "kingpostdemoappsecret00000000002"
    access_token: str = "kingpostdemoaccesstoken000000003"
    refresh_token: str = "kingpostdemorefreshtoken00000004"
    application: Application = Application.OWN
    tolerance: timedelta = timedelta(minutes=15)
    tolerance_code: Code = Code.PARAMETER_WRONG
    token_life: timedelta = timedelta(days=30)
    refresh_window: timedelta = timedelta(hours=12)
    refreshing: Refreshing = Refreshing.EXTEND
    init_token_replaces: bool = False
    code_life: timedelta = timedelta(minutes=15)
    per_second: int | None = Field(default=5, ge=1)
    per_minute: int | None = Field(default=100, ge=1)
    permissions: frozenset[str] | None = None
    allowed_ips: frozenset[str] | None = None
    oversize: Oversize = Oversize.CUT
    window_code: Code = Code.PARAMETER_WRONG
    batch_ioi_id: bool = True
    nested_batches: bool = False
    repeats: Repeat = Repeat.SAME
    negative_stock: bool = False
    callback_url: str | None = None
    company_id: int = 10_000_001
    first_ts: int = 3_000_000_000
