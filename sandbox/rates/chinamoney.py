"""chinamoney.com.cn: the current file `ccpr.json` and the history `CcprHisNew` (exchange-rates.md sections 3, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from sandbox.http import JsonText
from sandbox.rates.data import LABELS, MISSING, Values, chinese_currency, foreign_currency
from sandbox.rates.state import PUBLISHED_AT, SHANGHAI, RatesState, Refusal, is_year_or_more

CURRENT_PATH = "/r/cms/www/chinamoney/data/fx/ccpr.json"
HISTORY_PATH = "/ags/ms/cm-u-bk-ccpr/CcprHisNew"
OVER_A_YEAR = "只提供一年历史数据查询及下载"

_DEFAULT_PAGE = 10
_HEADERS = {"Access-Control-Allow-Origin": "*", "Set-Cookie": "AlteonP10=simulated; Path=/; Secure"}


def current(state: RatesState) -> Response:
    """The static file: the latest publication, with its change against the one before."""
    published = list(state.published().items())
    day, values = published[0] if published else (date.min, {})
    before = published[1][1] if len(published) > 1 else {}
    clock = f"{PUBLISHED_AT.hour}:{PUBLISHED_AT.minute:02}"
    data = {
        "lastDate": f"{day:%Y-%m-%d} {clock}" if published else "",
        "lastDateEn": f"{day:%d/%m/%Y} {clock}" if published else "",
        "pairChange": "",
    }
    records = [_current_record(n, label, values, before) for n, label in enumerate(values, 1)]
    return _reply(state, data, records)


def _current_record(ordinal: int, label: str, values: Values, before: Values) -> dict[str, Any]:
    price = values[label]
    pips = _pips(price, before.get(label, MISSING))
    base, quote = label.split("/")
    unit, iso = base[:-3], base[-3:]
    return {
        "vrtCode": str(ordinal),
        "price": price,
        "bp": f"{pips:.2f}",
        "bpDouble": pips,
        "vrtName": f"{unit}{chinese_currency(iso)}/{chinese_currency(quote)}",
        "vrtEName": label,
        "foreignCName": foreign_currency(label),
        "isShowBp": True,
        "show": True,
    }


def _pips(price: str, before: str) -> Decimal:
    """Change in the fourth decimal; 0 where there is nothing to compare with."""
    if MISSING in (price, before):
        return Decimal(0)
    return (Decimal(price) - Decimal(before)) * 10_000


def history(state: RatesState, params: Mapping[str, str]) -> Response:
    """Publications of a span, newest first, one page of them."""
    try:
        first, last = date.fromisoformat(params["startDate"]), date.fromisoformat(params["endDate"])
        page, size = int(params.get("pageNum", 1)), int(params.get("pageSize", _DEFAULT_PAGE))
        if page < 1 or size < 1:
            raise ValueError(f"page {page} of {size}")
    except (KeyError, ValueError) as error:
        return vendor_error(state, "400", f"bad parameter: {error}")
    currency = params.get("currency", "")
    asked = {label.strip() for label in currency.split(",")}
    searched = [label for label in LABELS if not currency or label in asked]
    days = state.published(first, last) if searched else {}
    data = {
        "head": list(LABELS),
        "total": len(days),
        "pageTotal": -(-len(days) // size),
        "searchlist": searched,
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
        "pageSize": size,
        "currency": currency,
        "pageNum": page,
        "flagMessage": "",
    }
    if is_year_or_more(first, last):
        data |= {"total": 0, "pageTotal": 0, "flagMessage": OVER_A_YEAR}
        return _reply(state, data, None if state.refusal is Refusal.RECORDS_ABSENT else [])
    if size > state.largest_page:
        return _reply(state, data, None)
    shown = list(days.items())[(page - 1) * size : page * size]
    records = [{"date": day.isoformat(), "values": [values[label] for label in searched]} for day, values in shown]
    return _reply(state, data, records)


def vendor_error(state: RatesState, code: str, message: str) -> Response:
    """The publisher's envelope with a failure in it, HTTP 200."""
    return _reply(state, {}, None, code, message)


def _reply(
    state: RatesState,
    data: dict[str, Any],
    records: list[dict[str, Any]] | None,
    code: str = "200",
    message: str = "",
) -> Response:
    now = state.now.astimezone(SHANGHAI)
    head = {
        "version": "2.0",
        "provider": "CWAP",
        "req_code": "",
        "rep_code": code,
        "rep_message": message,
        "ts": int(now.timestamp()) * 1000,
        "producer": "",
        "tstext": f"{now:%Y-%m-%d %H:%M:%S}",
    }
    tree: dict[str, Any] = {"head": head, "data": data}
    if records is not None:
        tree["records"] = records
    return JsonText(tree, headers=_HEADERS)
