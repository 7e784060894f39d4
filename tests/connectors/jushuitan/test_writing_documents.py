"""Documents are written exactly once by their number, whatever becomes of the answers; each row has its own verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from connectors.jushuitan import listings
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.new_documents import Direction, NewStock, StockChange, StockFigure
from connectors.jushuitan.verdicts import Outcome, Verdict
from connectors.jushuitan.writing import MerchantWriter
from domain import jsontext
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan import clerk
from sandbox.jushuitan.config import Repeat
from sandbox.jushuitan.state import JushuitanState, Kind, PagingFault
from tests.connectors.jushuitan.kit import Clock, with_tokens
from tests.connectors.jushuitan.stockroom import (
    line,
    other,
    pieces,
    purchase_in,
    purchase_order,
    purchase_return,
    stock_up,
    transfer,
)
from tests.connectors.scripted import Reply, ScriptedVendor


@dataclass(frozen=True)
class Way:
    """One kind of document: how it is written, where it is kept, and what one of it does to the stock of MUG-01."""

    path: str
    write: Callable[[MerchantWriter, Sequence[Any]], Awaitable[list[Verdict]]]
    new: Callable[..., Any]
    kept: Callable[[JushuitanState], Sequence[Any]]
    change: int
    query: listings.Listing
    rows: bool = True

    def __repr__(self) -> str:
        return self.path.split("/")[-2]


OTHERS = Way(
    "/open/jushuitan/otherinout/upload",
    lambda writer, documents: writer.others(documents),
    other,
    lambda state: list(state.others),
    -3,
    listings.OTHERS,
    rows=False,
)
TRANSFERS = Way(
    "/open/allocate/kc/upload",
    lambda writer, documents: writer.transfers(documents),
    transfer,
    lambda state: [record for record in state.transfers if record.document.so_id],
    -3,
    listings.TRANSFERS,
)
PURCHASE_INS = Way(
    "/open/webapi/wmsapi/purchasein/createbatch",
    lambda writer, documents: writer.purchase_ins(documents),
    purchase_in,
    lambda state: list(state.purchase_ins),
    3,
    listings.PURCHASE_INS,
)
PURCHASE_RETURNS = Way(
    "/open/webapi/wmsapi/purchaseout/createbatch",
    lambda writer, documents: writer.purchase_returns(documents),
    purchase_return,
    lambda state: list(state.purchase_returns),
    -3,
    listings.PURCHASE_RETURNS,
)
PURCHASE_ORDERS = Way(
    "/open/jushuitan/purchase/upload",
    lambda writer, documents: writer.purchase_orders(documents),
    purchase_order,
    lambda state: list(state.purchase_orders),
    0,
    listings.PURCHASE_ORDERS,
    rows=False,
)
WAYS = [OTHERS, TRANSFERS, PURCHASE_INS, PURCHASE_RETURNS, PURCHASE_ORDERS]
every_way = pytest.mark.parametrize("way", WAYS, ids=repr)
both_repeats = pytest.mark.parametrize("config", [{"repeats": repeat} for repeat in Repeat], ids=list(Repeat))


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
def writer(client: JushuitanClient) -> MerchantWriter:
    return MerchantWriter(client)


def outcomes(verdicts: Sequence[Verdict]) -> list[Outcome]:
    return [verdict.outcome for verdict in verdicts]


@every_way
async def test_a_document_is_written_and_takes_effect(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    [verdict] = await way.write(writer, [way.new()])
    assert (verdict.number, verdict.outcome, verdict.require()) == ("K-1", Outcome.WRITTEN, verdict)
    [record] = way.kept(state)
    assert record.document.so_id == "K-1"
    assert pieces(state) == 100 + way.change


@every_way
@both_repeats
@pytest.mark.parametrize("kind", [FaultName.LOSE_REPLY, FaultName.GATEWAY_TIMEOUT])
async def test_an_answer_that_never_came(
    state: JushuitanState, writer: MerchantWriter, way: Way, kind: FaultName
) -> None:
    """The call is made again as the retry of an activity makes it, and finds what the first one wrote."""
    state.faults.add(FaultRule(kind=kind, operation=way.path))
    documents = [way.new(), way.new("K-2")]
    with pytest.raises(Fault) as raised:
        await way.write(writer, documents)
    assert raised.value.kind is FaultKind.TRANSIENT
    verdicts = await way.write(writer, documents)
    assert all(verdict.stands for verdict in verdicts)
    assert verdicts[0].outcome is Outcome.FOUND
    assert len(way.kept(state)) == 2
    assert pieces(state) == 100 + 2 * way.change
    again = await way.write(writer, documents)
    assert outcomes(again) == [Outcome.FOUND, Outcome.FOUND]
    assert [verdict.id for verdict in again] == [verdict.id for verdict in verdicts]


@every_way
@both_repeats
async def test_a_request_that_arrives_twice(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    """Whether the vendor answers the second one as the first or refuses it: it stands, once."""
    state.faults.add(FaultRule(kind=FaultName.DELIVER_TWICE, operation=way.path))
    [verdict] = await way.write(writer, [way.new()])
    assert verdict.stands
    assert len(way.kept(state)) == 1
    assert pieces(state) == 100 + way.change


@every_way
@both_repeats
async def test_a_document_that_shows_up_late(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    """The look after a lost answer does not see it yet; the vendor's own rule stands behind that."""
    documents = [way.new("K-0"), way.new("K-1")]
    await way.write(writer, documents)
    late = FaultRule(kind=FaultName.VENDOR, operation=way.query.path, code=PagingFault.LATE_ROW)
    state.faults.add(late)
    verdicts = await way.write(writer, documents)
    assert all(verdict.stands for verdict in verdicts)
    assert len(way.kept(state)) == 2
    assert pieces(state) == 100 + 2 * way.change


