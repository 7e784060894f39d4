"""`kingpost bench`: measure the named figures on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.house import PORTS, WrongBooks
from bench.laps import Stalled
from bench.plan import FULL, QUICK, Plan, Sizes
from bench.running import UnknownFigure, chosen
from bench.running import run as measure
from commands.console import out, run, stop


def bench(
    json: Annotated[Path | None, typer.Option("--json", help="结果写入 JSON / result as JSON")] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="轮数，取中位数 / rounds; medians count")] = 3,
    only: Annotated[list[str] | None, typer.Option("--only", help="只测这些 / measurements or figures")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="极小规模，仅验证能跑通 / tiny sizes, proves nothing")] = False,
    full: Annotated[bool, typer.Option("--full", help="大规模，需数小时 / large sizes, takes hours")] = False,
    port_base: Annotated[
        int | None, typer.Option("--port-base", min=1024, max=65536 - PORTS, help="起始端口 / first port")
    ] = None,
) -> None:
    """在本机测量性能指标，每次都审计账目 / the named figures on this machine, books audited every time."""
    plan = Plan(
        rounds=rounds,
        sizes=QUICK if quick else FULL if full else Sizes(),
        only=tuple(only or ()),
        port_base=port_base,
        json=json,
    )
    try:
        chosen(plan.only)
    except UnknownFigure as error:
        stop(str(error), 2)
    try:
        run(measure(plan, out))
    except (WrongBooks, Stalled) as error:
        stop(str(error), 1)
