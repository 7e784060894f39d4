"""Streams of stock documents: nothing is lost, nothing is seen too early, what is taken back is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.jushuitan import listings
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.new_documents import NewStock, StockChange, StockFigure
from connectors.jushuitan.stock_streams import COUNT, OTHER, PURCHASE_IN, PURCHASE_RETURN, STOCK_STREAMS, TRANSFER
from connectors.jushuitan.streams import MODELS, streams_of
from connectors.jushuitan.writing import MerchantWriter
from domain import jsontext
from domain.faults import Fault, FaultKind
from domain.journal import Sighting
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan import clerk
from sandbox.jushuitan.state import JushuitanState, Kind, PagingFault
from sandbox.jushuitan.warehousing.documents import StockStatus
from tests.connectors.jushuitan.kit import START, Clock, with_tokens
from tests.connectors.jushuitan.stockroom import (
    add_others,
    line,
    other,
    purchase_in,
    purchase_return,
    stock_up,
    transfer,
)
from tests.connectors.scripted import Reply, ScriptedVendor

FLOW = "stock"
OVERLAP = 300
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OTHERS = listings.OTHERS.path
KINDS = {
    COUNT: Kind.COUNT,
    OTHER: Kind.OTHER,
    TRANSFER: Kind.TRANSFER,
    PURCHASE_IN: Kind.PURCHASE_IN,
    PURCHASE_RETURN: Kind.PURCHASE_RETURN,
}
every_stream = pytest.mark.parametrize("name", list(STOCK_STREAMS))


@pytest.fixture
def state(merchant: JushuitanState) -> JushuitanState:
    stock_up(merchant)
    return merchant


@pytest.fixture
def stream(client: JushuitanClient) -> Callable[[str], Any]:
    streams = streams_of("main", client, START - timedelta(days=2))
    return lambda name: streams[name]


async def make(client: JushuitanClient, name: str, number: str = "K-1") -> str:
    """A document of a stream's kind that moved three pieces; its number in the stream."""
    writer = MerchantWriter(client)
    if name == COUNT:
        figures = (StockFigure(sku_id="MUG-01", qty=-3),)
        return (
            await writer.stock(NewStock(number=number, change=StockChange.ADD, wms_co_id=11, figures=figures))
        ).id or ""
    writing: dict[str, Any] = {
        OTHER: lambda: writer.others([other(number)]),
        TRANSFER: lambda: writer.transfers([transfer(number)]),
        PURCHASE_IN: lambda: writer.purchase_ins([purchase_in(number)]),
        PURCHASE_RETURN: lambda: writer.purchase_returns([purchase_return(number)]),
    }
    [verdict] = await writing[name]()
    return str(verdict.require().id)


async def poll(stream: Any, cursor: str | None, until: datetime) -> tuple[list[Sighting], str]:
    windows = [window async for window in stream.windows(FLOW, cursor, until, OVERLAP)]
    if cursor is None:
        assert windows[0].cursor is not None, "where reading begins is kept before anything is read"
        assert not windows.pop(0).sightings
    *parts, end = windows
    assert all(part.cursor is None for part in parts), "how far it got comes with the end"
    assert end.cursor is not None
    return [sighting for window in windows for sighting in window.sightings], end.cursor


def newest(sightings: list[Sighting]) -> dict[str, Sighting]:
    return {sighting.key.number: sighting for sighting in sightings}


def test_every_stream_has_a_model_flows_are_checked_against() -> None:
    assert {name: MODELS[name] for name in STOCK_STREAMS} == {name: kind.model for name, kind in STOCK_STREAMS.items()}


@every_stream
async def test_a_document_is_seen_with_what_people_search_by(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], name: str
) -> None:
    number = await make(client, name)
    seen = newest((await poll(stream(name), None, START + HOUR))[0])
    sighting = seen[number]
    assert (sighting.warehouse, sighting.skus, sighting.key.flow) == ("11", ("MUG-01",), FLOW)
    assert sighting.order is not None and sighting.order > 0
    subject = stream(name).model.model_validate(jsontext.loads(sighting.body))
    assert subject.io_id == number
    assert subject.status.took_effect
    if name == TRANSFER:
        [into] = [one for one in seen.values() if one.key.number != number]
        assert (into.platform_no, into.related, into.warehouse) == ("K-1", (number,), "12")
    elif name != COUNT:
        assert sighting.platform_no == "K-1"


