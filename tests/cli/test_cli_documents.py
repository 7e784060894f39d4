"""`kingpost documents` and `kingpost mappings`: find, read, decide; what cannot be done is said in one sentence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from typer.testing import Result

from domain.documents import DocumentState, HoldReason, SkipReason
from tests.cli.command import kingpost, sentence
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, Stage, until

POSTED, UNMAPPED, NEGATIVE = "540001", "540002", "540003"
NEW_GOODS = "99999X"


@pytest.fixture
async def day(stage: Stage) -> Stage:
    """One order is posted, one waits for a mapping, one for a correction."""
    await stage.show(
        Row(POSTED),
        Row(UNMAPPED, code=NEW_GOODS, customer="1"),
        Row(NEGATIVE, code="22423", quantity=-3, customer="2"),
        unmapped={NEW_GOODS},
    )
    await stage.intake(OUTBOUND)
    await stage.posted(POSTED)
    await stage.held(UNMAPPED, HoldReason.MAPPING_MISSING)
    await stage.held(NEGATIVE, HoldReason.SOURCE_INVALID)
    return stage


async def documents(stage: Stage, *arguments: str) -> Result:
    return await kingpost(stage.config, "documents", *arguments)


def name_of(stage: Stage, number: str) -> str:
    return stage.key(number).workflow_id


async def test_search(day: Stage) -> None:
    """By platform order, source number, bill number (the source's, here) and SKU."""
    for text in (POSTED, day.key(POSTED).number, "85123A", "85123a"):
        result = await documents(day, "search", text)
        assert result.exit_code == 0, result.output
        assert name_of(day, POSTED) in result.stdout
        assert name_of(day, UNMAPPED) not in result.stdout
    result = await documents(day, "search", "54000")
    assert all(name_of(day, number) in result.stdout for number in (POSTED, UNMAPPED, NEGATIVE))


async def test_search_finds_nothing(day: Stage) -> None:
    result = await documents(day, "search", "NOBODY-HAS-THIS")
    assert result.exit_code == 1
    assert "nothing found" in result.stdout


async def test_show(day: Stage) -> None:
    """The timeline, with the calls made; for a held document whose turn it is and what is missing."""
    bill = day.bill_number(POSTED)
    shown = await documents(day, "show", POSTED)
    assert shown.exit_code == 0, shown.output
    for text in (name_of(day, POSTED), "United Kingdom", "posted", bill, "rate", "map", "BatchSave 200"):
        assert text in shown.stdout
    assert f"/namespaces/{day.settings.temporal.namespace}/workflows/{name_of(day, POSTED)}" in shown.stdout
    held = await documents(day, "show", UNMAPPED)
    assert held.exit_code == 0
    assert f"mapping:sku:{NEW_GOODS.casefold()}" in held.stdout
    assert "主数据管理员" in held.stdout


async def test_amend_lets_a_document_go_on(day: Stage) -> None:
    result = await documents(
        day, "amend", NEGATIVE, "--set", "items.0.qty=3", "--set", "items.0.sale_amount=7.65", "--reason", "typed wrong"
    )
    assert result.exit_code == 0, result.output
    await day.posted(NEGATIVE)
    [bill] = day.bills_of(NEGATIVE)
    assert [line["FRealQty"] for line in bill["lines"]] == [3]
    timeline = await day.store.timeline(day.key(NEGATIVE))
    [amended] = [row.entry for row in timeline if row.entry.detail and "items.0.qty" in row.entry.detail]
    assert "typed wrong" in amended.en


async def test_skip_ends_a_document(day: Stage) -> None:
    result = await documents(day, "skip", NEGATIVE, "--by", "clerk", "--reason", "written off")
    assert result.exit_code == 0, result.output
    record = await day.comes_to(NEGATIVE, DocumentState.SKIPPED)
    assert record.skip_reason is SkipReason.BY_PERSON
    timeline = await day.store.timeline(day.key(NEGATIVE))
    assert [(row.entry.actor, "written off" in row.entry.en) for row in timeline if row.entry.actor] == [
        ("clerk", True)
    ]
    assert day.bills_of(NEGATIVE) == []


async def test_resume_tries_again(day: Stage) -> None:
    """Nothing was done about it, so it waits again; the journal says who tried."""
    result = await documents(day, "resume", NEGATIVE, "--by", "clerk", "--reason", "have a look")
    assert result.exit_code == 0, result.output

    async def waits_again() -> bool:
        return (await day.steps(NEGATIVE))[-2:] == ["resume done", "hold held"]

    await until(waits_again, "it has gone on and waits again")
    await day.held(NEGATIVE, HoldReason.SOURCE_INVALID)


async def test_resume_with_refetch_reads_the_source_again(day: Stage) -> None:
    ids = day.world.source_ids(NEGATIVE)
    [line] = day.world.jushuitan.outbound(ids["io_id"]).items
    mended = replace(line, qty=Decimal(3), sale_amount=3 * line.sale_price)
    day.world.jushuitan.edit_outbound(ids["io_id"], items=(mended,))
    result = await documents(day, "resume", NEGATIVE, "--refetch")
    assert result.exit_code == 0, result.output
    await day.posted(NEGATIVE)
    assert "fetch done" in await day.steps(NEGATIVE)
    day.assert_books_right(excused=[UNMAPPED])


async def test_cancel_takes_a_posted_document_back(day: Stage) -> None:
    result = await documents(day, "cancel", POSTED, "--by", "clerk", "--reason", "sold to nobody")
    assert result.exit_code == 0, result.output
    await day.comes_to(POSTED, DocumentState.REVERSED)
    await day.ended(POSTED)
    assert day.bills_of(POSTED) == []


async def test_cancel_takes_a_held_document_back(day: Stage) -> None:
    result = await documents(day, "cancel", UNMAPPED, "--reason", "sold to nobody")
    assert result.exit_code == 0, result.output
    record = await day.comes_to(UNMAPPED, DocumentState.SKIPPED)
    assert record.skip_reason is SkipReason.BY_PERSON


async def test_refusals(day: Stage) -> None:
    reason = ("--reason", "because")
    one = ("--set", "items.0.qty=1")
    cases = [
        (("resume", POSTED), 1, "the document is not under way"),
        (("skip", POSTED, *reason), 1, "the document is not under way"),
        (("amend", POSTED, *one, *reason), 1, "the document is not under way"),
        (("skip", NEGATIVE, "--reason", " "), 1, "a skip needs a reason"),
        (("cancel", NEGATIVE, "--reason", " "), 1, "a cancel needs a reason"),
        (("cancel", POSTED, "--reason", ""), 1, "a cancel needs a reason"),
        (("amend", NEGATIVE, "--set", "items.0.qty", *reason), 2, "expected field=value"),
        (("amend", NEGATIVE, *one, "--set", "items.0.nothing=1", *reason), 1, "items.0.nothing"),
        (("amend", NEGATIVE, "--set", "so_id.0=1", *reason), 1, "so_id.0: expected a path"),
        (("amend", NEGATIVE, "--set", "items.7.qty=1", *reason), 1, "items.7.qty: expected a row number below 1"),
        (("amend", NEGATIVE, "--set", "items.0.qty=many", *reason), 1, "items.0.qty"),
        *(((command, "999999", *reason), 1, "no document has the number") for command in ("resume", "skip", "cancel")),
        (("show", "999999"), 1, "no document has the number"),
    ]
    for arguments, status, complaint in cases:
        result = await documents(day, *arguments)
        assert (result.exit_code, complaint in sentence(result)) == (status, True), (arguments, result.output)
    assert (await day.record(NEGATIVE)).state is DocumentState.HELD
    assert (await day.record(POSTED)).state is DocumentState.POSTED


@pytest.mark.parametrize("command", ["skip", "cancel", "amend"])
async def test_reason_is_required(day: Stage, command: str) -> None:
    result = await documents(day, command, NEGATIVE, *(("--set", "so_id=1") if command == "amend" else ()))
    assert result.exit_code == 2
    assert "--reason" in result.stderr
    assert (await day.record(NEGATIVE)).state is DocumentState.HELD


async def test_mapping_wakes_who_waits_for_it(day: Stage) -> None:
    result = await kingpost(
        day.config,
        *("mappings", "set", "sku", NEW_GOODS),
        *(f"material={NEW_GOODS}", "unit=Pcs", "batch_managed=false", "service=false"),
    )
    assert result.exit_code == 0, result.output
    assert "1 documents woken" in result.stdout
    await day.posted(UNMAPPED)
    listed = await kingpost(day.config, "mappings", "list", "sku")
    assert listed.exit_code == 0
    assert f"material={NEW_GOODS}" in listed.stdout
    day.assert_books_right(excused=[NEGATIVE])


async def test_mapping_refuses_what_is_no_column(day: Stage) -> None:
    result = await kingpost(day.config, "mappings", "set", "sku", NEW_GOODS, "Pcs")
    assert result.exit_code == 2
    assert "expected column=value" in sentence(result)
