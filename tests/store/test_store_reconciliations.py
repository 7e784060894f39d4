"""Reconciliations: one that is cut off goes on where it stopped; what it found is kept, what it looked at is not."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.differences import Difference, DifferenceKind
from domain.documents import DocumentState
from domain.journal import DocumentChange
from domain.reconciliation import Compared, Expectation, Item, SourceSide, Sums, Total, compare
from store.engine import create_engine
from store.store import Store
from tests.domain.sides import DAY, bill, goods, journal, source
from tests.store.samples import START, Clock, entry, key, sighting

RUN = "run-1"
NOBODY = SourceSide(expectation=Expectation.NOBODY)
MISSING = Difference(kind=DifferenceKind.MISSING_IN_ERP, number="1", bill_number="1", expected="6 / 15.30")


async def begun(store: Store, run: str = RUN, day: date = DAY) -> None:
    await store.reconciliations.begin(run, "flow", "main", day)


async def compared(store: Store, number: str, result: Compared, run: str = RUN) -> None:
    item = Item(bill_number=number, number=number, source=source())
    await store.reconciliations.put_compared(run, [(item, result)])


async def rows(url: str, table: str) -> int:
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
    finally:
        await engine.dispose()


async def test_both_sides_meet_under_the_bill_number(store: Store) -> None:
    """Whoever comes first, and however the ERP spells it."""
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [("A-1", "1", source()), ("A-2", "2", source(reference="SO2"))])
    await book.put_bills(RUN, [bill(number="a-1 "), bill(number="XS9")])
    await book.put_sources(RUN, [("A-3", "3", source())])
    await book.put_bills(RUN, [bill(number="A-3")])

    [stray] = await book.unsourced(RUN, 10)
    assert (stray.bill_number, stray.number, stray.source) == ("XS9", "", None)
    one, two, three = await book.uncompared(RUN, 10)
    assert [(i.number, i.bill is not None) for i in (one, two, three)] == [("1", True), ("2", False), ("3", True)]
    assert (one.source, one.bill) == (source(), bill(number="a-1 "))
    assert await book.referring(RUN, ["SO1", "SO2", "SO9", ""]) == {"SO1": "1", "SO2": "2"}
    assert [len(await book.uncompared(RUN, limit)) for limit in (1, 2)] == [1, 2]


async def test_reading_again_is_comparing_again(store: Store) -> None:
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [("1", "1", source())])
    [item] = await book.uncompared(RUN, 10)
    await book.put_compared(RUN, [(item, compare(DAY, item, journal()))])
    assert await book.uncompared(RUN, 10) == []
    await book.put_bills(RUN, [bill()])
    [item] = await book.uncompared(RUN, 10)
    assert item.bill == bill()


async def test_doubt_and_repair(store: Store) -> None:
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [(number, number, source()) for number in ("1", "2", "3")])
    held = Difference(kind=DifferenceKind.HELD)
    for number, found in (("1", MISSING), ("2", held), ("3", MISSING)):
        await compared(store, number, Compared(differences=(found,)))
    assert await book.count_suspects(RUN) == 2
    assert await book.doubt(RUN) == 2
    assert [item.number for item in await book.unsourced(RUN, 10)] == ["1", "3"]

    await book.put_sources(RUN, [(number, number, source()) for number in ("1", "3")])
    await compared(store, "1", Compared(differences=(MISSING,)))
    await compared(store, "3", Compared())
    assert await book.count_suspects(RUN) == 1
    [(item, differences)] = await book.suspects(RUN, 10)
    assert (item.number, differences) == ("1", (MISSING,))
    await book.put_tried(RUN, ["1"], gone_through=True)
    assert await book.suspects(RUN, 10) == []
    assert await book.tried(RUN) == ["1"]


async def test_what_is_left_to_people_is_not_gone_through(store: Store) -> None:
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [("1", "1", source())])
    await compared(store, "1", Compared(differences=(MISSING,)))
    await book.put_tried(RUN, ["1"], gone_through=False)
    assert await book.tried(RUN) == []
    assert await book.suspects(RUN, 10) == []


async def test_the_end_keeps_what_was_found_and_forgets_what_was_looked_at(
    store: Store, url: str, clock: Clock
) -> None:
    book = store.reconciliations
    await begun(store)
    posted = [(str(i), str(i), source()) for i in range(3)]
    await book.put_sources(RUN, [*posted, ("XS8", "", SourceSide(expectation=Expectation.ELSEWHERE))])
    await book.put_bills(RUN, [bill(number=number) for number in ("0", "1", "XS8")])
    for item in await book.uncompared(RUN, 10):
        await book.put_compared(RUN, [(item, compare(DAY, item, journal()))])
    await book.put_tried(RUN, ["2"], gone_through=True)
    mended = Item(bill_number="2", number="2", source=source(), bill=bill(number="2"))
    await book.put_compared(RUN, [(mended, compare(DAY, mended, journal()))])
    clock.forward(minutes=3)

    header = await book.finish(RUN)

    assert (header.documents, header.bills, header.elsewhere) == (3, 3, 1)
    assert (header.begun_at, header.ended_at) == (START, START + timedelta(minutes=3))
    [difference] = await book.differences(RUN)
    assert (difference.kind, difference.number, difference.mended) == (DifferenceKind.MISSING_IN_ERP, "2", True)
    assert not difference.is_left
    worth = Sums(documents=3, quantity=Decimal(18), amount=Decimal("45.90"))
    assert await book.totals(RUN) == [
        Total(shop="Lantern US", warehouse="2001/1", sku=sku, source=worth, journal=worth, erp=worth)
        for sku in ("", "A")
    ]
    assert await rows(url, "reconciliation_items") == 0
    assert await book.finish(RUN) == header
    assert len(await book.differences(RUN)) == 1


async def test_many_items(store: Store) -> None:
    """More than one portion of everything; totals by place, differences in order."""
    book = store.reconciliations
    await begun(store)
    numbers = [f"{i:04}" for i in range(1203)]
    await book.put_sources(RUN, [(n, n, source(goods(f"S{int(n) % 7}"))) for n in numbers])
    while items := await book.uncompared(RUN, 400):
        await book.put_compared(RUN, [(item, compare(DAY, item, None)) for item in items])
    header = await book.finish(RUN)
    assert (header.documents, header.bills) == (1203, 0)
    assert [d.number for d in await book.differences(RUN)] == [number for number in numbers for _ in range(2)]
    whole, *totals = await book.totals(RUN)
    assert (whole.sku, whole.source.documents) == ("", 1203)
    assert [total.sku for total in totals] == [f"S{i}" for i in range(7)]
    assert sum(total.source.documents for total in totals) == 1203
    assert {total.erp.documents for total in totals} == {0}


async def test_a_worker_that_dies_while_keeping_leaves_nothing_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [("1", "1", source())])
    await compared(store, "1", Compared(differences=(MISSING,)))
    await book._keep(RUN)  # and then it died

    assert (await book.finish(RUN)).documents == 1
    assert len(await book.differences(RUN)) == 1


async def test_another_run_of_the_day_forgets_what_an_earlier_one_looked_at(store: Store, url: str) -> None:
    book = store.reconciliations
    for run, day in ((RUN, DAY), ("run-2", DAY + timedelta(days=1))):
        await begun(store, run, day)
        await book.put_sources(run, [("1", "1", source())])
    await begun(store, "run-3")
    assert await book.uncompared(RUN, 10) == []
    assert len(await book.uncompared("run-2", 10)) == 1
    header = await book.header(RUN)
    assert header is not None
    assert header.ended_at is None
    with pytest.raises(LookupError, match="no reconciliation"):
        await book.finish("run-9")


async def test_forgotten_with_everything_of_it(store: Store, url: str, clock: Clock) -> None:
    book = store.reconciliations
    await begun(store)
    await book.put_sources(RUN, [("1", "1", source())])
    await compared(store, "1", Compared(differences=(MISSING,)))
    await book.finish(RUN)
    assert await store.forget(START) == 0
    assert await store.forget(clock.forward(days=90)) == 1
    assert await book.header(RUN) is None
    assert [await rows(url, f"reconciliation_{name}") for name in ("differences", "totals", "items")] == [0, 0, 0]


async def test_whose_bill_it_is(store: Store) -> None:
    """Only of documents that may have written one; the same number may be another form's."""
    for number, version in (("1", "v1"), ("2", None), ("3", "v1")):
        await store.take_in([sighting(number, platform_no=f"SO-{number}", related=(f"R{number}",))], cursor=None)
        change = DocumentChange(
            state=DocumentState.RUNNING, form="FORM" if number != "3" else "OTHER", bill_number=f"A-{number}"
        )
        await store.record(entry(number), change)
        if version is not None:
            await store.record(entry(number), DocumentChange(attempted_version=version))
    assert await store.owners("FORM", ["a-1", "A-2", "A-3", "A-4"]) == {"a-1": [key("1")]}
    assert await store.owners("FORM", []) == {}


async def test_who_goes_by_a_name(store: Store) -> None:
    await store.take_in(
        [sighting("1", platform_no="SO-1", related=("R1",)), sighting("2", platform_no="SO-1")], cursor=None
    )
    await store.take_in([sighting("9", key=key("9", connection="shop_b"), platform_no="SO-9")], cursor=None)
    found = await store.named("jst_order", "shop_a", ["so-1", "R1", "2", "SO-9", ""])
    assert found == {"so-1": key("1"), "R1": key("1"), "2": key("2")}
