from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from connectors.rates.chain import NotPublished, RateAccess, open_rate_chain
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from domain.rates import Rate
from sandbox.faults import FaultName, FaultRule
from sandbox.rates.data import PUBLISHED
from sandbox.rates.state import SHANGHAI, RatesState, Site

FRIDAY = date(2026, 9, 4)
SATURDAY = datetime(2026, 9, 5, 12, tzinfo=SHANGHAI)
MONDAY = date(2026, 6, 22)
MONDAY_EARLY = datetime(2026, 6, 22, 8, tzinfo=SHANGHAI)


async def ask(access: RateAccess, day: date = FRIDAY, now: datetime = SATURDAY) -> dict[str, Rate]:
    async with open_rate_chain(access) as chain:
        return await chain.rates(day, now)


async def fault_of(access: RateAccess, day: date = FRIDAY, now: datetime = SATURDAY) -> Fault:
    with pytest.raises(Fault) as raised:
        await ask(access, day, now)
    assert raised.value.system == "rates"
    return raised.value


def unofficial(access: RateAccess) -> RateAccess:
    return access.model_copy(update={"allow_unofficial": True})


async def test_the_first_source_that_answers_is_enough(publishers: RatesState, access: RateAccess) -> None:
    rates = await ask(access)
    assert len(rates) == 26
    assert rates["USD"] == Rate(
        currency="USD",
        value=Decimal("6.7787"),
        day=FRIDAY,
        source="central_parity",
        source_date=FRIDAY,
        official=True,
    )
    assert publishers.calls.by_operation == {"CcprHisNew": 1}


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
async def test_rate_of_a_past_day(
    publishers: RatesState, access: RateAccess, asked: str, source_date: str, usd: str
) -> None:
    rate = (await ask(access, date.fromisoformat(asked)))["USD"]
    assert (rate.value, rate.source_date.isoformat()) == (Decimal(usd), source_date)


async def test_cny_is_one_and_asks_nobody(publishers: RatesState, access: RateAccess) -> None:
    async with open_rate_chain(access) as chain:
        rate = await chain.rate("CNY", FRIDAY, SATURDAY)
    assert (rate.value, rate.source, rate.official) == (Decimal(1), "functional", True)
    assert publishers.calls.total == 0
    assert (await ask(access))["CNY"] == rate


# Falling back

PAGES = [
    FaultName.SERVER_ERROR,
    FaultName.SERVER_EXCEPTION,
    FaultName.HTML_PAGE,
    FaultName.NO_PERMISSION,
    FaultName.THROTTLE,
    FaultName.CUT_BEFORE,
    FaultName.LOSE_REPLY,
    FaultName.HANG,
]


@pytest.mark.parametrize("failure", [*PAGES, FaultName.VENDOR])
@pytest.mark.parametrize(
    ("failing", "source"),
    [
        (["CcprHisNew"], "safe"),
        (["CcprHisNew", "RMBQuery.do"], "frankfurter_cfets"),
    ],
)
async def test_the_next_source_has_the_same_number(
    publishers: RatesState, access: RateAccess, failure: FaultName, failing: list[str], source: str
) -> None:
    publishers.faults.add_all(FaultRule(kind=failure, operation=operation, times=None) for operation in failing)
    timeout = 1.0 if failure is FaultName.HANG else 10.0
    rates = await ask(access.model_copy(update={"timeout": timeout}))
    assert {rate.source for rate in rates.values()} == {source, "functional"}
    assert rates["USD"].value == Decimal("6.7787")
    assert all(publishers.calls.by_operation[operation] == 1 for operation in failing), "nothing is tried twice here"


@pytest.mark.parametrize(
    ("label", "value"), [("USD/CNY", "67.787"), ("100JPY/CNY", "0.043135"), ("CNY/KRW", "0.0049"), ("EUR/CNY", "n/a")]
)
async def test_an_answer_nobody_should_believe_leads_to_the_next_source(
    cfets_alone: RatesState, access_apart: RateAccess, access: RateAccess, label: str, value: str
) -> None:
    cfets_alone.publications[FRIDAY][label] = value
    good, found = await ask(access), await ask(access_apart)
    assert {currency: rate.value for currency, rate in found.items()} == {c: rate.value for c, rate in good.items()}
    assert {rate.source for rate in found.values()} == {"safe", "functional"}


