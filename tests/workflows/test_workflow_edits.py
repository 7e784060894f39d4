from __future__ import annotations

import asyncio

import pytest

from activities.api import Course
from domain import holds
from domain.decisions import SourceChanged
from domain.documents import DocumentState, SkipReason
from tests.workflows.house import SLOW, House
from workflows.document import DocumentWorkflow


async def nothing() -> None:
    """This time, nothing happens."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_edit_while_the_rate_is_looked_for_is_taken_in_before_the_bill_is_written(
    dev: House, moment: str
) -> None:
    paper = dev.paper(rate_known=False)

    async def edit() -> None:
        await dev.edit(paper, "v2")

    getattr(paper, moment)("find_rate", edit)
    end = await dev.carry(paper)
    assert end.version == "v2"
    assert paper.written == ["+v2"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_edit_while_the_bill_is_written_leads_to_a_new_bill(house: House, moment: str) -> None:
    paper = house.paper()

    async def edit() -> None:
        await house.edit(paper, "v2")

    getattr(paper, moment)("post", edit)
    end = await house.carry(paper)
    assert end.version == "v2"
    assert paper.written == (["+v2"] if moment == "before" else ["+v1", "-v1", "+v2"])


async def test_an_edit_while_the_old_bill_is_taken_out(dev: House) -> None:
    paper = dev.paper(bill="v1", version="v2")

    async def edit() -> None:
        await dev.edit(paper, "v3")

    paper.after("reverse", edit)
    assert (await dev.carry(paper)).version == "v3"
    assert paper.written == ["-v1", "+v3"]


async def test_edits_one_after_the_other_end_with_the_last(house: House) -> None:
    paper = house.paper()

    async def edit() -> None:
        await house.edit(paper, f"v{len(paper.written) // 2 + 2}")

    # A post in between finds that the bill of the version before has to go first.
    paper.after("post", edit, nothing, edit, nothing, edit)
    end = await house.carry(paper)
    assert (end.version, paper.bill) == ("v4", "v4")
    assert paper.written == ["+v1", "-v1", "+v2", "-v2", "+v3", "-v3", "+v4"]


async def test_an_edit_frees_a_held_document(house: House) -> None:
    paper = house.paper()
    paper.answers("post", holds.source_invalid("items", "rows", "none"))
    handle = await house.hold(paper)
    await house.edit(paper, "v2")
    end = await house.end(handle)
    assert end.version == "v2"
    assert [d.decided.value for d in paper.decided] == ["source_changed"]


async def test_an_edit_right_when_the_hold_is_put_on_record_frees_it(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", holds.source_invalid("items", "rows", "none"))

    async def edit() -> None:
        await dev.edit(paper, "v2")

    paper.before("hold", edit)
    assert (await dev.carry(paper)).version == "v2"
    assert paper.written == ["+v2"]


async def test_a_source_that_takes_the_order_back_while_held(dev: House) -> None:
    paper = dev.paper(gaps=["ABC"])
    handle = await dev.hold(paper)
    paper.taken_back_at_source = True
    await dev.edit(paper, "v2")
    end = await dev.end(handle)
    assert (end.state, end.skip_reason) == (DocumentState.SKIPPED, SkipReason.TAKEN_BACK)
    assert paper.written == []


async def test_a_source_that_takes_the_order_back_while_the_bill_is_written(house: House) -> None:
    paper = house.paper()

    async def take_back() -> None:
        paper.taken_back_at_source = True
        await house.edit(paper, "v2")

    paper.after("post", take_back)
    assert (await house.carry(paper)).state is DocumentState.REVERSED
    assert paper.written == ["+v1", "-v1"]


async def test_news_of_the_version_it_has_is_no_news(dev: House) -> None:
    paper = dev.paper(gaps=["ABC"])
    handle = await dev.hold(paper)
    await handle.signal(DocumentWorkflow.source_changed, SourceChanged(version="v1"))
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    assert paper.decided == []
    await dev.close_gap(paper)
    await dev.end(handle)


async def test_news_the_workflow_is_started_with_costs_nothing_more(dev: House) -> None:
    """Intake that lost the answer to a start starts again with a signal."""
    paper = dev.paper()
    told = asyncio.Event()

    async def tell_again() -> None:
        await dev.handle(paper).signal(DocumentWorkflow.source_changed, SourceChanged(version="v1"))
        told.set()

    paper.before("post", tell_again)
    await dev.carry(paper)
    assert told.is_set()
    assert paper.written == ["+v1"]
    assert paper.count("post") == 1


@pytest.mark.parametrize("course", [Course.SKIP, Course.NOTHING])
async def test_an_edit_that_comes_exactly_with_the_end_is_not_lost(house: House, course: Course) -> None:
    """The workflow is about to end in the very task during which the server takes the news."""
    paper = house.paper()
    looked_at = paper.found(course, skip_reason=SkipReason.NOT_DUE if course is Course.SKIP else None)
    paper.answers("post", looked_at)

    async def edit() -> None:
        await house.edit(paper, "v2")

    paper.after("post", edit)
    end = await house.carry(paper)
    assert (end.state, end.version) == (DocumentState.POSTED, "v2")
    assert paper.written == ["+v2"]


@pytest.mark.parametrize("course", [Course.SKIP, Course.NOTHING])
async def test_an_edit_heard_before_a_slow_store_says_what_it_read_is_not_lost(dev: House, course: Course) -> None:
    """What the store read is older than the news, although its answer comes later."""
    paper = dev.paper()
    paper.answers("post", paper.found(course, skip_reason=SkipReason.NOT_DUE if course is Course.SKIP else None))

    async def edit() -> None:
        await dev.edit(paper, "v2")
        await dev.heard(paper)

    paper.after("post", edit)
    end = await dev.carry(paper, task_timeout=SLOW)
    assert (end.state, end.version) == (DocumentState.POSTED, "v2")
    assert paper.written == ["+v2"]
