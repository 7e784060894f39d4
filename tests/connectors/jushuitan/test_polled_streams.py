"""Streams by change, as intake polls them: where a poll begins, and what it remembers of how far it got."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.cursors import Position
from connectors.jushuitan.streams import OutboundStream, ReturnStream
from domain import jsontext
from domain.complaints import explain
from domain.faults import Fault
from domain.journal import Sighting
from sandbox.jushuitan.state import JushuitanState
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds, with_tokens
from tests.connectors.scripted import Reply, ScriptedVendor

FLOW = "sales"
OVERLAP = 300


async def poll(
    stream: OutboundStream | ReturnStream, clock: Clock, cursor: str | None = None
) -> tuple[list[Sighting], Position]:
    """One poll up to now: what it saw and where it stands."""
    sightings: list[Sighting] = []
    async for window in stream.windows(FLOW, cursor, clock(), OVERLAP):
        sightings += window.sightings
        cursor = window.cursor or cursor
    assert cursor is not None
    return sightings, Position.model_validate_json(cursor)


def page(*rows: dict[str, Any]) -> Reply:
    return Reply.of({"code": 0, "data": {"datas": list(rows), "has_next": False, "data_count": len(rows)}})


@pytest.fixture
def outbounds(client: JushuitanClient) -> OutboundStream:
    return OutboundStream("main", client, START - timedelta(days=1))


async def test_a_poll_remembers_when_it_read_not_only_what_it_was_asked_for(
    merchant: JushuitanState, outbounds: OutboundStream, clock: Clock
) -> None:
    add_outbounds(merchant, 1)
    until, cursor = clock(), None
    clock.forward(minutes=20)
    async for window in outbounds.windows(FLOW, None, until, OVERLAP):
        cursor = window.cursor or cursor
    assert cursor is not None
    [mark] = Position.model_validate_json(cursor).feed("outbound").marks
    assert (mark.at, mark.read) == (until, until + timedelta(minutes=20))


@pytest.mark.parametrize("kind", [OutboundStream, ReturnStream])
async def test_where_reading_begins_is_kept_from_the_first_poll_on(
    client: JushuitanClient, clock: Clock, kind: type[OutboundStream | ReturnStream]
) -> None:
    """Nothing is seen for two days, and the worker is started anew each time: what changed meanwhile is not lost."""
    first, cursor = clock(), None
    for _ in range(3):
        _, position = await poll(kind("main", client, None), clock, cursor)
        assert position.since == first - timedelta(days=1)
        cursor = position.model_dump_json()
        clock.forward(days=1)


async def test_what_changed_between_two_starts_is_read_when_nothing_was_seen_before(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    _, position = await poll(OutboundStream("main", client, None), clock)
    ids = add_outbounds(merchant, 1)
    clock.forward(days=2)
    seen, _ = await poll(OutboundStream("main", client, None), clock, position.model_dump_json())
    assert [int(sighting.key.number) for sighting in seen] == ids


async def test_where_reading_begins_is_kept_even_if_the_first_poll_fails(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    scripted.replies = [Reply(b"<html>", 502)]
    kept = Position()
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault):
            async for window in OutboundStream("main", client, None).windows(FLOW, None, clock(), OVERLAP):
                kept = Position.of(window.cursor)
    assert kept.since == clock() - timedelta(days=1)


async def test_the_settings_say_where_reading_begins_until_something_was_seen(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    _, position = await poll(OutboundStream("main", client, None), clock)
    add_outbounds(merchant, 1)
    clock.forward(hours=2)
    later = OutboundStream("main", client, START + timedelta(hours=1))
    seen, _ = await poll(later, clock, position.model_dump_json())
    assert seen == []


# --- rows that do not say who they are --------------------------------------------------------------------------------


def invalid_fields(sighting: Sighting, kind: type[OutboundStream | ReturnStream]) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        kind.model.model_validate(jsontext.loads(sighting.body))
    return [complaint.field for complaint in explain(raised.value)]


async def test_an_outbound_without_a_number_is_a_document_of_its_own_and_the_others_pass(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    shipped: dict[str, Any] = {"status": "Confirmed", "io_date": "2026-09-01 10:00:00", "items": []}
    nameless: dict[str, Any] = {**shipped, "io_id": None, "so_id": "SO-1", "receiver_name": "王小明", "ts": 2}
    other = {**nameless, "so_id": "SO-2", "ts": 4}
    first = page({**shipped, "io_id": 1, "ts": 1}, nameless, {**shipped, "io_id": 3, "ts": 3}, other)
    # Read again in the overlap, once as it was and once touched at the vendor.
    scripted.replies = [first, page(nameless), page({**nameless, "ts": 5, "modified": "2026-09-01 10:05:00"})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        stream = OutboundStream("main", client, START)
        seen, _ = await poll(stream, clock)
        again, _ = await poll(stream, clock)
        touched, _ = await poll(stream, clock)
    one, unknown, three, another = (sighting.key.number for sighting in seen)
    assert (one, three) == ("1", "3")
    assert unknown.startswith("without-io_id-")
    assert another.startswith("without-io_id-")
    assert unknown != another
    assert [sighting.key.number for sighting in (*again, *touched)] == [unknown, unknown]
    assert (again[0].version, again[0].platform_no) == (seen[1].version, "SO-1")
    assert "王小明" not in seen[1].body
    assert invalid_fields(seen[1], OutboundStream)[0] == "io_id"


async def test_an_outbound_without_a_status_is_not_passed_over(scripted: ScriptedVendor, clock: Clock) -> None:
    scripted.replies = [page({"io_id": 1, "ts": 1}, {"io_id": 2, "ts": 2, "status": "WaitConfirm"})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        [sighting], _ = await poll(OutboundStream("main", client, START), clock)
    assert sighting.key.number == "1"
    assert invalid_fields(sighting, OutboundStream)[0] == "status"


async def test_returns_that_cannot_be_asked_for_are_documents_of_their_own(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    """The vendor is asked by number for the refund and its receipts; without one there is nothing to ask for."""
    refund = {"status": "Confirmed", "type": "普通退货", "ts": 1, "items": []}
    named = {**refund, "as_id": 7, "ts": 2}
    odd = {**refund, "as_id": "R-12", "ts": 3}
    receipt = {"io_id": 90, "status": "Confirmed", "ts": 4, "io_date": "2026-09-01 10:00:00", "items": []}
    waiting = {**receipt, "io_id": 91, "status": "WaitConfirm"}
    scripted.replies = [page(refund, named, odd), page(receipt, waiting), page(named), page({**receipt, "as_id": 7})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        seen, _ = await poll(ReturnStream("main", client, START), clock)
    numbers = [sighting.key.number for sighting in seen]
    assert numbers[1::2] == ["R-12", "7"]
    assert all(number.startswith("without-as_id-") for number in numbers[::2])
    assert [invalid_fields(sighting, ReturnStream)[0] for sighting in seen[:3]] == ["refund.as_id"] * 3
    assert "90" in seen[2].body


async def test_receipts_of_a_return_without_numbers_of_their_own_are_all_kept(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    refund = {"as_id": 7, "status": "Confirmed", "type": "普通退货", "ts": 1, "items": []}
    receipts = [{"as_id": 7, "status": "Confirmed", "ts": ts, "remark": f"{ts}", "wh_id": ts} for ts in (2, 3)]
    scripted.replies = [page(refund), page(*receipts)]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        sighting = await ReturnStream("main", client, START).one(FLOW, "7")
    assert sighting is not None
    assert len(jsontext.loads(sighting.body)["received"]) == 2
    assert invalid_fields(sighting, ReturnStream)[0] == "received.0.io_id"
