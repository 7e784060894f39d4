"""The central parity from its publisher: `CcprHisNew` of chinamoney.com.cn (exchange-rates.md section 4)."""

from __future__ import annotations

from datetime import date

import httpx
from pydantic import Field

from connectors.rates.pairs import CENTRAL_PARITY_CURRENCIES, YOUNGEST_CURRENCY, Pair
from connectors.rates.publications import Publication, PublishedSource, Shape
from domain.faults import FaultKind

_PATH = "/ags/ms/cm-u-bk-ccpr/CcprHisNew"
_PAGE_SIZES = (50, 10)
"""Observers disagree on the largest page; above it the reply has no records."""
_OK = "200"
_HEADERS = {"Accept": "application/json", "User-Agent": "Mozilla/5.0 (compatible; Kingpost)"}


class _Head(Shape):
    rep_code: str
    rep_message: str = ""


class _Data(Shape):
    searchlist: tuple[str, ...] = ()
    total: int = 0
    flag_message: str = Field(default="", alias="flagMessage")


class _Record(Shape):
    date: date
    values: list[str]


class _Reply(Shape):
    head: _Head
    data: _Data = _Data()
    records: list[_Record] | None = None


class CentralParity(PublishedSource):
    """Asks for all pairs of the span at once, so that values and labels cannot be misaligned by a filter."""

    name = "central_parity"

    async def publications(self, first: date, last: date) -> list[Publication]:
        """Raises Fault: refused ``flag_message``; transient ``rep_<code>``, ``no_records``, ``incomplete``,
        ``pair_missing``, ``misaligned``, ``malformed``, ``not_a_number``, and the transport's.
        """
        for size in _PAGE_SIZES:
            reply = await self._page(first, last, 1, size)
            if reply.records is not None:
                break
        published = self._publications(reply, first, last)
        page, more = 1, published
        # A publisher that repeats itself must not keep us here: no span has more publications than days.
        while more and len(published) < reply.data.total and len(published) <= (last - first).days:
            page += 1
            more = self._publications(await self._page(first, last, page, size), first, last)
            published = published + more
        days = {publication.day for publication in published}
        if not len(days) == len(published) == reply.data.total:
            raise self.fault("incomplete", f"{len(days)} days in {len(published)} of {reply.data.total} records")
        return published

    async def _page(self, first: date, last: date, page: int, size: int) -> _Reply:
        params = {
            "startDate": first.isoformat(),
            "endDate": last.isoformat(),
            "currency": "",
            "pageNum": str(page),
            "pageSize": str(size),
        }
        return await self._transport.ask(
            "POST", "CcprHisNew", self._url + _PATH, judge=self._judge, params=params, headers=_HEADERS
        )

    def _judge(self, response: httpx.Response) -> _Reply:
        reply = self.read(_Reply, self._transport.json_body(response))
        if reply.head.rep_code != _OK:
            raise self.fault(f"rep_{reply.head.rep_code}", reply.head.rep_message)
        if reply.data.flag_message and not reply.records:
            raise self.fault("flag_message", reply.data.flag_message, kind=FaultKind.REFUSED)
        return reply

    def _publications(self, reply: _Reply, first: date, last: date) -> list[Publication]:
        if reply.records is None:
            raise self.fault("no_records", "the reply has no records")
        pairs = self._pairs(reply.data.searchlist)
        published = []
        for record in reply.records:
            if not first <= record.date <= last:
                raise self.fault("malformed", f"{record.date} was not asked for", field="records.date")
            if len(record.values) != len(pairs):
                raise self.fault("misaligned", f"{len(record.values)} values for {len(pairs)} pairs on {record.date}")
            numbers = {pair: self.number(text, pair.currency) for pair, text in zip(pairs, record.values, strict=True)}
            rates = {pair.currency: pair.cny_per_unit(number) for pair, number in numbers.items() if number}
            published.append(Publication(record.date, rates))
        return published

    def _pairs(self, labels: tuple[str, ...]) -> list[Pair]:
        """What the values of a record belong to; pairs that join later are welcome."""
        try:
            pairs = [Pair.parse(label) for label in labels]
        except ValueError as error:
            raise self.fault("misaligned", str(error), field="data.searchlist") from error
        currencies = {pair.currency for pair in pairs}
        if len(currencies) != len(pairs):
            raise self.fault("misaligned", "a pair is listed twice", field="data.searchlist")
        if missing := CENTRAL_PARITY_CURRENCIES - {YOUNGEST_CURRENCY} - currencies:
            raise self.fault("pair_missing", f"no pair for {', '.join(sorted(missing))}", field="data.searchlist")
        return pairs
