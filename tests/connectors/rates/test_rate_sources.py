from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.rates.central_parity import CentralParity
from connectors.rates.frankfurter import EcbCross, FrankfurterCentralParity
from connectors.rates.pairs import Pair
from connectors.rates.publications import PublishedSource
from connectors.rates.safe import Safe
from domain import jsontext
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from domain.rates import RateSource
from sandbox.faults import FaultName, FaultRule
from sandbox.rates.data import LABELS, PUBLISHED
from sandbox.rates.state import SHANGHAI, RatesState, Refusal
from tests.connectors.rates.doubles import Says, SourceOf

OFFICIAL: list[type[PublishedSource]] = [CentralParity, Safe, FrankfurterCentralParity]
FRIDAY = date(2026, 9, 4)


def published(day: date, label: str) -> Decimal:
    return Pair.parse(label).cny_per_unit(Decimal(PUBLISHED[day][label]))


async def fault_of(source: PublishedSource, day: date = FRIDAY) -> Fault:
    with pytest.raises(Fault) as raised:
        await source.rates(day)
    assert raised.value.system == source.name
    return raised.value


@pytest.mark.parametrize("kind", OFFICIAL)
@pytest.mark.parametrize(
    ("asked", "source_date", "usd"),
    [
        ("2026-09-04", "2026-09-04", "6.7787"),
        ("2026-08-29", "2026-08-28", "6.7811"),
        ("2026-08-30", "2026-08-28", "6.7811"),
        ("2026-06-19", "2026-06-18", "6.8130"),
        ("2026-06-21", "2026-06-18", "6.8130"),
    ],
)
async def test_rate_of_a_day(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource], asked: str, source_date: str, usd: str
) -> None:
    source: RateSource = source_of(kind)
    rate = (await source.rates(date.fromisoformat(asked)))["USD"]
    assert rate.value == Decimal(usd)
    assert rate.source_date == date.fromisoformat(source_date)
    assert (rate.day, rate.currency) == (date.fromisoformat(asked), "USD")
    assert (rate.source, rate.official) == (kind.name, True)


@pytest.mark.parametrize("kind", OFFICIAL)
async def test_a_holiday_takes_the_publication_before(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource]
) -> None:
    publishers.publish(date(2026, 9, 24), {"USD/CNY": "6.7461"})
    publishers.set_clock(datetime(2026, 9, 27, tzinfo=SHANGHAI))
    rate = (await source_of(kind).rates(date(2026, 9, 25)))["USD"]
    assert (rate.source_date, rate.value) == (date(2026, 9, 24), Decimal("6.7461"))


@pytest.mark.parametrize("kind", OFFICIAL)
@pytest.mark.parametrize("day", list(PUBLISHED))
async def test_official_sources_give_the_published_numbers(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource], day: date
) -> None:
    rates = await source_of(kind).rates(day)
    assert {currency: rate.value for currency, rate in rates.items()} == {
        Pair.parse(label).currency: published(day, label) for label in LABELS
    }


@pytest.mark.parametrize("kind", OFFICIAL)
async def test_nothing_is_older_than_14_days(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource]
) -> None:
    assert (await source_of(kind).rates(date(2026, 9, 18)))["USD"].source_date == FRIDAY
    fault = await fault_of(source_of(kind), date(2026, 9, 19))
    assert (fault.kind, fault.code) == (FaultKind.INVALID, "no_publication")


@pytest.mark.parametrize("kind", OFFICIAL)
async def test_a_pair_without_a_value_is_absent(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource]
) -> None:
    values = {label: value for label, value in PUBLISHED[FRIDAY].items() if label not in ("100JPY/CNY", "CNY/MOP")}
    publishers.publish(FRIDAY, values)
    rates = await source_of(kind).rates(FRIDAY)
    assert {"JPY", "MOP"}.isdisjoint(rates)
    assert len(rates) == 23


@pytest.mark.parametrize("missing", ["---", "--", "-", "", " ", "0", "0.0000"])
async def test_what_counts_as_missing(publishers: RatesState, source_of: SourceOf, missing: str) -> None:
    publishers.publications[FRIDAY]["CNY/THB"] = missing
    assert "THB" not in await source_of(CentralParity).rates(FRIDAY)


