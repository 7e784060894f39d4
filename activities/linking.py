"""Finding, in the ERP, the bill entries that a document's lines go back to (requirement F40, kingdee-galaxy.md §11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from activities.gathering import Gatherer
from activities.subject import fill, value_at
from activities.workshop import Batching
from domain import holds
from domain.documents import Hold
from domain.erp import Erp, Match
from domain.exchanges import Exchange, exchange_log, note_exchange
from domain.mapping import Links, Lookup, Tables
from flows.catalogue import Scheme
from flows.flow import LinkRule

_Found = tuple[list[dict[str, Any]], list[Exchange]]
"""The rows for one document, and the calls they were found with."""


class Linker:
    """Looks up the entries of one link rule, for many documents in one query."""

    def __init__(self, erp: Erp, scheme: Scheme, name: str, batching: Batching) -> None:
        self._erp, self._rule, self._name = erp, scheme.flow.links[name], name
        fields = (*self._rule.match, *self._rule.open, *scheme.link_fields[name])
        self._fields = tuple(dict.fromkeys(fields))
        self._gather: Gatherer[tuple[str, ...], _Found] = Gatherer(
            self._query, linger=batching.linger, longest=batching.longest, most=batching.most, lanes=batching.lanes
        )

    async def find(self, document: BaseModel, tables: Tables) -> tuple[Links, list[str]]:
        """The entry for each line, and the gap keys of lines without one (an empty key: the line names none).

        Of several entries that match, the first with enough still open is taken; what earlier lines of the same
        document take is taken into account. If none has enough, the ERP has the last word on the largest.
        """
        lines = value_at(document, self._rule.each)
        wanted = [self._key(document, line, tables) for line in lines]
        asked = tuple(dict.fromkeys(key[0] for key in wanted if key[0]))
        rows, exchanges = await self._gather.add(asked) if asked else ([], [])
        for exchange in exchanges:
            # The query was made for several documents; each keeps it in its own journal.
            note_exchange(exchange)
        links: dict[tuple[str, int], Mapping[str, Any]] = {}
        missing = []
        taken: dict[int, Decimal] = {}
        for index, (line, key) in enumerate(zip(lines, wanted, strict=True)):
            quantity = Decimal(value_at(document, self._rule.quantity, line))
            found = self._choose(rows, key, quantity, taken)
            if found is None:
                missing.append(fill(self._rule.gap, document, line) if key[0] else "")
            else:
                links[(self._name, index)] = found
        return links, missing

    def _key(self, document: BaseModel, line: Any, tables: Tables) -> tuple[str, ...]:
        return tuple(_wanted(rule, document, line, tables) for rule in self._rule.match.values())

    def _choose(
        self, rows: Sequence[dict[str, Any]], key: tuple[str, ...], quantity: Decimal, taken: dict[int, Decimal]
    ) -> dict[str, Any] | None:
        fitting = [
            (i, row)
            for i, row in enumerate(rows)
            if tuple(str(row[name]) for name in self._rule.match) == key and key[0]
        ]
        if not fitting:
            return None
        total, returned = self._rule.open

        def left(i: int, row: dict[str, Any]) -> Decimal:
            return Decimal(row[total] or 0) - Decimal(row[returned] or 0) - taken.get(i, Decimal(0))

        i, row = next(((i, r) for i, r in fitting if left(i, r) >= quantity), max(fitting, key=lambda f: left(*f)))
        taken[i] = taken.get(i, Decimal(0)) + quantity
        return row

    async def _query(self, batch: Sequence[tuple[str, ...]]) -> list[_Found]:
        first = next(iter(self._rule.match))
        keys = tuple(dict.fromkeys(key for keys in batch for key in keys))
        matches = [Match(key=first, values=keys), *(Match(key=k, values=(v,)) for k, v in self._rule.where.items())]
        with exchange_log() as exchanges:
            rows = await self._erp.query(self._rule.form, self._fields, matches)
        by_key: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_key.setdefault(str(row[first]), []).append(row)
        return [([row for key in keys for row in by_key.get(key, [])], exchanges) for keys in batch]


def _wanted(rule: Any, document: BaseModel, line: Any, tables: Tables) -> str:
    if isinstance(rule, Lookup):
        key = value_at(document, rule.key, line)
        return str(tables.get((rule.lookup, str(key)), {}).get(rule.value, ""))
    value = value_at(document, rule.source, line)
    return "" if value is None else str(value)


def not_linked(rule: LinkRule, missing: list[str], scheme: Scheme) -> Hold:
    """The hold of a document some of whose lines go back to nothing that is posted."""
    gap = next((gap for gap in missing if gap), None)
    lines = [gap.partition(":")[2] for gap in missing]
    return holds.outbound_not_posted(rule.missing, lines if all(missing) else [""], gap, scheme.flow.owners)