@every_way
async def test_a_call_that_had_no_effect(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    for kind, expected in (
        (FaultName.CUT_BEFORE, FaultKind.TRANSIENT),
        (FaultName.HTML_PAGE, FaultKind.TRANSIENT),
        (FaultName.THROTTLE, FaultKind.THROTTLED),
        (FaultName.NO_PERMISSION, FaultKind.REFUSED),
    ):
        state.faults.add(FaultRule(kind=kind, operation=way.path))
        with pytest.raises(Fault) as raised:
            await way.write(writer, [way.new()])
        assert raised.value.kind is expected
    assert not way.kept(state)
    assert outcomes(await way.write(writer, [way.new()])) == [Outcome.WRITTEN]


@every_way
async def test_an_expired_token_is_renewed_on_the_way(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    state.faults.add(FaultRule(kind=FaultName.EXPIRE, operation=way.path))
    assert outcomes(await way.write(writer, [way.new()])) == [Outcome.WRITTEN]


@every_way
async def test_a_bad_document_never_fails_its_neighbours(
    state: JushuitanState, writer: MerchantWriter, way: Way
) -> None:
    documents = [way.new("K-1"), way.new("K-2", line(sku_id="NONE")), way.new("K-3")]
    verdicts = await way.write(writer, documents)
    assert outcomes(verdicts) == [Outcome.WRITTEN, Outcome.REFUSED, Outcome.WRITTEN]
    assert "NONE" in verdicts[1].message
    with pytest.raises(Fault) as raised:
        verdicts[1].require()
    assert raised.value.kind is FaultKind.REFUSED
    assert raised.value.code == ("row_refused" if way.rows else "business_rule")
    assert [record.document.so_id for record in way.kept(state)] == ["K-1", "K-3"]


@every_way
async def test_a_whole_call_refused_is_told_apart_row_by_row(
    state: JushuitanState, writer: MerchantWriter, way: Way
) -> None:
    state.faults.add(FaultRule(kind=FaultName.VENDOR, operation=way.path, code="160", message="不行"))
    verdicts = await way.write(writer, [way.new("K-1"), way.new("K-2")])
    expected = [Outcome.WRITTEN, Outcome.WRITTEN] if way.rows else [Outcome.REFUSED, Outcome.WRITTEN]
    assert outcomes(verdicts) == expected


@every_way
async def test_a_number_that_is_taken(state: JushuitanState, writer: MerchantWriter, way: Way) -> None:
    await way.write(writer, [way.new()])
    [verdict] = await way.write(writer, [way.new("K-1", line(4), line("0.5", "CUP-01"))])
    assert verdict.outcome is Outcome.TAKEN
    assert verdict.message == "CUP-01: 0.5 / –; MUG-01: 4 / 3"
    with pytest.raises(Fault, match="number_taken"):
        verdict.require()
    assert pieces(state) == 100 + way.change
    same = way.new("K-1", line(1, batch_no="L1"), line(2))
    assert outcomes(await way.write(writer, [same])) == [Outcome.FOUND], "lots and lines do not matter, pieces do"


async def test_the_same_pieces_at_another_place_are_another_document(
    state: JushuitanState, writer: MerchantWriter
) -> None:
    await writer.others([other()])
    [inbound] = await writer.others([other(direction=Direction.IN)])
    [elsewhere] = await writer.others([other(area="4")])
    assert (inbound.outcome, inbound.message) == (Outcome.TAKEN, "in→11/1 / out→11/1")
    assert (elsewhere.outcome, elsewhere.message) == (Outcome.TAKEN, "out→11/4 / out→11/1")


@pytest.mark.parametrize(
    ("way", "kind"),
    [(OTHERS, Kind.OTHER), (PURCHASE_INS, Kind.PURCHASE_IN), (PURCHASE_RETURNS, Kind.PURCHASE_RETURN)],
    ids=repr,
)
async def test_a_document_that_was_taken_back_is_not_written_anew(
    state: JushuitanState, writer: MerchantWriter, way: Way, kind: Kind
) -> None:
    [written] = await way.write(writer, [way.new()])
    clerk.cancel(state, kind, int(written.id or 0))
    [verdict] = await way.write(writer, [way.new()])
    assert (verdict.outcome, verdict.status, verdict.id) == (Outcome.TAKEN, "Cancelled", written.id)
    assert pieces(state) == 100


async def test_a_document_that_waits_at_the_vendor_does_not_stand(
    state: JushuitanState, client: JushuitanClient, writer: MerchantWriter
) -> None:
    items = [{"sku_id": "MUG-01", "qty": 3}]
    biz = {"external_id": "K-1", "type": "out", "wms_co_id": 11, "warehouse": "1", "items": items}
    await client.call(OTHERS.path, biz)
    [verdict] = await writer.others([other()])
    assert (verdict.outcome, verdict.status, verdict.stands) == (Outcome.WAITING, "WaitConfirm", False)
    with pytest.raises(Fault, match="not_in_effect"):
        verdict.require()
    assert pieces(state) == 100


async def test_a_shortage_is_a_refusal(state: JushuitanState, writer: MerchantWriter) -> None:
    for way in (OTHERS, TRANSFERS, PURCHASE_RETURNS):
        [verdict] = await way.write(writer, [way.new("K-9", line(101))])
        assert verdict.outcome is Outcome.REFUSED
    assert pieces(state) == 100


async def test_transfers_between_warehouses_and_inside_one(state: JushuitanState, writer: MerchantWriter) -> None:
    inside = transfer("K-2", line(5), to_wms_co_id=11, to_area="4")
    verdicts = await writer.transfers([inside, transfer()])
    assert [verdict.number for verdict in verdicts] == ["K-2", "K-1"]
    assert outcomes(verdicts) == [Outcome.WRITTEN, Outcome.WRITTEN]
    assert [pieces(state), pieces(state, 12)] == [92, 3]
    assert outcomes(await writer.transfers([transfer(), inside])) == [Outcome.FOUND, Outcome.FOUND]


async def test_an_order_is_received_in_parts(state: JushuitanState, writer: MerchantWriter) -> None:
    [ordered] = await writer.purchase_orders([purchase_order("PO-1", line(10, price="3.20", tax_rate=13))])
    po_id = int(ordered.id or 0)
    verdicts = await writer.purchase_ins(
        [purchase_in("GR-1", line(4), po_id=po_id, supplier_id=None), purchase_in("GR-2", line(6), po_id=po_id)]
    )
    assert outcomes(verdicts) == [Outcome.WRITTEN, Outcome.WRITTEN]
    [record] = state.purchase_orders
    assert record.document.status.value == "Finished"
    assert pieces(state) == 110


async def test_many_documents_go_in_few_calls(state: JushuitanState, writer: MerchantWriter) -> None:
    documents = [purchase_in(f"K-{number}", line(1)) for number in range(60)]
    assert outcomes(await writer.purchase_ins(documents)) == [Outcome.WRITTEN] * 60
    assert state.calls.by_operation == {"/open/purchasein/query": 2, PURCHASE_INS.path: 2}
    with pytest.raises(ValueError, match="one number"):
        await writer.purchase_ins([documents[0], documents[0]])
    assert await writer.purchase_ins([]) == []


async def test_a_tenant_whose_calls_take_one_document_each(state: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with JushuitanClient(with_tokens(jushuitan, rows_per_upload=1), now=clock.unix) as client:
        verdicts = await MerchantWriter(client).purchase_ins([purchase_in("K-1"), purchase_in("K-2")])
    assert outcomes(verdicts) == [Outcome.WRITTEN, Outcome.WRITTEN]
    assert state.calls.by_operation[PURCHASE_INS.path] == 2


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {"datas": [{"so_id": "?", "issuccess": True}]}}])
async def test_an_answer_that_says_nothing_of_a_document_is_no_answer(
    scripted: ScriptedVendor, clock: Clock, answer: dict[str, Any]
) -> None:
    nothing = Reply.of({"code": 0, "data": {"datas": [], "has_next": False, "data_count": 0}})
    scripted.replies = [nothing, Reply.of({"code": 0, **answer}), nothing]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault) as raised:
            await MerchantWriter(client).transfers([transfer()])
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "bad_reply")


