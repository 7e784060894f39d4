from __future__ import annotations

from temporalio.api.sdk.v1 import WorkflowMetadata

from activities.api import DocumentStep, RateStep
from domain.documents import DocumentState, HoldReason
from tests.workflows.house import QUEUES, WORKFLOWS, Handle, House
from tests.workflows.paper import DAY
from workflows import attributes


async def _current_details(handle: Handle) -> str:
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    details: str = metadata.current_details
    return details


async def test_each_step_is_taken_once_and_in_order(house: House) -> None:
    paper = house.paper()
    end = await house.carry(paper)
    assert paper.steps == ["prepare", "post"]
    assert [call.attempt for call in paper.calls] == [1, 1]
    assert end.state is DocumentState.POSTED
    assert end.version == "v1"
    assert end.bill_number == f"KP-{paper.key.number}"
    assert paper.written == ["+v1"]


async def test_steps_work_on_the_version_that_was_prepared(house: House) -> None:
    paper = house.paper(version="v7", linked=True, rate_known=False)
    await house.carry(paper)
    step = DocumentStep(key=paper.key, version="v7", erp="main")
    asked = {call.step: call.argument for call in paper.calls}
    assert asked["find_rate"] == RateStep(step=step, currency="USD", day=DAY)
    assert asked["prepare"].rated == "v7"
    assert asked["map_linked"] == asked["post"] == step


async def test_steps_that_only_use_the_store_are_local_and_the_others_run_on_their_systems_queue(house: House) -> None:
    paper = house.paper(linked=True, rate_known=False)
    await house.carry(paper)
    assert [(call.step, call.queue, call.local) for call in paper.calls] == [
        ("prepare", WORKFLOWS, True),
        ("find_rate", QUEUES.rates, False),
        ("prepare", WORKFLOWS, True),
        ("map_linked", QUEUES.erp, False),
        ("post", QUEUES.erp, False),
    ]


async def test_an_unlinked_document_costs_at_most_thirteen_events(house: House) -> None:
    paper = house.paper()
    handle = await house.start(paper)
    await house.end(handle)
    events = (await handle.fetch_history()).events
    assert len(events) <= 13, [event.event_type for event in events]


async def test_a_linked_document_costs_at_most_nineteen_events(house: House) -> None:
    paper = house.paper(linked=True)
    handle = await house.start(paper)
    await house.end(handle)
    assert len((await handle.fetch_history()).events) <= 19


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
