"""What a person sees while everything fails, and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chaos.report import Audit, Report
from domain.documents import DocumentState, HoldReason
from domain.holds import REASON_ZH
from domain.journal import Count
from workflows.wording import STATE_ZH

_STATES = (
    (DocumentState.RUNNING, "cyan"),
    (DocumentState.POSTED, "green"),
    (DocumentState.HELD, "yellow"),
    (DocumentState.SKIPPED, "bright_black"),
    (DocumentState.REVERSED, "magenta"),
)
_FAULTS_ZH = {
    "lose_reply": "应答丢失",
    "hang": "应答不至",
    "gateway_timeout": "网关超时",
    "deliver_twice": "请求重放",
    "slow": "超时后生效",
    "cut_before": "连接中断",
    "server_error": "5xx",
    "html_page": "网页应答",
    "server_exception": "未处理异常",
    "break_off": "批次中断",
    "partly_locked": "批次部分被锁",
    "locked": "单据被锁",
    "throttle": "限流",
    "expire": "会话或令牌失效",
    "no_permission": "无权限",
    "vendor:6": "数据库操作失败",
    "vendor:duplicate_row": "行重复",
    "vendor:empty_page": "空页",
    "vendor:touch_rows": "翻页时行被改",
    "vendor:new_rows": "翻页时新增行",
    "vendor:late_row": "行延迟可见",
    "vendor:stale_row": "旧版本行",
    "goods_arrive": "退货入库",
    "source_touch": "来源无变化更新",
    "source_remark": "来源改备注",
    "source_quantity": "来源改数量",
    "source_price": "来源改价格",
    "source_cancel": "来源取消",
    "source_unconfirm": "来源反审核",
    "source_confirm": "来源再审核",
    "bill_locked": "单据被他人打开",
    "period_closed": "关账",
    "stock_taken": "库存被占",
    "store_cut": "存储中断",
    "mapping_filled": "补录映射",
    "resumed": "人工恢复",
}
_AUDIT_ZH = {
    "lost": "漏单或理由不实",
    "duplicated": "重单",
    "half_done": "半成单",
    "stock_off": "库存不符",
    "amount_off": "数量金额不符",
}
_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """What can be known of a run at one moment.

    Attributes:
        phase: what is going on, for people.
        elapsed, length: seconds since the start, and seconds that everything fails.
    """

    phase: str
    elapsed: float
    length: float
    fed: int
    shown: int
    counts: Sequence[Count]
    faults: Mapping[str, int]
    worker_kills: int
    server_kills: int
    web: str
    seed: int


def board(moment: Moment) -> RenderableType:
    """Documents by state, faults and kills so far, live."""
    states: Counter[DocumentState] = Counter()
    for count in moment.counts:
        states[DocumentState.RUNNING if count.state is DocumentState.RECEIVED else count.state] += count.documents
    table = Table(expand=True, box=None, pad_edge=False)
    table.add_column("已出现 / 全部")
    for state, colour in _STATES:
        table.add_column(STATE_ZH[state], justify="right", style=colour)
    table.add_row(f"{moment.shown} / {moment.fed}", *(str(states[state] or "·") for state, _ in _STATES))
    bar = ProgressBar(total=moment.length, completed=min(moment.elapsed, moment.length), width=None)
    told = Text.assemble(
        (f"{moment.phase}  ", "bold"),
        f"{moment.elapsed:.0f} s · 种子 seed {moment.seed} · ",
        (f"强杀 worker {moment.worker_kills} 次，Temporal {moment.server_kills} 次", "red"),
    )
    link = Text.assemble(("Temporal Web UI  ", "dim"), (f"{moment.web}/namespaces/default/workflows", "cyan underline"))
    parts: list[RenderableType] = [
        told,
        bar,
        Text(),
        table,
        _held(moment.counts),
        Text(),
        faults_of(moment.faults),
        link,
    ]
    return Panel(Group(*parts), title="Kingpost 混沌测试 chaos", border_style="red")


def _held(counts: Sequence[Count]) -> Text:
    reasons: Counter[HoldReason] = Counter()
    for count in counts:
        if count.state is DocumentState.HELD and isinstance(count.reason, HoldReason):
            reasons[count.reason] += count.documents
    told = "，".join(f"{REASON_ZH[reason]} {number}" for reason, number in reasons.most_common())
    return Text(f"等待：{told}" if told else "", style="yellow")


def faults_of(faults: Mapping[str, int]) -> RenderableType:
    """Kinds and how often, side by side."""
    cells = [f"{_FAULTS_ZH.get(name, name)} [bold]{number}[/]" for name, number in faults.items()]
    return Columns(cells, padding=(0, 3))


def ending(report: Report) -> RenderableType:
    """The end of a run: counts and the judgement."""
    fates = f"过账 {report.posted} + 等待 {report.held} + 冲回 {report.reversed} + 跳过 {report.skipped}"
    reasons = "，".join(f"{REASON_ZH[HoldReason(name)]} {number}" for name, number in report.held_reasons.items())
    failed = sum(report.faults.values())
    lines = [
        f"{report.documents} = {fates}（其中出错期间过账 {report.under_fire}）",
        f"等待：{reasons}" if reasons else "",
        f"强杀 worker {report.worker_kills} 次，Temporal {report.server_kills} 次，故障 {failed} 次，"
        f"用时 {report.seconds:.0f} 秒，种子 seed {report.seed}",
    ]
    told = "\n".join(line for line in lines if line)
    title = "独立审计 Audit"
    if report.is_clean:
        verdict = "[green]账实相符[/]  every document once, or held for a true reason"
        return Panel(f"{verdict}\n{told}", title=title, border_style="green")
    return Panel(f"{_findings(report.audit)}\n{told}", title=title, border_style="red")


def _findings(audit: Audit) -> str:
    told = []
    for name, zh in _AUDIT_ZH.items():
        found: list[str] = getattr(audit, name)
        if found:
            more = f"\n  …{len(found) - _EXAMPLES} more" if len(found) > _EXAMPLES else ""
            examples = "\n".join(f"  {escape(sentence)}" for sentence in found[:_EXAMPLES])
            told.append(f"[red]{zh} {name}[/] {len(found)}\n{examples}{more}")
    return "\n".join(told)
