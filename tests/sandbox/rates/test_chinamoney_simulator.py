from __future__ import annotations

from datetime import date, datetime
from typing import Any

import httpx
import pytest

from domain import jsontext
from sandbox.rates.chinamoney import CURRENT_PATH, HISTORY_PATH, OVER_A_YEAR
from sandbox.rates.data import LABELS, MISSING, PUBLISHED
from sandbox.rates.state import SHANGHAI, RatesState, Refusal, is_year_or_more

SEPTEMBER = {"startDate": "2026-09-01", "endDate": "2026-09-04", "currency": "", "pageNum": "1", "pageSize": "50"}


def history(site: httpx.Client, **params: str) -> Any:
    reply = site.post(HISTORY_PATH, params={**SEPTEMBER, **params})
    assert reply.status_code == 200
    return jsontext.loads(reply.content)


def test_the_table_is_complete() -> None:
    assert len(PUBLISHED) == 13
    assert len(LABELS) == 25
    assert list(PUBLISHED) == sorted(PUBLISHED)
    assert all(tuple(values) == LABELS for values in PUBLISHED.values())
    assert PUBLISHED[date(2026, 9, 3)]["CNY/ZAR"] == "2.3780", "published strings keep their zeros"


def test_history_has_the_recorded_shape(site: httpx.Client) -> None:
    reply = site.post(HISTORY_PATH, params=SEPTEMBER)
    tree = jsontext.loads(reply.content)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert tree["head"] == {
        "version": "2.0",
        "provider": "CWAP",
        "req_code": "",
        "rep_code": "200",
        "rep_message": "",
        "ts": 1788580800000,
        "producer": "",
        "tstext": "2026-09-05 12:00:00",
    }
    data = tree["data"]
    assert data.pop("head") == data.pop("searchlist") == list(LABELS)
    assert data == {
        "total": 4,
        "pageTotal": 1,
        "startDate": "2026-09-01",
        "endDate": "2026-09-04",
        "pageSize": 50,
        "currency": "",
        "pageNum": 1,
        "flagMessage": "",
    }
    assert [record["date"] for record in tree["records"]] == ["2026-09-04", "2026-09-03", "2026-09-02", "2026-09-01"]
    assert tree["records"][0]["values"][:4] == ["6.7787", "7.8397", "4.3135", "0.86458"]


def test_query_form_get_and_post_are_the_same(site: httpx.Client) -> None:
    replies = [
        site.post(HISTORY_PATH, params=SEPTEMBER),
        site.post(HISTORY_PATH, data=SEPTEMBER),
        site.get(HISTORY_PATH, params=SEPTEMBER),
    ]
    assert len({reply.content for reply in replies}) == 1
    assert site.get(CURRENT_PATH).content == site.post(CURRENT_PATH).content


def test_pages_hold_all_days_once(site: httpx.Client) -> None:
    pages = [history(site, startDate="2026-06-01", pageSize="5", pageNum=str(n)) for n in (1, 2, 3, 4)]
    assert [len(page["records"]) for page in pages] == [5, 5, 3, 0]
    assert {page["data"]["total"] for page in pages} == {13}
    assert {page["data"]["pageTotal"] for page in pages} == {3}
    days = [record["date"] for page in pages for record in page["records"]]
    assert days == [day.isoformat() for day in sorted(PUBLISHED, reverse=True)]


def test_a_filter_drops_wrong_directions_and_keeps_the_publishers_order(site: httpx.Client) -> None:
    tree = history(site, currency="CNY/THB,CNY/SGD,MYR/CNY,USD/CNY,JPY/CNY,100JPY/CNY")
    assert tree["data"]["searchlist"] == ["USD/CNY", "100JPY/CNY", "CNY/THB"]
    assert tree["data"]["head"] == list(LABELS)
    assert tree["records"][0]["values"] == ["6.7787", "4.3135", "4.8918"]


