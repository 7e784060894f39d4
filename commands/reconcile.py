"""`kingpost reconcile`: a day of source, ERP and journal side by side; what differs by name, what was put right (O7).

The comparing is done by the workers; the command starts it, or joins the one under way, and prints what it found.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ActivityError

from activities.api_reconcile import Reconciled
from activities.nightly import subject_of
from activities.starting import WORKFLOW_QUEUE
from activities.workshop import Workshop
from commands.choosing import Connection, chosen
from commands.console import Refused, open_shop, out, run, stop
from domain.differences import KIND_ZH, Difference
from domain.documents import Frozen, Urgency
from domain.reconciliation import Reconciliation, Sums, Total
from workflows import attributes
from workflows.failures import hold_of
from workflows.reconciliation import Mend, ReconcileStart, ReconciliationWorkflow, reconciliation_id

_SHOWN = 200
"""Rows printed of each table; all of them are in the JSON file."""

Handle = WorkflowHandle[ReconciliationWorkflow, Reconciled]


class Found(Frozen):
    """What a reconciliation found: the contract of ``--json``."""

    reconciliation: Reconciliation
    left: int
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]


class Report(Frozen):
    """All reconciliations of a call. `left`: differences that nothing explains and nothing has mended."""

    day: date
    left: int
    reconciliations: tuple[Found, ...]


def reconcile(
    day: Annotated[datetime, typer.Option("--day", formats=["%Y-%m-%d"], help="单据日期 / the bills' date")],
    by: Annotated[str, typer.Option("--by", help="操作人 / who repairs", default_factory=getpass.getuser)],
    connection: Connection = None,
    flow: Annotated[str | None, typer.Option("--flow", help="方案，缺省为全部 / flow")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="重新处理能修复的单据 / mend what can be mended")] = False,
    reason: Annotated[str, typer.Option("--reason", help="原因，会记入日志 / kept in the journal")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="结果写入 JSON / result as JSON")] = None,
) -> None:
    """对账：来源、日志、金蝶三方核对一天的单据 / compare a day of source, journal and Kingdee. 0: nothing differs."""
    if day.date() > datetime.now().astimezone().date():
        stop(f"--day {day.date()}: expected a day that has come.", 2)
    mend = Mend(actor=by, reason=reason) if repair else None
    report = run(_reconcile(day.date(), flow, connection, mend))
    if json_file is not None:
        json_file.write_text(report.model_dump_json(indent=2), encoding="utf-8")
    if report.left:
        raise typer.Exit(1)


async def _reconcile(day: date, flow: str | None, connection: str | None, mend: Mend | None) -> Report:
    async with open_shop(temporal=True) as shop:
        pairs = [(name, source) for name, source in chosen(shop, flow, connection) if shop.catalogue[name].form.date]
        if not pairs:
            raise Refused(f"{flow} 的表单没有单据日期，无法对账 / its form names no date, so it cannot be reconciled.")
        with out.status(f"对账 {day} …"):
            results = await asyncio.gather(*(_one(shop, name, source, day, mend) for name, source in pairs))
        found = [await _found(shop, result) for result in results]
        titles = [shop.catalogue[name].flow.title.zh for name, _ in pairs]
    for title, each in zip(titles, found, strict=True):
        _print(title, each)
    return Report(day=day, left=sum(each.left for each in found), reconciliations=tuple(found))


async def _one(shop: Workshop, flow: str, connection: str, day: date, mend: Mend | None) -> Reconciled:
    """Its result. One that was about to end when we asked for repair did not hear of it: then another one is made."""
    while True:
        result = await _result(await _start(shop, flow, connection, day, mend))
        if mend is None or result.mended:
            return result


async def _start(shop: Workshop, flow: str, connection: str, day: date, mend: Mend | None) -> Handle:
    subject = subject_of(shop, flow, connection)
    return await shop.client.start_workflow(
        ReconciliationWorkflow.run,
        ReconcileStart(day=day, **subject.model_dump(exclude={"title"})),
        id=reconciliation_id(flow, connection, day),
        task_queue=WORKFLOW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="mend" if mend is not None else None,
        start_signal_args=[mend] if mend is not None else [],
        static_summary=f"对账 {subject.title} · {connection} · {day}",
        priority=Priority(priority_key=Urgency.BACKFILL.value),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(attributes.SOURCE_SYSTEM, shop.routes[connection].system),
                SearchAttributePair(attributes.FLOW, flow),
            ]
        ),
    )


async def _result(handle: Handle) -> Reconciled:
    try:
        return await handle.result()
    except WorkflowFailureError as error:
        if isinstance(error.cause, ActivityError):
            hold = hold_of(error.cause)
            raise Refused(f"{handle.id}：{hold.zh} / {hold.en}") from None
        raise Refused(f"对账已被终止 / it was ended: {handle.id}: {error.cause}.") from None


async def _found(shop: Workshop, result: Reconciled) -> Found:
    book = shop.store.reconciliations
    header = await book.header(result.run)
    if header is None:
        raise Refused(f"没有对账结果 {result.run} / its result is gone.")
    return Found(
        reconciliation=header,
        left=result.left,
        totals=tuple(await book.totals(result.run)),
        differences=tuple(await book.differences(result.run)),
    )


# ── for people ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _print(title: str, found: Found) -> None:
    header = found.reconciliation
    verdict = f"[red]{found.left} 处不符 / {found.left} differ[/]" if found.left else "[green]账实相符 / in order[/]"
    elsewhere = f"；另有 {header.elsewhere} 张与本方案无关" if header.elsewhere else ""
    out.print(f"[bold]对账 {header.day} · {escape(title)} · {escape(header.connection)}[/]  {verdict}", highlight=False)
    out.print(f"来源 {header.documents} 张，金蝶 {header.bills} 张{elsewhere}", highlight=False)
    if found.totals:
        out.print(_places(found.totals))
    if found.differences:
        out.print(_differences(found.differences))


def _places(totals: Sequence[Total]) -> Table:
    """Each shop and warehouse, and below it the SKUs whose figures differ."""
    sides = ("来源 source", "日志 journal", "金蝶 Kingdee")
    table = Table(
        "店铺 shop", "仓库 warehouse", "SKU", *sides, caption="单据 · 数量 · 金额 / documents, quantity, amount"
    )
    rows = [total for total in totals if not total.sku or not total.agrees]
    for total in rows[:_SHOWN]:
        style = "" if total.agrees else "yellow" if total.sku else "bold yellow"
        cells = (total.shop, total.warehouse, total.sku, *map(_figures, (total.source, total.journal, total.erp)))
        table.add_row(*(escape(cell) for cell in cells), style=style)
    return _with_more(table, len(rows))


def _figures(sums: Sums) -> str:
    return f"{sums.documents} · {sums.quantity} · {sums.amount}" if sums.documents else "—"


def _with_more(table: Table, rows: int) -> Table:
    if rows > _SHOWN:
        table.caption = f"另有 {rows - _SHOWN} 行，见 --json / more rows, see --json"
    return table


def _differences(differences: Sequence[Difference]) -> Table:
    """What is left first, then what was mended, then what explains itself."""
    table = Table("差异", "来源单号", "平台单号", "金蝶单号", "店铺", "仓库", "SKU", "来源", "金蝶", "说明")
    ordered = sorted(differences, key=lambda d: (not d.is_left, not d.mended, d.kind, d.bill_number))
    for each in ordered[:_SHOWN]:
        style = "red" if each.is_left else "green" if each.mended else "dim"
        told = f"{each.field} {each.zh}".strip()
        cells = (
            KIND_ZH[each.kind],
            *(each.number, each.reference, each.bill_number),
            *(each.shop, each.warehouse, each.sku, each.expected, each.found),
            f"已修复 {told}".strip() if each.mended else told,
        )
        table.add_row(*(escape(cell) for cell in cells), style=style)
    return _with_more(table, len(ordered))
