"""After-sales documents of own shops, written by us: registered, goods booked in, confirmed (section 10.5).

A repeat of an `outer_as_id` updates the document, one of a `return_id` changes nothing: both are safe to send again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.listings import REFUNDS
from connectors.jushuitan.models import GoodStatus, RefundStatus
from connectors.jushuitan.new_documents import Number, Pieces
from connectors.jushuitan.replies import bad_reply
from connectors.jushuitan.verdicts import Outcome, Verdict, row_results
from domain.documents import Frozen
from domain.money import Amount

UPLOAD = "/open/aftersale/upload"
GOODS = "/open/webapi/aftersaleapi/confirmgoods"
CONFIRM = "/open/webapi/aftersaleapi/open/confirm"
UNCONFIRM = "/open/webapi/aftersaleapi/open/unconfirm"
_ROWS = 50


class AfterSaleType(StrEnum):
    """`type` of an after-sales document (section 7.1)."""

    RETURN = "普通退货"
    OTHER = "其它"
    REJECTED = "拒收退货"
    REFUND_ONLY = "仅退款"
    COMPLAINT = "投诉"
    REISSUE = "补发"
    EXCHANGE = "换货"
    REPAIR = "维修"


class AfterSaleLine(Frozen):
    """Goods a buyer sends back, and what is paid back for all of them."""

    sku_id: str
    qty: Pieces
    amount: Amount
    outer_oi_id: str | None = None
    line_type: str = "退货"


class NewAfterSale(Frozen):
    """An after-sales document. `number` is the platform's (`outer_as_id`)."""

    number: Number
    shop_id: int
    so_id: str
    type: AfterSaleType
    good_status: GoodStatus
    lines: tuple[AfterSaleLine, ...] = Field(min_length=1)
    shop_status: str | None = None
    refund: Amount | None = None
    payment: Amount | None = None
    freight: Amount | None = None
    wms_co_id: int | None = None
    reason: str | None = None
    remark: str | None = None


class GoodsBack(Frozen):
    """Returned goods that arrived. `return_id` is the caller's number of this arrival."""

    as_id: int
    return_id: Annotated[str, Field(min_length=1)]
    wms_co_id: int
    pieces: dict[str, Pieces] = Field(min_length=1)
    area: str = "2"


class AfterSalesDesk:
    """Writes after-sales documents; answers one verdict for each. All raise `Fault` when the call itself failed."""

    def __init__(self, client: JushuitanClient) -> None:
        self._client = client

    async def register(self, documents: Sequence[NewAfterSale]) -> list[Verdict]:
        """New or changed documents. One that is confirmed can no longer be changed."""
        if len({new.number for new in documents}) != len(documents):
            raise ValueError("two documents with one number")
        verdicts: dict[str, Verdict] = {}
        for start in range(0, len(documents), _ROWS):
            some = documents[start : start + _ROWS]
            reply = await self._client.call(UPLOAD, [_body(new) for new in some])
            for row in row_results(reply):
                number, outcome = row.text("outer_as_id"), Outcome.WRITTEN if row.accepted else Outcome.REFUSED
                as_id = row.text("as_id") or None
                verdicts[number] = Verdict(number=number, outcome=outcome, id=as_id, message=row.message)
        _complete(UPLOAD, [new.number for new in documents], verdicts)
        return [verdicts[new.number] for new in documents]

    async def goods_back(self, arrivals: Sequence[GoodsBack]) -> list[Verdict]:
        """Book returned goods in. A verdict's number is the after-sales id: one arrival each a call."""
        if len({one.as_id for one in arrivals}) != len(arrivals):
            raise ValueError("two arrivals of one document")
        bodies = [
            {
                "as_id": one.as_id,
                "return_id": one.return_id,
                "wms_co_id": one.wms_co_id,
                "wh_id": int(one.area),
                "items": [{"sku_id": sku_id, "qty": qty} for sku_id, qty in one.pieces.items()],
            }
            for one in arrivals
        ]
        return await self._by_id(GOODS, [one.as_id for one in arrivals], bodies)

    async def confirm(self, as_ids: Sequence[int]) -> list[Verdict]:
        """Confirm documents; one that is confirmed already stands."""
        return await self._settled(CONFIRM, as_ids, RefundStatus.CONFIRMED)

    async def unconfirm(self, as_ids: Sequence[int]) -> list[Verdict]:
        """Take confirmations back; one that waits already stands."""
        return await self._settled(UNCONFIRM, as_ids, RefundStatus.WAIT_CONFIRM)

    async def _settled(self, path: str, as_ids: Sequence[int], goal: RefundStatus) -> list[Verdict]:
        """Bring documents into a status: those that are not in it, and what is refused is looked at again."""
        found = await self._in_status(as_ids, goal)
        rest = [as_id for as_id in as_ids if str(as_id) not in found]
        verdicts = {verdict.number: verdict for verdict in await self._by_id(path, rest, {"as_ids": rest})}
        refused = [as_id for as_id in rest if not verdicts[str(as_id)].stands]
        verdicts |= found | await self._in_status(refused, goal)
        return [verdicts[str(as_id)] for as_id in as_ids]

    async def _in_status(self, as_ids: Sequence[int], goal: RefundStatus) -> dict[str, Verdict]:
        found: dict[str, Verdict] = {}
        if as_ids:
            async for page in self._client.read(REFUNDS, {}, ids={"as_ids": as_ids}):
                for row in page.rows:
                    number = str(row["as_id"])
                    if row.get("status") == goal:
                        found[number] = Verdict(number=number, outcome=Outcome.FOUND, id=number, status=goal)
        return found

    async def _by_id(self, path: str, as_ids: Sequence[int], biz: Any) -> list[Verdict]:
        if not as_ids:
            return []
        verdicts: dict[str, Verdict] = {}
        for row in row_results(await self._client.call(path, biz)):
            number, outcome = row.text("as_id"), Outcome.WRITTEN if row.accepted else Outcome.REFUSED
            verdicts[number] = Verdict(number=number, outcome=outcome, id=number, message=row.message)
        numbers = [str(as_id) for as_id in as_ids]
        _complete(path, numbers, verdicts)
        return [verdicts[number] for number in numbers]


def _complete(path: str, numbers: Sequence[str], verdicts: dict[str, Verdict]) -> None:
    silent = [number for number in numbers if number not in verdicts]
    if silent:
        raise bad_reply(f"{path} said nothing of {', '.join(silent)}")


def _body(new: NewAfterSale) -> dict[str, Any]:
    body = {
        "shop_id": new.shop_id,
        "outer_as_id": new.number,
        "so_id": new.so_id,
        "type": new.type.value,
        "good_status": new.good_status.value,
        "shop_status": new.shop_status,
        "refund": new.refund,
        "payment": new.payment,
        "freight": new.freight,
        "wms_co_id": new.wms_co_id,
        "question_type": new.reason,
        "remark": new.remark,
        "items": [
            {
                "outer_oi_id": line.outer_oi_id or "",
                "sku_id": line.sku_id,
                "qty": line.qty,
                "amount": line.amount,
                "type": line.line_type,
            }
            for line in new.lines
        ],
    }
    return {name: value for name, value in body.items() if value is not None}
