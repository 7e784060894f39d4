"""Retention: what is old goes, what a living document needs stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from domain.documents import DocumentState
from domain.journal import DocumentChange
from store.engine import Database
from store.store import Store
from tests.store.samples import START, Clock, entry, exchange, hold, key, sighting

POSTED = DocumentChange(state=DocumentState.POSTED)
HELD = DocumentChange(state=DocumentState.HELD, hold=hold())


async def rows(url: str) -> dict[str, int]:
    """How many rows the tables have that retention is about."""
    db = Database(url)
    try:
        async with db.reading() as connection:
            tables = ("documents", "document_terms", "snapshots", "steps", "step_exchanges", "exchanges")
            return {name: await connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}
    finally:
        await db.close()


@pytest.mark.parametrize("state", [DocumentState.POSTED, DocumentState.SKIPPED, DocumentState.REVERSED])
async def test_an_old_final_document_goes_without_a_trace(
    store: Store, url: str, clock: Clock, state: DocumentState
) -> None:
    await store.take_in([sighting(skus=("A",))], cursor=("f", "c", "1"))
    await store.started([(key(), "v1")])
    await store.record(entry(), DocumentChange(state=state, bill_number="XS1"), [exchange()])

    assert await store.forget(START) == 0
    assert await store.forget(clock.forward(days=90)) == 3  # the step, the document, the exchange

    assert set((await rows(url)).values()) == {0}
    assert await store.document(key()) is None
    assert await store.search("a") == []
    assert await store.cursor("f", "c") == "1"
    assert (await store.take_in([sighting()], cursor=None)).new == 1


async def test_what_is_not_old_yet_stays(store: Store, url: str, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    await store.started([(key(), "v1")])
    clock.forward(days=50)
    await store.record(entry(), POSTED, [exchange(at=clock.now)])
    before = await rows(url)

    assert await store.forget(START + timedelta(days=49)) == 0

    assert await rows(url) == before


async def test_a_waiting_document_stays_with_what_it_needs_and_loses_its_old_steps(store: Store, clock: Clock) -> None:
    for version in ("v1", "v2", "v3", "v4"):
        await store.take_in([sighting(version=version)], cursor=None)
        if version == "v1":
            await store.record(entry(), DocumentChange(attempted_version="v1"))
        if version == "v2":
            await store.record(entry(), DocumentChange(bill_version="v2"))
    await store.take_in([sighting(version="c5", correction=True)], cursor=None)
    await store.record(entry(), HELD)

    assert await store.forget(clock.forward(days=90)) == 3 + 1  # its steps, and the one version nobody needs

    record = await store.document(key())
    assert record is not None
    assert (record.version, record.hold, record.held_at) == ("c5", HELD.hold, START)
    kept = [version for version in ("v1", "v2", "v3", "v4", "c5") if await store.snapshot(key(), version)]
    assert kept == ["v1", "v2", "v4", "c5"]
    assert await store.timeline(key()) == []


async def test_a_posted_document_with_a_version_nobody_has_started_stays(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    await store.record(entry(), POSTED)

    assert await store.forget(clock.forward(days=90)) == 1  # its step
    assert await store.document(key()) is not None

    await store.started([(key(), "v1")])
    assert await store.forget(clock.now) == 1
    assert await store.document(key()) is None


async def test_a_call_stays_as_long_as_one_step_refers_to_it(store: Store, url: str, clock: Clock) -> None:
    await store.take_in([sighting("SO1"), sighting("SO2")], cursor=None)
    call = exchange()
    await store.record(entry("SO1"), exchanges=[call])
    clock.forward(days=90)
    await store.record(entry("SO2"), exchanges=[call])

    assert await store.forget(START + timedelta(days=1)) == 1
    assert (await store.timeline(key("SO2")))[0].exchanges == (call,)

    assert await store.forget(clock.forward(days=90)) == 2
    assert (await rows(url))["exchanges"] == 0


async def test_more_than_a_portion_goes_in_one_call(store: Store, url: str, clock: Clock) -> None:
    numbers = [f"SO{n}" for n in range(1100)]
    await store.take_in([sighting(number) for number in numbers], cursor=None)
    await store.started([(key(number), "v1") for number in numbers])
    await store.record_many([(entry(number), POSTED, [exchange()]) for number in numbers])

    assert await store.forget(clock.forward(days=90)) == 3 * 1100

    assert set((await rows(url)).values()) == {0}


async def test_many_old_versions_of_a_living_document_go(store: Store, clock: Clock) -> None:
    for n in range(30):
        await store.take_in([sighting(version=f"v{n}")], cursor=None)

    assert await store.forget(clock.forward(days=90)) == 29
    assert await store.snapshot(key(), "v29") is not None


async def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await store.forget(datetime(2026, 1, 1))  # noqa: DTZ001
