"""What people and the console ask: search, waiting documents, lists, counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from domain.documents import DocumentState, HoldReason, SkipReason
from domain.journal import Count, DocumentChange, DocumentRecord
from store.store import Store
from tests.store.samples import Clock, entry, hold, key, sighting

POSTED = DocumentChange(state=DocumentState.POSTED)


def held(gap: str | None) -> DocumentChange:
    return DocumentChange(state=DocumentState.HELD, hold=hold(gap))


def numbers(records: Sequence[DocumentRecord]) -> list[str]:
    return [record.key.number for record in records]


@pytest.mark.parametrize(
    "text", ["SO-77", "so-77", " so-7 ", "P9001", "p90", "Rück-1", "RÜCK", "sku-Ä", "SKU-ä1", "XSCK-5", "xsck"]
)
async def test_any_number_a_person_has_finds_the_document(store: Store, text: str) -> None:
    wanted = sighting("SO-77", platform_no="P9001", related=("Rück-1", ""), skus=("SKU-Ä1", "SKU-Ä2"))
    await store.take_in([wanted, sighting("TO-1", platform_no="Q1", skus=("B",))], cursor=None)
    await store.record(entry("SO-77"), DocumentChange(bill_number="XSCK-5"))

    assert numbers(await store.search(text)) == ["SO-77"]


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "O-77", "SO_77", "77", "SO-771", "'"])
async def test_what_is_not_the_beginning_of_a_number_finds_nothing(store: Store, text: str) -> None:
    await store.take_in([sighting("SO-77")], cursor=None)

    assert await store.search(text) == []


async def test_exact_matches_come_first_then_the_newest(store: Store) -> None:
    for number in ("AB", "ABC", "ABD"):
        await store.take_in([sighting(number, skus=("ABX", "ABY"))], cursor=None)
    await store.take_in([sighting("OLD", skus=("AB",))], cursor=None)
    await store.take_in([sighting("NEW", skus=("ab",))], cursor=None)

    assert numbers(await store.search("ab")) == ["NEW", "OLD", "AB", "ABC", "ABD"]
    assert numbers(await store.search("ab", limit=2)) == ["NEW", "OLD"]
    assert numbers(await store.search("abx")) == ["ABD", "ABC", "AB"]
    assert await store.search("ab", limit=0) == []


async def test_documents_with_many_matching_codes_do_not_crowd_others_out(store: Store) -> None:
    await store.take_in([sighting("BIG", skus=tuple(f"A{n:03}" for n in range(300)))], cursor=None)
    await store.take_in([sighting("SMALL", skus=("A999",))], cursor=None)

    assert numbers(await store.search("a", limit=5)) == ["BIG", "SMALL"]


async def test_codes_a_document_no_longer_has_do_not_find_it_but_its_bill_still_does(store: Store) -> None:
    await store.take_in([sighting(skus=("OLD-SKU",))], cursor=None)
    await store.record(entry(), DocumentChange(bill_number="XS-1"))
    await store.take_in([sighting(version="v2", skus=("NEW-SKU",))], cursor=None)

    assert await store.search("old-sku") == []
    assert numbers(await store.search("new-sku")) == ["SO1"]
    assert numbers(await store.search("xs-1")) == ["SO1"]


async def test_a_term_longer_than_an_index_takes_is_found_by_its_beginning(store: Store) -> None:
    endless = "".join(chr(0x4E00 + n) for n in range(5000))
    await store.take_in([sighting(skus=(endless,))], cursor=None)

    assert numbers(await store.search(endless)) == ["SO1"]
    assert numbers(await store.search(endless[:50])) == ["SO1"]


async def test_who_closes_a_gap_learns_who_waits_for_it_the_longest_waiting_first(store: Store, clock: Clock) -> None:
    await store.take_in([sighting(f"SO{n}") for n in range(5)], cursor=None)
    gaps = {"SO3": "mapping:sku:a", "SO1": "mapping:sku:b", "SO2": "mapping:sku:a", "SO4": "mapping:sku:c", "SO0": None}
    for number, gap in gaps.items():
        await store.record(entry(number), held(gap))
        clock.forward(seconds=1)

    both = await store.waiting_for(["mapping:sku:a", "mapping:sku:b", "mapping:sku:a"])
    assert [waiting.number for waiting in both] == ["SO3", "SO1", "SO2"]

    await store.record(entry("SO1"), POSTED)
    assert await store.waiting_for(["mapping:sku:b", "mapping:sku:other"]) == []
    assert await store.waiting_for([]) == []
    assert await store.waiting_for([f"mapping:sku:{n}" for n in range(5000)] + ["mapping:sku:c"]) == [key("SO4")]


async def test_posted_documents_of_a_platform_order(store: Store) -> None:
    await store.take_in(
        [
            sighting("SO1", platform_no="P1"),
            sighting("SO2", platform_no="P1"),
            sighting("SO3", platform_no="P1"),
            sighting("SO4", platform_no="P2"),
            sighting(key=key("SO1", connection="shop_b"), platform_no="P1"),
        ],
        cursor=None,
    )
    for number in ("SO1", "SO3", "SO4"):
        await store.record(entry(number), POSTED)

    assert numbers(await store.posted("jst_order", "shop_a", "P1")) == ["SO1", "SO3"]
    assert await store.posted("jst_order", "shop_b", "P1") == []


async def test_the_longest_waiting_documents_come_first(store: Store, clock: Clock) -> None:
    await store.take_in([sighting(f"SO{n}") for n in range(4)], cursor=None)
    for number in ("SO2", "SO0", "SO3"):
        await store.record(entry(number), held(None))
        clock.forward(seconds=1)

    assert numbers(await store.held(10)) == ["SO2", "SO0", "SO3"]
    assert numbers(await store.held(1)) == ["SO2"]


async def test_lists_by_flow_connection_and_state_the_last_changed_first(store: Store, clock: Clock) -> None:
    other_flow, other_shop = key("R1", flow="jst_return"), key("SO9", connection="shop_b")
    for seen in (sighting("SO1"), sighting("SO2"), sighting(key=other_flow), sighting(key=other_shop)):
        await store.take_in([seen], cursor=None)
        clock.forward(seconds=1)
    await store.record(entry("SO1"), POSTED)

    assert numbers(await store.list_documents()) == ["SO1", "SO9", "R1", "SO2"]
    assert numbers(await store.list_documents(flow="jst_order", connection="shop_a")) == ["SO1", "SO2"]
    assert numbers(await store.list_documents(state=DocumentState.RECEIVED, flow="jst_order")) == ["SO9", "SO2"]
    assert numbers(await store.list_documents(limit=1)) == ["SO1"]


async def test_counts_by_flow_state_and_reason(store: Store) -> None:
    await store.take_in(
        [*(sighting(f"SO{n}") for n in range(6)), sighting(key=key("R1", flow="jst_return"))], cursor=None
    )
    await store.record(entry("SO1"), held("a"))
    await store.record(entry("SO2"), held("b"))
    rate = hold(None, reason=HoldReason.RATE_UNAVAILABLE)
    await store.record(entry("SO3"), DocumentChange(state=DocumentState.HELD, hold=rate))
    await store.record(entry("SO4"), DocumentChange(state=DocumentState.SKIPPED, skip_reason=SkipReason.TAKEN_BACK))

    def of(
        state: DocumentState, reason: HoldReason | SkipReason | None, documents: int, flow: str = "jst_order"
    ) -> Count:
        return Count(flow=flow, state=state, reason=reason, documents=documents)

    counts = await store.counts()
    assert len(counts) == 5
    assert {(c.flow, c.state, c.reason): c for c in counts} == {
        (c.flow, c.state, c.reason): c
        for c in (
            of(DocumentState.RECEIVED, None, 2),
            of(DocumentState.HELD, HoldReason.MAPPING_MISSING, 2),
            of(DocumentState.HELD, HoldReason.RATE_UNAVAILABLE, 1),
            of(DocumentState.SKIPPED, SkipReason.TAKEN_BACK, 1),
            of(DocumentState.RECEIVED, None, 1, flow="jst_return"),
        )
    }
