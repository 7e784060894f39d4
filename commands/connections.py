"""`kingpost connections`: which accounts are paused since the vendor refuses us, and opening them again."""

from __future__ import annotations

from datetime import datetime

import typer
from rich.markup import escape
from rich.table import Table
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.api_connections import Probed
from activities.gate import connection_start
from activities.workshop import Workshop
from commands.console import Refused, open_shop, out, run
from domain.conversions import SHANGHAI
from domain.keys import connection_gap
from workflows.connection import ConnectionWorkflow

app = typer.Typer(no_args_is_help=True, help="连接 / connections to vendors")


@app.command("list")
def connections_list() -> None:
    """列出全部连接及其状态 / all connections, and which are paused."""
    run(_list())


async def _list() -> None:
    async with open_shop() as shop:
        pauses = {pause.connection: pause for pause in await shop.store.pauses()}
        waiting = {name: len(await shop.store.waiting_for([connection_gap(name)])) for name in pauses}
        names = sorted({*shop.accounts, *pauses})
    table = Table("连接 connection", "状态 state", "自 since", "原因 reason", "等待单据 waiting")
    for name in names:
        pause = pauses.get(name)
        if pause is None:
            table.add_row(escape(name), "[green]正常 open[/]", "", "", "")
            continue
        reason = escape(f"{pause.refusal.message}（{pause.refusal.code}）")
        table.add_row(
            escape(name), "[yellow]已暂停 paused[/]", _moment(pause.since), reason, str(waiting[pause.connection])
        )
    out.print(table)


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S")


@app.command("renew")
def connections_renew(name: str = typer.Argument(help="例如 galaxy.main / e.g. galaxy.main")) -> None:
    """授权已更新：立即探测，成功后等待的单据自动继续 / credentials are renewed: ask now; who waits goes on."""
    run(_renew(name))


async def _renew(name: str) -> None:
    async with open_shop(temporal=True) as shop:
        if name not in shop.accounts:
            raise Refused(f"没有连接 {name} / there is no connection {name}, expected one of {_all(shop)}.")
        pause = await shop.store.paused(name)
        if pause is None:
            out.print(f"[green]✓[/] {escape(name)} 未暂停 / is not paused")
            return
        try:
            # Starts its workflow anew if somebody ended it: a pause never stays behind with nobody to lift it.
            probed: Probed = await shop.client.execute_update_with_start_workflow(
                ConnectionWorkflow.renewed, start_workflow_operation=connection_start(shop, name, pause)
            )
        except WorkflowUpdateFailedError as error:
            if not (isinstance(error.cause, ApplicationError) and error.cause.type == "NotPaused"):
                raise
            probed = Probed(accepted=True)  # just lifted
    if probed.accepted is None:
        raise Refused(
            f"{name} 暂时连不上（{probed.code}）：{probed.message}，稍后自动再试 / out of reach, tried again."
        )
    if not probed.accepted:
        raise Refused(f"{name} 仍然拒绝授权（{probed.code}）：{probed.message} / still refuses our credentials.")
    out.print(f"[green]✓[/] {escape(name)} 已恢复，等待的单据自动继续 / is open again, documents that wait go on")


def _all(shop: Workshop) -> str:
    return ", ".join(sorted(shop.accounts))
