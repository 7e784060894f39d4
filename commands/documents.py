"""`kingpost documents`: find a document, read its timeline, decide what becomes of it."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

import settings as configuration
from activities.starting import due_of, start_document, start_of
from activities.workshop import Workshop
from commands.console import Refused, open_shop, out, run, stop
from commands.finding import find
from domain.conversions import SHANGHAI
from domain.decisions import Amend, Answer, Cancel, Resume, Skip
from domain.documents import DocumentKey, Urgency
from domain.holds import REASON_ZH, ROLE_ZH
from workflows.wording import STATE_ZH

app = typer.Typer(no_args_is_help=True, help="单据 / documents")

Number = Annotated[str, typer.Argument(help="来源单号、平台单号或金蝶单号 / source, platform or bill number")]
Reason = Annotated[str, typer.Option("--reason", help="原因，会记入日志 / kept in the journal")]
By = Annotated[str, typer.Option("--by", help="操作人 / who decides", default_factory=getpass.getuser)]


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S")


@app.command("search")
def documents_search(text: Annotated[str, typer.Argument(help="平台单号、来源单号、金蝶单号或 SKU")]) -> None:
    """查找单据 / by platform order no, source no, ERP bill no or SKU."""
    run(_search(text))


async def _search(text: str) -> None:
    async with open_shop() as shop:
        records = await shop.store.search(text)
    table = Table("单据", "平台单号", "店铺", "金蝶单号", "状态", "原因")
    for record in records:
        reason = REASON_ZH[record.hold.reason] if record.hold else (record.skip_reason or "")
        cells = (
            record.key.workflow_id,
            record.platform_no,
            record.shop,
            record.bill_number or "",
            STATE_ZH[record.state],
            reason,
        )
        table.add_row(*(escape(cell) for cell in cells))
    out.print(table if records else f"没有找到 {escape(text)} / nothing found")
    if not records:
        raise typer.Exit(1)


@app.command("show")
def documents_show(number: Number) -> None:
    """一张单据的时间线 / the timeline of a document."""
    run(_show(number))


async def _show(number: str) -> None:
    async with open_shop() as shop:
        record = await find(shop, number)
        timeline = await shop.store.timeline(record.key)
        temporal = configuration.load().temporal
    out.print(f"[bold]{escape(record.key.workflow_id)}[/]  {escape(record.platform_no)}  {escape(record.shop)}")
    out.print(f"{STATE_ZH[record.state]} · {record.state.value}   金蝶 {escape(record.bill_number or '—')}")
    if record.hold is not None:
        hold = record.hold
        out.print(f"[yellow]{REASON_ZH[hold.reason]}[/]（{ROLE_ZH[hold.owner]}）{escape(hold.zh)}\n{escape(hold.en)}")
        if hold.gap:
            out.print(f"缺口 gap: {escape(hold.gap)}")
    table = Table("时间", "步骤", "结果", "次", "说明", "调用")
    for row in timeline:
        entry = row.entry
        calls = "\n".join(f"{x.operation} {x.status or '—'} {x.elapsed_ms}ms" for x in row.exchanges)
        who = f" · {entry.actor}" if entry.actor else ""
        cells = (_moment(row.at), entry.step.value, entry.outcome.value, str(entry.attempt), entry.zh + who, calls)
        table.add_row(*(escape(cell) for cell in cells))
    out.print(table)
    place = f"{temporal.web}/namespaces/{temporal.namespace}/workflows"
    out.print(f"Temporal: {place}/{record.key.workflow_id}", highlight=False)


@app.command("resume")
def documents_resume(
    number: Number, by: By, reason: Reason = "", refetch: Annotated[bool, typer.Option("--refetch")] = False
) -> None:
    """让等待的单据继续 / let a held document go on, optionally reading the source again."""
    run(_decide(number, "resume", Resume(actor=by, reason=reason, refetch=refetch)))


@app.command("amend")
def documents_amend(
    number: Number,
    by: By,
    set_: Annotated[list[str], typer.Option("--set", help="字段=值，例如 items.0.qty=3 / field=value")],
    reason: Reason,
) -> None:
    """修正字段后继续 / correct fields, then go on."""
    corrections = {}
    for pair in set_:
        field, equals, value = pair.partition("=")
        if not equals or not field:
            stop(f"--set {pair}: expected field=value, e.g. items.0.qty=3.", 2)
        corrections[field] = value
    run(_decide(number, "amend", Amend(actor=by, reason=reason, corrections=corrections)))


@app.command("skip")
def documents_skip(number: Number, by: By, reason: Reason) -> None:
    """该单据无需过账 / the document needs no bill."""
    run(_decide(number, "skip", Skip(actor=by, reason=reason)))


@app.command("cancel")
def documents_cancel(number: Number, by: By, reason: Reason) -> None:
    """取消：已有的单据会反审核并删除 / take it back: its bill is un-audited and deleted."""
    run(_cancel(number, Cancel(actor=by, reason=reason)))


async def _decide(number: str, update: str, argument: Resume | Amend | Skip | Cancel) -> None:
    async with open_shop(temporal=True) as shop:
        record = await find(shop, number)
        try:
            await _update(shop, record.key, update, argument)
        except NotUnderWay:
            # Somebody ended its workflow in Temporal; a document that is not settled gets a new one.
            if update != "resume" or record.state.is_final:
                raise
            await start_document(shop, due_of(record), start_of(shop, record), urgency=Urgency.PERSON)
    out.print(f"[green]✓[/] {escape(record.key.workflow_id)} {update}")


class NotUnderWay(Refused):
    """The document has no running workflow."""

    def __init__(self) -> None:
        super().__init__("单据不在处理中，无需该操作 / the document is not under way.")


async def _update(shop: Workshop, key: DocumentKey, update: str, argument: Resume | Amend | Skip | Cancel) -> None:
    handle = shop.client.get_workflow_handle(key.workflow_id)
    try:
        await handle.execute_update(update, argument, result_type=Answer)
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise Refused(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotUnderWay from None
        raise


async def _cancel(number: str, cancel: Cancel) -> None:
    if not cancel.reason.strip():
        # A running document says so itself; one that is done has nobody to say it.
        raise Refused("a cancel needs a reason")
    async with open_shop(temporal=True) as shop:
        record = await find(shop, number)
        back = {"take_back": True, "actor": cancel.actor, "reason": cancel.reason}
        start = start_of(shop, record).model_copy(update=back)
        while True:
            try:
                await start_document(shop, due_of(record), start, urgency=Urgency.PERSON)
            except WorkflowAlreadyStartedError:
                try:
                    await _update(shop, record.key, "cancel", cancel)
                except NotUnderWay:
                    # It ended just now; then it has to be started to be taken back.
                    continue
            break
    out.print(f"[green]✓[/] {escape(record.key.workflow_id)} cancel")
