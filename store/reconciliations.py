"""Reconciliations: what one looks at while it runs, and what it found (requirement O7).

The items of a day are kept here and not in memory, since a day may have any number of documents, and a worker that dies
in the middle leaves everything it knew to the next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, select, update

from domain.differences import Difference
from domain.reconciliation import (
    BillSide,
    Compared,
    Expectation,
    Item,
    Place,
    Reconciliation,
    SourceSide,
    Sums,
    Total,
    summed,
)
from store.chunks import in_chunks
from store.columns import storable
from store.engine import Database
from store.tables import reconciliation_differences as differences
from store.tables import reconciliation_items as items
from store.tables import reconciliation_totals as totals
from store.tables import reconciliations

_PORTION = 500
_DIFFERENCES = TypeAdapter(tuple[Difference, ...])
_TOTALS = TypeAdapter(tuple[Total, ...])
_SIDES = ("source", "journal", "erp")
_HEADER = select(*(reconciliations.c[name] for name in Reconciliation.model_fields))


class Reconciliations:
    """The door of the store for reconciliations; a run is named by its workflow's run id."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock

    # ── while it runs ───────────────────────────────────────────────────────────────────────────────────────────

    async def begin(self, run: str, flow: str, connection: str, day: date) -> None:
        """A comparison of that day begins; what an earlier one, cut off, was still looking at is forgotten."""
        given = {"run": run, "flow": flow, "connection": connection, "day": day, "begun_at": self._clock()}
        fresh = given | {"documents": 0, "bills": 0, "elsewhere": 0}
        others = select(reconciliations.c.run).where(
            reconciliations.c.flow == flow,
            reconciliations.c.connection == connection,
            reconciliations.c.day == day,
            reconciliations.c.run != run,
        )
        async with self._db.writing() as db:
            await db.execute(self._db.insert(reconciliations).values(fresh).on_conflict_do_nothing())
            left = (await db.scalars(others)).all()
        for other in left:
            await self._drop_all(other)

    async def put_sources(self, run: str, rows: Iterable[tuple[str, str, SourceSide]]) -> None:
        """What the source says, by bill number and the document's own number ("" where no document asks for it)."""
        await self._put(
            run,
            [
                {
                    "bill_number": bill_number,
                    "number": number,
                    "reference": source.reference,
                    "source": source.model_dump_json(),
                }
                for bill_number, number, source in rows
            ],
            ("number", "reference", "source"),
        )

    async def put_bills(self, run: str, bills: Iterable[BillSide]) -> None:
        """What the ERP has."""
        rows = [{"bill_number": bill.number, "bill": bill.model_dump_json()} for bill in bills]
        await self._put(run, rows, ("bill",))

    async def _put(self, run: str, rows: Iterable[Mapping[str, Any]], changing: Sequence[str]) -> None:
        empty = {"number": "", "reference": "", "source": None, "bill": None, "suspect": False, "differences": None}
        given = {_key(row["bill_number"]): empty | dict(row) for row in rows}
        if not given:
            return
        insert = self._db.insert(items)
        changes = {name: insert.excluded[name] for name in (*changing, "differences")}
        statement = insert.on_conflict_do_update(index_elements=["run", "bill_key"], set_=changes)
        async with self._db.writing() as db:
            await db.execute(statement, [{"run": run, "bill_key": key} | given[key] for key in sorted(given)])

    async def unsourced(self, run: str, limit: int) -> list[Item]:
        """Items of which the source has not been asked (again)."""
        return await self._items(run, items.c.source.is_(None), limit=limit)

    async def uncompared(self, run: str, limit: int) -> list[Item]:
        """Items whose source is known and that have not been compared (again)."""
        return await self._items(run, items.c.source.is_not(None), items.c.differences.is_(None), limit=limit)

    async def _items(self, run: str, *conditions: ColumnElement[bool], limit: int) -> list[Item]:
        statement = select(items).where(items.c.run == run, *conditions).order_by(items.c.bill_key).limit(limit)
        async with self._db.reading() as db:
            return [_to_item(row) for row in await db.execute(statement)]

    async def referring(self, run: str, references: Sequence[str]) -> dict[str, str]:
        """Numbers of the run's own documents by the reference their bill carries."""
        found: dict[str, str] = {}
        async with self._db.reading() as db:
            for chunk in in_chunks(sorted({storable(reference) for reference in references} - {""})):
                statement = (
                    select(items.c.reference, items.c.number)
                    .where(items.c.run == run, items.c.reference.in_(chunk), items.c.number != "")
                    .order_by(items.c.number.desc())
                )
                found |= {row.reference: row.number for row in await db.execute(statement)}
        return found

    async def put_compared(self, run: str, compared: Iterable[tuple[Item, Compared]]) -> None:
        """What came of items, with the bills they were compared with."""
        rows = [
            {
                "of_run": run,
                "of_key": _key(item.bill_number),
                "bill": item.bill.model_dump_json() if item.bill is not None else None,
                "differences": _DIFFERENCES.dump_json(result.differences).decode(),
                "totals": _TOTALS.dump_json(result.totals).decode(),
                "suspect": result.is_suspect,
            }
            for item, result in sorted(compared, key=lambda pair: _key(pair[0].bill_number))
        ]
        if rows:
            async with self._db.writing() as db:
                await db.execute(_update_item(), rows)

    async def doubt(self, run: str) -> int:
        """Everything with a difference that nothing explains is to be looked at once more. Returns how many."""
        again = update(items).where(items.c.run == run, items.c.suspect).values(source=None, differences=None)
        async with self._db.writing() as db:
            return (await db.execute(again)).rowcount

    async def count_suspects(self, run: str) -> int:
        """Items with a difference that nothing explains."""
        statement = select(func.count()).select_from(items).where(items.c.run == run, items.c.suspect)
        async with self._db.reading() as db:
            return int(await db.scalar(statement) or 0)

    async def suspects(self, run: str, limit: int) -> list[tuple[Item, tuple[Difference, ...]]]:
        """Items with differences that nothing explains and that nobody has tried to put right yet."""
        statement = (
            select(items)
            .where(items.c.run == run, items.c.suspect, items.c.tried.is_(None), items.c.differences.is_not(None))
            .order_by(items.c.bill_key)
            .limit(limit)
        )
        async with self._db.reading() as db:
            return [(_to_item(row), _told(row.differences)) for row in await db.execute(statement)]

    async def put_tried(self, run: str, bill_numbers: Sequence[str], *, gone_through: bool) -> None:
        """Keep what was wrong with items before they were gone through again, or that they are left to people."""
        async with self._db.writing() as db:
            for chunk in in_chunks([_key(number) for number in bill_numbers]):
                kept = items.c.differences if gone_through else _DIFFERENCES.dump_json(()).decode()
                here = and_(items.c.run == run, items.c.bill_key.in_(chunk))
                await db.execute(update(items).where(here).values(tried=kept))

    async def tried(self, run: str) -> list[str]:
        """Numbers of the documents that were gone through again."""
        nothing = _DIFFERENCES.dump_json(()).decode()
        statement = select(items.c.number).where(items.c.run == run, items.c.tried != nothing)
        async with self._db.reading() as db:
            return [number for number in await db.scalars(statement) if number]

    # ── at its end ──────────────────────────────────────────────────────────────────────────────────────────────

    async def finish(self, run: str) -> Reconciliation:
        """Keep what was found, and forget what was looked at. Safe to repeat at any point.

        Raises:
            LookupError: no such run has begun.
        """
        header = await self.header(run)
        if header is None:
            raise LookupError(f"no reconciliation {run}")
        if header.ended_at is None:
            counted = await self._keep(run)
            async with self._db.writing() as db:
                ended = {**counted, "ended_at": self._clock()}
                await db.execute(update(reconciliations).where(reconciliations.c.run == run).values(ended))
        await self._drop_all(run)
        return await self.header(run) or header

    async def _keep(self, run: str) -> dict[str, int]:
        async with self._db.writing() as db:
            for table in (differences, totals):
                await db.execute(delete(table).where(table.c.run == run))
        sums: dict[Place, Total] = {}
        counted, position = {"documents": 0, "bills": 0, "elsewhere": 0}, 0
        async for portion in self._portions(run):
            found = [difference for row in portion for difference in _final(row)]
            rows = [{"run": run, "position": position + i} | each.model_dump() for i, each in enumerate(found)]
            position += len(rows)
            if rows:
                async with self._db.writing() as db:
                    await db.execute(self._db.insert(differences), rows)
            for row in portion:
                summed(_TOTALS.validate_json(row.totals or "[]"), into=sums)
                _count(counted, _to_item(row))
        for chunk in in_chunks([_total_row(run, total) for total in sums.values()]):
            async with self._db.writing() as db:
                await db.execute(self._db.insert(totals), list(chunk))
        return counted

    async def _portions(self, run: str) -> AsyncIterator[Sequence[Row[Any]]]:
        after = ""
        while True:
            page = select(items).where(items.c.run == run, items.c.bill_key > after).order_by(items.c.bill_key)
            async with self._db.reading() as db:
                rows = (await db.execute(page.limit(_PORTION))).all()
            if not rows:
                return
            yield rows
            after = rows[-1].bill_key

    async def _drop_all(self, run: str) -> None:
        keys = select(items.c.bill_key).where(items.c.run == run).limit(_PORTION)
        while True:
            async with self._db.writing() as db:
                portion = (await db.scalars(keys)).all()
                await db.execute(delete(items).where(items.c.run == run, items.c.bill_key.in_(portion)))
            if len(portion) < _PORTION:
                return

    # ── for people ──────────────────────────────────────────────────────────────────────────────────────────────

    async def header(self, run: str) -> Reconciliation | None:
        """What is known of a run as a whole."""
        async with self._db.reading() as db:
            row = (await db.execute(_HEADER.where(reconciliations.c.run == run))).first()
        return None if row is None else Reconciliation(**row._mapping)

    async def differences(self, run: str) -> list[Difference]:
        """What it found, document by document."""
        statement = select(differences).where(differences.c.run == run).order_by(differences.c.position)
        async with self._db.reading() as db:
            return [
                Difference(**{name: row._mapping[name] for name in Difference.model_fields})
                for row in await db.execute(statement)
            ]

    async def totals(self, run: str) -> list[Total]:
        """What each side has, by shop, warehouse and SKU."""
        order = (totals.c.shop, totals.c.warehouse, totals.c.sku)
        async with self._db.reading() as db:
            rows = await db.execute(select(totals).where(totals.c.run == run).order_by(*order))
            return [_to_total(row) for row in rows]


