"""Access, rows and documents for the tests of the Jushuitan connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from connectors.jushuitan.access import JushuitanAccess
from connectors.jushuitan.pages import Page
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.documents import (
    GoodStatus,
    Outbound,
    OutboundLine,
    OutboundStatus,
    Receiver,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
)
from sandbox.jushuitan.state import JushuitanState

DEMO = JushuitanConfig()
START = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai."""
FOR_EVER = (START - timedelta(days=1), START + timedelta(days=30))


@dataclass
class Clock:
    """A moment that only tests move."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def unix(self) -> float:
        return self.moment.timestamp()

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


def access(url: str, **settings: Any) -> JushuitanAccess:
    defaults: dict[str, Any] = {
        "url": url,
        "app_key": DEMO.app_key,
        "app_secret": SecretStr(DEMO.app_secret),
        "per_second": 10_000,
        "per_minute": 600_000,
        "read_timeout": 10,
    }
    return JushuitanAccess(**(defaults | settings))


def with_tokens(url: str, **settings: Any) -> JushuitanAccess:
    tokens = {"access_token": SecretStr(DEMO.access_token), "refresh_token": SecretStr(DEMO.refresh_token)}
    return access(url, **(tokens | settings))


def add_outbounds(state: JushuitanState, count: int) -> list[int]:
    """Shipped orders with one line of two pieces at 9.90; their ids."""
    ids = []
    for number in range(count):
        io_id = state.next_id()
        line = OutboundLine(state.next_id(), "MUG-01", Decimal(2), Decimal("9.90"), Decimal("19.80"), f"L-{number}")
        state.add_outbound(
            Outbound(
                io_id=io_id,
                o_id=state.next_id(),
                so_id=f"SO-{number}",
                shop_id=101,
                wms_co_id=11,
                status=OutboundStatus.CONFIRMED,
                io_date=START,
                items=(line,),
                currency="USD",
                receiver=Receiver(name="王小明", mobile="13812345678", address="某路1号"),
            )
        )
        ids.append(io_id)
    return ids


def add_refund(state: JushuitanState, number: int) -> Refund:
    """A confirmed return of two pieces, the goods not yet in."""
    as_id = state.next_id()
    line = RefundLine(
        asi_id=state.next_id(),
        sku_id="MUG-01",
        qty=Decimal(2),
        price=Decimal("9.90"),
        amount=Decimal("19.80"),
        outer_oi_id=f"L-{number}",
    )
    refund = Refund(
        as_id=as_id,
        outer_as_id=f"RT-{number}",
        o_id=None,
        so_id=f"SO-{number}",
        shop_id=101,
        wms_co_id=11,
        type=RefundType.RETURN,
        status=RefundStatus.CONFIRMED,
        good_status=GoodStatus.SELLER_RECEIVED,
        as_date=START,
        items=(line,),
    )
    state.add_refund(refund)
    return refund


async def collect(pages: AsyncIterator[Page]) -> list[Page]:
    return [page async for page in pages]


def ids_of(pages: list[Page], key: str = "io_id") -> list[int]:
    return [row[key] for page in pages for row in page.rows]