@pytest.mark.parametrize("kind", OFFICIAL)
@pytest.mark.parametrize(
    ("label", "value", "suspicious"),
    [
        ("USD/CNY", "7.119", False),  # 6.7807 and just under 5 % more
        ("USD/CNY", "7.1198", True),
        ("USD/CNY", "6.4416", True),
        ("100JPY/CNY", "431.35", True),
        ("CNY/TRY", "8.2", False),
        ("CNY/TRY", "6.0", True),
        ("CNY/RUB", "14.5", False),
        ("CNY/RUB", "15.5", True),
        ("CNY/KRW", "20229", True),
    ],
)
async def test_a_number_far_from_the_one_before_is_not_believed(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource], label: str, value: str, suspicious: bool
) -> None:
    publishers.publications[FRIDAY][label] = value
    if suspicious:
        fault = await fault_of(source_of(kind))
        currency = Pair.parse(label).currency
        assert (fault.kind, fault.code, fault.field) == (FaultKind.TRANSIENT, "suspicious_rate", currency)
    else:
        assert len(await source_of(kind).rates(FRIDAY)) == 25


async def test_the_first_publication_has_nothing_to_be_compared_with(
    publishers: RatesState, source_of: SourceOf
) -> None:
    publishers.publications = {FRIDAY: {**PUBLISHED[FRIDAY], "USD/CNY": "9.9999"}}
    assert (await source_of(CentralParity).rates(FRIDAY))["USD"].value == Decimal("9.9999")


@pytest.mark.parametrize("kind", [*OFFICIAL, EcbCross])
@pytest.mark.parametrize(
    ("failure", "fault_kind", "codes"),
    [
        (FaultName.SERVER_ERROR, FaultKind.TRANSIENT, {"http_502"}),
        (FaultName.SERVER_EXCEPTION, FaultKind.TRANSIENT, {"http_500"}),
        (FaultName.NO_PERMISSION, FaultKind.REFUSED, {"http_403"}),
        (FaultName.THROTTLE, FaultKind.THROTTLED, {"http_429"}),
        # A cut connection is seen as one that ended or as one that was reset, whichever comes first.
        (FaultName.CUT_BEFORE, FaultKind.TRANSIENT, {"protocol", "connection"}),
    ],
)
async def test_a_source_that_is_down(
    publishers: RatesState,
    source_of: SourceOf,
    kind: type[PublishedSource],
    failure: FaultName,
    fault_kind: FaultKind,
    codes: set[str],
) -> None:
    publishers.faults.add(FaultRule(kind=failure))
    fault = await fault_of(source_of(kind))
    assert fault.kind is fault_kind
    assert fault.code in codes


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CentralParity, "not_json"),
        (Safe, "not_a_table"),
        (FrankfurterCentralParity, "not_json"),
        (EcbCross, "not_json"),
    ],
)
async def test_a_page_instead_of_rates_is_not_parsed(
    publishers: RatesState, source_of: SourceOf, kind: type[PublishedSource], code: str
) -> None:
    publishers.faults.add(FaultRule(kind=FaultName.HTML_PAGE))
    with exchange_log() as log:
        fault = await fault_of(source_of(kind))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, code)
    assert [(exchange.status, exchange.fault_code) for exchange in log] == [(200, code)]


# CFETS


async def test_small_pages_are_put_together(publishers: RatesState, source_of: SourceOf) -> None:
    for day in range(8, 19):
        publishers.publish(date(2026, 9, day), PUBLISHED[FRIDAY])
    publishers.set_clock(datetime(2026, 9, 20, tzinfo=SHANGHAI))
    publishers.largest_page = 10
    found = await source_of(CentralParity).publications(date(2026, 9, 4), date(2026, 9, 18))
    assert [p.day.day for p in found] == [*range(18, 7, -1), 4]
    assert publishers.calls.by_operation["CcprHisNew"] == 3, "50 refused, then two pages of 10"


async def test_a_publisher_that_repeats_its_page_is_left_alone_soon(source_of: SourceOf, publisher_says: Says) -> None:
    publisher_says(jsontext.dumps(cfets(total=1_000_000)))
    with exchange_log() as log:
        fault = await fault_of(source_of(CentralParity))
    assert fault.code == "incomplete"
    assert len(log) == 15


async def test_no_page_size_is_accepted(publishers: RatesState, source_of: SourceOf) -> None:
    publishers.largest_page = 5
    fault = await fault_of(source_of(CentralParity))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, "no_records")


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_the_refusal_of_a_long_span(publishers: RatesState, source_of: SourceOf, refusal: Refusal) -> None:
    publishers.refusal = refusal
    with pytest.raises(Fault) as raised:
        await source_of(CentralParity).publications(date(2025, 9, 4), date(2026, 9, 4))
    assert (raised.value.kind, raised.value.code) == (FaultKind.REFUSED, "flag_message")
    assert raised.value.message == "只提供一年历史数据查询及下载"


