"""The journal: every step lands once, changes what it says and nothing else, and shares what it shares."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.documents import DocumentState, HoldReason, OwnerRole, SkipReason
from domain.exchanges import Exchange
from domain.faults import FaultKind
from domain.journal import DocumentChange, DocumentRecord, JournalEntry, Outcome, Stand, Step
from store.engine import Database
from store.errors import Overtaken, UnknownDocument
from store.store import Store
from tests.store.samples import START, Clock, entry, exchange, hold, key, sighting

HELD = DocumentChange(state=DocumentState.HELD, hold=hold())
RUNNING = DocumentChange(state=DocumentState.RUNNING)


async def stored(store: Store, number: str = "SO1") -> DocumentRecord:
    record = await store.document(key(number))
    assert record is not None
    return record


async def test_a_step_and_its_calls_are_read_back_as_written(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    first = entry(step=Step.POST, outcome=Outcome.FAILED, attempt=3, code="timeout", detail='{"a":0.10}', actor="kim")
    call = exchange(at=START, fault=FaultKind.TRANSIENT, fault_code="timeout", status=None)
    later_call = exchange(at=clock.forward(seconds=1))
    await store.record(first, exchanges=[later_call, call])
    clock.forward(seconds=5)
    await store.record(entry(step=Step.DONE))

    rows = await store.timeline(key())

    assert [row.entry for row in rows] == [first, entry(step=Step.DONE)]
    assert rows[0].exchanges == (call, later_call)
    assert rows[1].exchanges == ()
    assert (rows[1].at - rows[0].at).total_seconds() == 5
    assert rows[0].at.utcoffset() is not None
    assert await store.timeline(key("SO2")) == []


async def test_only_fields_that_were_given_are_changed(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    mapped = DocumentChange(state=DocumentState.RUNNING, form="SAL_OUTSTOCK", bill_number="XS1", model='{"q":1.50}')
    await store.record(entry(), mapped)
    at = clock.forward(seconds=9)

    await store.record(entry(), DocumentChange(attempted_version="v1", bill_number=None))

    record = await stored(store)
    assert (record.form, record.model, record.state) == ("SAL_OUTSTOCK", '{"q":1.50}', DocumentState.RUNNING)
    assert (record.bill_number, record.attempted_version) == (None, "v1")
    assert record.changed_at == at


async def test_a_step_without_a_change_leaves_the_document_alone(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    before = await stored(store)
    clock.forward(seconds=9)

    await store.record(entry())
    await store.record(entry(), DocumentChange())

    assert await stored(store) == before
    assert len(await store.timeline(key())) == 2


async def test_a_change_that_rests_on_how_the_document_stood(store: Store) -> None:
    await store.take_in([sighting(), sighting("SO2")], cursor=None)
    read = await stored(store)
    await store.record(entry(), DocumentChange(only_if=read.stand, attempted_version="v1"))

    with pytest.raises(Overtaken):
        await store.record(entry(), DocumentChange(only_if=read.stand, state=DocumentState.POSTED))

    now = await stored(store)
    assert (now.state, now.attempted_version) == (DocumentState.RECEIVED, "v1")
    assert len(await store.timeline(key())) == 1, "the step is not on record either"
    await store.record(entry(), DocumentChange(only_if=now.stand, state=DocumentState.POSTED))
    assert (await stored(store)).state is DocumentState.POSTED


@pytest.mark.parametrize(
    "change",
    [
        DocumentChange(state=DocumentState.RUNNING),
        DocumentChange(bill_id="100001"),
        DocumentChange(bill_version="v1"),
        DocumentChange(attempted_version="v1"),
    ],
)
async def test_whatever_moves_a_document_on_is_noticed(store: Store, change: DocumentChange) -> None:
    await store.take_in([sighting()], cursor=None)
    read = await stored(store)
    await store.record(entry(), change)
    with pytest.raises(Overtaken):
        await store.record(entry(), DocumentChange(only_if=read.stand, form="SAL_OUTSTOCK"))


async def test_a_new_version_is_noticed_where_it_matters(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    read = await stored(store)
    await store.take_in([sighting(version="v2")], cursor=None)
    with pytest.raises(Overtaken):
        await store.record(entry(), DocumentChange(only_if=read.stand, form="SAL_RETURNSTOCK"))
    await store.record(entry(), DocumentChange(only_if=Stand(revision=read.revision), form="SAL_OUTSTOCK"))
    assert (await stored(store)).form == "SAL_OUTSTOCK"


async def test_the_revision_counts_every_change_and_nothing_else(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    first = (await stored(store)).revision
    await store.record(entry())
    await store.record_many([(entry(), DocumentChange(rate="{}"), ()), (entry(), DocumentChange(form="X"), ())])
    assert (await stored(store)).revision == first + 2


async def test_what_follows_in_the_same_write_rests_on_what_goes_before(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    read = await stored(store)
    after = Stand(revision=read.revision + 1)
    await store.record_many(
        [
            (entry(), DocumentChange(only_if=read.stand, rate="{}"), ()),
            (entry(), DocumentChange(only_if=after, form="SAL_OUTSTOCK"), ()),
        ]
    )
    assert (await stored(store)).form == "SAL_OUTSTOCK"


async def test_one_overtaken_step_does_not_keep_its_neighbours_from_being_written(store: Store) -> None:
    await store.take_in([sighting(), sighting("SO2")], cursor=None)
    read = await stored(store)
    await store.record(entry(), RUNNING)
    late = store.record(entry(), DocumentChange(only_if=read.stand, bill_id="1"))
    good = store.record(entry("SO2"), DocumentChange(bill_id="2"))
    results = await asyncio.gather(late, good, return_exceptions=True)
    assert [type(result) for result in results] == [Overtaken, type(None)]
    other = await store.document(key("SO2"))
    assert other is not None
    assert other.bill_id == "2"


async def test_of_two_that_rest_on_the_same_stand_one_comes_too_late(store: Store) -> None:
    """Also when they are written together."""
    await store.take_in([sighting()], cursor=None)
    read = await stored(store)
    both = [DocumentChange(only_if=read.stand, attempted_version=version) for version in ("v1", "v2")]
    results = await asyncio.gather(*(store.record(entry(), change) for change in both), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Overtaken"]
    assert len(await store.timeline(key())) == 1


async def test_a_hold_is_complete_and_goes_when_the_document_goes_on(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    full = hold(reason=HoldReason.ERP_REFUSED, owner=OwnerRole.FINANCE, code="period_closed", field="FDate", gap=None)

    await store.record(entry(), DocumentChange(state=DocumentState.HELD, hold=full))
    held = await stored(store)
    assert (held.state, held.hold, held.held_at) == (DocumentState.HELD, full, START)

    await store.record(entry(), RUNNING)
    running = await stored(store)
    assert (running.state, running.hold, running.held_at) == (DocumentState.RUNNING, None, None)


async def test_the_wait_is_counted_from_when_it_began(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    await store.record(entry(), HELD)
    clock.forward(days=1)
    await store.record(entry(), DocumentChange(state=DocumentState.HELD, hold=hold("mapping:sku:other")))
    still = await stored(store)
    assert still.held_at == START
    assert still.hold is not None
    assert still.hold.gap == "mapping:sku:other"

    await store.record(entry(), RUNNING)
    again = clock.forward(days=1)
    await store.record(entry(), HELD)
    assert (await stored(store)).held_at == again


@pytest.mark.parametrize(("before", "kept"), [(HELD, False), (RUNNING, False), (None, True)])
async def test_steps_written_together_count_the_wait_as_if_written_one_by_one(
    store: Store, clock: Clock, before: DocumentChange | None, kept: bool
) -> None:
    """Held since yesterday; then, in one write, perhaps on and held again."""
    await store.take_in([sighting()], cursor=None)
    await store.record(entry(), HELD)
    today = clock.forward(days=1)
    between = [] if before is None else [(entry(), before, ()), (entry(), RUNNING, ())]

    await store.record_many([*between, (entry(), HELD, ()), (entry(), HELD, ())])

    assert (await stored(store)).held_at == (START if kept else today)


async def test_a_skip_reason_goes_when_the_document_is_taken_up_again(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    skip = DocumentChange(state=DocumentState.SKIPPED, skip_reason=SkipReason.BY_PERSON)
    await store.record(entry(step=Step.SKIP), skip)
    assert (await stored(store)).skip_reason is SkipReason.BY_PERSON

    await store.record(entry(step=Step.RESUME), RUNNING)
    assert (await stored(store)).skip_reason is None


@pytest.mark.parametrize(
    "change",
    [
        DocumentChange(state=None),
        DocumentChange(state=DocumentState.HELD),
        DocumentChange(state=DocumentState.POSTED, hold=hold()),
        DocumentChange(hold=hold()),
        DocumentChange(hold=None),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_before_anything_is_written(
    store: Store, change: DocumentChange
) -> None:
    await store.take_in([sighting()], cursor=None)

    with pytest.raises(ValueError, match=r"hold|state"):
        await store.record_many([(entry(), RUNNING, ()), (entry(), change, ())])

    assert await store.timeline(key()) == []
    assert (await stored(store)).state is DocumentState.RECEIVED


async def test_a_call_without_a_time_zone_is_refused(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    naive = exchange().model_copy(update={"at": START.replace(tzinfo=None)})

    with pytest.raises(ValueError, match="time zone"):
        await store.record(entry(), exchanges=[naive])

    assert await store.timeline(key()) == []


async def test_a_call_that_many_documents_share_is_stored_once(store: Store, url: str) -> None:
    await store.take_in([sighting("SO1"), sighting("SO2"), sighting("SO3")], cursor=None)
    call = exchange(request="x" * 1000)

    await store.record_many([(entry("SO1"), None, [call, call]), (entry("SO2"), None, [call])])
    await store.record(entry("SO3"), exchanges=[call])

    for number in ("SO1", "SO2", "SO3"):
        assert (await store.timeline(key(number)))[0].exchanges == (call,)
    assert await count(url, "exchanges") == 1


async def test_every_step_keeps_its_own_calls_however_many_are_written_together(store: Store) -> None:
    numbers = [f"SO{n}" for n in range(50)]
    await store.take_in([sighting(number) for number in numbers], cursor=None)
    steps = [(number, attempt) for attempt in range(1, 81) for number in numbers]

    await store.record_many([(entry(n, attempt=a), None, [exchange(request=f"{n} {a}")]) for n, a in steps])

    for number in numbers:
        rows = await store.timeline(key(number))
        assert [row.entry.attempt for row in rows] == list(range(1, 81))
        assert [[call.request for call in row.exchanges] for row in rows] == [[f"{number} {a}"] for a in range(1, 81)]


async def test_every_one_of_many_concurrent_steps_lands_once(url: str) -> None:
    """Two workers, forty documents, five hundred callers at the same time: each document's own steps, in order."""
    numbers = [f"SO{n}" for n in range(40)]
    async with await Store.open(url) as one, await Store.open(url) as two:
        await one.take_in([sighting(number) for number in numbers], cursor=None)
        call = exchange()

        async def live(number: str, store: Store) -> None:
            for attempt in range(1, 7):
                change = HELD if attempt % 2 else DocumentChange(state=DocumentState.POSTED, bill_number=number)
                await store.record(entry(number, attempt=attempt), change, [call, exchange()])

        await asyncio.gather(*(live(number, store) for number in numbers for store in (one, two)))

        for number in numbers:
            rows = await one.timeline(key(number))
            assert sorted(row.entry.attempt for row in rows) == sorted([1, 2, 3, 4, 5, 6] * 2)
            assert all(len(row.exchanges) == 2 and call in row.exchanges for row in rows)
            assert (await stored(one, number)).bill_number == number
    assert await count(url, "exchanges") == 1 + 40 * 2 * 6


