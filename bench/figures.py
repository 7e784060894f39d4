"""The figures: what each is called, in which unit, and what it should be. The goals stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Sense(StrEnum):
    """On which side of its goal a figure is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be."""

    sense: Sense
    value: float

    def met_by(self, value: float) -> bool:
        return value >= self.value if self.sense is Sense.AT_LEAST else value <= self.value

    def __str__(self) -> str:
        return f"{self.sense} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is announced. `zh`, `en`: what it means in a few words."""

    name: str
    unit: str
    zh: str
    en: str
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure as it was found: one value for each round, and their median as the result."""

    figure: Figure
    rounds: tuple[float, ...]

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def met(self) -> bool | None:
        """None: there is no goal."""
        return self.figure.goal.met_by(self.value) if self.figure.goal else None


def _at_least(value: float) -> Goal:
    return Goal(Sense.AT_LEAST, value)


def _at_most(value: float) -> Goal:
    return Goal(Sense.AT_MOST, value)


_ALL = (
    Figure("floor_per_second", "1/s", "Temporal 的底线：一个活动、一次 HTTP", "Temporal alone: one activity, one post"),
    Figure("documents_per_second", "1/s", "完整过账的单据", "documents posted, the whole life"),
    Figure("ratio", "", "单据 ÷ 底线", "documents over the floor", _at_least(0.8)),
    Figure("cpu_ratio", "", "同上，按 CPU 时间", "the same by CPU time, all parts together"),
    Figure("history_events_per_document", "", "每单历史事件", "history events of a document", _at_most(16)),
    Figure("worker_cpu_ms_per_document", "ms", "每单工作进程 CPU", "CPU of the worker, a document"),
    Figure("floor_cpu_ms", "ms", "底线的工作进程 CPU", "CPU of the floor's worker, a workflow"),
    Figure("temporal_cpu_ms_per_document", "ms", "每单 Temporal 服务 CPU", "CPU of the Temporal server, a document"),
    Figure("floor_temporal_cpu_ms", "ms", "底线的 Temporal 服务 CPU", "CPU of the Temporal server, a floor workflow"),
    Figure("simulators_cpu_ms_per_document", "ms", "每单模拟器 CPU", "CPU of the simulators, a document"),
    Figure("fast_erp_calls_per_document", "", "ERP 立即应答时每单调用", "ERP calls a document, of an instant ERP"),
    Figure("erp_calls_per_document", "", "积压时每单 ERP 调用", "ERP calls a document at a backlog", _at_most(0.15)),
    Figure("naive_per_second", "1/s", "普通脚本（慢 ERP）", "a plain script, slow ERP"),
    Figure("slow_erp_documents_per_second", "1/s", "Kingpost（同一慢 ERP）", "Kingpost, the same slow ERP"),
    Figure("naive_speedup", "×", "比普通脚本快多少倍", "times as fast as the script", _at_least(20)),
    Figure("company_wait_ms", "ms", "单张单据等同伴的时间", "a single document's wait for company", _at_most(50)),
    Figure("single_document_ms", "ms", "空闲时一张单据的全程", "a single document on an idle system"),
    Figure("growth", "", "大积压与小积压的单均耗时比", "cost of a document, large backlog over small", _at_most(1.1)),
    Figure("cpu_growth", "", "同上，按 CPU 时间", "the same by CPU time"),
    Figure("memory_mb_before", "MB", "工作进程内存，预热后", "memory of the worker, warmed up"),
    Figure("memory_mb_after_posted", "MB", "工作进程内存，全部过账后", "memory of the worker, after all were posted"),
    Figure("memory_mb_per_1000_posted", "MB", "每过账千单增加的内存", "memory kept of 1000 posted", _at_most(1)),
    Figure("memory_mb_per_1000_held", "MB", "每千张等待单据的内存", "memory for 1000 held"),
    Figure("two_workers", "×", "两个工作进程比一个", "two workers over one"),
    Figure("fairness_delay_seconds", "s", "别家爆单时一张单据的全程", "a shop's document in another's flood"),
    Figure("fairness_crowd", "", "当时排队的单据", "documents waiting before it"),
)
FIGURES = {figure.name: figure for figure in _ALL}


def measured(name: str, rounds: Sequence[float]) -> Measured:
    """A figure with what its rounds gave. Raises KeyError: no such figure; ValueError: no rounds."""
    if not rounds:
        raise ValueError(f"{name} was never measured")
    return Measured(FIGURES[name], tuple(rounds))
