from __future__ import annotations

import re

import httpx
import pytest

from sandbox.rates.data import LABELS, MISSING
from sandbox.rates.safe import QUERY_PATH, in_hundreds
from sandbox.rates.state import RatesState

SPAN = {"startDate": "2026-09-01", "endDate": "2026-09-04", "queryYN": "true"}


def rows(page: str) -> list[list[str]]:
    table = page[page.rindex("<table") :]
    found = re.findall(r'<tr class="first">(.*?)</tr>', table, re.S)
    return [[cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)&nbsp;</td>", row, re.S)] for row in found]


def test_the_last_table_has_26_columns_in_other_units(site: httpx.Client) -> None:
    reply = site.post(QUERY_PATH, data=SPAN)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    table = reply.text[reply.text.rindex("<table") :]
    assert re.findall("<th>(.*?)</th>", table)[:4] == ["日期", "美元", "欧元", "日元"]
    assert len(re.findall("<th>", table)) == 26
    newest = rows(reply.text)[0]
    assert len(newest) == 26
    assert newest[:5] == ["2026-09-04", "677.87", "783.97", "4.3135", "86.458"]
    assert newest[1 + LABELS.index("CNY/MYR")] == "59.784"
    assert newest[1 + LABELS.index("CNY/KRW")] == "20207"


def test_without_parameters_come_the_latest_rows(site: httpx.Client) -> None:
    days = [row[0] for row in rows(site.get(QUERY_PATH).text)]
    assert days[0] == "2026-09-04"
    assert len(days) == 10


def test_a_bad_day_is_an_error_page(site: httpx.Client) -> None:
    assert site.post(QUERY_PATH, data={**SPAN, "startDate": "yesterday"}).status_code == 500


@pytest.mark.parametrize(
    ("label", "published", "printed"),
    [
        ("100JPY/CNY", "4.3135", "4.3135"),
        ("100JPY/CNY", "4.3100", "4.31"),
        ("CNY/ZAR", "2.3780", "237.8"),
        ("CNY/SAR", "0.55300", "55.3"),
        ("CNY/KRW", "200.00", "20000"),
        ("USD/CNY", MISSING, ""),
    ],
)
def test_units_and_trimmed_decimals(label: str, published: str, printed: str) -> None:
    assert in_hundreds(label, published) == printed


def test_nothing_is_shown_before_it_is_out(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.set_clock(rates_state.now.replace(day=4, hour=9, minute=14))
    assert rows(site.post(QUERY_PATH, data=SPAN).text)[0][0] == "2026-09-03"
