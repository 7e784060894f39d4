"""Queries by cursor, window and id; nothing is lost, nothing comes twice, trouble is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from connectors.jushuitan import listings
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.pages import LONGEST_WINDOW, Page, spans
from domain import jsontext
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.state import JushuitanState, Kind, PagingFault
from tests.connectors.jushuitan.kit import FOR_EVER, START, Clock, add_outbounds, collect, ids_of, with_tokens
from tests.connectors.scripted import Received, Reply, ScriptedVendor

OUTBOUNDS = listings.OUTBOUNDS.path


def paging(code: PagingFault, **rule: Any) -> FaultRule:
    return FaultRule(kind=FaultName.VENDOR, operation=OUTBOUNDS, code=code.value, **rule)


# --- cursor ----------------------------------------------------------------------------------------------------------


async def test_a_cursor_reads_everything_once(merchant: JushuitanState, client: JushuitanClient) -> None:
    ids = add_outbounds(merchant, 120)
    pages = await collect(client.outbounds(start_ts=1))
    assert ids_of(pages) == ids
    assert [len(page.rows) for page in pages] == [50, 49, 21]
    assert pages[-1].next_ts == max(row["ts"] for page in pages for row in page.rows)


async def test_a_cursor_goes_on_where_it_stopped(merchant: JushuitanState, client: JushuitanClient) -> None:
    ids = add_outbounds(merchant, 3)
    [page] = await collect(client.outbounds(start_ts=1))
    assert page.next_ts is not None
    merchant.touch(Kind.OUTBOUND, ids[0])
    merchant.touch(Kind.OUTBOUND, ids[1])
    merchant.touch(Kind.OUTBOUND, ids[0])
    later = await collect(client.outbounds(start_ts=page.next_ts))
    assert ids_of(later) == [ids[2], ids[1], ids[0]]  # the last one again, each change once
    assert later[-1].next_ts == merchant.outbounds.get(ids[0]).ts  # type: ignore[union-attr]


async def test_a_cursor_loses_nothing_while_rows_change(merchant: JushuitanState, client: JushuitanClient) -> None:
    """Each page read touches its first document; by window that shifts the pages, by cursor it comes again."""
    ids = add_outbounds(merchant, 120)
    merchant.faults.add(paging(PagingFault.TOUCH_ROWS, times=2))
    pages = await collect(client.outbounds(start_ts=1))
    got = ids_of(pages)
    assert set(got) == set(ids)
    assert len(got) == 122
    newest = {row["io_id"]: row["ts"] for page in pages for row in page.rows}
    assert newest == {io_id: merchant.outbounds.get(io_id).ts for io_id in ids}  # type: ignore[union-attr]


async def test_a_cursor_past_the_end(merchant: JushuitanState, client: JushuitanClient) -> None:
    add_outbounds(merchant, 2)
    assert await collect(client.outbounds(start_ts=9_000_000_000)) == []
    assert merchant.calls.by_operation[OUTBOUNDS] == 1


@pytest.mark.parametrize("code", [PagingFault.DUPLICATE_ROW, PagingFault.EMPTY_PAGE])
async def test_a_cursor_does_not_trust_pages(
    merchant: JushuitanState, client: JushuitanClient, code: PagingFault
) -> None:
    ids = add_outbounds(merchant, 60)
    merchant.faults.add(paging(code, skip=1))
    pages = await collect(client.outbounds(start_ts=1))
    if code is PagingFault.EMPTY_PAGE:  # an empty page ends the read early; the next poll goes on from there
        assert ids_of(pages) == ids[:50]
        pages += await collect(client.outbounds(start_ts=pages[-1].next_ts))
    assert sorted(set(ids_of(pages))) == ids


async def test_what_a_cursor_asks(scripted: ScriptedVendor, clock: Clock) -> None:
    rows: list[dict[str, Any]] = [
        {"io_id": 1, "ts": "5000000001"},
        {"io_id": "2", "ts": 5000000002},
        {"io_id": 1, "ts": 5000000000},
    ]
    replies = [{"datas": rows, "has_next": False}, {"datas": [rows[1]], "has_next": True}]
    scripted.replies = [Reply.of({"code": "0", "data": data}) for data in replies]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        pages = await collect(client.outbounds(start_ts=7, with_finance=False))
    assert pages == [Page([rows[0], rows[1]], 5000000002, has_next=True)]
    first, second = (jsontext.loads(request.form()["biz"]) for request in scripted.received)
    assert first == {
        "is_get_cbfinance": False,
        "is_get_cblogistic": False,
        "start_ts": 7,
        "page_index": 1,
        "page_size": 50,
        "is_get_total": False,
    }
    assert second == {**first, "start_ts": 5000000002}


# --- window ----------------------------------------------------------------------------------------------------------


async def test_a_window_reads_everything_once(merchant: JushuitanState, client: JushuitanClient) -> None:
    ids = add_outbounds(merchant, 120)
    pages = await collect(client.outbounds(window=FOR_EVER))
    assert ids_of(pages) == ids
    assert pages[0].has_next
    assert not pages[-1].has_next


async def test_both_ends_of_a_window_count_in_the_time_of_china(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    ids = add_outbounds(merchant, 1)
    second = timedelta(seconds=1)
    for begin, end, expected in (
        (START, START, ids),
        (START - second, START - second / 2, ids),  # a part of a second is not cut off
        (START - 2 * second, START - second, []),
        (START + second, START + 2 * second, []),
    ):
        assert ids_of(await collect(client.outbounds(window=(begin, end)))) == expected, (begin, end)


async def test_a_window_in_which_rows_shift_fails(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    add_outbounds(merchant, 120)
    window = (START - timedelta(days=1), START)
    merchant.faults.add(paging(PagingFault.TOUCH_ROWS))

    clock.forward(minutes=1)  # what is touched now leaves the window
    with pytest.raises(Fault) as raised:
        await collect(client.outbounds(window=window))
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "pages_drifted")


@pytest.mark.parametrize(
    "fault", [FaultRule(kind=FaultName.SERVER_ERROR, skip=1), paging(PagingFault.EMPTY_PAGE, skip=1)]
)
async def test_a_page_that_fails_fails_the_window(
    merchant: JushuitanState, client: JushuitanClient, fault: FaultRule
) -> None:
    add_outbounds(merchant, 120)
    merchant.faults.add(fault)
    with pytest.raises(Fault) as raised:
        await collect(client.outbounds(window=FOR_EVER))
    assert raised.value.kind is FaultKind.TRANSIENT


async def test_a_row_on_two_pages_comes_once(merchant: JushuitanState, client: JushuitanClient) -> None:
    ids = add_outbounds(merchant, 60)
    merchant.faults.add(paging(PagingFault.DUPLICATE_ROW, times=2))
    got = ids_of(await collect(client.outbounds(window=FOR_EVER)))
    assert sorted(got) == ids


@pytest.mark.parametrize("days", [0, 1, 6, 7, 8, 21, 31])
def test_long_windows_are_split_without_a_gap(days: int) -> None:
    begin, end = START, START + timedelta(days=days)
    parts = list(spans(begin, end))
    assert parts[0][0] == begin
    assert parts[-1][1] == end
    assert all(one[1] == following[0] for one, following in pairwise(parts))
    assert all(timedelta(0) <= last - first <= LONGEST_WINDOW for first, last in parts)


@pytest.mark.parametrize(
    "window", [(START, START - timedelta(seconds=1)), (datetime(2026, 9, 1), START), (START, datetime(2026, 9, 2))]  # noqa: DTZ001
)  # fmt: skip
def test_a_window_that_is_none(window: tuple[datetime, datetime]) -> None:
    with pytest.raises(ValueError, match="window"):
        list(spans(*window))


async def test_what_a_window_asks(scripted: ScriptedVendor, clock: Clock) -> None:
    scripted.replies = [Reply.of({"code": 0, "data": {"datas": None, "has_next": None, "data_count": None}})]
    window = (datetime(2026, 9, 1, 16, 0, tzinfo=UTC), datetime(2026, 9, 10, 16, 0, 0, 1, tzinfo=UTC))
    async with JushuitanClient(with_tokens(scripted.url, page_size=30), now=clock.unix) as client:
        assert await collect(client.refunds(window=window)) == []
    asked = [jsontext.loads(request.form()["biz"]) for request in scripted.received]
    assert [(biz["modified_begin"], biz["modified_end"]) for biz in asked] == [
        ("2026-09-02 00:00:00", "2026-09-08 23:59:00"),
        ("2026-09-08 23:59:00", "2026-09-11 00:00:01"),
    ]
    assert all((biz["page_index"], biz["page_size"], biz["is_get_total"]) == (1, 30, True) for biz in asked)


# --- ids and master data ---------------------------------------------------------------------------------------------


async def test_by_ids(merchant: JushuitanState, client: JushuitanClient) -> None:
    ids = add_outbounds(merchant, 130)
    assert sorted(ids_of(await collect(client.outbounds(io_ids=[*ids, ids[0], 1])))) == ids
    assert merchant.calls.by_operation[OUTBOUNDS] == 3


async def test_exactly_one_way_to_ask(client: JushuitanClient) -> None:
    wrongs: tuple[dict[str, Any], ...] = ({}, {"start_ts": 1, "window": FOR_EVER}, {"window": FOR_EVER, "io_ids": [1]})
    for wrong in wrongs:
        with pytest.raises(ValueError, match="exactly one"):
            client.outbounds(**wrong)
    with pytest.raises(ValueError, match="exactly one"):
        client.received(io_ids=[1], as_ids=[2])


async def test_shops_and_warehouses(client: JushuitanClient) -> None:
    assert [(shop["shop_id"], shop["shop_name"]) for shop in await client.shops()] == [(101, "Harbour Lane US")]
    assert [(one["wms_co_id"], one["name"]) for one in await client.warehouses()] == [(11, "宁波一号仓")]


async def test_cross_border_figures_only_on_demand(merchant: JushuitanState, client: JushuitanClient) -> None:
    add_outbounds(merchant, 1)
    [page] = await collect(client.outbounds(start_ts=1))
    assert {"cb_finance", "tracking_number"} <= page.rows[0].keys()
    [page] = await collect(client.outbounds(start_ts=1, with_finance=False))
    assert not {"cb_finance", "tracking_number"} & page.rows[0].keys()
    assert str(page.rows[0]["items"][0]["sale_price"]) == "9.90"
    assert isinstance(page.rows[0]["items"][0]["sale_price"], Decimal)


# --- trouble ---------------------------------------------------------------------------------------------------------

T, H, E, I, R = FaultKind.TRANSIENT, FaultKind.THROTTLED, FaultKind.EXPIRED, FaultKind.INVALID, FaultKind.REFUSED  # noqa: E741


@pytest.mark.parametrize(
    ("vendor_code", "kind", "code", "calls"),
    [
        (10, E, "bad_signature", 1),
        (120, E, "bad_signature", 1),
        (110, E, "ip_not_allowed", 1),
        (190, R, "no_permission", 1),
        (21024, E, "wrong_application", 1),
        (130, I, "parameter", 1),
        (10015, I, "parameter", 1),
        (-4, I, "parameter", 1),
        (140, I, "clock", 2),
        (180, I, "clock", 2),
        (150, T, "internal", 1),
        (160, R, "business_rule", 1),
        (170, R, "unknown_shop", 1),
        (199, H, "calls_per_second", 1),
        (200, H, "calls_per_minute", 1),
        (777, R, "code_777", 1),
    ],
)
async def test_refusals(
    merchant: JushuitanState, client: JushuitanClient, vendor_code: int, kind: FaultKind, code: str, calls: int
) -> None:
    rule = FaultRule(kind=FaultName.VENDOR, operation=OUTBOUNDS, code=str(vendor_code), message="不行", times=None)
    merchant.faults.add(rule)
    with exchange_log() as log, pytest.raises(Fault) as raised:
        await collect(client.outbounds(start_ts=1))
    assert (raised.value.kind, raised.value.code) == (kind, code)
    assert raised.value.message == f"[{vendor_code}] 不行"
    assert merchant.calls.by_operation[OUTBOUNDS] == calls
    assert (log[-1].operation, log[-1].status, log[-1].fault_code) == (OUTBOUNDS, 200, code)


async def test_how_long_a_throttled_caller_waits(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    clock.forward(seconds=42)
    for vendor_code, seconds in (("199", 1.0), ("200", 18.0)):
        merchant.faults.add(FaultRule(kind=FaultName.THROTTLE, operation=OUTBOUNDS, code=vendor_code))
        with pytest.raises(Fault) as raised:
            await collect(client.outbounds(start_ts=1))
        assert raised.value.retry_after == seconds


async def test_the_clock_is_read_again(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    """The first call is stamped an hour ago, as after a machine woke up; the repetition is not."""
    moments = iter([clock.unix(), clock.unix() - 3600])  # the first is looked at for the token

    def now() -> float:
        return next(moments, clock.unix())

    async with JushuitanClient(with_tokens(jushuitan), now=now) as client:
        assert len(await client.shops()) == 1
    assert merchant.calls.by_operation["/open/shops/query"] == 2


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(b"<html>busy</html>"), "not_json"),
        (Reply(b"Bad Request", 400), "http_400"),
        (Reply(b"<html>", 502), "http_502"),
        (Reply(b"[]"), "bad_reply"),
        (Reply(b"{}"), "bad_reply"),
        (Reply(b'{"code":null}'), "bad_reply"),
        (Reply(b'{"code":0,"data":null}'), "bad_reply"),
        (Reply(b'{"code":0,"data":{}}'), "bad_reply"),
        (Reply(b'{"code":0,"data":{"datas":{}}}'), "bad_reply"),
        (Reply(b'{"code":0,"data":{"datas":[1]}}'), "bad_reply"),
    ],
)
async def test_answers_that_make_no_sense_are_transient(
    scripted: ScriptedVendor, clock: Clock, reply: Reply, code: str
) -> None:
    scripted.replies = [reply]
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault) as raised:
            await collect(client.outbounds(start_ts=1))
    assert (raised.value.kind, raised.value.code) == (T, code)


@pytest.mark.parametrize("kind", [FaultName.CUT_BEFORE, FaultName.LOSE_REPLY])
async def test_a_lost_reply_is_transient(merchant: JushuitanState, client: JushuitanClient, kind: FaultName) -> None:
    merchant.faults.add(FaultRule(kind=kind, operation=OUTBOUNDS))
    with pytest.raises(Fault) as raised:
        await collect(client.outbounds(start_ts=1))
    assert raised.value.kind is T
    assert merchant.calls.by_operation[OUTBOUNDS] == 1


async def test_every_call_is_stamped_and_signed_anew(scripted: ScriptedVendor, clock: Clock) -> None:
    async def vendor(_: Received) -> Reply:
        clock.forward(seconds=1)
        return Reply.of({"code": 140, "msg": "timestamp"})

    scripted.handle = vendor
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault, match="clock"):
            await client.shops()
    first, second = (request.form() for request in scripted.received)
    assert int(second["timestamp"]) - int(first["timestamp"]) == 1
    assert first["sign"] != second["sign"]
    assert (first["charset"], first["version"], first["biz"]) == ("utf-8", "2", second["biz"])


async def test_no_personal_data_is_kept_of_an_exchange(merchant: JushuitanState, client: JushuitanClient) -> None:
    add_outbounds(merchant, 60)
    with exchange_log() as log:
        pages = await collect(client.outbounds(start_ts=1))
    assert pages[0].rows[0]["receiver_name"] == "王小明"
    kept = "".join(exchange.model_dump_json() for exchange in log)
    assert "王**" in kept
    assert [value for value in ("王小明", "13812345678", "某路1号") if value in kept] == []
