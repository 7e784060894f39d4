"""`kingpost backfill`: bring in a range of days, and watch it come; what it does is done by the workers (O8)."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError

from activities.api_backfill import Brought
from activities.starting import WORKFLOW_QUEUE
from activities.workshop import Workshop
from commands.choosing import Connection, chosen
from commands.console import Refused, open_shop, out, run, stop
from domain.documents import Hold, Urgency
from domain.spans import day_at
from workflows import attributes
from workflows.backfill import BackfillStart, BackfillStatus, BackfillWorkflow, backfill_id

_LOOK_EVERY = 0.5
_ANSWER_WITHIN = timedelta(seconds=5)
_DAY = ["%Y-%m-%d"]

Handle = WorkflowHandle[BackfillWorkflow, Brought]


def backfill(
    flow: Annotated[str, typer.Argument(help="方案 / flow")],
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="第一天（按出入库时间）/ first day")],
    last: Annotated[datetime, typer.Option("--to", formats=_DAY, help="最后一天，含 / last day, included")],
    connection: Connection = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只统计，不改动任何数据 / count only")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="在后台进行 / do not watch")] = False,
) -> None:
    """补录一段日期的单据，可随时中断、重复运行 / bring in the documents of a range of days; safe to stop and repeat."""
    if last < first:
        stop(f"--to {last.date()}: expected a day not before --from {first.date()}.", 2)
    run(_backfill(flow, connection, first.date(), last.date(), dry_run=dry_run, watch=not no_wait))


async def _backfill(flow: str, connection: str | None, first: date, last: date, *, dry_run: bool, watch: bool) -> None:
    async with open_shop(temporal=True) as shop:
        handles: dict[str, Handle] = {}
        for name, source in chosen(shop, flow, connection):
            start = BackfillStart(
                flow=name,
                connection=source,
                queue=shop.routes[source].queues.source,
                first=first,
                last=last,
                dry_run=dry_run,
            )
            handles[source] = await _start(shop, start)
        if not watch:
            for handle in handles.values():
                out.print(f"[green]✓[/] 在后台进行 / under way: {escape(handle.id)}", highlight=False)
            return
        try:
            brought = await _watch(handles)
        except asyncio.CancelledError:
            out.print("补录在后台继续；再次运行同一命令查看进度 / it goes on; call again to see its progress.")
            raise
    for source, counted in brought.items():
        out.print(_told(flow, source, counted, dry_run=dry_run), highlight=False)


async def _start(shop: Workshop, start: BackfillStart) -> Handle:
    """Start it, or find the one that is under way; one that waits for somebody goes on."""
    title, route = shop.catalogue[start.flow].flow.title, shop.routes[start.connection]
    trial = "（试算）" if start.dry_run else ""
    return await shop.client.start_workflow(
        BackfillWorkflow.run,
        start,
        id=backfill_id(start.flow, start.connection, start.first, start.last, dry_run=start.dry_run),
        task_queue=WORKFLOW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="go_on",
        static_summary=f"补录 {title.zh} · {start.connection} · {start.first} ～ {start.last}{trial}",
        priority=Priority(priority_key=Urgency.BACKFILL.value),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(attributes.SOURCE_SYSTEM, route.system),
                SearchAttributePair(attributes.FLOW, start.flow),
            ]
        ),
    )


async def _watch(handles: dict[str, Handle]) -> dict[str, Brought]:
    """Show how each comes along, to its end. Raises Refused when one waits for a person."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out) as progress:
        bars = {source: progress.add_task(source, total=None, told="") for source in handles}
        ended = await asyncio.gather(*(_follow(handles[source], progress, bars[source]) for source in handles))
    for source, result in zip(handles, ended, strict=True):
        if isinstance(result, Hold):
            raise Refused(f"{source}：{result.zh} / {result.en} 处理后再次运行同一命令即可继续 / then call again.")
    return {source: result for source, result in zip(handles, ended, strict=True) if isinstance(result, Brought)}


async def _follow(handle: Handle, progress: Progress, bar: TaskID) -> Brought | Hold:
    """Its end, or what it waits for a person for."""
    result = asyncio.create_task(handle.result())
    try:
        while not result.done():
            status = await _status(handle)
            if status is not None and status.waits_for is not None:
                return status.waits_for
            if status is None:
                progress.update(bar, told="等待工作进程 / waiting for a worker")
            else:
                progress.update(bar, total=status.of_seconds, completed=status.seconds, told=_told_of(status))
            await asyncio.wait([result], timeout=_LOOK_EVERY)
        brought = await result
    except WorkflowFailureError as error:
        raise Refused(f"补录已被终止 / it was ended: {handle.id}: {error.cause}.") from None
    finally:
        result.cancel()
    total = progress.tasks[bar].total or 1
    progress.update(bar, total=total, completed=total, told="")
    return brought


async def _status(handle: Handle) -> BackfillStatus | None:
    """Where it stands; None while no worker answers."""
    try:
        return await handle.query(BackfillWorkflow.status, rpc_timeout=_ANSWER_WITHIN)
    except (RPCError, WorkflowQueryFailedError):
        return None


def _told_of(status: BackfillStatus) -> str:
    day = f"{day_at(status.at)}  " if status.at is not None else ""
    return f"{day}读到 {status.brought.seen}，新 {status.brought.new}，有变化 {status.brought.changed}"


def _told(flow: str, source: str, brought: Brought, *, dry_run: bool) -> str:
    counted = f"新 {brought.new}，有变化 {brought.changed}，已有 {brought.known}"
    name = f"{escape(flow)} {escape(source)}"
    if dry_run:
        return (
            f"{name} 试算：来源有 {brought.seen} 张，其中{counted}；没有改动任何数据 / "
            f"{brought.new + brought.changed} of {brought.seen} would be brought in, nothing was changed"
        )
    return (
        f"[green]✓[/] {name} 补录：来源有 {brought.seen} 张，其中{counted}；"
        f"启动 {brought.started}，通知 {brought.told} / {brought.started + brought.told} of {brought.seen} brought in"
    )
