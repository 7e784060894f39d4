from __future__ import annotations

from datetime import UTC, datetime

from domain import holds
from domain.connections import Pause, Paused, Refusal
from domain.decisions import GapClosed
from domain.documents import DocumentState, HoldReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import House
from workflows.document import DocumentWorkflow


async def nothing() -> None:
    """The first time, nothing happens."""


async def test_a_closed_gap_frees_the_document(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    assert await house.close_gap(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED
    assert [d.decided.value for d in paper.decided] == ["gap_closed"]


async def test_a_gap_of_others_frees_nothing(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="mapping:sku:other"))
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    assert paper.decided == []
    await house.close_gap(paper)
    await house.end(handle)
    assert [d.decided.value for d in paper.decided] == ["gap_closed"]


async def test_a_gap_closed_in_error_leads_back_to_the_same_hold(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="mapping:sku:abc"))
    await house.until_held(paper, 2)
    assert paper.recorded[0] == paper.recorded[1]
    await house.close_gap(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED


async def test_a_gap_closed_before_the_hold_is_on_record_is_found_by_the_second_look(house: House) -> None:
    paper = house.paper(gaps=["ABC"])

    async def close() -> None:
        assert not await house.close_gap(paper), "the document is not on record yet, so nobody wakes it"

    paper.before("hold", close)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert paper.steps == ["post", "hold", "post"]
    assert paper.written == ["+v1"]


async def test_a_gap_closed_right_after_the_hold_is_on_record_is_heard(house: House) -> None:
    paper = house.paper(gaps=["ABC"])

    async def close() -> None:
        assert await house.close_gap(paper)

    paper.after("hold", close)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert paper.written == ["+v1"]


async def test_a_gap_closed_during_the_second_look_is_heard(house: House) -> None:
    """The map has read the missing row already when it is added; the wake-up is all that is left."""
    paper = house.paper(gaps=["ABC"])

    async def close() -> None:
        assert await house.close_gap(paper)

    paper.after("post", nothing, close)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert [d.decided.value for d in paper.decided] == ["gap_closed"]
    assert paper.written == ["+v1"]


async def test_a_second_gap_that_is_closed_while_it_is_put_on_record_is_found_by_a_third_look(house: House) -> None:
    paper = house.paper(gaps=["A", "B"])

    async def close_unheard() -> None:
        assert not await house.close_gap(paper)

    paper.before("hold", close_unheard, close_unheard)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert [hold.gap for hold in paper.recorded] == ["mapping:sku:a", "mapping:sku:b"]
    assert paper.written == ["+v1"]


async def test_a_second_gap_that_is_closed_right_after_it_is_on_record_is_heard(house: House) -> None:
    paper = house.paper(gaps=["A", "B"])

    async def close_unheard() -> None:
        assert not await house.close_gap(paper)

    async def close_heard() -> None:
        assert await house.close_gap(paper)

    paper.before("hold", close_unheard)
    paper.after("hold", nothing, close_heard)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert paper.written == ["+v1"]


async def test_the_same_gap_told_in_other_words_is_recorded_and_not_looked_at_for_ever(house: House) -> None:
    paper = house.paper()
    one = holds.mapping_missing([("sku", "A"), ("sku", "B")])
    other = holds.mapping_missing([("sku", "A")])
    paper.answers("post", *(one, other))
    handle = await house.start(paper)
    status = await house.until_held(paper, 2)
    assert status.hold == other
    assert paper.count("post") == 2
    await house.resume(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED


async def test_a_wake_up_heard_while_the_same_gap_is_told_in_other_words_counts(house: House) -> None:
    paper = house.paper()
    one = holds.mapping_missing([("sku", "A"), ("sku", "B")])
    other = holds.mapping_missing([("sku", "A")])
    paper.answers("post", one, other)

    async def wake() -> None:
        await house.handle(paper).signal(DocumentWorkflow.gap_closed, GapClosed(gap="mapping:sku:a"))

    paper.after("post", nothing, wake)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert paper.recorded == [one, other]


async def test_a_hold_nobody_else_can_close_is_not_looked_at_twice(house: House) -> None:
    paper = house.paper()
    hold = holds.make(HoldReason.GOODS_NOT_RECEIVED, "等入库", "Waiting", gap="receipt:AS1")
    paper.answers("post", hold)
    handle = await house.hold(paper)
    assert paper.steps == ["post", "hold"]
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="receipt:AS1"))
    assert (await house.end(handle)).state is DocumentState.POSTED


async def test_a_wake_up_that_comes_while_it_is_not_held_does_not_count_later(house: House) -> None:
    paper = house.paper()
    short = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short", gap="stock:A")

    async def wake() -> None:
        await house.handle(paper).signal(DocumentWorkflow.gap_closed, GapClosed(gap="stock:A"))

    paper.before("post", wake)
    paper.answers("post", short)
    handle = await house.hold(paper)
    assert paper.count("post") == 1
    await wake()
    assert (await house.end(handle)).state is DocumentState.POSTED


PAUSED = Paused(
    Pause(
        connection="galaxy.main",
        since=datetime(2026, 9, 1, tzinfo=UTC),
        refusal=Refusal(system="galaxy", code="session_lost", message="会话信息已丢失"),
    )
)


async def test_a_paused_connection_holds_the_document_until_it_is_open(house: House) -> None:
    paper = house.paper()
    paper.answers("post", PAUSED, PAUSED)
    handle = await house.hold(paper)
    [hold] = paper.recorded
    assert (hold.reason, hold.gap, hold.code) == (
        HoldReason.CREDENTIALS_REFUSED,
        "connection:galaxy.main",
        "session_lost",
    )
    assert "galaxy.main" in hold.zh and "会话信息已丢失" in hold.en
    assert len(paper.tries("post")) == 2, "it has looked once more after its hold was on record"
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="connection:galaxy.second"))
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="connection:galaxy.main"))
    assert (await house.end(handle)).state is DocumentState.POSTED


async def test_a_connection_opened_before_the_hold_is_on_record_is_found_by_the_second_look(house: House) -> None:
    paper = house.paper()
    paper.answers("post", PAUSED)
    assert (await house.carry(paper)).state is DocumentState.POSTED
    assert paper.steps.count("hold") == 1


async def test_what_is_refused_without_a_pause_is_not_looked_at_again(house: House) -> None:
    """Nobody opens it by itself, so a person has to."""
    paper = house.paper()
    paper.answers("post", Fault(FaultKind.REFUSED, system="galaxy", code="no_permission", message="没有权限"))
    handle = await house.hold(paper)
    assert paper.recorded[0].gap is None
    assert len(paper.tries("post")) == 1
    await house.resume(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED
