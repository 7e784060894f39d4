"""Queries: filter, page, columns (sections 5.1, 6.2 and 7), and the inventory APIs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.flagship import texts
from sandbox.flagship.apis import Api, Comparison, Condition
from sandbox.flagship.clock import day_after, plain, shown_moment
from sandbox.flagship.config import Switches, TotalCount
from sandbox.flagship.records import Record, Records
from sandbox.flagship.replies import Code, Refusal
from sandbox.flagship.showing import Showing, ten_decimals
from sandbox.flagship.stock import Stock

_ALL = "[1 = 1]"
_SHORT_DATE = 10


class Querying:
    """Answers queries over the tenant's records."""

    def __init__(self, records: Records, stock: Stock, switches: Switches) -> None:
        self._records = records
        self._stock = stock
        self._switches = switches
        self._showing = Showing(records)

    def run(self, api: Api, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of a query. `asked`: the request's body. Raises Refusal."""
        given = asked.get("data")
        if not isinstance(given, dict):
            raise Refusal(Code.BAD_PARAMETER, texts.NO_DATA)
        size, number = self._page(asked, self._switches.query_rows)
        found, text = self.matching(api, given)
        rows = [
            self._showing.row(record, api.columns, zones=self._switches.multi_time_zone)
            for record in found[(number - 1) * size : number * size]
        ]
        return self._paged(rows, len(found), size, number, text)

    def matching(self, api: Api, given: Mapping[str, Any]) -> tuple[list[Record], str]:
        """Records that meet the configured conditions, and the text of the filter; other parameters are ignored."""
        conditions = [
            (condition, given[name]) for name, condition in api.filters.items() if given.get(name) not in (None, "")
        ]
        if not conditions:
            return list(self._records.all(api.entity)), _ALL
        found = list(self._candidates(api, conditions))
        for condition, wanted in conditions:
            found = [record for record in found if self._meets(record, condition, wanted)]
        return found, f"[{' AND '.join(_shown(condition, wanted) for condition, wanted in conditions)}]"

    def inventory(self, asked: Mapping[str, Any], *, summed: bool) -> dict[str, Any]:
        """The `data` of getInventoryDetail or getInventorySum: filters under `params`, not `data`. Raises Refusal."""
        given = asked.get("params")
        if not isinstance(given, dict):
            raise Refusal(Code.BAD_PARAMETER, texts.NO_PARAMS)
        size, number = self._page(asked, self._switches.inventory_rows)
        rows = list(self._stock_rows(given))
        if summed:
            rows = _summed(rows)
        return self._paged(rows[(number - 1) * size : number * size], len(rows), size, number, _ALL)

    def _page(self, asked: Mapping[str, Any], limit: int) -> tuple[int, int]:
        try:
            size, number = int(asked["pageSize"]), int(asked.get("pageNo", 1))
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal(Code.BAD_PARAMETER, texts.NO_PAGE_SIZE) from error
        if size < 1 or number < 1:
            raise Refusal(Code.BAD_PARAMETER, texts.NO_PAGE_SIZE)
        if size > limit:
            raise Refusal(Code.INVALID, texts.volume(limit))
        return size, number

    def _paged(
        self, rows: list[dict[str, Any]], total: int, size: int, number: int, filter_text: str
    ) -> dict[str, Any]:
        data: dict[str, Any] = {
            "filter": filter_text,
            "lastPage": number * size >= total,
            "pageNo": number,
            "pageSize": size,
            "rows": rows,
        }
        match self._switches.total_count:
            case TotalCount.EXACT:
                data["totalCount"] = total
            case TotalCount.UNKNOWN:
                data["totalCount"] = -1
        return data

    def _candidates(self, api: Api, conditions: Iterable[tuple[Condition, Any]]) -> Iterable[Record]:
        """The records the first indexed condition leaves, else all of the entity."""
        entity = self._records.entities[api.entity]
        for condition, wanted in conditions:
            values = _listed(wanted)
            key = condition.field.removeprefix(f"{entity.entry}.")
            if condition.comparison is not Comparison.IN:
                continue
            if condition.field in ("id", entity.number):
                find = self._records.by_id if condition.field == "id" else self._records.by_number
                return [found for value in values if (found := find(api.entity, value)) is not None]
            if key != condition.field and self._records.is_indexed(key):
                having = {r.id: r for value in values for r in self._records.with_line(api.entity, key, value)}
                return sorted(having.values(), key=lambda record: record.id)
        return self._records.all(api.entity)

    def _meets(self, record: Record, condition: Condition, wanted: Any) -> bool:
        values = self._showing.values_at(record, condition.field)
        match condition.comparison:
            case Comparison.FROM:
                return any(value and value >= str(wanted) for value in values)
            case Comparison.UNTIL:
                return any(value and value < _end(str(wanted)) for value in values)
        listed = _listed(wanted)
        return any(value in listed for value in values)

    def _stock_rows(self, given: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        for place, balance in self._stock.balances():
            row = {
                "org_number": place.org,
                "warehouse_number": place.warehouse,
                "material_number": place.material,
                "lotnumber": place.lot,
                "invtype_number": place.type,
                "invstatus_number": place.status,
                "unit_number": self._unit(place.material),
                "qty": ten_decimals(balance.quantity),
                "baseqty": ten_decimals(balance.quantity),
                "modifytime": shown_moment(balance.modified, zones=self._switches.multi_time_zone),
            }
            names = {
                "org_number": "org_number",
                "warehouse_number": "warehouse_number",
                "material_number": "material_number",
                "lot_number": "lotnumber",
            }
            moment = plain(balance.modified)
            if (
                all(not given.get(name) or row[key] in _listed(given[name]) for name, key in names.items())
                and moment >= str(given.get("modifytime_start") or "")
                and (not given.get("modifytime_end") or moment < _end(str(given["modifytime_end"])))
            ):
                yield row

    def _unit(self, material: str) -> str:
        found = self._records.by_number("bd_material", material)
        unit = found.values.get("baseunit") if found else None
        return unit.number if isinstance(unit, Record) else ""


def _listed(wanted: Any) -> list[str]:
    return [str(value) for value in wanted] if isinstance(wanted, list) else [str(wanted)]


def _end(text: str) -> str:
    """A day without a time is meant as a whole."""
    return f"{day_after(text)} 00:00:00" if len(text) == _SHORT_DATE else text


def _shown(condition: Condition, wanted: Any) -> str:
    match condition.comparison:
        case Comparison.FROM:
            return f"{condition.field} >= '{wanted}'"
        case Comparison.UNTIL:
            return f"{condition.field} < '{_end(str(wanted))}'"
    return f"{condition.field} in ({', '.join(repr(value) for value in _listed(wanted))})"


def _summed(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Quantity by organisation, warehouse and material."""
    sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["org_number"], row["warehouse_number"], row["material_number"]] += row["baseqty"]
    return [
        {"org_number": org, "warehouse_number": warehouse, "material_number": material, "baseqty": quantity}
        for (org, warehouse, material), quantity in sums.items()
    ]