def _key(bill_number: str) -> str:
    """A bill number as the ERP tells them apart (kingdee-galaxy.md §8.1): neither case nor trailing blanks count."""
    return storable(bill_number).rstrip().casefold()


def _update_item() -> Any:
    here = and_(items.c.run == bindparam("of_run"), items.c.bill_key == bindparam("of_key"))
    names = ("bill", "differences", "totals", "suspect")
    return update(items).where(here).values({name: bindparam(name) for name in names})


def _to_item(row: Row[Any]) -> Item:
    return Item(
        bill_number=row.bill_number,
        number=row.number,
        source=SourceSide.model_validate_json(row.source) if row.source is not None else None,
        bill=BillSide.model_validate_json(row.bill) if row.bill is not None else None,
        tried=_told(row.tried),
    )


def _told(text: str | None) -> tuple[Difference, ...]:
    return _DIFFERENCES.validate_json(text) if text is not None else ()


def _final(row: Row[Any]) -> list[Difference]:
    """What is left of an item's differences, and what was put right."""
    left = _told(row.differences)
    still = {_place(difference) for difference in left}
    was = (difference for difference in _told(row.tried) if difference.is_left and _place(difference) not in still)
    return [*left, *(difference.model_copy(update={"mended": True}) for difference in was)]


def _place(difference: Difference) -> tuple[str, ...]:
    return difference.kind, difference.warehouse, difference.sku, difference.field


def _count(counted: dict[str, int], item: Item) -> None:
    if item.source is not None and item.source.expectation is Expectation.ELSEWHERE:
        counted["elsewhere"] += 1
        return
    counted["documents"] += item.number != ""
    counted["bills"] += item.bill is not None and not item.bill.cancelled


def _total_row(run: str, total: Total) -> dict[str, Any]:
    row: dict[str, Any] = {"run": run, "shop": total.shop, "warehouse": total.warehouse, "sku": total.sku}
    for side in _SIDES:
        row |= {f"{side}_{name}": value for name, value in getattr(total, side).model_dump().items()}
    return row


def _to_total(row: Row[Any]) -> Total:
    sides = {side: Sums(**{name: row._mapping[f"{side}_{name}"] for name in Sums.model_fields}) for side in _SIDES}
    return Total(shop=row.shop, warehouse=row.warehouse, sku=row.sku, **sides)