async def test_only_the_missing_currency_comes_from_the_next_source(
    publishers: RatesState, cfets_alone: RatesState, access_apart: RateAccess
) -> None:
    cfets_alone.publications[FRIDAY]["USD/CNY"] = "---"
    rates = await ask(access_apart)
    assert (rates["USD"].source, rates["USD"].value) == ("safe", Decimal("6.7787"))
    assert {rate.source for currency, rate in rates.items() if currency not in ("USD", "CNY")} == {"central_parity"}
    assert publishers.calls.by_operation == {"RMBQuery.do": 1}


async def test_a_currency_that_is_there_needs_no_further_source(
    publishers: RatesState, cfets_alone: RatesState, access_apart: RateAccess
) -> None:
    cfets_alone.publications[FRIDAY]["USD/CNY"] = "---"
    async with open_rate_chain(access_apart) as chain:
        assert (await chain.rate("EUR", FRIDAY, SATURDAY)).source == "central_parity"
        assert publishers.calls.total == 0
        assert (await chain.rate("USD", FRIDAY, SATURDAY)).source == "safe"


async def test_a_currency_missing_everywhere_is_absent(publishers: RatesState, access: RateAccess) -> None:
    publishers.publications[FRIDAY]["CNY/MOP"] = "---"
    rates = await ask(access)
    assert "MOP" not in rates
    assert len(rates) == 25
    async with open_rate_chain(access) as chain:
        with pytest.raises(Fault) as raised:
            await chain.rate("MOP", FRIDAY, SATURDAY)
    assert (raised.value.kind, raised.value.code, raised.value.field) == (FaultKind.INVALID, "no_rate", "MOP")


async def test_a_missing_currency_may_be_at_a_source_that_is_down(publishers: RatesState, access: RateAccess) -> None:
    publishers.publications[FRIDAY]["CNY/MOP"] = "---"
    publishers.down = {Site.FRANKFURTER}
    assert "MOP" not in await ask(access)
    async with open_rate_chain(access) as chain:
        with pytest.raises(Fault) as raised:
            await chain.rate("MOP", FRIDAY, SATURDAY)
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "all_sources_down")


async def test_all_sources_down_names_each(publishers: RatesState, access: RateAccess) -> None:
    publishers.faults.add(FaultRule(kind=FaultName.HTML_PAGE, operation="CcprHisNew"))
    publishers.faults.add(FaultRule(kind=FaultName.NO_PERMISSION, operation="RMBQuery.do"))
    publishers.down = {Site.FRANKFURTER}
    with exchange_log() as log:
        fault = await fault_of(unofficial(access))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, "all_sources_down")
    for named in ("central_parity [not_json]", "safe [http_403]", "frankfurter_cfets [http_503]", "frankfurter_ecb ["):
        assert named in fault.message
    assert [exchange.system for exchange in log] == ["central_parity", "safe", "frankfurter_cfets", "frankfurter_ecb"]
    assert all(exchange.fault_code for exchange in log)


async def test_without_frankfurter_there_are_two_sources(publishers: RatesState, access: RateAccess) -> None:
    publishers.down = {Site.CHINAMONEY, Site.SAFE}
    fault = await fault_of(access.model_copy(update={"frankfurter_url": None, "allow_unofficial": True}))
    assert fault.code == "all_sources_down"
    assert publishers.calls.by_operation == {"CcprHisNew": 1, "RMBQuery.do": 1}


# Rates that are not official


async def test_an_unofficial_rate_is_off_by_default(publishers: RatesState, access: RateAccess) -> None:
    publishers.down = {Site.CHINAMONEY, Site.SAFE}
    publishers.faults.add(FaultRule(kind=FaultName.SERVER_ERROR, operation="frankfurter v2", times=None))
    assert (await fault_of(access)).code == "all_sources_down"
    assert "frankfurter v1" not in publishers.calls.by_operation
    rates = await ask(unofficial(access))
    assert rates["USD"].source == "frankfurter_ecb"
    assert not rates["USD"].official
    assert "MOP" not in rates


