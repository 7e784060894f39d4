from __future__ import annotations

from temporalio.api.sdk.v1 import WorkflowMetadata

from activities.api import DocumentStep, RateStep
from domain import holds
from domain.documents import DocumentState, HoldReason
from tests.workflows.house import QUEUES, WORKFLOWS, Handle, House
from tests.workflows.paper import DAY, Paper
from workflows import attributes


async def _current_details(handle: Handle) -> str:
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    details: str = metadata.current_details
    return details


async def test_each_step_is_taken_once_and_in_order(house: House) -> None:
    paper = house.paper()
    end = await house.carry(paper)
    assert paper.steps == ["post"]
    assert [call.attempt for call in paper.calls] == [1]
    assert end.state is DocumentState.POSTED
    assert end.version == "v1"
    assert end.bill_number == f"KP-{paper.key.number}"
    assert paper.written == ["+v1"]


async def test_a_rate_is_found_for_the_version_that_was_looked_at(house: House) -> None:
    paper = house.paper(version="v7", rate_known=False)
    await house.carry(paper)
    step = DocumentStep(key=paper.key, version="v7", erp="main")
    first, find, again = (call.argument for call in paper.calls)
    assert find == RateStep(step=step, currency="USD", day=DAY)
    assert (first.rated, again.rated) == ("", "v7")


async def test_steps_that_only_use_the_store_are_local_and_the_others_run_on_their_systems_queue(house: House) -> None:
    paper = house.paper(rate_known=False)
    paper.after("find_rate", lambda: _short(paper))
    handle = await house.hold(paper)
    await house.resume(paper)
    await house.end(handle)
    assert [(call.step, call.queue, call.local) for call in paper.calls] == [
        ("post", QUEUES.erp, False),
        ("find_rate", QUEUES.rates, False),
        ("post", QUEUES.erp, False),
        ("hold", WORKFLOWS, True),
        ("decide", WORKFLOWS, False),
        ("post", QUEUES.erp, False),
    ]


async def _short(paper: Paper) -> None:
    """The next post finds stock short."""
    paper.answers("post", holds.make(HoldReason.STOCK_SHORT, "缺货", "Short"))


async def test_a_document_costs_at_most_twelve_events(house: House) -> None:
    paper = house.paper()
    handle = await house.start(paper)
    await house.end(handle)
    events = (await handle.fetch_history()).events
    assert len(events) <= 12, [event.event_type for event in events]


async def test_a_document_whose_rate_has_to_be_found_costs_at_most_twenty_four_events(house: House) -> None:
    paper = house.paper(rate_known=False)
    handle = await house.start(paper)
    await house.end(handle)
    assert len((await handle.fetch_history()).events) <= 24


async def test_search_attributes_of_a_posted_document(house: House) -> None:
    paper = house.paper()
    handle = await house.start(paper)
    await house.end(handle)
    fields = (await handle.describe()).typed_search_attributes
    assert fields[attributes.DOCUMENT_STATE] == "posted"
    assert fields[attributes.BILL_NO] == f"KP-{paper.key.number}"
    assert fields[attributes.SOURCE_NO] == paper.key.number
    assert list(fields[attributes.SKUS]) == ["A-1", "B-2"]
    assert fields.get(attributes.HOLD_REASON) is None
    assert fields.get(attributes.GAP) is None


async def test_search_attributes_and_details_while_held_and_after(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    fields = (await handle.describe()).typed_search_attributes
    assert fields[attributes.DOCUMENT_STATE] == "held"
    assert fields[attributes.HOLD_REASON] == HoldReason.MAPPING_MISSING.value
    assert list(fields[attributes.GAP]) == ["mapping:sku:abc"]
    details = await _current_details(handle)
    assert "等待处理" in details
    assert "主数据管理员" in details
    assert "kingpost mappings set sku abc" in details
    await house.close_gap(paper)
    await house.end(handle)
    fields = (await handle.describe()).typed_search_attributes
    assert fields[attributes.DOCUMENT_STATE] == "posted"
    assert not fields.get(attributes.HOLD_REASON)
    assert not fields.get(attributes.GAP)
    assert "已过账" in await _current_details(handle)


async def test_while_it_goes_on_after_a_hold_it_is_not_shown_as_held(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    seen: list[object] = []

    async def look() -> None:
        fields = (await handle.describe()).typed_search_attributes
        seen.append((fields[attributes.DOCUMENT_STATE], (await handle.query("status", result_type=dict))["hold"]))

    paper.before("post", look)
    await house.close_gap(paper)
    await house.end(handle)
    assert seen == [("running", None)]


async def test_the_summary_it_was_started_with_stays(dev: House) -> None:
    paper = dev.paper()
    handle = await dev.start(paper)
    await dev.end(handle)
    description = await handle.describe()
    assert await description.static_summary() == f"销售出库 {paper.key.number} · 旗舰店"
    assert await description.static_details() == "销售出库 / Sales outbound"