async def test_steps_of_one_document_written_at_the_same_time_keep_the_order_they_were_reported_in(
    store: Store,
) -> None:
    await store.take_in([sighting()], cursor=None)

    await asyncio.gather(
        *(store.record(entry(attempt=n), DocumentChange(bill_id=str(n), model=None)) for n in range(1, 101))
    )

    assert [row.entry.attempt for row in await store.timeline(key())] == list(range(1, 101))
    assert (await stored(store)).bill_id == "100"


async def test_one_bad_step_fails_its_own_caller_only(store: Store) -> None:
    numbers = [f"SO{n}" for n in range(30)]
    await store.take_in([sighting(number) for number in numbers], cursor=None)
    too_long = exchange(elapsed_ms=2**70)  # no integer column takes it

    results = await asyncio.gather(
        *(store.record(entry(number)) for number in numbers[:15]),
        store.record(entry("SO99")),
        store.record(entry("SO1", attempt=2), exchanges=[too_long]),
        *(store.record(entry(number)) for number in numbers[15:]),
        return_exceptions=True,
    )

    assert isinstance(results[15], UnknownDocument)
    assert isinstance(results[16], Exception)
    assert [result for n, result in enumerate(results) if n not in (15, 16)] == [None] * 30
    for number in numbers:
        assert [row.entry.attempt for row in await store.timeline(key(number))] == [1]


