"""Streams by the day goods moved: whatever moved in a span is in it, in no other, and as it is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.jushuitan import listings
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.streams import OutboundStream, ReturnStream
from domain import jsontext
from domain.journal import Sighting
from sandbox.jushuitan.documents import OutboundStatus, RefundStatus
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.uploads import receive_goods
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds, add_refund, with_tokens
from tests.connectors.scripted import Reply, ScriptedVendor

FLOW = "sales"
OUTBOUNDS, REFUNDS = listings.OUTBOUNDS.path, listings.REFUNDS.path
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def outbound_stream(client: JushuitanClient) -> OutboundStream:
    return OutboundStream("main", client, START)


def return_stream(client: JushuitanClient) -> ReturnStream:
    return ReturnStream("main", client, START)


async def numbers(
    stream: OutboundStream | ReturnStream, begin: datetime, end: datetime, *, flow: str = FLOW
) -> list[int]:
    return [int(sighting.key.number) async for page in stream.dated(flow, begin, end) for sighting in page]


async def test_outbounds_by_the_time_they_left(merchant: JushuitanState, client: JushuitanClient) -> None:
    """Not by the time of their last change; the end belongs to the next span."""
    ids = add_outbounds(merchant, 4)
    for io_id, late in zip(ids, (timedelta(0), HOUR - SECOND, HOUR, 3 * HOUR), strict=True):
        merchant.edit_outbound(io_id, io_date=START + late)
    stream = outbound_stream(client)
    assert await numbers(stream, START, START + HOUR) == ids[:2]
    assert await numbers(stream, START + HOUR, START + 2 * HOUR) == [ids[2]]
    assert await numbers(stream, START + 2 * HOUR, START + 9 * HOUR) == [ids[3]]


async def test_what_was_taken_back_is_still_there_and_what_never_left_is_not(
    merchant: JushuitanState, client: JushuitanClient
) -> None:
    left, cancelled, waiting = add_outbounds(merchant, 3)
    merchant.cancel_outbound(cancelled)
    merchant.edit_outbound(waiting, status=OutboundStatus.WAITING)
    assert await numbers(outbound_stream(client), START, START + HOUR) == [left, cancelled]


async def test_a_long_span_is_read_in_windows_the_vendor_accepts(
    merchant: JushuitanState, client: JushuitanClient
) -> None:
    ids = add_outbounds(merchant, 2)
    merchant.edit_outbound(ids[1], io_date=START + timedelta(days=9))
    stream = outbound_stream(client)
    assert await stream.count(START, START + timedelta(days=10)) == 2
    assert await numbers(stream, START, START + timedelta(days=10)) == ids


async def test_counting_costs_one_call(merchant: JushuitanState, client: JushuitanClient) -> None:
    add_outbounds(merchant, 120)
    stream = outbound_stream(client)
    assert await stream.count(START, START + HOUR) == 120
    assert merchant.calls.by_operation[OUTBOUNDS] == 1
    assert await stream.count(START - HOUR, START - SECOND) == 0


async def test_a_time_nobody_can_read_leaves_no_document_out(scripted: ScriptedVendor, clock: Clock) -> None:
    row: dict[str, Any] = {"io_id": 7, "ts": 1, "status": "Confirmed", "io_date": "yesterday"}
    scripted.replies = [Reply.of({"code": 0, "data": {"datas": [row], "has_next": False, "data_count": 1}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        assert await numbers(outbound_stream(client), START, START + HOUR) == [7]
    asked = jsontext.loads(scripted.received[0].form()["biz"])
    assert asked["date_type"] == 2
    assert (asked["modified_begin"], asked["modified_end"]) == ("2026-09-01 10:00:00", "2026-09-01 11:00:00")


async def test_several_by_number(merchant: JushuitanState, client: JushuitanClient) -> None:
    """As many calls as the vendor takes ids, those that are not there left out."""
    ids = add_outbounds(merchant, 60)
    stream = outbound_stream(client)
    merchant.cancel_outbound(ids[3])
    found = await stream.several(FLOW, [str(io_id) for io_id in (*ids, 9)])
    assert [int(sighting.key.number) for sighting in found] == ids
    assert merchant.calls.by_operation[OUTBOUNDS] == 2
    assert await stream.several(FLOW, ["not-a-number"]) == []
    one = await stream.one(FLOW, str(ids[3]))
    assert one == found[3]


async def test_returns_by_the_time_the_last_of_the_goods_came_in(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    """In two parts on two days: the return belongs to the second day, and to no other."""
    whole, parts, nothing = (add_refund(merchant, number) for number in range(3))
    receive_goods(merchant, whole, at=START)
    receive_goods(merchant, parts, {"MUG-01": Decimal(1)}, at=START)
    receive_goods(merchant, merchant.refund(parts.as_id), at=START + timedelta(days=1))
    stream = return_stream(client)
    assert await stream.count(START, START + HOUR) == 2
    assert await numbers(stream, START, START + HOUR) == [whole.as_id]
    day = timedelta(days=1)
    [both] = [page async for page in stream.dated(FLOW, START + day, START + day + HOUR)]
    [sighting] = both
    assert int(sighting.key.number) == parts.as_id
    assert len(jsontext.loads(sighting.body)["received"]) == 2
    assert [s.key.number for s in await stream.several(FLOW, [str(nothing.as_id), "9"])] == [str(nothing.as_id)]


async def test_a_receipt_that_was_taken_back_counts_only_where_none_stands(
    merchant: JushuitanState, client: JushuitanClient
) -> None:
    refund = add_refund(merchant, 1)
    first = receive_goods(merchant, refund, {"MUG-01": Decimal(1)}, at=START)
    second = receive_goods(merchant, merchant.refund(refund.as_id), at=START + HOUR)
    stream = return_stream(client)
    merchant.add_received(replace(second, status=RefundStatus.CANCELLED))
    assert await numbers(stream, START + HOUR, START + 2 * HOUR) == []
    assert await numbers(stream, START, START + HOUR) == [refund.as_id]
    merchant.add_received(replace(first, status=RefundStatus.CANCELLED))
    assert await numbers(stream, START + HOUR, START + 2 * HOUR) == [refund.as_id]


async def test_by_day_and_by_change_are_the_same_documents(merchant: JushuitanState, client: JushuitanClient) -> None:
    """Whatever way a document is found, it has the same version."""
    add_outbounds(merchant, 3)
    refund = add_refund(merchant, 1)
    receive_goods(merchant, refund, at=START)
    for stream in (outbound_stream(client), return_stream(client)):
        by_change: list[Sighting] = []
        async for window in stream.windows(FLOW, None, START + HOUR, 0):
            by_change += window.sightings
        by_day = [sighting async for page in stream.dated(FLOW, START, START + HOUR) for sighting in page]
        assert by_day == by_change
        assert len(by_day) > 0
    assert merchant.calls.by_operation[REFUNDS] > 0
