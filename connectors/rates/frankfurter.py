"""Frankfurter: the central parity once more (v2), and the ECB's own rates (exchange-rates.md section 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Context, Decimal
from typing import Annotated

import httpx
from pydantic import Field

from connectors.rates.pairs import CENTRAL_PARITY_PAIRS, FUNCTIONAL_CURRENCY, SIGNIFICANT_DIGITS, Pair
from connectors.rates.publications import Publication, PublishedSource, Shape
from domain.money import Amount

_PROVIDER = "CFETS"
_PIVOT = "EUR"
# fmt: off
_ECB_CURRENCIES = frozenset((
    "AUD", "BGN", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK",
    "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
))
# fmt: on
_BINARY = Context(prec=15)
"""The service keeps binary floats; 15 digits is what they carry without noise."""
_DIVIDE = Context(prec=SIGNIFICANT_DIGITS)

Positive = Annotated[Amount, Field(gt=0)]


class _Row(Shape):
    date: date
    base: str
    quote: str
    rate: Positive


class _Rows(Shape):
    rows: list[_Row]


class FrankfurterCentralParity(PublishedSource):
    """Provider CFETS of a Frankfurter installation.

    A single provider's own digits are kept only in the direction it published them; whatever is computed is rounded
    to 2 to 5 decimals. So each direct pair is asked from its own side (one call each), the indirect ones together.
    """

    name = "frankfurter_cfets"

    async def publications(self, first: date, last: date) -> list[Publication]:
        """Raises Fault: transient ``malformed``, ``misaligned``, and the transport's."""
        days: defaultdict[date, dict[str, Decimal]] = defaultdict(dict)
        for pairs in _calls(CENTRAL_PARITY_PAIRS):
            for row in await self._rows(pairs, first, last):
                # Stored per one unit, whatever the label's unit is.
                pair = Pair(row.base, row.quote)
                days[row.date][pair.currency] = pair.cny_per_unit(_BINARY.normalize(row.rate))
        return [Publication(day, rates) for day, rates in days.items()]

    async def _rows(self, pairs: list[Pair], first: date, last: date) -> list[_Row]:
        """Rows of pairs that share their base."""
        asked = {(pair.base, pair.quote) for pair in pairs}

        def judge(response: httpx.Response) -> list[_Row]:
            rows = self.read(_Rows, {"rows": self._transport.json_body(response)}).rows
            for row in rows:
                if (row.base, row.quote) not in asked or row.date > last:
                    raise self.fault("misaligned", f"{row.base}/{row.quote} of {row.date} was not asked for")
            return rows

        params = {
            "base": pairs[0].base,
            "quotes": ",".join(pair.quote for pair in pairs),
            "from": first.isoformat(),
            "to": last.isoformat(),
            "providers": _PROVIDER,
        }
        return await self._transport.ask("GET", "v2/rates", f"{self._url}/v2/rates", judge=judge, params=params)


def _calls(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs by their base."""
    calls: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        calls[pair.base].append(pair)
    return list(calls.values())


class _Span(Shape):
    amount: Amount
    base: str
    rates: dict[date, dict[str, Positive]]


class EcbCross(PublishedSource):
    """ECB reference rates crossed through the euro: not the PBOC's number, and for today normally yesterday's.

    Only for operators who allow a rate that is not official.
    """

    name = "frankfurter_ecb"
    official = False
    currencies = _ECB_CURRENCIES

    async def publications(self, first: date, last: date) -> list[Publication]:
        """Raises Fault: transient ``malformed``, ``misaligned``, ``pair_missing``; ``http_404`` when the span
        is empty; and the transport's.
        """
        url = f"{self._url}/v1/{first.isoformat()}..{last.isoformat()}"
        # From the euro with amount 1 nothing is rounded, so the crossing is ours.
        return await self._transport.ask("GET", "v1 span", url, judge=self._judge, params={"base": _PIVOT})

    def _judge(self, response: httpx.Response) -> list[Publication]:
        span = self.read(_Span, self._transport.json_body(response))
        if span.base != _PIVOT or span.amount != 1:
            raise self.fault("misaligned", f"rates for {span.amount} {span.base}, not 1 {_PIVOT}")
        published = []
        for day, per_euro in span.rates.items():
            cny = per_euro.get(FUNCTIONAL_CURRENCY)
            if cny is None:
                raise self.fault("pair_missing", f"no {FUNCTIONAL_CURRENCY} on {day}", field=FUNCTIONAL_CURRENCY)
            rates = {iso: _DIVIDE.divide(cny, rate) for iso, rate in per_euro.items() if iso != FUNCTIONAL_CURRENCY}
            published.append(Publication(day, {**rates, _PIVOT: cny}))
        return published