@every_stream
async def test_what_is_taken_back_is_seen_in_a_later_version(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], clock: Clock, name: str
) -> None:
    number = await make(client, name)
    source = stream(name)
    sightings, cursor = await poll(source, None, clock())
    first = newest(sightings)[number]
    clock.forward(seconds=OVERLAP + 60)
    again, cursor = await poll(source, cursor, clock())
    assert all(one == first for one in again if one.key.number == number)
    clock.forward(hours=1)
    clerk.cancel(state, KINDS[name], int(number))
    sightings, _ = await poll(source, cursor, clock())
    taken_back = newest(sightings)[number]
    assert taken_back.version != first.version
    assert taken_back.order is not None and first.order is not None and taken_back.order > first.order
    assert jsontext.loads(taken_back.body)["status"] == "Cancelled"
    assert await source.one(FLOW, number) == taken_back


@every_stream
async def test_a_document_that_has_not_moved_goods_is_nobodys_business(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], clock: Clock, name: str
) -> None:
    number = await make(client, name)
    document = state.document(KINDS[name], int(number))
    waiting = replace(document, io_id=state.next_id(), status=StockStatus.WAITING)
    state.put(KINDS[name], waiting.io_id, waiting)
    source = stream(name)
    sightings, cursor = await poll(source, None, clock())
    assert str(waiting.io_id) not in newest(sightings)
    assert await source.one(FLOW, str(waiting.io_id)) is None
    clock.forward(minutes=30)
    state.put(KINDS[name], waiting.io_id, replace(waiting, status=StockStatus.CONFIRMED))
    sightings, _ = await poll(source, cursor, clock())
    assert str(waiting.io_id) in newest(sightings)


@every_stream
async def test_by_the_time_the_goods_moved(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], clock: Clock, name: str
) -> None:
    """Not by the time of the last change; the end belongs to the next span."""
    number = await make(client, name)
    document = state.document(KINDS[name], int(number))
    clock.forward(hours=2)
    later = replace(document, io_id=state.next_id(), io_date=START + HOUR)
    state.put(KINDS[name], later.io_id, later)
    clock.forward(days=3)
    state.touch(KINDS[name], int(number))
    source = stream(name)

    async def dated(begin: datetime, end: datetime) -> set[str]:
        return {one.key.number async for page in source.dated(FLOW, begin, end) for one in page}

    first, second = await dated(START, START + HOUR), await dated(START + HOUR, START + 2 * HOUR)
    assert number in first and str(later.io_id) not in first
    assert second == {str(later.io_id)}
    assert await dated(START + 2 * HOUR, START + 9 * HOUR) == set()
    assert await source.count(START - HOUR, START + 2 * HOUR + timedelta(days=4)) >= 2


@every_stream
async def test_several_by_number(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], name: str
) -> None:
    numbers = [await make(client, name, f"K-{number}") for number in range(3)]
    found = await stream(name).several(FLOW, [*numbers[::-1], "9", "not-a-number"])
    assert [one.key.number for one in found] == numbers[::-1]
    assert await stream(name).several(FLOW, ["not-a-number"]) == []


# --- reading while things change -------------------------------------------------------------------------------------


async def test_a_cursor_loses_nothing_while_documents_change(
    state: JushuitanState, stream: Callable[[str], Any], clock: Clock
) -> None:
    ids = add_others(state, 120)
    source = stream(OTHER)
    _, cursor = await poll(source, None, clock())
    clock.forward(seconds=OVERLAP + 60)
    _, cursor = await poll(source, cursor, clock())
    clock.forward(minutes=10)
    for io_id in ids:
        state.touch(Kind.OTHER, io_id)
    state.newcomer = lambda: add_others(state, 1)
    state.faults.add(FaultRule(kind=FaultName.VENDOR, operation=OTHERS, code=PagingFault.TOUCH_ROWS))
    state.faults.add(FaultRule(kind=FaultName.VENDOR, operation=OTHERS, code=PagingFault.NEW_ROWS))
    sightings, _ = await poll(source, cursor, clock())
    assert set(newest(sightings)) == {str(record.document.io_id) for record in state.others}
    assert len(state.others) == 121


async def test_a_window_in_which_documents_shift_fails_and_the_cursor_stays(
    state: JushuitanState, stream: Callable[[str], Any], client: JushuitanClient, clock: Clock
) -> None:
    """120 halves of transfers; the first of a page is changed after it was read, and the rows behind move up."""
    await MerchantWriter(client).transfers([transfer(f"K-{number}", line(1)) for number in range(50)])
    await MerchantWriter(client).transfers([transfer(f"L-{number}", line(1)) for number in range(10)])
    source, until = stream(TRANSFER), clock()
    clock.forward(minutes=1)
    path = listings.TRANSFERS.path
    state.faults.add(FaultRule(kind=FaultName.VENDOR, operation=path, code=PagingFault.TOUCH_ROWS))
    with pytest.raises(Fault) as raised:
        await poll(source, None, until)
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "pages_drifted")
    sightings, cursor = await poll(source, None, clock())
    assert len(newest(sightings)) == 120
    assert newest((await poll(source, cursor, clock() + SECOND))[0]).keys() == newest(sightings).keys(), "the overlap"


