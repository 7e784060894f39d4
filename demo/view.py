"""What a person sees while the day flows, and at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.report import Report, number_of
from domain.documents import DocumentState
from domain.holds import REASON_ZH, ROLE_ZH
from domain.journal import Count, DocumentRecord
from flows.catalogue import Catalogue
from sandbox.world.ledger import ErpSystem
from workflows.wording import STATE_ZH

_COLUMNS = (
    (DocumentState.RUNNING, "cyan"),
    (DocumentState.POSTED, "green"),
    (DocumentState.HELD, "yellow"),
    (DocumentState.SKIPPED, "bright_black"),
    (DocumentState.REVERSED, "magenta"),
)
_AUDIT_ZH = {
    "missing": "漏单",
    "duplicated": "重单",
    "quantity_off": "数量不符",
    "amount_off": "金额不符",
    "unaudited": "未审核",
}
_SKIP_ZH = {
    "refund_only": "仅退款",
    "no_goods_back": "无货退回",
    "taken_back": "来源已取消",
    "not_due": "来源未确认",
    "by_person": "人工跳过",
}


_ERP_ZH = {ErpSystem.GALAXY: "金蝶云星空", ErpSystem.FLAGSHIP: "金蝶云星空·旗舰版"}


def board(
    catalogue: Catalogue, counts: Sequence[Count], total: int, web: str, erp: ErpSystem = ErpSystem.GALAXY
) -> RenderableType:
    """Documents per flow and state, live. `erp`: where they go."""
    table = Table(expand=True, box=None, pad_edge=False)
    table.add_column("集成方案", ratio=3)
    for state, colour in _COLUMNS:
        table.add_column(STATE_ZH[state], justify="right", style=colour, ratio=1)
    by_flow: Counter[tuple[str, DocumentState]] = Counter()
    for count in counts:
        state = DocumentState.RUNNING if count.state is DocumentState.RECEIVED else count.state
        by_flow[count.flow, state] += count.documents
    for scheme in catalogue:
        flow = scheme.flow
        cells = [str(by_flow[flow.flow, state] or "·") for state, _ in _COLUMNS]
        table.add_row(f"{flow.title.zh}  [dim]{flow.title.en}[/]", *cells)
    settled = sum(n for (_, state), n in by_flow.items() if state is not DocumentState.RUNNING)
    bar = ProgressBar(total=max(total, 1), completed=settled, width=None)
    links = Text.assemble(("Temporal Web UI  ", "dim"), (f"{web}/namespaces/default/workflows", "cyan underline"))
    return Panel(
        Group(table, Text(), bar, Text(f"{settled} / {total}", style="dim"), links),
        title=f"Kingpost · 聚水潭 → {_ERP_ZH[erp]}",
        border_style="blue",
    )


def ending(report: Report, records: Sequence[DocumentRecord], web: str) -> RenderableType:
    """The end of the day: what was posted, held and skipped, and whether the books are right."""
    parts: list[RenderableType] = [_totals(report)]
    held = [record for record in records if record.hold is not None]
    if held:
        parts.append(_held(held))
    skipped = Counter(report.skipped_documents.values())
    if skipped:
        told = "，".join(f"{_SKIP_ZH.get(reason, reason)} {n}" for reason, n in skipped.items())
        parts.append(Text(f"跳过：{told}", style="bright_black"))
    parts.append(_audit(report))
    parts.append(
        Text(
            f"用时 {report.seconds} 秒 · ERP 调用 {report.erp_calls} 次 · "
            f"每单 {report.history_events_per_document} 个历史事件 · {web}/namespaces/default/workflows",
            style="dim",
        )
    )
    return Group(*parts)


def _totals(report: Report) -> Table:
    table = Table(title="已过账 Posted", title_justify="left")
    for heading in ("", "单据", "数量", "原币金额", "本位币金额 CNY"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, zh in (("sales", "销售出库"), ("returns", "销售退货")):
        total = report.posted_totals.get(name, {})
        cells = (str(total.get(key, 0)) for key in ("documents", "quantity", "amount", "functional_amount"))
        table.add_row(zh, *cells)
    return table


def _held(held: Sequence[DocumentRecord]) -> Table:
    """One row a reason with an example, so that hundreds of held documents still fit a screen."""
    table = Table(title="等待处理 Held", title_justify="left")
    for heading in ("原因", "单据", "等谁", "例如"):
        table.add_column(heading, justify="right" if heading == "单据" else "left")
    by_reason: dict[object, list[DocumentRecord]] = {}
    for record in held:
        if record.hold is not None:
            by_reason.setdefault(record.hold.reason, []).append(record)
    for records in by_reason.values():
        first = records[0]
        if first.hold is not None:
            example = f"{number_of(first)}：{first.hold.zh}"
            table.add_row(REASON_ZH[first.hold.reason], str(len(records)), ROLE_ZH[first.hold.owner], escape(example))
    return table


def _audit(report: Report) -> Panel:
    wrong = {name: numbers for name, numbers in report.audit.items() if numbers}
    counted = report.documents
    sums = (
        f"看到 {counted.seen} = 过账 {counted.posted} + 等待 {counted.held} + 跳过 {counted.skipped}"
        f" + 冲回 {counted.reversed}"
    )
    title = "独立审计 Audit"
    if report.balanced:
        return Panel(f"[green]账实相符[/]  漏单 0，重单 0，差异 0\n{sums}", title=title, border_style="green")
    told = [
        f"[red]{_AUDIT_ZH.get(name, name)}[/] {len(found)}：{'、'.join(found[:10])}" for name, found in wrong.items()
    ]
    return Panel("\n".join([*told, sums]), title=title, border_style="red")
