"""The same numbers from SAFE: an HTML table in units of its own (exchange-rates.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import httpx

from connectors.rates.pairs import CENTRAL_PARITY_PAIRS, Pair
from connectors.rates.publications import Publication, PublishedSource

_PATH = "/AppStructured/hlw/RMBQuery.do"
_DATA_ROW = "first"
_DAY = "日期"
# fmt: off
_HEADINGS = [
    _DAY, "美元", "欧元", "日元", "港元", "英镑", "澳元", "新西兰元",
    "新加坡元", "瑞士法郎", "加元", "澳门元", "林吉特", "卢布", "兰特", "韩元",
]
# fmt: on
"""The column headings that are known; the other ten go by position."""
_COLUMNS = 1 + len(CENTRAL_PARITY_PAIRS)

_UNITS = Decimal(100)
"""SAFE prints every number per 100 units; only the yen is so at CFETS too."""


class Safe(PublishedSource):
    """Reads the last table of the page and turns its numbers into CFETS's units."""

    name = "safe"

    async def publications(self, first: date, last: date) -> list[Publication]:
        """Raises Fault: transient ``not_a_table``, ``misaligned``, ``malformed``, ``not_a_number``, and the
        transport's.
        """
        form = {"startDate": first.isoformat(), "endDate": last.isoformat(), "queryYN": "true"}
        return await self._transport.ask("POST", "RMBQuery.do", self._url + _PATH, judge=self._judge, data=form)

    def _judge(self, response: httpx.Response) -> list[Publication]:
        reader = _LastTable()
        reader.feed(response.content.decode(errors="replace"))
        reader.close()
        headings = next((row.cells for row in reader.rows if row.cells[:1] == [_DAY]), [])
        if headings[: len(_HEADINGS)] != _HEADINGS:
            raise self.fault("not_a_table", "the page has no table of central parities")
        if len(headings) != _COLUMNS:
            raise self.fault("misaligned", f"the table has {len(headings)} columns, not {_COLUMNS}")
        rows = [row.cells for row in reader.rows if _DATA_ROW in row.classes and row.cells is not headings]
        published = [self._publication(cells) for cells in rows]
        if len({publication.day for publication in published}) != len(published):
            raise self.fault("malformed", "a day is listed twice")
        return published

    def _publication(self, cells: list[str]) -> Publication:
        if len(cells) != _COLUMNS:
            raise self.fault("misaligned", f"a row has {len(cells)} cells, not {_COLUMNS}")
        try:
            day = date.fromisoformat(cells[0])
        except ValueError as error:
            raise self.fault("malformed", f"not a day: {cells[0][:40]!r}", field=_DAY) from error
        numbers = {
            pair: self.number(text, pair.currency) for pair, text in zip(CENTRAL_PARITY_PAIRS, cells[1:], strict=True)
        }
        return Publication(
            day,
            {pair.currency: pair.cny_per_unit(as_cfets(pair, number)) for pair, number in numbers.items() if number},
        )


def as_cfets(pair: Pair, printed: Decimal) -> Decimal:
    """A number of SAFE's table in the unit of CFETS's label."""
    return printed * pair.unit / _UNITS


@dataclass(slots=True)
class _Row:
    classes: list[str]
    cells: list[str] = field(default_factory=list)


class _LastTable(HTMLParser):
    """Collects the rows of the table that was opened last."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[_Row] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append(_Row((dict(attrs).get("class") or "").split()))
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].cells.append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell and self.rows:
            cells = self.rows[-1].cells
            cells[-1] = (cells[-1] + data).strip()
