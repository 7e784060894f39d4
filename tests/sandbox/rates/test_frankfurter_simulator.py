from __future__ import annotations

from datetime import date, datetime
from typing import Any

import httpx
import pytest

from sandbox.rates.data import PUBLISHED
from sandbox.rates.frankfurter import ECB_CURRENCIES, round_by_size
from sandbox.rates.state import FRANKFURT, RatesState


def get(site: httpx.Client, path: str, **params: str) -> Any:
    reply = site.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_v1_of_a_day_tells_the_day_it_belongs_to(site: httpx.Client) -> None:
    found = get(site, "/v1/2026-08-30", base="USD", symbols="CNY")
    assert (found["amount"], found["base"], found["date"]) == (1.0, "USD", "2026-08-28")
    assert list(found["rates"]) == ["CNY"]
    assert get(site, "/v1/latest", **{"from": "USD", "to": "CNY"})["date"] == "2026-09-04"


def test_v1_of_a_span(site: httpx.Client) -> None:
    found = get(site, "/v1/2026-08-29..2026-09-02", symbols="CNY,USD")
    assert (found["start_date"], found["end_date"]) == ("2026-08-31", "2026-09-02")
    assert list(found["rates"]) == ["2026-08-31", "2026-09-01", "2026-09-02"]
    assert list(get(site, "/v1/2026-09-03..")["rates"]) == ["2026-09-03", "2026-09-04"]


def test_v1_has_the_ecbs_currencies_and_is_not_the_parity(site: httpx.Client) -> None:
    euro = get(site, "/v1/2026-09-04")["rates"]
    assert len(ECB_CURRENCIES) == 31
    assert set(euro) == set(ECB_CURRENCIES) - {"EUR"}
    assert not {"RUB", "AED", "SAR", "MOP", "TWD", "VND"} & set(euro)
    assert euro["CNY"] != float(PUBLISHED[date(2026, 9, 4)]["EUR/CNY"])
    assert set(get(site, "/v1/currencies")) == set(ECB_CURRENCIES)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/latest?base=VND", 404),
        ("/v1/2026-05-01", 404),
        ("/v1/2026-05-01..2026-05-02", 404),
        ("/v1/2026-09-31", 422),
        ("/v1/latest?amount=0", 422),
        ("/v1/latest?amount=x", 422),
        ("/v1/latest?base=USD&symbols=USD", 422),
        ("/v2/rates?date=2026-09-04&from=2026-09-01", 422),
        ("/v2/rates?date=tomorrow", 422),
        ("/v2/rates?base=XXX", 422),
        ("/v2/rates?symbols=CNY", 422),
        ("/v2/rate/USD/CNY?date=2026-05-01", 404),
        ("/v2/rate/MOP/CNY?providers=ECB", 404),
    ],
)
def test_errors(site: httpx.Client, path: str, status: int) -> None:
    reply = site.get(path)
    assert reply.status_code == status
    assert reply.json()["message"]


def test_v2_keeps_the_digits_of_a_single_provider_in_its_own_direction_only(site: httpx.Client) -> None:
    one = get(site, "/v2/rate/HKD/CNY", date="2026-09-06", providers="CFETS")
    assert one == {"date": "2026-09-04", "base": "HKD", "quote": "CNY", "rate": 0.86458}
    assert get(site, "/v2/rate/CNY/HUF", date="2026-09-04", providers="CFETS")["rate"] == 46.0672
    assert get(site, "/v2/rate/HUF/CNY", date="2026-09-04", providers="CFETS")["rate"] == 0.02171
    assert get(site, "/v2/rate/CNY/USD", date="2026-09-04", providers="CFETS")["rate"] == 0.14752


def test_v2_blends_without_a_provider(site: httpx.Client) -> None:
    blended = get(site, "/v2/rate/USD/CNY", date="2026-09-04")["rate"]
    parity = get(site, "/v2/rate/USD/CNY", date="2026-09-04", providers="CFETS")["rate"]
    assert blended != parity
    assert blended == pytest.approx(parity, rel=1e-3)


def test_v2_span_starts_with_what_was_known_on_its_first_day(site: httpx.Client) -> None:
    params = {"from": "2026-08-29", "to": "2026-09-01", "base": "CNY", "quotes": "KRW,MOP", "providers": "CFETS"}
    rows = get(site, "/v2/rates", **params)
    assert [(row["date"], row["quote"]) for row in rows] == [
        (day, quote) for day in ("2026-08-28", "2026-08-31", "2026-09-01") for quote in ("KRW", "MOP")
    ]


def test_v2_carries_a_missing_pair_forward(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.publish(date(2026, 9, 4), {"EUR/CNY": "7.8397"})
    found = get(site, "/v2/rate/USD/CNY", date="2026-09-04", providers="CFETS")
    assert (found["date"], found["rate"]) == ("2026-09-03", 6.7807)


def test_providers_and_currencies(site: httpx.Client) -> None:
    cfets, ecb = get(site, "/v2/providers")
    assert (cfets["key"], cfets["start_date"], cfets["end_date"]) == ("CFETS", "2026-06-01", "2026-09-04")
    assert len(cfets["currencies"]) == 26
    assert ecb["key"] == "ECB"
    known = {row["iso_code"]: row["providers"] for row in get(site, "/v2/currencies")}
    assert (known["MOP"], known["INR"], known["USD"]) == (["CFETS"], ["ECB"], ["CFETS", "ECB"])


@pytest.mark.parametrize(("hour", "newest"), [(15, "2026-09-03"), (16, "2026-09-04")])
def test_the_ecb_fixes_in_the_european_afternoon(
    site: httpx.Client, rates_state: RatesState, hour: int, newest: str
) -> None:
    rates_state.set_clock(datetime(2026, 9, 4, hour, tzinfo=FRANKFURT))
    assert get(site, "/v1/latest")["date"] == newest


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(4999.126, 4999.13), (5001.4, 5001), (80.126, 80.13), (46.06724, 46.067), (1.23456, 1.2346), (0.0216917, 0.02169),
     (0.00001239, 0.000012)],
)  # fmt: skip
def test_rounding_by_size(value: float, rounded: float) -> None:
    assert round_by_size(value) == rounded
