"""A self-hosted Frankfurter: v1 (ECB only) and v2 (providers CFETS and ECB), exchange-rates.md section 7.

Numbers here are binary floats on purpose: the real service keeps its rates so, and its readers have to live with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.rates.data import MISSING, Values
from sandbox.rates.state import SHANGHAI, RatesState

LOOK_BACK = timedelta(days=14)

_SPAN = re.compile(r"(?P<first>\d{4}-\d{2}-\d{2})\.\.(?P<last>\d{4}-\d{2}-\d{2})?")
_V2_PARAMS = frozenset({"base", "quotes", "providers", "date", "from", "to", "group", "expand"})
# fmt: off
_ECB_FROM_PARITY = (
    "AUD", "CAD", "CHF", "DKK", "GBP", "HKD", "HUF", "JPY", "KRW", "MXN",
    "MYR", "NOK", "NZD", "PLN", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
)
# fmt: on
_ECB_OTHERS = {
    "BGN": 1.9558,
    "BRL": 6.2315,
    "CZK": 24.318,
    "IDR": 18992.4,
    "ILS": 3.6122,
    "INR": 101.437,
    "ISK": 142.9,
    "PHP": 66.418,
    "RON": 5.0893,
}
_ECB_SPREAD = 1.0007
"""The ECB's own numbers are not in the document. They are made of the parities, a little off on purpose."""

ECB_CURRENCIES = ("CNY", "EUR", *_ECB_FROM_PARITY, *_ECB_OTHERS)
CURRENCIES = frozenset({*ECB_CURRENCIES, "MOP", "RUB", "AED", "SAR"})

Quotes = dict[tuple[str, str], float]
"""Native rates of a provider for a day: (base, quote) → units of quote per one base."""


