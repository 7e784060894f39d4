"""What a person sees of a run: one row a figure."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.plan import QUICK
from bench.report import Report

_MET = {True: "[green]✓ 达到 met[/]", False: "[red]✗ 未达到 not met[/]", None: ""}


def result(report: Report) -> RenderableType:
    """Figure, value, goal, met or not; then how busy the machine was and that the books are right."""
    table = Table("指标 figure", "值 value", "目标 goal", "", "各轮 rounds", "含义 meaning")
    table.columns[1].justify = "right"
    for found in report.figures:
        figure = found.figure
        value = f"[bold]{_number(found.value)}[/] {figure.unit}".rstrip()
        rounds = " · ".join(_number(value) for value in found.rounds)
        table.add_row(
            figure.name, value, str(figure.goal or ""), _MET[found.met], rounds, f"{figure.zh}\n[dim]{figure.en}[/]"
        )
    return Group(table, *_reservation(report), _machine(report), _books(report))


def _reservation(report: Report) -> list[Text]:
    if report.sizes != QUICK:
        return []
    told = "规模太小，数值没有意义，仅说明能跑通 / sizes too small: it runs, and the figures mean nothing"
    return [Text(told, style="yellow")]


def _machine(report: Report) -> Text:
    machine = report.machine
    share = f"{machine.others:.0%}"
    return Text(
        f"{machine.cores} 核，测量时 {share} 被别的程序占用 / {machine.cores} cores, {share} of them used by others · "
        f"Python {machine.python} · {report.seconds:.0f} s",
        style="dim",
    )


def _books(report: Report) -> Text:
    told = f"账实相符：{report.audited} 张单据经独立审计 / the books are right: {report.audited} documents audited"
    return Text(told, style="green")


def _number(value: float) -> str:
    """Three digits that say something."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
