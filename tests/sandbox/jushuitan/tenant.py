"""A tenant whose clock stands still, and a caller that signs as the vendor document says, by its own code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from domain.jsontext import dumps, loads
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.documents import (
    Batch,
    Finance,
    GoodStatus,
    Outbound,
    OutboundLine,
    OutboundStatus,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
    Shop,
    Sku,
    Warehouse,
)
from sandbox.jushuitan.state import JushuitanState

START = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai."""


@dataclass
class Clock:
    """A moment that only tests move."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


def md5_sign(parameters: dict[str, str], secret: str) -> str:
    text = secret + "".join(f"{k}{v}" for k, v in sorted(parameters.items()) if v and k != "sign")
    return hashlib.md5(text.encode()).hexdigest()


@dataclass
class Caller:
    """Calls the simulator the way a client would."""

    http: httpx.AsyncClient
    config: JushuitanConfig
    clock: Clock
    access_token: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def form(self, biz: Any, **overrides: str) -> dict[str, str]:
        form = {
            "app_key": self.config.app_key,
            "access_token": self.access_token or self.config.access_token,
            "timestamp": str(int(self.clock().timestamp())),
            "charset": "utf-8",
            "version": "2",
            "biz": biz if isinstance(biz, str) else dumps(biz),
        } | overrides
        return form | {"sign": md5_sign(form, self.config.app_secret)}

    async def send(self, path: str, form: dict[str, str]) -> Any:
        reply = await self.http.post(path, data=form)
        assert reply.status_code == 200, reply.text
        return loads(reply.content)

    async def call(self, path: str, biz: Any, **overrides: str) -> Any:
        return await self.send(path, self.form(biz, **overrides))

    async def data(self, path: str, biz: Any) -> Any:
        answer = await self.call(path, biz)
        assert answer["code"] == 0, answer
        return answer["data"]

    async def token(self, operation: str, host: str = "openWeb", **fields: str) -> Any:
        form = {
            "app_key": self.config.app_key,
            "timestamp": str(int(self.clock().timestamp())),
            "charset": "utf-8",
        } | fields
        return await self.send(f"/{host}/auth/{operation}", form | {"sign": md5_sign(form, self.config.app_secret)})

    async def switch(self, name: str, **body: Any) -> Any:
        reply = await self.http.post(f"/_sandbox/{name}", content=dumps(body))
        assert reply.status_code == 200, reply.text
        return loads(reply.content)


@dataclass
class Tenant:
    state: JushuitanState
    clock: Clock
    caller: Caller

    def outbound(self, number: int = 1, **fields: Any) -> Outbound:
        """Add a shipped order with one line of two pieces at 9.90."""
        defaults: dict[str, Any] = {
            "io_id": self.state.next_id(),
            "o_id": self.state.next_id(),
            "so_id": f"SO-{number}",
            "shop_id": 101,
            "wms_co_id": 11,
            "status": OutboundStatus.CONFIRMED,
            "io_date": START - timedelta(days=1),
            "items": (self.line("MUG-01", 2, "9.90"),),
            "currency": "USD",
            "finance": Finance(platform_commission=Decimal("1.20")),
        }
        outbound = Outbound(**(defaults | fields))
        self.state.add_outbound(outbound)
        return outbound

    def line(self, sku_id: str, qty: int, price: str) -> OutboundLine:
        return OutboundLine(
            ioi_id=self.state.next_id(),
            sku_id=sku_id,
            qty=Decimal(qty),
            sale_price=Decimal(price),
            sale_amount=Decimal(price) * qty,
            outer_oi_id=f"L-{sku_id}",
        )

    def refund(self, **fields: Any) -> Refund:
        """Add a confirmed return of one piece that has not come back yet."""
        defaults: dict[str, Any] = {
            "as_id": self.state.next_id(),
            "outer_as_id": "R-1",
            "o_id": None,
            "so_id": "SO-1",
            "shop_id": 101,
            "wms_co_id": 11,
            "type": RefundType.RETURN,
            "status": RefundStatus.CONFIRMED,
            "good_status": GoodStatus.BUYER_RETURNED_GOODS,
            "as_date": START,
            "items": (RefundLine(self.state.next_id(), "MUG-01", Decimal(1), Decimal("9.90"), Decimal("9.90")),),
            "batchs": (Batch("MUG-01", "B1", Decimal(1)),),
        }
        refund = Refund(**(defaults | fields))
        self.state.add_refund(refund)
        return refund


def make_state(clock: Clock, **config: Any) -> JushuitanState:
    state = JushuitanState(JushuitanConfig(per_second=None, per_minute=None, **config), clock=clock)
    state.add_shop(Shop(101, "Harbour Lane US", shop_site="Amazon"))
    state.add_warehouse(Warehouse(11, "宁波一号仓", is_main=True))
    state.add_sku(Sku("MUG-01", "搪瓷杯"))
    return state