async def test_the_publishers_own_failure(publishers: RatesState, source_of: SourceOf) -> None:
    publishers.faults.add(FaultRule(kind=FaultName.VENDOR, code="500", message="系统繁忙"))
    fault = await fault_of(source_of(CentralParity))
    assert (fault.kind, fault.code, fault.message) == (FaultKind.TRANSIENT, "rep_500", "系统繁忙")


def cfets(**changes: Any) -> dict[str, Any]:
    """A good reply for one day, with parts replaced."""
    data = {"searchlist": list(LABELS), "total": 1, "flagMessage": ""}
    records = [{"date": "2026-09-04", "values": list(PUBLISHED[FRIDAY].values())}]
    reply = {"head": {"rep_code": "200"}, "data": data, "records": records}
    for name, value in changes.items():
        if name in data:
            data[name] = value
        else:
            reply[name] = value
    return reply


def record(day: str = "2026-09-04", **values: str) -> dict[str, Any]:
    row = PUBLISHED[FRIDAY] | {label.replace("_", "/"): value for label, value in values.items()}
    return {"date": day, "values": list(row.values())}


async def test_the_reply_the_bad_ones_are_made_of_is_good(source_of: SourceOf, publisher_says: Says) -> None:
    publisher_says(jsontext.dumps(cfets()))
    assert len(await source_of(CentralParity).rates(FRIDAY)) == 25


async def test_a_list_of_24_pairs_and_a_new_pair_are_fine(source_of: SourceOf, publisher_says: Says) -> None:
    labels = [label for label in LABELS if label != "CNY/MOP"] + ["CNY/IDR"]
    values = [PUBLISHED[FRIDAY].get(label, "2317.04") for label in labels]
    publisher_says(jsontext.dumps(cfets(searchlist=labels, records=[{"date": "2026-09-04", "values": values}])))
    rates = await source_of(CentralParity).rates(FRIDAY)
    assert "MOP" not in rates
    assert rates["IDR"].value == Pair.parse("CNY/IDR").cny_per_unit(Decimal("2317.04"))


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ([], "malformed"),
        ({"head": {}}, "malformed"),
        (cfets(records="none"), "malformed"),
        (cfets(records=[{"date": "4 September", "values": []}]), "malformed"),
        (cfets(records=[{"date": "2026-09-04", "values": [6.7787] * 25}]), "malformed"),
        (cfets(records=[record("2026-09-05")]), "malformed"),
        (cfets(records=[record("2026-08-20")]), "malformed"),
        (cfets(records=[{"date": "2026-09-04", "values": ["1"] * 24}]), "misaligned"),
        (cfets(searchlist=[*LABELS[:-1], "CNY"]), "misaligned"),
        (cfets(searchlist=[*LABELS[:-1], "CNY/MXN"]), "misaligned"),
        (cfets(searchlist=list(LABELS[1:])), "pair_missing"),
        (cfets(records=[record(USD_CNY="6,7787")]), "not_a_number"),
        (cfets(records=[record(USD_CNY="-6.7787")]), "not_a_number"),
        (cfets(records=[record(USD_CNY="NaN")]), "not_a_number"),
        (cfets(records=[record(), record()], total=2), "incomplete"),
        (cfets(total=0), "incomplete"),
        (cfets(total=2), "incomplete"),
        (cfets(records=None), "no_records"),
    ],
)
async def test_nonsense_from_cfets(source_of: SourceOf, publisher_says: Says, reply: Any, code: str) -> None:
    end = jsontext.dumps(cfets(records=[], total=2))
    publisher_says(*([jsontext.dumps(reply)] if code != "incomplete" else [jsontext.dumps(reply), end]))
    fault = await fault_of(source_of(CentralParity))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, code)


# SAFE


def safe_page(headings: list[str], *rows: list[str]) -> str:
    head = "".join(f"<th>{text}</th>" for text in headings)
    lines = "".join(f'<tr class="first"><td>{"</td><td>".join(row)}</td></tr>' for row in rows)
    return f"<html><table><tr><td>menu</td></tr></table><table id='InfoTable'><tr>{head}</tr>{lines}</table></html>"


HEADINGS = "日期 美元 欧元 日元 港元 英镑 澳元 新西兰元 新加坡元 瑞士法郎 加元 澳门元 林吉特 卢布 兰特 韩元".split()  # noqa: SIM905
HEADINGS += [f"column {n}" for n in range(17, 27)]
SAFE_ROW = ["2026-09-04", "677.87", *["100"] * 24]


