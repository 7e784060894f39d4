"""From a source document to the bill its flow wants; the live steps and the dry run share it (requirement D5)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from activities.entries import JournalRow, entry_of
from activities.linking import Linker, not_linked
from activities.workshop import Workshop
from domain import holds, jsontext, mapping
from domain.documents import DocumentKey, Hold
from domain.exchanges import exchange_log
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.mapping import Links, Missing, Tables
from domain.rates import Rate
from flows.catalogue import BillFacts, Scheme


class Mapper:
    """Gathers what the rules of a flow look up, then lets them run."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._linkers: dict[tuple[str, str, str], Linker] = {}

    async def bill(
        self, record: DocumentRecord, document: BaseModel, *, erp: str, rate: Rate | None, number: str, attempt: int = 1
    ) -> Hold | JournalRow:
        """The journal row that puts the mapped bill on record, or what the document waits for."""
        scheme = self._shop.scheme(record.key.flow, record.key.connection)
        tables = await self.tables(scheme, document, record.key.connection)
        with exchange_log() as exchanges:
            links, unlinked = await self.links(erp, scheme, record.key, document, tables)
        if unlinked is not None and not _mapping_gaps(scheme, document, tables):
            return unlinked
        mapped = mapping.apply(
            scheme.flow.fields, document, rate=rate, bill=BillFacts(number=number), tables=tables, links=links
        )
        hold = _missing_hold(scheme, mapped.missing)
        if hold is not None:
            return hold
        zh, en = f"已映射为{scheme.form.title.zh}", f"Mapped to {scheme.form.title.en}"
        entry = entry_of(record, Step.MAP, Outcome.DONE, zh, en, attempt=attempt)
        return JournalRow(entry, DocumentChange(model=jsontext.dumps(mapped.model)), exchanges)

    def _linker(self, erp: str, scheme: Scheme, name: str) -> Linker:
        at = (erp, scheme.flow.flow, name)
        if at not in self._linkers:
            self._linkers[at] = Linker(self._shop.erps[erp], scheme, name, self._shop.batching)
        return self._linkers[at]

    async def tables(self, scheme: Scheme, document: BaseModel, connection: str) -> Tables:
        """The mapping rows a document needs, read in one go."""
        return await self._shop.store.mapping_tables(connection, mapping.keys_needed(scheme.lookups, document))

    async def links(
        self, erp: str, scheme: Scheme, key: DocumentKey, document: BaseModel, tables: Tables
    ) -> tuple[Links, Hold | None]:
        """The ERP entries the document's lines go back to, and the hold if some are not there."""
        links: dict[tuple[str, int], Any] = {}
        hold = None
        for name, rule in scheme.flow.links.items():
            found, missing = await self._linker(erp, scheme, name).find(document, tables)
            links.update(found)
            if missing and hold is None:
                hold = not_linked(rule, missing, scheme)
        return links, hold


def _mapping_gaps(scheme: Scheme, document: BaseModel, tables: Tables) -> bool:
    needed = mapping.keys_needed(scheme.lookups, document)
    return any((collection, key) not in tables for collection, keys in needed.items() for key in keys)


def _missing_hold(scheme: Scheme, missing: tuple[Missing, ...]) -> Hold | None:
    if not missing:
        return None
    owners = scheme.flow.owners
    gaps = list(dict.fromkeys((m.name, m.key) for m in missing if m.kind == "mapping"))
    if gaps:
        target = next(m.target for m in missing if m.kind == "mapping")
        return holds.mapping_missing(gaps, owners, target=target)
    first = missing[0]
    return holds.source_invalid(first.name, first.message or "a value", first.key, owners)