async def test_documents_that_appear_while_a_window_is_read(
    state: JushuitanState, stream: Callable[[str], Any], clock: Clock
) -> None:
    """They come at the end of the window, or with the next poll."""
    add_others(state, 60)
    state.newcomer = lambda: add_others(state, 1)
    rule = FaultRule(kind=FaultName.VENDOR, operation=OTHERS, code=PagingFault.NEW_ROWS, times=2)
    state.faults.add(rule)
    sightings, cursor = await poll(stream(OTHER), None, clock())
    clock.forward(seconds=60)
    more, _ = await poll(stream(OTHER), cursor, clock())
    assert len(newest(sightings + more)) == len(state.others) == 62


async def test_a_row_that_becomes_visible_late_is_read_by_the_overlap(
    state: JushuitanState, client: JushuitanClient, stream: Callable[[str], Any], clock: Clock
) -> None:
    numbers = [await make(client, TRANSFER, f"K-{number}") for number in range(2)]
    rule = FaultRule(kind=FaultName.VENDOR, operation=listings.TRANSFERS.path, code=PagingFault.LATE_ROW)
    state.faults.add(rule)
    sightings, cursor = await poll(stream(TRANSFER), None, clock())
    assert not set(numbers) <= set(newest(sightings))
    clock.forward(seconds=60)
    more, _ = await poll(stream(TRANSFER), cursor, clock())
    assert set(numbers) <= set(newest(sightings + more))


@pytest.mark.parametrize("config", [{"per_second": 2}])
async def test_a_throttled_poll_moves_nothing(
    state: JushuitanState, stream: Callable[[str], Any], clock: Clock
) -> None:
    add_others(state, 120)
    with pytest.raises(Fault) as raised:
        await poll(stream(OTHER), None, clock())
    assert (raised.value.kind, raised.value.retry_after) == (FaultKind.THROTTLED, 1.0)
    state.limits.per_second = None
    assert len(newest((await poll(stream(OTHER), None, clock()))[0])) == 120


async def test_receipts_by_the_newer_path(state: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with JushuitanClient(with_tokens(jushuitan, newer_purchase_in=True), now=clock.unix) as client:
        number = await make(client, PURCHASE_IN)
        source = streams_of("main", client, START - HOUR)[PURCHASE_IN]
        assert list(newest((await poll(source, None, clock()))[0])) == [number]
    assert state.calls.by_operation[listings.PURCHASE_INS_NEWER.path] > 0
    assert state.calls.by_operation[listings.PURCHASE_INS.path] == 0


@every_stream
async def test_where_reading_begins_is_kept_from_the_first_poll_on(
    state: JushuitanState, client: JushuitanClient, clock: Clock, name: str
) -> None:
    """Without a setting it is a day before the first poll, also when that poll and others after it fail."""
    source = streams_of("main", client, None)[name]
    number = await make(client, name)
    clock.forward(hours=20)
    begun, *_ = [window.cursor async for window in source.windows(FLOW, None, clock(), OVERLAP)]
    clock.forward(days=3)
    assert number in newest((await poll(source, begun, clock()))[0])


@every_stream
async def test_a_row_that_does_not_say_who_it_is_waits_for_a_person(
    scripted: ScriptedVendor, clock: Clock, name: str
) -> None:
    rows: list[dict[str, Any]] = [{"status": "Confirmed", "ts": 1}, {"io_id": 7, "status": "Confirmed", "ts": 2}]
    scripted.replies = [Reply.of({"code": 0, "data": {"datas": rows, "has_next": False, "data_count": 2}})]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        source = streams_of("main", client, START - HOUR)[name]
        sightings, cursor = await poll(source, None, clock())
        again, _ = await poll(source, cursor, clock())
    numbers = [sighting.key.number for sighting in sightings]
    assert numbers[0].startswith("without-io_id-")
    assert numbers[1] == "7"
    assert [sighting.key.number for sighting in again] == numbers, "the same, however often it is read"


async def test_a_note_is_no_new_version(state: JushuitanState, stream: Callable[[str], Any], clock: Clock) -> None:
    [io_id] = add_others(state, 1)
    source = stream(OTHER)
    before = await source.one(FLOW, str(io_id))
    document = state.document(Kind.OTHER, io_id)
    state.put(Kind.OTHER, io_id, replace(document, remark="已核对", f_status=StockStatus.CONFIRMED))
    after = await source.one(FLOW, str(io_id))
    assert before is not None and after is not None
    assert after.version == before.version
    assert after.order is not None and before.order is not None and after.order > before.order