async def test_allowed_it_serves_currencies_without_a_parity(publishers: RatesState, access: RateAccess) -> None:
    async with open_rate_chain(access) as chain:
        with pytest.raises(Fault) as raised:
            await chain.rate("IDR", FRIDAY, SATURDAY)
    assert (raised.value.kind, raised.value.code, raised.value.field) == (FaultKind.INVALID, "no_rate", "IDR")
    assert publishers.calls.total == 0, "nobody carries it, so nobody is asked"
    rates = await ask(unofficial(access))
    assert (rates["IDR"].source, rates["IDR"].official) == ("frankfurter_ecb", False)
    assert (rates["USD"].source, rates["USD"].official) == ("central_parity", True)


# Not published yet


@pytest.mark.parametrize("down", [set(), {Site.CHINAMONEY}, {Site.CHINAMONEY, Site.SAFE}])
async def test_before_publication_the_policy_is_to_wait(
    publishers: RatesState, access: RateAccess, down: set[Site]
) -> None:
    publishers.set_clock(MONDAY_EARLY)
    publishers.down = down
    fault = await fault_of(access, MONDAY, MONDAY_EARLY)
    assert (fault.kind, fault.code) == (FaultKind.INVALID, "not_published")
    assert fault.retry_after == 75 * 60


async def test_before_publication_the_policy_may_be_the_last_known(publishers: RatesState, access: RateAccess) -> None:
    publishers.set_clock(MONDAY_EARLY)
    rates = await ask(access.model_copy(update={"not_published": NotPublished.LAST_KNOWN}), MONDAY, MONDAY_EARLY)
    assert (rates["USD"].value, rates["USD"].source_date) == (Decimal("6.8130"), date(2026, 6, 18))


@pytest.mark.parametrize(
    ("now", "published"),
    [
        ("2026-06-22T09:14:59+08:00", False),
        ("2026-06-22T09:15:00+08:00", True),
        ("2026-06-22T01:14:59+00:00", False),
        ("2026-06-22T01:15:00+00:00", True),
        ("2026-06-21T21:15:00-04:00", True),
        ("2026-06-22T03:14:59+02:00", False),
    ],
)
async def test_shanghai_time_decides_wherever_we_run(
    publishers: RatesState, access: RateAccess, now: str, published: bool
) -> None:
    moment = datetime.fromisoformat(now)
    publishers.set_clock(moment)
    if published:
        assert (await ask(access, MONDAY, moment))["USD"].source_date == MONDAY
    else:
        assert (await fault_of(access, MONDAY, moment)).code == "not_published"


@pytest.mark.parametrize("month", range(1, 13))
async def test_shanghai_has_no_summer_time(publishers: RatesState, access: RateAccess, month: int) -> None:
    day = date(2026, month, 14)
    publishers.publications = {}
    publishers.publish(day.replace(day=13), PUBLISHED[FRIDAY])
    publishers.publish(day, PUBLISHED[FRIDAY])
    early = datetime.fromisoformat(f"{day}T01:14:00+00:00")
    publishers.set_clock(early)
    fault = await fault_of(access, day, early)
    assert (fault.code, fault.retry_after) == ("not_published", 60)


async def test_after_the_hour_a_day_without_publication_takes_the_last_one(
    publishers: RatesState, access: RateAccess
) -> None:
    sunday = datetime(2026, 6, 21, 9, 15, tzinfo=SHANGHAI)
    publishers.set_clock(sunday)
    assert (await ask(access, sunday.date(), sunday))["USD"].source_date == date(2026, 6, 18)


async def test_a_publication_before_its_hour_is_taken(publishers: RatesState, access: RateAccess) -> None:
    publishers.set_clock(SATURDAY)
    early = datetime(2026, 9, 4, 8, tzinfo=SHANGHAI)
    assert (await ask(access, FRIDAY, early))["USD"].source_date == FRIDAY


async def test_a_day_to_come_waits_for_its_own_hour(publishers: RatesState, access: RateAccess) -> None:
    publishers.set_clock(SATURDAY)
    fault = await fault_of(access, date(2026, 9, 7), SATURDAY)
    assert (fault.code, fault.retry_after) == ("not_published", 45.25 * 3600)


async def test_all_down_before_publication_is_not_a_matter_of_waiting_for_it(
    publishers: RatesState, access: RateAccess
) -> None:
    publishers.down = set(Site)
    assert (await fault_of(access, MONDAY, MONDAY_EARLY)).code == "all_sources_down"
