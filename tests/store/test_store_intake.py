"""Intake: rows and cursor together, versions, corrections, what is due."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from domain.documents import DocumentState
from domain.journal import Sighting, TakenIn
from store.store import Store
from tests.store.samples import ROOT, START, Clock, entry, key, sighting

CURSOR = ("jst_order", "shop_a", '{"ts":1}')


async def test_a_new_document_is_received_with_all_it_came_with(store: Store) -> None:
    given = sighting(platform_no="P-1", shop="10001", warehouse="W1", related=("R-1",), skus=("A", "B"))

    assert await store.take_in([given], cursor=CURSOR) == TakenIn(seen=1, new=1, changed=0)

    record = await store.document(given.key)
    assert record is not None
    assert (record.version, record.body, record.state) == ("v1", given.body, DocumentState.RECEIVED)
    assert (record.platform_no, record.shop, record.warehouse) == ("P-1", "10001", "W1")
    assert (record.related, record.skus) == (("R-1",), ("A", "B"))
    assert record.seen_at == record.changed_at == START
    assert record.seen_at.utcoffset() is not None
    assert record.source_version == "v1"
    assert await store.cursor("jst_order", "shop_a") == '{"ts":1}'
    assert await store.cursor("jst_order", "shop_b") is None


async def test_the_same_version_again_changes_nothing(store: Store, clock: Clock) -> None:
    await store.take_in([sighting()], cursor=None)
    before = await store.document(key())
    clock.forward(hours=1)

    assert await store.take_in([sighting(body='{"other":1}')], cursor=None) == TakenIn(seen=1, new=0, changed=0)

    assert await store.document(key()) == before


async def test_an_older_row_that_comes_late_changes_nothing(store: Store) -> None:
    """Read again from a copy that lags behind, or told of out of order."""
    await store.take_in([sighting(version="v1", order=10)], cursor=None)
    await store.take_in([sighting(version="v2", order=20)], cursor=None)

    assert await store.take_in([sighting(version="v1", order=10)], cursor=None) == TakenIn(seen=1, new=0, changed=0)
    late = [sighting(version="v3", order=30), sighting(version="v2", order=20)]
    assert await store.take_in(late, cursor=None) == TakenIn(seen=1, new=0, changed=1)

    record = await store.document(key())
    assert record is not None
    assert (record.version, record.source_version) == ("v3", "v3")


async def test_a_row_is_never_older_than_one_without_an_order(store: Store) -> None:
    await store.take_in([sighting(version="v1")], cursor=None)
    await store.take_in([sighting(version="v2", order=20)], cursor=None)
    await store.take_in([sighting(version="v3")], cursor=None)
    await store.take_in([sighting(version="v4", order=10)], cursor=None)
    record = await store.document(key())
    assert record is not None
    assert record.version == "v4"


async def test_the_source_goes_back_to_what_it_was(store: Store) -> None:
    """The same content in a newer row is a change, and an older row of the content in between is none."""
    for version, order in (("v1", 10), ("v2", 20), ("v1", 30), ("v2", 20)):
        await store.take_in([sighting(version=version, order=order)], cursor=None)
    record = await store.document(key())
    assert record is not None
    assert record.version == "v1"


async def test_a_row_older_than_an_unchanged_newer_one_changes_nothing(store: Store, clock: Clock) -> None:
    """A change that means nothing to a bill moves the row on all the same, whatever way the two came."""
    await store.take_in([sighting(version="v2", order=10)], cursor=None)
    before = await store.document(key())
    clock.forward(minutes=1)
    taken = await store.take_in([sighting(version="v2", order=50)], cursor=None)
    assert taken == TakenIn(seen=1, new=0, changed=0)
    assert await store.take_in([sighting(version="v1", order=30)], cursor=None) == TakenIn(seen=1, new=0, changed=0)
    assert await store.document(key()) == before
    both = [sighting("SO2", version="v2", order=order) for order in (10, 50)]
    await store.take_in([*both, sighting("SO2", version="v1", order=30)], cursor=None)
    record = await store.document(key("SO2"))
    assert record is not None
    assert record.version == "v2"


async def test_an_older_row_does_not_undo_a_correction(store: Store) -> None:
    await store.take_in([sighting(version="v1", order=10)], cursor=None)
    await store.take_in([sighting(version="v2", order=20)], cursor=None)
    await store.take_in([sighting(version="mended", correction=True)], cursor=None)
    await store.take_in([sighting(version="v1", order=10)], cursor=None)
    record = await store.document(key())
    assert record is not None
    assert (record.version, record.source_version) == ("mended", "v2")


async def test_another_version_replaces_the_content_and_the_old_one_is_kept(store: Store, clock: Clock) -> None:
    await store.take_in([sighting(skus=("A",))], cursor=None)
    later = clock.forward(hours=1)

    taken = await store.take_in([sighting(version="v2", skus=("B",), shop="S2")], cursor=None)

    assert taken == TakenIn(seen=1, new=0, changed=1)
    record = await store.document(key())
    assert record is not None
    assert (record.version, record.skus, record.shop) == ("v2", ("B",), "S2")
    assert (record.seen_at, record.changed_at) == (START, later)
    assert await store.snapshot(key(), "v1") == '{"at":"v1"}'
    assert await store.snapshot(key(), "v2") == '{"at":"v2"}'
    assert await store.snapshot(key(), "v3") is None


async def test_within_a_window_the_last_sighting_stands_and_none_is_lost(store: Store) -> None:
    window = [sighting(), sighting("SO2"), sighting(version="v2")]

    assert await store.take_in(window, cursor=None) == TakenIn(seen=2, new=2, changed=0)

    record = await store.document(key())
    assert record is not None
    assert record.version == "v2"
    assert await store.snapshot(key(), "v1") == '{"at":"v1"}'


async def test_a_document_that_returns_to_an_earlier_version_is_changed(store: Store) -> None:
    for version in ("v1", "v2", "v1"):
        await store.take_in([sighting(version=version)], cursor=None)
        await store.started([(key(), version)])

    record = await store.document(key())
    assert record is not None
    assert record.version == "v1"


async def test_connections_with_the_same_numbers_do_not_meet(store: Store) -> None:
    other = key(connection="shop_b")
    await store.take_in([sighting(shop="a"), sighting(key=other, shop="b")], cursor=None)

    await store.take_in([sighting(key=other, version="v2", shop="b2")], cursor=None)

    found = await store.documents([key(), other, key("SO9")])
    assert {k.connection: record.shop for k, record in found.items()} == {"shop_a": "a", "shop_b": "b2"}


async def test_a_correction_outlives_every_re_reading_of_the_row_it_corrected(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    await store.take_in([sighting(version="c1", correction=True)], cursor=None)

    assert await store.take_in([sighting()], cursor=None) == TakenIn(seen=1, new=0, changed=0)
    corrected = await store.document(key())
    assert corrected is not None
    assert (corrected.version, corrected.body) == ("c1", '{"at":"c1"}')

    assert await store.take_in([sighting(version="v2")], cursor=None) == TakenIn(seen=1, new=0, changed=1)
    moved = await store.document(key())
    assert moved is not None
    assert moved.version == "v2"
    assert await store.snapshot(key(), "c1") == '{"at":"c1"}'


async def test_a_source_that_catches_up_with_the_correction_is_no_change(store: Store) -> None:
    await store.take_in([sighting()], cursor=None)
    await store.take_in([sighting(version="v2", correction=True)], cursor=None)
    await store.started([(key(), "v2")])

    assert await store.take_in([sighting(version="v2")], cursor=None) == TakenIn(seen=1, new=0, changed=0)
    assert await store.due(10) == []

    assert (await store.take_in([sighting(version="v1")], cursor=None)).changed == 1


async def test_a_window_without_documents_still_moves_the_cursor(store: Store) -> None:
    await store.take_in([], cursor=CURSOR)
    await store.take_in([], cursor=("jst_order", "shop_a", '{"ts":2}'))

    assert await store.cursor("jst_order", "shop_a") == '{"ts":2}'


async def test_due_is_the_latest_version_nobody_has_started_the_longest_waiting_first(
    store: Store, clock: Clock
) -> None:
    await store.take_in([sighting("SO1", platform_no="P-1", skus=("A",))], cursor=None)
    clock.forward(minutes=1)
    await store.take_in([sighting("SO2"), sighting("SO3")], cursor=None)
    clock.forward(minutes=1)
    await store.take_in([sighting("SO1", "v2", platform_no="P-1", skus=("A",))], cursor=None)

    due = await store.due(10)
    assert [(document.key.number, document.version) for document in due] == [
        ("SO1", "v2"),
        ("SO2", "v1"),
        ("SO3", "v1"),
    ]
    assert (due[0].platform_no, due[0].skus) == ("P-1", ("A",))
    assert [document.key.number for document in await store.due(1)] == ["SO1"]

    await store.started([(key("SO1"), "v1"), (key("SO2"), "v1"), (key("SO9"), "v1")])
    assert [document.key.number for document in await store.due(10)] == ["SO1", "SO3"]

    await store.started([(key("SO1"), "v2"), (key("SO3"), "v1")])
    assert await store.due(10) == []


async def test_due_among_these(store: Store) -> None:
    numbers = [f"SO{i}" for i in range(1100)]
    await store.take_in([sighting(number) for number in numbers], cursor=None)
    await store.started([(key(number), "v1") for number in numbers[::2]])

    asked = [key(number) for number in (*numbers[:1050], "SO-nobody")]
    due = await store.due_among(asked)

    assert {document.key.number for document in due} == set(numbers[1:1050:2])
    assert await store.due_among([]) == []
    assert {document.key: document for document in due}[key("SO1")] == (await store.due(1))[0]


async def test_windows_read_at_the_same_time_make_one_document_each(url: str) -> None:
    """Two workers, overlapping windows: every document is new exactly once."""
    async with await Store.open(url) as first, await Store.open(url) as second:
        windows = [[sighting(f"SO{n}") for n in range(start, start + 60)] for start in range(0, 120, 20)]
        taken = await asyncio.gather(
            *(store.take_in(window, cursor=None) for window in windows for store in (first, second))
        )
        assert sum(one.new for one in taken) == 160
        assert sum(one.changed for one in taken) == 0
        assert len(await first.due(1000)) == 160


async def test_a_long_window_is_one_window(store: Store) -> None:
    window = [sighting(f"SO{n}", skus=(f"A{n}", f"B{n}")) for n in range(3000)]

    assert await store.take_in(window, cursor=CURSOR) == TakenIn(seen=3000, new=3000, changed=0)
    again = [sighting(f"SO{n}", "v2" if n % 3 == 0 else "v1", skus=(f"A{n}",)) for n in range(3000)]
    assert await store.take_in(again, cursor=CURSOR) == TakenIn(seen=3000, new=0, changed=1000)
    assert len(await store.documents([key(f"SO{n}") for n in range(3000)])) == 3000


@pytest.mark.parametrize(
    "broken", ["INSERT INTO documents", "UPDATE documents", "INSERT INTO snapshots", "INSERT INTO document_terms",
               "INSERT INTO cursors"]
)  # fmt: skip
async def test_a_window_that_fails_in_the_middle_leaves_nothing(store: Store, broken: str) -> None:
    await store.take_in([sighting("SO1")], cursor=CURSOR)
    await store.started([(key("SO1"), "v1")])
    window = [sighting("SO1", "v2", platform_no="P-9"), sighting("SO2")]

    class Pulled(Exception):
        pass

    def pull_the_plug(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(broken):
            raise Pulled

    event.listen(Engine, "before_cursor_execute", pull_the_plug)
    try:
        with pytest.raises(Pulled):
            await store.take_in(window, cursor=("jst_order", "shop_a", '{"ts":2}'))
    finally:
        event.remove(Engine, "before_cursor_execute", pull_the_plug)

    assert await store.cursor("jst_order", "shop_a") == '{"ts":1}'
    first = await store.document(key("SO1"))
    assert first is not None
    assert first.version == "v1"
    assert await store.snapshot(key("SO1"), "v2") is None
    assert await store.document(key("SO2")) is None
    assert await store.search("P-9") == []
    assert await store.take_in(window, cursor=None) == TakenIn(seen=2, new=1, changed=1)


async def test_a_worker_killed_in_the_middle_of_a_window_leaves_nothing(url: str) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _KILLED, url], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -9, done.stderr.decode()

    async with await Store.open(url) as store:
        assert await store.cursor("jst_order", "shop_a") is None
        assert await store.document(key("SO1")) is None
        assert (await store.take_in([sighting("SO1")], cursor=CURSOR)).new == 1


_KILLED = """
import asyncio, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from store.store import Store
from tests.store.samples import sighting

def die(connection, cursor, statement, *more):
    if statement.startswith("INSERT INTO cursors"):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    event.listen(Engine, "before_cursor_execute", die)
    store = await Store.open(sys.argv[1])
    await store.take_in([sighting(f"SO{n}") for n in range(500)], cursor=("jst_order", "shop_a", "1"))

asyncio.run(main())
"""


async def test_characters_no_database_takes_stop_nothing(store: Store) -> None:
    half, nul = "\ud83d", "\x00"
    odd: Callable[[str], Sighting] = lambda number: sighting(number, body=f'{{"note":"{half}{nul}"}}', shop=nul)  # noqa: E731

    await store.take_in([odd("SO1"), odd(f"SO{half}")], cursor=None)
    await store.record(entry(f"SO{half}", detail=f"{half}{nul}"))

    found = await store.documents([key("SO1"), key(f"SO{half}")])
    assert {k.number: record.body for k, record in found.items()} == {
        "SO1": r'{"note":"\ud83d\u0000"}',
        f"SO{half}": r'{"note":"\ud83d\u0000"}',
    }
    assert (await store.timeline(key(f"SO{half}")))[0].entry.detail == r"\ud83d\u0000"