async def test_steps_of_one_call_are_all_stored_or_none(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)

    with pytest.raises(UnknownDocument):
        await store.record_many([(entry(), RUNNING, [exchange()]), (entry("SO99"), None, ())])

    assert await store.timeline(key()) == []
    assert (await stored(store)).state is DocumentState.RECEIVED


async def test_a_document_that_was_removed_is_unknown_even_to_who_met_it(url: str, clock: Clock) -> None:
    async with await Store.open(url, clock=clock) as worker, await Store.open(url, clock=clock) as cleaner:
        await worker.take_in([sighting()], cursor=None)
        await worker.started([(key(), "v1")])
        await worker.record(entry(), DocumentChange(state=DocumentState.POSTED))
        await cleaner.forget(clock.forward(days=90))
        await cleaner.take_in([sighting("SO2")], cursor=None)

        with pytest.raises(UnknownDocument):
            await worker.record(entry())

        assert await cleaner.timeline(key("SO2")) == []


async def test_writers_and_readers_at_the_same_time(store: Store) -> None:
    """Intake, steps, look-ups and people at once: nobody is refused for the others."""
    await store.take_in([sighting(f"SO{n}") for n in range(50)], cursor=None)

    async def intake(n: int) -> None:
        await store.take_in([sighting(f"SO{m}", f"v{n}") for m in range(n, n + 20)], cursor=("f", "c", str(n)))

    async def work(n: int) -> None:
        await store.record(entry(f"SO{n}"), HELD if n % 2 else RUNNING, [exchange()])
        assert await store.document(key(f"SO{n}")) is not None
        await store.started([(key(f"SO{n}"), "v1")])

    await asyncio.gather(*(work(n) for n in range(50)), *(intake(n) for n in range(2, 10)), store.counts())

    assert sum(one.documents for one in await store.counts()) == 50
    assert len(await store.held(100)) == 25