class _Answer(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _Provider:
    """A central bank: its pivot currency and its native rates by day, newest first."""

    pivot: str
    days: dict[date, Quotes]

    def rate(self, day: date, base: str, quote: str) -> float | None:
        """Units of quote per one base: its own rate, else through the pivot; None when the provider cannot tell."""
        quotes = self.days[day]
        if (base, quote) in quotes:
            return quotes[base, quote]
        value, per = _in_pivot(quotes, base, self.pivot), _in_pivot(quotes, quote, self.pivot)
        return value / per if value and per else None


def _in_pivot(quotes: Quotes, currency: str, pivot: str) -> float | None:
    if currency == pivot:
        return 1.0
    if (currency, pivot) in quotes:
        return quotes[currency, pivot]
    return 1.0 / quotes[pivot, currency] if (pivot, currency) in quotes else None


def _providers(state: RatesState) -> dict[str, _Provider]:
    return {
        "CFETS": _Provider("CNY", {day: _cfets(values) for day, values in state.published().items()}),
        "ECB": _Provider("EUR", {day: _ecb(values) for day, values in state.fixed().items()}),
    }


def _cfets(values: Values) -> Quotes:
    """The parities as the service stores them: per one unit, missing ones left out."""
    quotes: Quotes = {}
    for label, value in values.items():
        base, quote = label.split("/")
        if value != MISSING:
            quotes[base[-3:], quote] = float(value) / int(base[:-3] or 1)
    return quotes


def _ecb(values: Values) -> Quotes:
    parities = _Provider("CNY", {date.min: _cfets(values)})
    quotes: Quotes = {("EUR", iso): rate for iso, rate in _ECB_OTHERS.items()}
    for iso in ("CNY", *_ECB_FROM_PARITY):
        rate = parities.rate(date.min, "EUR", iso)
        if rate is not None:
            quotes["EUR", iso] = round_by_size(rate * _ECB_SPREAD)
    return quotes


def round_by_size(value: float) -> float:
    """The service's own rounding of everything it computes (section 7)."""
    for above, places in ((5000, 0), (80, 2), (20, 3), (1, 4), (0.0001, 5)):
        if value > above:
            return float(f"{value:.{places}f}")
    return float(f"{value:.6f}")


def v1(state: RatesState, path: str, params: Mapping[str, str]) -> Response:
    """`/v1/latest`, `/v1/{day}`, `/v1/{first}..{last}`, `/v1/currencies`."""
    headers = {"Cache-Control": "public, max-age=86400"}
    try:
        return JSONResponse(_v1(state, path, params), headers=headers)
    except _Answer as error:
        return JSONResponse({"message": error.message}, error.status)


def _v1(state: RatesState, path: str, params: Mapping[str, str]) -> dict[str, Any]:
    if path == "currencies":
        return {iso: iso for iso in sorted(ECB_CURRENCIES)}
    base = (params.get("base") or params.get("from") or "EUR").upper()
    symbols = params.get("symbols") or params.get("to")
    wanted = symbols.upper().split(",") if symbols else None
    amount = _amount(params.get("amount", "1"))
    if wanted == [base]:
        raise _Answer(422, "bad currency pair")
    ecb = _providers(state)["ECB"]
    head = {"amount": amount, "base": base}
    if span := _SPAN.fullmatch(path):
        first = _day(span["first"])
        last = _day(span["last"]) if span["last"] else _today(state)
        rates = {
            str(day): found
            for day in sorted(ecb.days)
            if first <= day <= last and (found := _v1_rates(ecb, day, base, wanted, amount))
        }
        if not rates:
            raise _Answer(404, "not found")
        return {**head, "start_date": min(rates), "end_date": max(rates), "rates": rates}
    asked = _today(state) if path == "latest" else _day(path)
    for day in ecb.days:
        if asked - LOOK_BACK <= day <= asked and (found := _v1_rates(ecb, day, base, wanted, amount)):
            return {**head, "date": str(day), "rates": found}
    raise _Answer(404, "not found")


def _v1_rates(ecb: _Provider, day: date, base: str, wanted: list[str] | None, amount: float) -> dict[str, float]:
    exact = base == "EUR" and amount == 1
    rates = {iso: ecb.rate(day, base, iso) for iso in sorted(wanted or ECB_CURRENCIES) if iso != base}
    return {iso: rate if exact else round_by_size(amount * rate) for iso, rate in rates.items() if rate is not None}


def v2_rate(state: RatesState, base: str, quote: str, params: Mapping[str, str]) -> Response:
    """`/v2/rate/{base}/{quote}`: one pair of one day."""
    try:
        rows = _v2(state, {**params, "base": base, "quotes": quote})
        if not rows:
            raise _Answer(404, "not found")
        return JSONResponse(rows[-1])
    except _Answer as error:
        return JSONResponse({"status": error.status, "message": error.message}, error.status)


def v2_rates(state: RatesState, params: Mapping[str, str]) -> Response:
    """`/v2/rates`: many pairs, of one day or of a span."""
    try:
        return JSONResponse(_v2(state, params), headers={"Cache-Control": "public, max-age=900"})
    except _Answer as error:
        return JSONResponse({"status": error.status, "message": error.message}, error.status)


def v2_currencies(state: RatesState) -> Response:
    """`/v2/currencies`: which provider knows which currency."""
    known = {key: _known(provider) for key, provider in _providers(state).items()}
    return JSONResponse(
        [
            {"iso_code": iso, "providers": [key for key, currencies in known.items() if iso in currencies]}
            for iso in sorted(CURRENCIES)
        ]
    )


def v2_providers(state: RatesState) -> Response:
    """`/v2/providers`: the central banks of this installation."""
    return JSONResponse(
        [
            {
                "key": key,
                "base": provider.pivot,
                "start_date": str(min(provider.days)) if provider.days else None,
                "end_date": str(max(provider.days)) if provider.days else None,
                "currencies": sorted(_known(provider)),
            }
            for key, provider in _providers(state).items()
        ]
    )


def _known(provider: _Provider) -> set[str]:
    return {iso for quotes in provider.days.values() for pair in quotes for iso in pair}


def _v2(state: RatesState, params: Mapping[str, str]) -> list[dict[str, Any]]:
    if unknown := params.keys() - _V2_PARAMS:
        raise _Answer(422, f"unknown parameter: {', '.join(sorted(unknown))}")
    if "date" in params and ("from" in params or "to" in params):
        raise _Answer(422, "conflicting params")
    base = params.get("base", "EUR").upper()
    quotes = params["quotes"].upper().split(",") if "quotes" in params else sorted(CURRENCIES)
    if invalid := [iso for iso in (base, *quotes) if iso not in CURRENCIES]:
        raise _Answer(422, f"invalid currency: {','.join(invalid)}")
    everyone = _providers(state)
    keys = params["providers"].upper().split(",") if "providers" in params else list(everyone)
    asked = [everyone[key] for key in keys if key in everyone]
    if "from" in params:
        first = _day(params["from"])
        last = _day(params["to"]) if "to" in params else _today(state)
        anchors = {first, *(day for provider in asked for day in provider.days if first <= day <= last)}
    else:
        anchors = {_day(params["date"]) if "date" in params else _today(state)}
    rows = {(row["date"], row["quote"]): row for day in sorted(anchors) for row in _blend(asked, day, base, quotes)}
    return [rows[key] for key in sorted(rows)]


def _blend(providers: list[_Provider], day: date, base: str, quotes: list[str]) -> Iterator[dict[str, Any]]:
    """The rates known on a day, each provider's newest carried forward; a single provider's own digits are kept."""
    for quote in quotes:
        found: list[tuple[date, float]] = []
        for provider in providers:
            days = (known for known in provider.days if day - LOOK_BACK <= known <= day)
            rated = ((known, provider.rate(known, base, quote)) for known in days)
            found += next(([(known, rate)] for known, rate in rated if rate is not None), [])
        if found:
            newest = max(known for known, _ in found)
            native = providers[0].days[newest].get((base, quote)) if len(providers) == 1 else None
            rate = round_by_size(fmean(rate for _, rate in found)) if native is None else native
            yield {"date": str(newest), "base": base, "quote": quote, "rate": rate}


def _today(state: RatesState) -> date:
    return state.now.astimezone(SHANGHAI).date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Answer(422, "invalid date") from None


def _amount(text: str) -> float:
    try:
        amount = float(Decimal(text))
    except ArithmeticError:
        raise _Answer(422, "invalid amount") from None
    if not amount > 0:
        raise _Answer(422, "invalid amount")
    return amount
