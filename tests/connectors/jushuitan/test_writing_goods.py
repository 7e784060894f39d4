"""Goods, suppliers, combined goods and listings: written by their code any number of times, and read back typed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.jushuitan.access import CustomsPlaces
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.new_documents import (
    NewCombined,
    NewComponent,
    NewGoods,
    NewShopGoods,
    NewSupplier,
)
from connectors.jushuitan.reading import MerchantReader
from connectors.jushuitan.verdicts import Outcome
from connectors.jushuitan.writing import MerchantWriter
from domain.faults import Fault
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds, with_tokens
from tests.connectors.jushuitan.stockroom import SUPPLIER, add_others, line, other, pieces, stock_up, transfer
from tests.connectors.scripted import Reply, ScriptedVendor

DAY = (START - timedelta(days=1), START + timedelta(days=1))
WRITTEN, REFUSED = Outcome.WRITTEN, Outcome.REFUSED


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
def writer(client: JushuitanClient) -> MerchantWriter:
    return MerchantWriter(client)


@pytest.fixture
def reader(client: JushuitanClient) -> MerchantReader:
    return MerchantReader(client)


def goods(sku_id: str = "LAMP-1") -> NewGoods:
    return NewGoods(
        sku_id=sku_id,
        name="台灯",
        brand="Lantern",
        weight=Decimal("0.450"),
        gross_weight=Decimal("0.520"),
        hs_code="9405.20",
        english_name="Desk lamp",
        declared_price=Decimal("6.90"),
        battery=True,
        enabled=True,
    )


async def test_what_customs_want_to_know_is_kept_in_free_fields(
    state: JushuitanState, writer: MerchantWriter, reader: MerchantReader
) -> None:
    for _ in range(2):
        [verdict] = await writer.goods([goods()])
        assert (verdict.number, verdict.outcome) == ("LAMP-1", WRITTEN)
    [row] = await reader.goods(["LAMP-1", "NONE"])
    assert (row.name, row.brand, row.weight, row.enabled) == ("台灯", "Lantern", Decimal("0.450"), Decimal(1))
    assert row.others == {"other_1": "9405.20", "other_2": "Desk lamp", "other_3": "是", "other_4": "0.520"}
    assert row.other_prices == {"other_price_1": Decimal("6.90")}
    await writer.goods([NewGoods(sku_id="LAMP-1", name="台灯二")])
    [row] = await reader.goods(["LAMP-1"])
    assert (row.name, row.others["other_1"]) == ("台灯二", "9405.20"), "what is not said stays"


async def test_a_tenant_may_keep_them_elsewhere(
    state: JushuitanState, jushuitan: str, clock: Clock, reader: MerchantReader
) -> None:
    access = with_tokens(jushuitan, customs=CustomsPlaces(hs_code="other_5"))
    async with JushuitanClient(access, now=clock.unix) as client:
        await MerchantWriter(client).goods([goods()])
    [row] = await reader.goods(["LAMP-1"])
    assert row.others["other_5"] == "9405.20"
    assert row.others["other_1"] is None


async def test_each_goods_has_its_own_verdict(state: JushuitanState, writer: MerchantWriter) -> None:
    many = [goods(f"G-{number}") for number in range(60)]
    state.faults.add(FaultRule(kind=FaultName.LOSE_REPLY, operation="/open/jushuitan/itemsku/upload"))
    with pytest.raises(Fault):
        await writer.goods(many)
    verdicts = await writer.goods(many)
    assert [verdict.number for verdict in verdicts] == [new.sku_id for new in many]
    assert {verdict.outcome for verdict in verdicts} == {WRITTEN}
    with pytest.raises(ValueError, match="one code"):
        await writer.goods([goods(), goods()])


async def test_refused_rows_are_told_by_text_and_by_flag(scripted: ScriptedVendor, clock: Clock) -> None:
    rows = [
        {"sku_id": "A", "is_success": "true", "msg": "成功"},
        {"sku_id": "B", "is_success": "false", "msg": "重复"},
        {"sku_id": "C", "is_success": 0, "msg": "重复"},
        {"sku_id": "D", "is_success": "", "msg": ""},
    ]
    scripted.replies = [Reply.of({"code": 0, "data": {"datas": rows}}), Reply.of({"code": 0, "data": {"datas": rows}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        writer = MerchantWriter(client)
        verdicts = await writer.goods([goods(code) for code in "ABCD"])
        assert [verdict.outcome for verdict in verdicts] == [WRITTEN, REFUSED, REFUSED, WRITTEN]
        with pytest.raises(Fault, match="said nothing of E"):
            await writer.goods([goods("A"), goods("E")])


async def test_suppliers_get_the_number_that_purchases_want(
    state: JushuitanState, writer: MerchantWriter, reader: MerchantReader
) -> None:
    verdicts = await writer.suppliers(
        [NewSupplier(code="V-01", name="义乌百货"), NewSupplier(code="V-02", name="温州鞋业")]
    )
    assert verdicts[0].id == str(SUPPLIER)
    found = {row.supplier_code: row.supplier_id for row in await reader.suppliers(["V-01", "V-02", "V-03"])}
    assert found == {"V-01": str(SUPPLIER), "V-02": verdicts[1].id}


async def test_combined_goods(state: JushuitanState, writer: MerchantWriter, reader: MerchantReader) -> None:
    pair = NewCombined(sku_id="SET-2", name="对杯", components=(NewComponent(sku_id="MUG-01", qty=Decimal(2)),))
    bad = NewCombined(sku_id="SET-3", name="?", components=(NewComponent(sku_id="NONE", qty=Decimal(1)),))
    verdicts = await writer.combined([bad, pair])
    assert [verdict.outcome for verdict in verdicts] == [REFUSED, WRITTEN]
    [row] = await reader.combined(["SET-2", "SET-3"])
    assert [(part.src_sku_id, part.qty) for part in row.items] == [("MUG-01", Decimal(2))]


async def test_listings_of_a_shop(state: JushuitanState, writer: MerchantWriter, reader: MerchantReader) -> None:
    listing = NewShopGoods(shop_id=101, shop_i_id="B0X", shop_sku_id="B0X-R", sku_id="MUG-01")
    bad = listing.model_copy(update={"shop_sku_id": "B0X-S", "sku_id": "NONE"})
    assert [verdict.outcome for verdict in await writer.shop_goods([listing, bad])] == [WRITTEN, REFUSED]
    [row] = await reader.shop_goods(["MUG-01"])
    assert (row.shop_id, row.shop_sku_id, row.sku_id) == ("101", "B0X-R", "MUG-01")
    with pytest.raises(ValueError, match="several shops"):
        await writer.shop_goods([listing, listing.model_copy(update={"shop_id": 102})])


async def test_stock_of_one_warehouse_and_of_all(
    state: JushuitanState, writer: MerchantWriter, reader: MerchantReader
) -> None:
    await writer.transfers([transfer("K-1", line(30))])
    state.add_stock(12, "MUG-01", Decimal(5), "4")
    [there] = await reader.stock(12, sku_ids=["MUG-01"])
    assert [there.qty, there.defective_qty, there.lock_qty] == [30, 5, 0]
    everywhere = {level.sku_id: level.qty for level in await reader.stock(changed=DAY)}
    assert everywhere == {"MUG-01": 100, "CUP-01": 100}
    assert await reader.stock(12, sku_ids=["CUP-01"]) == []
    assert pieces(state, 12, figure=Figure.DEFECTIVE) == 5


async def test_the_ledger_explains_the_stock(
    state: JushuitanState, writer: MerchantWriter, reader: MerchantReader
) -> None:
    add_outbounds(state, 2)
    add_others(state, 55)
    await writer.others([other()])
    documents = await reader.ledger(DAY, wms_co_id=11)
    moved = sum(item.qty * item.qty_type for document in documents for item in document.items)
    assert len(documents) == 58
    assert 100 + moved == pieces(state)
    assert {document.type for document in await reader.ledger(DAY, kind="其它出库")} == {"其它出库"}


async def test_an_item_of_the_ledger_may_be_one_object(scripted: ScriptedVendor, clock: Clock) -> None:
    row = {"io_id": 5, "type": "盘点", "status": "Confirmed", "items": {"sku_id": "A", "qty": "2", "qty_type": -1}}
    scripted.replies = [Reply.of({"code": 0, "datas": [row], "page_index": 1, "has_next": False, "data_count": 1})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        [document] = await MerchantReader(client).ledger(DAY)
    assert [(item.sku_id, item.qty, item.qty_type) for item in document.items] == [("A", Decimal(2), Decimal(-1))]


async def test_rows_that_make_no_sense_are_told(scripted: ScriptedVendor, clock: Clock) -> None:
    scripted.replies = [Reply.of({"code": 0, "data": {"inventorys": [{"sku_id": "A", "qty": "?"}]}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault, match="bad_reply"):
            await MerchantReader(client).stock(sku_ids=["A"])