async def test_a_closed_store_takes_no_steps_but_finishes_those_that_wait(url: str) -> None:
    store = await Store.open(url)
    await store.take_in([sighting()], cursor=None)
    waiting = [asyncio.ensure_future(store.record(entry(attempt=n))) for n in range(1, 6)]
    await asyncio.sleep(0)  # let them reach the writer
    await store.close()

    assert await asyncio.gather(*waiting) == [None] * 5
    with pytest.raises(RuntimeError):
        await store.record(entry())
    async with await Store.open(url) as again:
        assert len(await again.timeline(key())) == 5


async def test_json_text_keeps_every_digit(store: Store) -> None:
    await store.take_in([sighting(body='{"amount":0.10000000000000000001}')], cursor=None)
    await store.record(entry(), DocumentChange(rate='{"value":7.1234567890}'))

    record = await stored(store)
    assert record.body == '{"amount":0.10000000000000000001}'
    assert record.rate == '{"value":7.1234567890}'


async def test_every_field_of_an_entry_and_of_a_call_has_a_place(store: Store) -> None:
    """A field added to the vocabulary and forgotten in the tables would be lost here."""
    await store.take_in([sighting()], cursor=None)
    texts = {name: f"<{name}>" for name in ("version", "zh", "en", "code", "detail", "actor")}
    full = JournalEntry(key=key(), step=Step.MAP, outcome=Outcome.BEGUN, attempt=7, **texts)
    call = Exchange(
        id=uuid4(), system="s", operation="o", at=START, elapsed_ms=5, status=500, request="q", response="a",
        fault=FaultKind.REFUSED, fault_code="MC01",
    )  # fmt: skip
    await store.record(full, exchanges=[call])

    (row,) = await store.timeline(key())
    assert (row.entry, row.exchanges) == (full, (call,))
    assert JournalEntry.model_fields.keys() == full.model_fields_set
    assert Exchange.model_fields.keys() == call.model_fields_set


async def count(url: str, table: str) -> int:
    db = Database(url)
    try:
        async with db.reading() as connection:
            return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")))
    finally:
        await db.close()
