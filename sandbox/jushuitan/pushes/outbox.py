"""The messages that wait to be sent: what happens in the tenant puts them in, delivering takes them out.

Nothing is sent by itself: a test (or the switch) says when, so that every run is the same.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from sandbox.jushuitan.documents import Outbound, Received, RefundStatus
from sandbox.jushuitan.pushes.messages import Letter, Message, PushKind, Subscriber, letter
from sandbox.jushuitan.rows import wire_time
from sandbox.jushuitan.state import JushuitanState, Kind
from sandbox.jushuitan.stock import ALL_WAREHOUSES, Figure

MOST_TRIES = 10
"""A message nobody takes is sent so often and then dropped (section 11)."""
Post = Callable[[Letter], Awaitable[bool]]
"""Sends a letter; whether the subscriber took it."""


@dataclass(slots=True)
class Delivery:
    """A message on its way to one subscriber."""

    message: Message
    to: Subscriber
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of one round."""

    taken: int
    failed: int
    dropped: int


@dataclass(slots=True)
class Outbox:
    """Messages by subscriber, from the moment there is one."""

    state: JushuitanState
    subscribers: list[Subscriber] = field(default_factory=list)
    waiting: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state.watchers.append(self._changed)
        self.state.stock_watchers.append(self._moved)

    async def deliver(self, post: Post, *, shuffle: int | None = None, twice: bool = False) -> Delivered:
        """Send everything that waits, once; what is not taken waits for the next round.

        Args:
            shuffle: seed of another order than that of the events.
            twice: send everything a second time, taken or not, as a platform does that missed the answer.
        """
        round_ = self.waiting
        self.waiting = []
        if shuffle is not None:
            random.Random(shuffle).shuffle(round_)  # noqa: S311 - repeatable on purpose
        taken = failed = dropped = 0
        for delivery in round_:
            delivery.tries += 1
            took = [await post(self._letter(delivery)) for _ in range(2 if twice else 1)][-1]
            if took:
                taken += 1
            elif delivery.tries < MOST_TRIES:
                failed += 1
                self.waiting.append(delivery)
            else:
                dropped += 1
        return Delivered(taken, failed, dropped)

    def _letter(self, delivery: Delivery) -> Letter:
        config = self.state.config
        return letter(
            delivery.message,
            delivery.to,
            app_key=config.app_key,
            secret=config.app_secret,
            timestamp=int(self.state.now().timestamp()),
        )

    def _put(self, message: Message) -> None:
        self.waiting += [Delivery(message, one) for one in self.subscribers if message.kind in one.kinds]

    def _changed(self, kind: Kind, before: object, after: object) -> None:
        if not self.subscribers:
            return
        if kind is Kind.OUTBOUND and isinstance(after, Outbound):
            if after.status.is_shipped and not (isinstance(before, Outbound) and before.status.is_shipped):
                self._put(_shipped(after))
        elif kind is Kind.RECEIVED and isinstance(after, Received):
            was_there = isinstance(before, Received) and before.status is RefundStatus.CONFIRMED
            is_there = after.status is RefundStatus.CONFIRMED
            if was_there != is_there:
                self._put(self._goods_back(after, "确认收货" if is_there else "取消收货"))

    def _moved(self, cards: Iterable[tuple[int, str]]) -> None:
        if not self.subscribers:
            return
        skus = sorted({sku_id for wms_co_id, sku_id in cards if wms_co_id == ALL_WAREHOUSES})
        datas = [row for sku_id in skus for row in self._stock_rows(sku_id)]
        if datas:
            self._put(Message(PushKind.STOCK, {"datas": datas}))

    def _stock_rows(self, sku_id: str) -> list[dict[str, object]]:
        """One row for each listing of the goods: pushes cover what shops sell, not stock as such."""
        qty = self.state.figure(ALL_WAREHOUSES, sku_id, Figure.QTY)
        return [
            {
                "id": goods.ts,
                "i_id": goods.document.i_id,
                "sku_id": sku_id,
                "qty": qty,
                "shop_i_id": goods.document.shop_i_id,
                "shop_id": goods.document.shop_id,
                "shop_sku_id": goods.document.shop_sku_id,
                "sku_source": "",
                "modified": wire_time(self.state.now()),
            }
            for goods in self.state.shop_goods
            if goods.document.sku_id == sku_id
        ]

    def _goods_back(self, received: Received, action: str) -> Message:
        refund = self.state.refunds.get(received.as_id)
        return Message(
            PushKind.GOODS_BACK,
            {
                "outer_as_id": refund.document.outer_as_id if refund is not None else "",
                "so_id": received.so_id,
                "remark": received.remark,
                "action_name": action,
            },
        )


def _shipped(outbound: Outbound) -> Message:
    return Message(
        PushKind.SHIPPED,
        {
            "o_id": outbound.o_id,
            "so_id": outbound.so_id,
            "l_id": outbound.l_id,
            "lc_id": "",
            "logistics_company": outbound.logistics_company,
            "send_date": wire_time(outbound.io_date),
            "is_send_all": True,
            "items": [
                {"outer_oi_id": line.outer_oi_id, "sku_id": line.sku_id, "qty": line.qty, "name": line.name}
                for line in outbound.items
            ],
        },
    )
