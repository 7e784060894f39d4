"""`kingpost chaos`: everything goes wrong, then the books are judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.plan import PORTS, Plan
from chaos.running import run as let_it_fail
from chaos.settling import NeverAtRest
from commands.console import out, run, stop


def chaos(
    documents: Annotated[int, typer.Option("--documents", min=1, help="单据数 / how many")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="随机种子，决定出什么错 / decides what goes wrong")] = 1,
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, help="出错时长 / how long everything fails")] = 1,
    report: Annotated[Path | None, typer.Option("--report", help="结果写入 JSON / result as JSON")] = None,
    workers: Annotated[int, typer.Option("--workers", min=2, help="工作进程数 / worker processes")] = 2,
    store_url: Annotated[
        str | None, typer.Option("--store-url", help="空的 PostgreSQL 库，默认 SQLite 文件 / an empty database")
    ] = None,
    port_base: Annotated[
        int | None, typer.Option("--port-base", min=1024, max=65536 - PORTS, help="起始端口 / first port")
    ] = None,
) -> None:
    """在本机制造各种故障，事后由独立审计判断账目 / everything fails; afterwards the books are judged."""
    plan = Plan(
        documents=documents,
        seed=seed,
        minutes=minutes,
        workers=workers,
        port_base=port_base,
        store_url=store_url,
        report=report,
    )
    try:
        result = run(let_it_fail(plan, out))
    except NeverAtRest as error:
        stop(f"{error}; see {plan.folder} (seed {seed}).", 1)
    raise typer.Exit(0 if result.is_clean else 1)