async def test_the_page_the_bad_ones_are_made_of_is_good(source_of: SourceOf, publisher_says: Says) -> None:
    publisher_says(safe_page(HEADINGS, SAFE_ROW), media_type="text/html")
    rates = await source_of(Safe).rates(FRIDAY)
    assert [rates[iso].value for iso in ("USD", "EUR", "JPY")] == [Decimal("6.7787"), Decimal(1), Decimal(1)]


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("<html><p>维护中</p></html>", "not_a_table"),
        ("", "not_a_table"),
        (safe_page(["日期", "欧元", "美元", *HEADINGS[3:]], SAFE_ROW), "not_a_table"),
        (safe_page(HEADINGS, SAFE_ROW) + "<table><tr><td>footer</td></tr></table>", "not_a_table"),
        (safe_page(HEADINGS[:-1], SAFE_ROW[:-1]), "misaligned"),
        (safe_page(HEADINGS, SAFE_ROW[:-1]), "misaligned"),
        (safe_page(HEADINGS, ["04/09/2026", *SAFE_ROW[1:]]), "malformed"),
        (safe_page(HEADINGS, SAFE_ROW, SAFE_ROW), "malformed"),
        (safe_page(HEADINGS, [*SAFE_ROW[:-1], "20,207"]), "not_a_number"),
    ],
)
async def test_nonsense_from_safe(source_of: SourceOf, publisher_says: Says, page: str, code: str) -> None:
    publisher_says(page, media_type="text/html")
    fault = await fault_of(source_of(Safe))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, code)


# Frankfurter


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({"date": "2026-09-04"}, "malformed"),
        ([{"date": "2026-09-04", "base": "USD", "quote": "CNY", "rate": "?"}], "malformed"),
        ([{"date": "2026-09-04", "base": "USD", "quote": "CNY", "rate": 0}], "malformed"),
        ([{"date": "2026-09-04", "base": "USD", "quote": "CNY", "rate": True}], "malformed"),
        ([{"date": "2026-09-04", "base": "CNY", "quote": "USD", "rate": 1}], "misaligned"),
        ([{"date": "2026-09-05", "base": "USD", "quote": "CNY", "rate": 1}], "misaligned"),
    ],
)
async def test_nonsense_from_frankfurter(source_of: SourceOf, publisher_says: Says, rows: Any, code: str) -> None:
    publisher_says(jsontext.dumps(rows))
    fault = await fault_of(source_of(FrankfurterCentralParity))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, code)


async def test_frankfurter_asks_each_pair_in_its_published_direction(
    publishers: RatesState, source_of: SourceOf
) -> None:
    await source_of(FrankfurterCentralParity).rates(FRIDAY)
    assert publishers.calls.by_operation["frankfurter v2"] == 11


# ECB


async def test_the_ecbs_rates_are_crossed_by_us_and_not_official(publishers: RatesState, source_of: SourceOf) -> None:
    rates = await source_of(EcbCross).rates(FRIDAY)
    assert set(rates) == EcbCross.currencies
    assert not any(rate.official for rate in rates.values())
    assert {rate.source for rate in rates.values()} == {"frankfurter_ecb"}
    usd = rates["USD"].value
    assert usd != Decimal("6.7787")
    assert abs(usd / Decimal("6.7787") - 1) < Decimal("0.001")
    assert len(usd.as_tuple().digits) == 16


async def test_the_ecb_is_a_day_late(publishers: RatesState, source_of: SourceOf) -> None:
    publishers.set_clock(datetime(2026, 9, 4, 18, tzinfo=SHANGHAI))
    assert (await source_of(EcbCross).rates(FRIDAY))["USD"].source_date == date(2026, 9, 3)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"amount": 1, "base": "USD", "rates": {}}, "misaligned"),
        ({"amount": 2, "base": "EUR", "rates": {}}, "misaligned"),
        ({"amount": 1, "base": "EUR", "rates": {"2026-09-04": {"USD": 1}}}, "pair_missing"),
        ({"amount": 1, "base": "EUR", "rates": {"2026-09-04": {"CNY": 0}}}, "malformed"),
        ({"amount": 1, "base": "EUR"}, "malformed"),
    ],
)
async def test_nonsense_from_the_ecb_side(source_of: SourceOf, publisher_says: Says, span: Any, code: str) -> None:
    publisher_says(jsontext.dumps(span))
    fault = await fault_of(source_of(EcbCross))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, code)