async def test_a_refusal_of_the_whole_call_in_the_body(scripted: ScriptedVendor, clock: Clock) -> None:
    nothing = Reply.of({"code": 0, "data": {"datas": [], "has_next": False, "data_count": 0}})
    scripted.replies = [nothing, Reply.of({"code": 0, "issuccess": False, "msg": "不行"}), nothing]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        [verdict] = await MerchantWriter(client).others([other()])
    assert (verdict.outcome, verdict.message) == (Outcome.REFUSED, "不行")


async def test_what_is_sent(scripted: ScriptedVendor, clock: Clock) -> None:
    nothing = Reply.of({"code": 0, "data": {"datas": [], "has_next": False, "data_count": 0}})
    made = Reply.of({"code": 0, "data": {"external_id": "K-1", "io_id": 5, "is_success": "true", "msg": "成功"}})
    scripted.replies = [nothing, made]
    new = purchase_in("K-1", line("1.50", price="3.2000", batch_no="L1", product_date="2026-01-02"), remark="")
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        [verdict] = await MerchantWriter(client).purchase_ins([new])
    assert (verdict.outcome, verdict.id) == (Outcome.WRITTEN, "5")
    looked, sent = (jsontext.loads(request.form()["biz"]) for request in scripted.received)
    assert looked["so_ids"] == ["K-1"]
    assert {"Confirmed", "WaitConfirm", "Cancelled"} <= set(looked["statuss"])
    item = {"sku_id": "MUG-01", "qty": Decimal("1.50"), "batch_id": "L1", "produced_date": "2026-01-02"}
    assert sent == [
        {
            "external_id": "K-1",
            "supplier_id": 7001,
            "wms_co_id": 11,
            "warehouse": 1,
            "is_confirm": True,
            "items": [item | {"price": "3.2000"}],
        }
    ]


