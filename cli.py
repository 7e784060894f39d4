"""The command line `kingpost`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import logs
import worker as worker_process
from commands import backfill, bench, chaos, connections, documents, flows, mappings, reconcile
from commands.console import run
from demo.running import Plan, play
from leaving import leave
from sandbox import serve
from sandbox.world.ledger import ErpSystem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Kingpost 单据管道：从 OMS/WMS 到金蝶 / documents from OMS and WMS to Kingdee",
)
app.add_typer(flows.app, name="flows")
app.add_typer(documents.app, name="documents")
app.add_typer(mappings.app, name="mappings")
app.add_typer(connections.app, name="connections")
app.command("backfill")(backfill.backfill)
app.command("reconcile")(reconcile.reconcile)
app.command("bench")(bench.bench)
app.command("chaos")(chaos.chaos)

PortBase = Annotated[
    int | None, typer.Option("--port-base", min=1024, max=65000, help="起始端口 / first port; free ones by default")
]

ErpChoice = Annotated[
    ErpSystem, typer.Option("--erp", help="单据进入哪个 ERP：星空或旗舰版 / which ERP the documents go to")
]


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="跑完即退出 / end by itself")] = False,
    orders: Annotated[
        list[Path] | None,
        typer.Option("--orders", exists=True, dir_okay=False, help="Online Retail CSV 订单文件 / order files"),
    ] = None,
    documents: Annotated[int | None, typer.Option("--documents", min=1, help="单据数 / how many")] = None,
    seed: Annotated[int, typer.Option("--seed", help="样例数据的种子 / of the sample day")] = 1,
    port_base: PortBase = None,
    erp: ErpChoice = ErpSystem.GALAXY,
    report: Annotated[Path | None, typer.Option("--report", help="结果写入 JSON / result as JSON")] = None,
) -> None:
    """在本机完整演示一天的业务 / a whole trading day on this machine, books audited at the end."""
    plan = Plan(
        once=once,
        orders=tuple(orders or ()),
        documents=documents,
        seed=seed,
        port_base=port_base,
        erp=erp,
        report=report,
    )
    raise typer.Exit(run(play(plan)))


@app.command()
def sandbox(port_base: PortBase = None, erp: ErpChoice = ErpSystem.GALAXY) -> None:
    """启动各系统的模拟器 / serve the vendors' simulators until stopped."""
    serve.run(port_base, erp)


@app.command()
def worker() -> None:
    """启动工作进程 / run a worker process."""
    worker_process.main()


def main() -> None:
    """Entry point."""
    logs.configure()
    try:
        app()
    except SystemExit as ending:
        leave(ending.code if isinstance(ending.code, int) else 0 if ending.code is None else 1)


if __name__ == "__main__":
    main()
