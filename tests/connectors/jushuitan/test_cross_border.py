"""Cross-border orders and refunds, head trips and what they cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.jushuitan import listings
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.reading import MerchantReader
from connectors.jushuitan.writing import MerchantWriter
from domain.faults import Fault
from sandbox.jushuitan.crossborder.documents import SkuFee, TransferFee
from sandbox.jushuitan.documents import (
    Finance,
    GoodStatus,
    Order,
    OrderLine,
    OrderStatus,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
)
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds, with_tokens
from tests.connectors.jushuitan.stockroom import pieces, stock_up, transfer
from tests.connectors.scripted import Reply, ScriptedVendor

DAY = (START - timedelta(days=1), START + timedelta(days=1))
TRIP = "/open/webapi/cb/cbfirsttrip/createfirsttrip"


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
def reader(client: JushuitanClient) -> MerchantReader:
    return MerchantReader(client)


def add_orders(state: JushuitanState, count: int) -> list[int]:
    ids = []
    for number in range(count):
        o_id = state.next_id()
        item = OrderLine(state.next_id(), "MUG-01", Decimal(2), Decimal("9.90"), Decimal("19.80"))
        state.add_order(
            Order(
                o_id=o_id,
                so_id=f"SO-{number}",
                shop_id=101,
                wms_co_id=11,
                status=OrderStatus.SENT,
                order_date=START,
                items=(item,),
                currency="USD",
                finance=Finance(product_tax=Decimal("1.10"), shipping_tax=Decimal("0.20")),
            )
        )
        ids.append(o_id)
    return ids


async def test_orders_page_by_page(state: JushuitanState, reader: MerchantReader) -> None:
    ids = add_orders(state, 60)
    orders = await reader.cross_border_orders(changed=DAY)
    assert [int(order.o_id) for order in orders] == ids
    assert state.calls.by_operation[listings.CROSS_BORDER_ORDERS.path] == 2
    first = orders[0]
    assert (first.currency, first.amount, first.cb_total_tax) == ("USD", Decimal("19.80"), Decimal("1.30"))
    [item] = first.order_items
    assert (item.sku_id, item.price, item.item_pay_amount) == ("MUG-01", Decimal("9.90"), Decimal("19.80"))
    assert [order.so_id for order in await reader.cross_border_orders(o_ids=[ids[7]])] == ["SO-7"]


async def test_amounts_are_texts_on_the_wire(state: JushuitanState, client: JushuitanClient) -> None:
    [o_id] = add_orders(state, 1)
    reply = await client.call(listings.CROSS_BORDER_ORDERS.path, {"o_ids": [o_id], "not_status": "Cancelled"})
    [row] = reply["data"]["data"]
    assert (row["amount"], row["order_items"][0]["price"]) == ("19.80", "9.90")
    assert "items" not in row
    none = await client.call(listings.CROSS_BORDER_ORDERS.path, {"o_ids": [o_id], "not_status": "Sent"})
    assert none["data"]["data"] == []


async def test_refunds_name_the_outbound_they_go_back_to(state: JushuitanState, reader: MerchantReader) -> None:
    [io_id] = add_outbounds(state, 1)
    refund = Refund(
        as_id=state.next_id(),
        outer_as_id="R-1",
        o_id=state.outbound(io_id).o_id,
        so_id="SO-0",
        shop_id=101,
        wms_co_id=11,
        type=RefundType.RETURN,
        status=RefundStatus.CONFIRMED,
        good_status=GoodStatus.SELLER_RECEIVED,
        as_date=START,
        items=(RefundLine(state.next_id(), "MUG-01", Decimal(1), Decimal("9.90"), Decimal("9.90")),),
    )
    state.add_refund(refund)
    [row] = await reader.cross_border_refunds(changed=DAY)
    assert (row.as_id, row.io_id) == (str(refund.as_id), str(io_id))
    assert [(item.sku_id, item.amount) for item in row.items] == [("MUG-01", Decimal("9.90"))]
    assert len(await reader.cross_border_refunds(as_ids=[refund.as_id])) == 1


async def test_a_head_trip_makes_a_transfer_on_demand(state: JushuitanState, client: JushuitanClient) -> None:
    trip: dict[str, Any] = {"out_wms": 11, "destination_wms": 12, "items": [{"sku_id": "MUG-01", "qty": 5}]}
    plan = (await client.call(TRIP, trip))["data"]
    assert (plan["is_cfmed"], plan["io_id"], len(state.transfers)) == (False, None, 0)
    made = (await client.call(TRIP, trip | {"auto_cfm": True, "is_auto_create_allocate": True}))["data"]
    assert made["first_trip_code"] != plan["first_trip_code"]
    await client.call("/open/jushuitan/allocate/confirm", {"io_id": made["io_id"]})
    assert [pieces(state), pieces(state, 12, figure=Figure.ALLOCATE)] == [95, 5]
    for wrong in ({"first_trip_type": "FBA"}, {"destination_wms": 11}):
        with pytest.raises(Fault, match="business_rule"):
            await client.call(TRIP, trip | wrong)


async def test_what_a_transfer_cost(state: JushuitanState, client: JushuitanClient, reader: MerchantReader) -> None:
    [verdict] = await MerchantWriter(client).transfers([transfer()])
    io_id = int(verdict.id or 0)
    state.add_transfer_fee(TransferFee(io_id, (SkuFee("MUG-01", Decimal("12.34"), "USD", Decimal("1.50"), "EUR"),)))
    [fee] = await reader.transfer_fees([io_id, 1])
    assert fee.transfer_no == str(io_id)
    [line] = fee.items
    assert (line.freight_price, line.freight_currency) == (Decimal("12.34"), "USD")
    assert (line.tariff_price, line.tariff_currency) == (Decimal("1.50"), "EUR")


@pytest.mark.parametrize("outer", ["allocatefee_detail_list", "allocatefeeDetailList"])
@pytest.mark.parametrize("inner", ["skufee_detail_list", "skufeeDetailList"])
async def test_either_spelling_of_the_lists(scripted: ScriptedVendor, clock: Clock, outer: str, inner: str) -> None:
    row = {"transfer_no": 5, inner: [{"sku_id": "A", "freight_price": "1.20", "freight_currency": ""}]}
    scripted.replies = [Reply.of({"code": 0, "data": {outer: [row]}}), Reply.of({"code": 0, "data": {"list": []}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        [fee] = await MerchantReader(client).transfer_fees([5])
        assert (fee.items[0].freight_price, fee.items[0].freight_currency) == (Decimal("1.20"), "CNY")
        with pytest.raises(Fault, match="bad_reply"):
            await MerchantReader(client).transfer_fees([5])
