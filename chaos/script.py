"""A run's script: what happens when, drawn from a seed. The same seed, size and length make the same script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from chaos import troubles
from chaos.acts import (
    Act,
    Appear,
    ChangeAtSource,
    ClosePeriod,
    Cue,
    CutStore,
    FillMapping,
    GoodsArrive,
    KillServer,
    KillWorker,
    LockBill,
    ResumeSome,
    System,
    TakeStock,
)
from sandbox.world.changes import Change

FLOWING = 0.75
"""The share of the time in which documents appear; what is left is for what happens to the last of them."""
_CHANGED = 0.15
"""Changes at the source for each document."""
_CHANGES = (
    *(Change.TOUCH, Change.REMARK, Change.QUANTITY, Change.QUANTITY, Change.PRICE, Change.PRICE),
    *(Change.CANCEL, Change.CANCEL, Change.UNCONFIRM, Change.UNCONFIRM),
)


def script(seed: int, *, seconds: float, documents: int, workers: int) -> tuple[Cue, ...]:
    """Everything that happens, in order of time.

    Each sort of act has dice of its own, so that a change of one sort leaves the others as they were.
    """
    cues = [*_appearing(seconds, documents)]

    def every(name: str, gap: tuple[float, float], act: Callable[[Random], Act]) -> None:
        dice = Random(f"{seed} {name}")  # noqa: S311 - repeatable on purpose
        at = dice.uniform(*gap)
        while at < seconds:
            cues.append(Cue(at, act(dice)))
            at += dice.uniform(*gap)

    change_gap = seconds / (_CHANGED * documents)
    for system in System:
        every(f"weather of {system}", (0.5, 2.5), partial(troubles.weather, system=system))
    every("change", (0.5 * change_gap, 1.5 * change_gap), _change)
    every("worker", (6, 14), lambda dice: KillWorker(dice.randrange(workers)))
    # A short run has its kill of the server, too.
    every("server", (min(15, 0.3 * seconds), min(40, 0.8 * seconds)), lambda dice: KillServer())
    every("store", (4, 10), lambda dice: CutStore(round(dice.uniform(0.3, 2.5), 1)))
    every("lock", (1, 3), lambda dice: LockBill(_recent(dice), round(dice.uniform(0.5, 6), 1)))
    every("period", (8, 20), lambda dice: ClosePeriod(round(dice.uniform(1, 5), 1)))
    every("stock", (4, 10), lambda dice: TakeStock(dice.random(), round(dice.uniform(1, 6), 1)))
    every("goods", (6, 12), lambda dice: GoodsArrive())
    every("mapping", (0.4 * seconds, 0.9 * seconds), lambda dice: FillMapping(dice.random()))
    every("person", (1, 4), lambda dice: ResumeSome(dice.random(), refetch=dice.random() < 0.3))
    return tuple(sorted(cues, key=lambda cue: cue.at))


def _appearing(seconds: float, documents: int) -> Iterator[Cue]:
    """Portions twice a second, all alike but for the last one."""
    portions = max(1, round(seconds * FLOWING * 2))
    shown = 0
    for number in range(1, portions + 1):
        due = documents * number // portions
        if due > shown:
            yield Cue(round(seconds * FLOWING * (number - 1) / portions, 2), Appear(due - shown))
            shown = due


def _change(dice: Random) -> ChangeAtSource:
    kind = dice.choice(_CHANGES)
    confirmed_again = kind is Change.UNCONFIRM and dice.random() < 0.6
    return ChangeAtSource(
        kind,
        _recent(dice),
        then=Change.CONFIRM if confirmed_again else None,
        then_after=round(dice.uniform(0.5, 5), 1) if confirmed_again else 0,
    )


def _recent(dice: Random) -> float:
    """Mostly one of the latest documents, which is still in flight; now and then any."""
    return dice.random() if dice.random() < 0.3 else 1 - 0.1 * dice.random()
