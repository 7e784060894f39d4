"""After-sales documents written by us: registered, goods booked in, confirmed; each once, each with its own verdict."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.jushuitan.aftersales import (
    CONFIRM,
    GOODS,
    UNCONFIRM,
    UPLOAD,
    AfterSaleLine,
    AfterSalesDesk,
    AfterSaleType,
    GoodsBack,
    NewAfterSale,
)
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.models import GoodStatus
from connectors.jushuitan.verdicts import Outcome, Verdict
from domain.faults import Fault
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.documents import RefundStatus
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure
from tests.connectors.jushuitan.kit import Clock, with_tokens
from tests.connectors.jushuitan.stockroom import pieces, stock_up
from tests.connectors.scripted import Reply, ScriptedVendor

WRITTEN, FOUND, REFUSED = Outcome.WRITTEN, Outcome.FOUND, Outcome.REFUSED


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
def desk(state: JushuitanState, client: JushuitanClient) -> AfterSalesDesk:
    return AfterSalesDesk(client)


def document(number: str = "R-1", **fields: Any) -> NewAfterSale:
    defaults: dict[str, Any] = {
        "shop_id": 101,
        "so_id": "SO-1",
        "type": AfterSaleType.RETURN,
        "good_status": GoodStatus.BUYER_RETURNED_GOODS,
        "lines": (AfterSaleLine(sku_id="MUG-01", qty=Decimal(2), amount=Decimal("19.80"), outer_oi_id="L-1"),),
    }
    return NewAfterSale(number=number, **(defaults | fields))


def back(as_id: int, return_id: str = "G-1", qty: int = 1) -> GoodsBack:
    return GoodsBack(as_id=as_id, return_id=return_id, wms_co_id=11, pieces={"MUG-01": Decimal(qty)})


def outcomes(verdicts: list[Verdict]) -> list[Outcome]:
    return [verdict.outcome for verdict in verdicts]


async def registered(desk: AfterSalesDesk, number: str = "R-1") -> int:
    [verdict] = await desk.register([document(number)])
    return int(verdict.require().id or 0)


async def test_each_document_has_its_own_verdict(state: JushuitanState, desk: AfterSalesDesk) -> None:
    bad = document("R-2", shop_id=999)
    verdicts = await desk.register([document(), bad, document("R-3")])
    assert outcomes(verdicts) == [WRITTEN, REFUSED, WRITTEN]
    assert "999" in verdicts[1].message
    assert len(state.refunds) == 2
    with pytest.raises(ValueError, match="one number"):
        await desk.register([document(), document()])


async def test_a_document_is_registered_once(state: JushuitanState, desk: AfterSalesDesk) -> None:
    state.faults.add(FaultRule(kind=FaultName.LOSE_REPLY, operation=UPLOAD))
    with pytest.raises(Fault):
        await desk.register([document()])
    first = await registered(desk)
    assert await registered(desk) == first
    assert len(state.refunds) == 1
    [line] = state.refund(first).items
    assert (line.qty, line.amount, line.outer_oi_id) == (Decimal(2), Decimal("19.80"), "L-1")


async def test_goods_are_booked_in_once_for_each_arrival(state: JushuitanState, desk: AfterSalesDesk) -> None:
    as_id = await registered(desk)
    state.faults.add(FaultRule(kind=FaultName.LOSE_REPLY, operation=GOODS))
    with pytest.raises(Fault):
        await desk.goods_back([back(as_id)])
    for _ in range(2):
        assert outcomes(await desk.goods_back([back(as_id)])) == [WRITTEN]
    assert pieces(state, figure=Figure.RETURN) == 1
    assert outcomes(await desk.goods_back([back(as_id, "G-2"), back(9, "G-3")])) == [WRITTEN, REFUSED]
    assert pieces(state, figure=Figure.RETURN) == 2


@pytest.mark.parametrize("kind", [FaultName.LOSE_REPLY, FaultName.DELIVER_TWICE])
async def test_confirming_and_taking_back(state: JushuitanState, desk: AfterSalesDesk, kind: FaultName) -> None:
    """The vendor refuses to confirm what is confirmed; for us that stands."""
    as_id = await registered(desk)
    for step, path, status in (
        (desk.confirm, CONFIRM, RefundStatus.CONFIRMED),
        (desk.unconfirm, UNCONFIRM, RefundStatus.WAITING),
    ):
        state.faults.add(FaultRule(kind=kind, operation=path))
        if kind is FaultName.LOSE_REPLY:
            with pytest.raises(Fault):
                await step([as_id])
        for _ in range(2):
            assert outcomes(await step([as_id])) == [FOUND]
        assert state.refund(as_id).status is status
    assert outcomes(await desk.confirm([as_id, 9])) == [WRITTEN, REFUSED]
    assert await desk.confirm([]) == []


async def test_a_confirmed_document_cannot_be_changed(state: JushuitanState, desk: AfterSalesDesk) -> None:
    as_id = await registered(desk)
    await desk.confirm([as_id])
    [verdict] = await desk.register([document(remark="later")])
    assert verdict.outcome is REFUSED


async def test_an_answer_without_the_document(scripted: ScriptedVendor, clock: Clock) -> None:
    scripted.replies = [Reply.of({"code": 0, "data": {"success": [], "fail": []}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault, match="said nothing of 5"):
            await AfterSalesDesk(client).goods_back([back(5)])