# --- stock -----------------------------------------------------------------------------------------------------------


def stock(number: str = "S-1", change: StockChange = StockChange.SET, qty: Any = 40, sku: str = "MUG-01") -> NewStock:
    return NewStock(number=number, change=change, wms_co_id=11, figures=(StockFigure(sku_id=sku, qty=qty),))


async def test_stock_is_set_and_changed_once(state: JushuitanState, writer: MerchantWriter) -> None:
    path = "/open/jushuitan/inventoryv2/upload"
    assert (await writer.stock(stock())).outcome is Outcome.WRITTEN
    assert pieces(state) == 40
    state.faults.add(FaultRule(kind=FaultName.LOSE_REPLY, operation=path))
    adjust = stock("S-2", StockChange.ADD, -5)
    with pytest.raises(Fault):
        await writer.stock(adjust)
    for _ in range(2):
        assert (await writer.stock(adjust)).stands
    assert pieces(state) == 35


async def test_stock_that_is_refused(state: JushuitanState, writer: MerchantWriter) -> None:
    short = await writer.stock(stock("S-1", StockChange.ADD, -101))
    assert (short.outcome, short.code) == (Outcome.REFUSED, "business_rule")
    unknown = await writer.stock(stock("S-2", sku="NONE"))
    assert unknown.outcome is Outcome.REFUSED
    state.faults.add(FaultRule(kind=FaultName.NO_PERMISSION))
    with pytest.raises(Fault, match="no_permission"):
        await writer.stock(stock("S-3"))
    assert pieces(state) == 100
