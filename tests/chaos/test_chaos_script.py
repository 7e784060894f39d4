"""The script of a run: the same for the same seed, and with something of everything."""

from __future__ import annotations

import pytest

from chaos.acts import (
    Appear,
    ChangeAtSource,
    ClosePeriod,
    CutStore,
    FillMapping,
    GoodsArrive,
    KillServer,
    KillWorker,
    LockBill,
    ResumeSome,
    System,
    TakeStock,
    Weather,
)
from chaos.script import FLOWING, script
from chaos.troubles import KINDS, LONGEST_UNANSWERED, TIME_LIMIT
from sandbox.faults import FaultName
from sandbox.jushuitan.state import PagingFault
from sandbox.world.changes import Change


def test_the_seed_decides() -> None:
    def drawn(seed: int) -> object:
        return script(seed, seconds=600, documents=5000, workers=3)

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_it_is_in_order_and_within_its_time() -> None:
    times = [cue.at for cue in script(1, seconds=60, documents=300, workers=2)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 60


@pytest.mark.parametrize(("documents", "seconds"), [(1, 10), (37, 6), (5000, 60)])
def test_every_document_appears_in_time(documents: int, seconds: float) -> None:
    cues = [cue for cue in script(1, seconds=seconds, documents=documents, workers=2) if isinstance(cue.act, Appear)]
    assert sum(cue.act.documents for cue in cues if isinstance(cue.act, Appear)) == documents
    assert cues[-1].at <= FLOWING * seconds


@pytest.mark.parametrize("seed", range(5))
def test_even_a_short_run_has_one_of_everything(seed: int) -> None:
    acts = [cue.act for cue in script(seed, seconds=60, documents=200, workers=2)]
    kinds = (
        *(Appear, ChangeAtSource, ClosePeriod, CutStore, GoodsArrive, FillMapping, KillServer, KillWorker, LockBill),
        *(ResumeSome, TakeStock, Weather),
    )
    assert {type(act) for act in acts} == set(kinds)
    assert {act.worker for act in acts if isinstance(act, KillWorker)} <= {0, 1}
    assert 10 < sum(isinstance(act, ChangeAtSource) for act in acts) < 60


def test_a_long_run_has_every_fault_of_every_vendor() -> None:
    acts = [cue.act for cue in script(1, seconds=1800, documents=5000, workers=2)]
    for system in System:
        seen = {rule.kind for act in acts if isinstance(act, Weather) and act.system is system for rule in act.rules}
        assert seen == {kind.name for kind in KINDS[system]}
    codes = {rule.code for act in acts if isinstance(act, Weather) for rule in act.rules}
    assert codes >= {code.value for code in PagingFault}
    changes = {act.kind for act in acts if isinstance(act, ChangeAtSource)}
    assert changes == set(Change) - {Change.CONFIRM}
    assert any(act.then is Change.CONFIRM for act in acts if isinstance(act, ChangeAtSource))


def test_slow_calls_are_over_before_they_count_as_answered() -> None:
    acts = [cue.act for cue in script(1, seconds=1800, documents=100, workers=2)]
    slow = [
        float(rule.seconds)
        for act in acts
        if isinstance(act, Weather)
        for rule in act.rules
        if rule.kind is FaultName.SLOW
    ]
    assert max(slow) < LONGEST_UNANSWERED
    assert any(seconds > TIME_LIMIT for seconds in slow)
    assert any(seconds < TIME_LIMIT for seconds in slow)
