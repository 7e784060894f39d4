"""A transfer in two legs: never half done unseen, undone as a whole, whatever becomes of the answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.legs import CANCEL, CONFIRM, Leg, TransferLegs
from connectors.jushuitan.verdicts import Outcome
from connectors.jushuitan.writing import MerchantWriter
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure
from tests.connectors.jushuitan.kit import Clock, with_tokens
from tests.connectors.jushuitan.stockroom import line, pieces, stock_up, transfer
from tests.connectors.scripted import Reply, ScriptedVendor


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
async def legs(state: JushuitanState, client: JushuitanClient) -> TransferLegs:
    """Three pieces from warehouse 11 to 12 are planned as K-1."""
    for _ in range(2):
        [verdict] = await MerchantWriter(client).transfers([transfer(at_once=False)])
    assert verdict.outcome is Outcome.FOUND
    return TransferLegs(client)


def stock(state: JushuitanState) -> list[Decimal]:
    """Pieces at the sender, on the way, at the receiver."""
    return [pieces(state), pieces(state, 12, figure=Figure.ALLOCATE), pieces(state, 12)]


async def test_goods_leave_are_on_the_way_and_arrive(state: JushuitanState, legs: TransferLegs) -> None:
    planned = await legs.find("K-1")
    assert planned is not None and planned.leg is Leg.PLANNED
    assert stock(state) == [100, 0, 0]
    sent = await legs.send("K-1")
    assert (sent.leg, sent.on_the_way) == (Leg.ON_THE_WAY, {"MUG-01": Decimal(3)})
    assert stock(state) == [97, 3, 0]
    arrived = await legs.arrive("K-1")
    assert (arrived.leg, arrived.on_the_way) == (Leg.ARRIVED, {})
    assert stock(state) == [97, 0, 3]
    assert len(state.transfers) == 2


async def test_less_may_arrive_than_was_sent(state: JushuitanState, legs: TransferLegs) -> None:
    await legs.send("K-1")
    await legs.arrive("K-1", {"MUG-01": Decimal(2)})
    assert stock(state) == [97, 1, 2]


async def test_the_first_leg_is_undone(state: JushuitanState, legs: TransferLegs) -> None:
    await legs.send("K-1")
    for _ in range(2):
        assert (await legs.take_back("K-1")).leg is Leg.TAKEN_BACK
    assert stock(state) == [100, 0, 0]
    for step in (legs.send, legs.arrive):
        with pytest.raises(Fault) as raised:
            await step("K-1")
        assert raised.value.kind is FaultKind.REFUSED


async def test_what_arrived_is_not_undone(state: JushuitanState, legs: TransferLegs) -> None:
    await legs.send("K-1")
    await legs.arrive("K-1")
    with pytest.raises(Fault, match="arrived"):
        await legs.take_back("K-1")
    assert (await legs.send("K-1")).leg is Leg.ARRIVED, "it has left, too"
    assert stock(state) == [97, 0, 3]


@pytest.mark.parametrize("kind", [FaultName.LOSE_REPLY, FaultName.DELIVER_TWICE, FaultName.CUT_BEFORE])
@pytest.mark.parametrize(
    ("before", "step", "operation", "expected"),
    [
        ([], "send", CONFIRM, [97, 3, 0]),
        (["send"], "arrive", CONFIRM, [97, 0, 3]),
        (["send"], "take_back", CANCEL, [100, 0, 0]),
    ],
)
async def test_a_step_is_done_once(
    state: JushuitanState,
    legs: TransferLegs,
    kind: FaultName,
    before: list[str],
    step: str,
    operation: str,
    expected: list[int],
) -> None:
    for name in before:
        await getattr(legs, name)("K-1")
    state.faults.add(FaultRule(kind=kind, operation=operation))
    if kind is not FaultName.DELIVER_TWICE:
        with pytest.raises(Fault) as raised:
            await getattr(legs, step)("K-1")
        assert raised.value.kind is FaultKind.TRANSIENT
    for _ in range(2):
        await getattr(legs, step)("K-1")
    assert stock(state) == expected


async def test_steps_out_of_order_are_refused(state: JushuitanState, legs: TransferLegs) -> None:
    with pytest.raises(Fault, match="planned"):
        await legs.arrive("K-1")
    with pytest.raises(Fault, match="no transfer K-9"):
        await legs.send("K-9")
    assert await legs.find("K-9") is None
    assert stock(state) == [100, 0, 0]


async def test_goods_that_are_gone_by_then(state: JushuitanState, legs: TransferLegs) -> None:
    state.add_stock(11, "MUG-01", Decimal(-99))
    with pytest.raises(Fault) as raised:
        await legs.send("K-1")
    assert (raised.value.kind, raised.value.code) == (FaultKind.REFUSED, "business_rule")
    planned = await legs.find("K-1")
    assert planned is not None and planned.leg is Leg.PLANNED


async def test_a_planned_transfer_with_other_pieces_is_another_one(
    state: JushuitanState, legs: TransferLegs, client: JushuitanClient
) -> None:
    [verdict] = await MerchantWriter(client).transfers([transfer("K-1", line(4), at_once=False)])
    assert verdict.outcome is Outcome.TAKEN
    [waiting] = await MerchantWriter(client).transfers([transfer("K-1")])
    assert waiting.outcome is Outcome.WAITING


def row(io_id: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"io_id": io_id, "type": kind, "status": "Creating", "so_id": "K-1", "items": []} | more


async def test_answers_that_make_no_sense(scripted: ScriptedVendor, clock: Clock) -> None:
    def page(*rows: dict[str, Any]) -> Reply:
        return Reply.of({"code": 0, "data": {"datas": list(rows), "has_next": False, "data_count": len(rows)}})

    both = page(row(1, "调拨出"), row(2, "调拨入"))
    accepted = Reply.of({"code": 0})
    for replies, expected in (
        ([page(row(2, "调拨入"))], "one half only"),
        ([page(row(2, "?"))], "no transfer"),
        ([both, accepted, both], "was said to be on_the_way and is planned"),
        ([both, Reply.of({"code": 0, "issuccess": False, "msg": "不行"}), both], "不行"),
    ):
        scripted.replies = list(replies)
        async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
            with pytest.raises(Fault, match=expected):
                await TransferLegs(client).send("K-1")
