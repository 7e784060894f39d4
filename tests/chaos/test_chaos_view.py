"""What people see of a run."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, RenderableType

from chaos.report import Audit, Report
from chaos.troubles import KINDS
from chaos.view import Moment, board, ending, faults_of
from domain.documents import DocumentState, HoldReason
from domain.journal import Count
from sandbox.faults import FaultRule

CLEAN = Audit(lost=[], duplicated=[], half_done=[], stock_off=[], amount_off=[])
REPORT = Report(
    documents=20,
    posted=15,
    held=3,
    reversed=1,
    skipped=1,
    held_reasons={"stock_short": 3},
    faults={"lose_reply": 4, "source_cancel": 2},
    worker_kills=5,
    server_kills=2,
    worker_deaths=[],
    under_fire=9,
    audit=CLEAN,
    seed=7,
    seconds=61.2,
)


def shown(what: RenderableType) -> str:
    text = StringIO()
    Console(width=200, file=text).print(what)
    return text.getvalue()


def test_the_board_counts_documents_faults_and_kills() -> None:
    counts = [
        Count(flow="sales_outbound", state=DocumentState.POSTED, reason=None, documents=12),
        Count(flow="sales_outbound", state=DocumentState.RECEIVED, reason=None, documents=2),
        Count(flow="sales_return", state=DocumentState.RUNNING, reason=None, documents=3),
        Count(flow="sales_return", state=DocumentState.HELD, reason=HoldReason.STOCK_SHORT, documents=4),
    ]
    moment = Moment(
        phase="一切都在出错",
        elapsed=12.3,
        length=60,
        fed=30,
        shown=21,
        counts=counts,
        faults={"lose_reply": 4, "vendor:stale_row": 1},
        worker_kills=5,
        server_kills=2,
        web="http://127.0.0.1:1",
        seed=7,
    )
    told = shown(board(moment))
    for part in (
        "21 / 30",
        "12",
        "5",
        "库存不足 4",
        "应答丢失 4",
        "旧版本行 1",
        "强杀 worker 5 次，Temporal 2 次",
        "种子 seed 7",
    ):
        assert part in told


def test_a_clean_end() -> None:
    told = shown(ending(REPORT))
    assert REPORT.is_clean
    for part in ("账实相符", "20 = 过账 15 + 等待 3 + 冲回 1 + 跳过 1", "库存不足 3", "种子 seed 7"):
        assert part in told


def test_findings_are_named_and_many_are_cut_short() -> None:
    lost = [f"SO{n}: means a bill and has none" for n in range(12)]
    audit = CLEAN.model_copy(update={"lost": lost, "half_done": ["SO1: bill [1] is A"]})
    wrong = REPORT.model_copy(update={"audit": audit})
    assert not wrong.is_clean
    told = shown(ending(wrong))
    for part in (
        "漏单或理由不实 lost 12",
        "SO0: means a bill and has none",
        "…2 more",
        "半成单 half_done 1",
        "bill [1] is A",
    ):
        assert part in told
    assert "账实相符" not in told


def test_a_document_nobody_accounts_for_is_not_clean() -> None:
    assert not REPORT.model_copy(update={"posted": 14}).is_clean


def test_every_fault_has_a_name_for_people() -> None:
    names = {
        FaultRule(kind=kind.name, code=code).name for kinds in KINDS.values() for kind in kinds for code in kind.codes
    }
    told = shown(faults_of(dict.fromkeys(names, 1)))
    assert not [name for name in names if f"{name} 1" in told and name != "5xx"]
