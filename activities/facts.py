"""The sides of a reconciliation: what the source means, what we believe, what the ERP has, in one vocabulary (O7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from activities.bills import head_value, lines_of
from activities.decided import decided_by_person
from activities.starting import is_carried
from activities.subject import fate_of, problems, value_at
from activities.workshop import Workshop
from domain import jsontext, mapping
from domain.convergence import plain
from domain.documents import DocumentState
from domain.erp import BillContent, FoundBill
from domain.journal import DocumentRecord, Sighting
from domain.mapping import Const, Lookup
from domain.reconciliation import BillSide, Expectation, Goods, JournalSide, SourceSide
from flows.booked import Booked, booked
from flows.catalogue import BillFacts, Scheme
from flows.flow import Form, Then

_EXPECTED = {
    Then.POST: Expectation.BILL,
    Then.WAIT: Expectation.WAITING,
    Then.SKIP: Expectation.NO_BILL,
    Then.REVERSE: Expectation.NO_BILL,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the source calls what the ERP has numbers for.

    Attributes:
        partners: customers our bills go to; None when any customer may be one of ours.
    """

    partners: Mapping[str, str] | None
    warehouses: Mapping[str, str]


class Facts:
    """Reads the documents of one flow and connection, and the bills they mean."""

    def __init__(self, workshop: Workshop, scheme: Scheme, connection: str) -> None:
        self._shop, self._scheme, self._connection = workshop, scheme, connection
        self._booked = booked(scheme)

    # ── the source ──────────────────────────────────────────────────────────────────────────────────────────────

    async def of_sighting(self, sighting: Sighting) -> SourceSide:
        """A document as it was just read; an unreadable one is at least known by what stands on its outside."""
        side = await self.of_source(sighting.version, sighting.body)
        if side.expectation is not Expectation.UNREADABLE:
            return side
        return side.model_copy(update={"shop": sighting.shop, "reference": sighting.platform_no})

    async def of_source(self, version: str, body: str) -> SourceSide:
        """A source document by its JSON text. One that breaks its model or a check is unreadable, not an error."""
        try:
            document = self._scheme.model.model_validate(jsontext.loads(body))
        except ValidationError:
            return SourceSide(expectation=Expectation.UNREADABLE, version=version)
        expectation = _EXPECTED[fate_of(self._scheme, document).then]
        if expectation is Expectation.BILL and problems(self._scheme, document) is not None:
            expectation = Expectation.UNREADABLE
        return await self._meant(document, expectation, version)

    async def _meant(self, document: BaseModel, expectation: Expectation, version: str) -> SourceSide:
        form, table = self._scheme.form, self._booked
        model = mapping.apply(
            table.fields,
            document,
            rate=None,
            bill=BillFacts(number=""),
            tables=await self._tables(document),
            links={},
        ).model
        # What a missing row keeps from being said cannot be compared; the document itself waits for the row.
        head = {key: head_value(form, model, key) for key in form.readback().head}
        said = {key: value for key, value in head.items() if value}
        return SourceSide(
            expectation=expectation,
            version=version,
            day=_day(said.get(form.date)),
            shop=_text(document, table.shop),
            partner=said.get(form.partner, ""),
            reference=said.get(form.reference, ""),
            head=said,
            goods=_goods(form, table, document, model) if expectation is Expectation.BILL else (),
        )

    async def _tables(self, document: BaseModel) -> mapping.Tables:
        tables: dict[tuple[str, str], dict[str, str]] = {}
        for collection, keys in mapping.keys_needed(self._booked.lookups, document).items():
            rows = await self._shop.store.mapping(collection, self._connection, sorted(keys))
            tables.update({(collection, key): values for key, values in rows.items()})
        return tables

    async def words(self) -> Words:
        """What the source calls the ERP's customers and warehouses."""
        rule, stock = self._booked.partner, self._booked.stock
        partners: Mapping[str, str] | None = None
        if isinstance(rule, Const):
            partners = {str(rule.const): ""}
        elif isinstance(rule, Lookup):
            partners = await self._backwards(rule)
        return Words(partners=partners, warehouses=await self._backwards(stock) if stock is not None else {})

    async def _backwards(self, rule: Lookup) -> dict[str, str]:
        """A mapping table read from the ERP's value to the source's key."""
        rows = await self._shop.store.mappings(rule.lookup)
        ours = [row for row in rows if row.connection in ("", self._connection) and rule.value in row.values]
        return {row.values[rule.value]: row.key for row in ours}

    # ── the journal ─────────────────────────────────────────────────────────────────────────────────────────────

    async def of_journal(self, record: DocumentRecord, source: SourceSide) -> JournalSide:
        """A document as we believe it to be; its workflow is asked after only when it should have one."""
        content = source if record.version == source.version else await self.of_source(record.version, record.body)
        under_way = not record.state.is_final and record.state is not DocumentState.HELD
        return JournalSide(
            state=record.state,
            version=record.version,
            source_version=record.source_version or record.version,
            is_written=record.bill_version is not None or record.attempted_version is not None,
            by_person=await decided_by_person(self._shop.store, record),
            carried=under_way and await is_carried(self._shop, record.key),
            hold=record.hold,
            content=content if content is not source else None,
            booked=await self._believed(record, content),
        )

    async def _believed(self, record: DocumentRecord, content: SourceSide) -> tuple[Goods, ...] | None:
        if record.bill_version is None:
            return None
        if record.bill_version == record.version:
            return content.goods
        body = await self._shop.store.snapshot(record.key, record.bill_version)
        return (await self.of_source(record.bill_version, body)).goods if body is not None else ()

    # ── the ERP ─────────────────────────────────────────────────────────────────────────────────────────────────

    def of_bill(self, bill: FoundBill, content: BillContent, words: Words) -> BillSide:
        """A bill as the ERP has it."""
        form, partners = self._scheme.form, words.partners or {}
        head = {key: plain(value) for key, value in content.head.items()}
        return BillSide(
            number=bill.number,
            id=bill.id,
            status=bill.status,
            cancelled=bill.cancelled,
            day=_day(head.get(form.date)),
            shop=partners.get(head.get(form.partner, ""), "") or head.get(form.partner, ""),
            reference=head.get(form.reference, ""),
            head=head,
            goods=tuple(
                Goods(
                    material=line.material,
                    stock=line.stock,
                    warehouse=words.warehouses.get(line.stock, ""),
                    quantity=line.quantity,
                    amount=line.amount,
                )
                for line in content.lines
            ),
        )


def _goods(form: Form, table: Booked, document: BaseModel, model: dict[str, Any]) -> tuple[Goods, ...]:
    """The lines in both vocabularies. A SKU without a mapping row stands under its own code."""
    rows, lines = value_at(document, table.each) or (), lines_of(form, model)
    return tuple(
        Goods(
            sku=(sku := _text(document, table.sku, row)),
            # Services have no warehouse; of goods without a mapping row nobody knows that they are none.
            warehouse=_text(document, table.warehouse, row) if line.stock or not line.material else "",
            material=line.material or sku,
            stock=line.stock,
            quantity=line.quantity,
            amount=line.amount,
        )
        for row, line in zip(rows, lines, strict=True)
    )


def _text(document: BaseModel, path: str | None, line: Any = None) -> str:
    value = value_at(document, path, line) if path is not None and path.startswith(("document.", "line.")) else None
    return format(value, "f") if isinstance(value, Decimal) else "" if value is None else str(value)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