@pytest.mark.parametrize(("mode", "records"), [(Refusal.RECORDS_ABSENT, None), (Refusal.RECORDS_EMPTY, [])])
def test_a_year_or_more_is_refused(
    site: httpx.Client, rates_state: RatesState, mode: Refusal, records: list[Any] | None
) -> None:
    rates_state.refusal = mode
    tree = history(site, startDate="2025-09-28", endDate="2026-09-28")
    assert tree["data"]["flagMessage"] == OVER_A_YEAR
    assert tree.get("records") == records
    assert ("records" in tree) == (records is not None)


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [
        ("2016-01-01", "2016-12-31", False),
        ("2025-09-28", "2026-09-28", True),
        ("2025-09-28", "2026-09-27", False),
        ("2024-02-29", "2025-02-28", False),
        ("2024-02-29", "2025-03-01", True),
    ],
)
def test_what_a_year_is(first: str, last: str, refused: bool) -> None:
    assert is_year_or_more(date.fromisoformat(first), date.fromisoformat(last)) is refused


def test_a_page_too_large_has_no_records(site: httpx.Client, rates_state: RatesState) -> None:
    assert "records" not in history(site, pageSize="51")
    assert len(history(site, pageSize="50")["records"]) == 4
    rates_state.largest_page = 10
    assert "records" not in history(site, pageSize="50")


def test_no_publication_is_an_empty_answer(site: httpx.Client) -> None:
    tree = history(site, startDate="2026-06-19", endDate="2026-06-21")
    assert tree["records"] == []
    assert (tree["data"]["total"], tree["data"]["flagMessage"]) == (0, "")


def test_missing_values_are_dashes(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.publish(date(2026, 9, 4), {"USD/CNY": "6.7787"})
    values = history(site)["records"][0]["values"]
    assert values[0] == "6.7787"
    assert set(values[1:]) == {MISSING}


@pytest.mark.parametrize(("minute", "newest"), [(14, "2026-09-03"), (15, "2026-09-04")])
def test_a_day_appears_at_a_quarter_past_nine(
    site: httpx.Client, rates_state: RatesState, minute: int, newest: str
) -> None:
    rates_state.set_clock(datetime(2026, 9, 4, 9, minute, tzinfo=SHANGHAI))
    assert history(site)["records"][0]["date"] == newest
    assert jsontext.loads(site.get(CURRENT_PATH).content)["data"]["lastDate"] == f"{newest} 9:15"


def test_the_current_file(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.publish(date(2026, 2, 5), {"USD/CNY": "6.9570"})
    rates_state.publish(date(2026, 2, 6), {"USD/CNY": "6.9590"})
    rates_state.set_clock(datetime(2026, 2, 7, tzinfo=SHANGHAI))
    tree = jsontext.loads(site.get(CURRENT_PATH, params={"t": "1"}).content)
    assert tree["data"] == {"lastDate": "2026-02-06 9:15", "lastDateEn": "06/02/2026 9:15", "pairChange": ""}
    assert len(tree["records"]) == 25
    assert tree["records"][0] == {
        "vrtCode": "1",
        "price": "6.9590",
        "bp": "20.00",
        "bpDouble": 20,
        "vrtName": "美元/人民币",
        "vrtEName": "USD/CNY",
        "foreignCName": "USD",
        "isShowBp": True,
        "show": True,
    }
    yen = tree["records"][2]
    assert (yen["vrtName"], yen["vrtEName"], yen["foreignCName"]) == ("100日元/人民币", "100JPY/CNY", "JPY")


@pytest.mark.parametrize("params", [{"startDate": "2026-9-1"}, {"pageNum": "0"}, {"pageSize": "x"}])
def test_a_bad_parameter_fails_inside_http_200(site: httpx.Client, params: dict[str, str]) -> None:
    tree = history(site, **params)
    assert tree["head"]["rep_code"] == "400"
    assert "records" not in tree


def test_a_pair_that_does_not_exist_cannot_be_published(rates_state: RatesState) -> None:
    with pytest.raises(ValueError, match="VND/CNY"):
        rates_state.publish(date(2026, 9, 4), {"VND/CNY": "1"})
