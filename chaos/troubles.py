"""The ways each vendor's calls fail in a run, each as often as it deserves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from chaos.acts import System, Trouble
from sandbox.faults import ANY_OPERATION, FaultName, FaultRule
from sandbox.jushuitan.state import PagingFault

TIME_LIMIT = 2.0
"""Seconds the run's clients wait for an answer; slower calls take effect behind their backs."""

_WRITES = ("BatchSave", "BatchSave", "BatchSave", "UnAudit", "Delete")
_OUTBOUNDS = "/open/orders/out/simple/query"
_REFUNDS = "/open/refund/single/query"
_RECEIVED = "/open/aftersale/received/query"
_QUERIES = (_OUTBOUNDS, _OUTBOUNDS, _REFUNDS, _RECEIVED)
_RATES = ("ccpr.json", "CcprHisNew", "RMBQuery.do", ANY_OPERATION)


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to fail.

    Attributes:
        weight: how often it is drawn, against the others of the same vendor.
        operations: one of them is hit.
        codes: one of them is the vendor's code; None leaves the usual one.
    """

    name: FaultName
    weight: int
    operations: tuple[str, ...] = (ANY_OPERATION,)
    codes: tuple[str | None, ...] = (None,)


KINDS: dict[System, tuple[Kind, ...]] = {
    System.GALAXY: (
        Kind(FaultName.LOSE_REPLY, 6, _WRITES),
        Kind(FaultName.HANG, 2, _WRITES),
        Kind(FaultName.GATEWAY_TIMEOUT, 3, _WRITES),
        Kind(FaultName.DELIVER_TWICE, 5, _WRITES),
        Kind(FaultName.SLOW, 5, (*_WRITES, "ExecuteBillQuery")),
        Kind(FaultName.CUT_BEFORE, 3),
        Kind(FaultName.SERVER_ERROR, 4),
        Kind(FaultName.HTML_PAGE, 1),
        Kind(FaultName.SERVER_EXCEPTION, 2),
        Kind(FaultName.BREAK_OFF, 4, _WRITES),
        Kind(FaultName.PARTLY_LOCKED, 4, _WRITES, (None, "0")),
        Kind(FaultName.LOCKED, 2, _WRITES, (None, "0")),
        Kind(FaultName.THROTTLE, 3),
        Kind(FaultName.EXPIRE, 4),
        Kind(FaultName.VENDOR, 1, codes=("6",)),
    ),
    System.JUSHUITAN: (
        Kind(FaultName.CUT_BEFORE, 2),
        Kind(FaultName.LOSE_REPLY, 2),
        Kind(FaultName.HANG, 1, _QUERIES),
        Kind(FaultName.GATEWAY_TIMEOUT, 1),
        Kind(FaultName.DELIVER_TWICE, 2, (*_QUERIES, "getInitToken")),
        Kind(FaultName.SLOW, 2),
        Kind(FaultName.SERVER_ERROR, 3),
        Kind(FaultName.HTML_PAGE, 1),
        Kind(FaultName.SERVER_EXCEPTION, 1, _QUERIES),
        Kind(FaultName.THROTTLE, 3, _QUERIES, ("199",)),
        Kind(FaultName.EXPIRE, 3, _QUERIES),
        Kind(FaultName.VENDOR, 16, _QUERIES, tuple(code.value for code in PagingFault)),
    ),
    System.RATES: (
        Kind(FaultName.SERVER_ERROR, 3, _RATES),
        Kind(FaultName.HTML_PAGE, 1, _RATES),
        Kind(FaultName.NO_PERMISSION, 1, _RATES),
        Kind(FaultName.THROTTLE, 1, _RATES),
        Kind(FaultName.SLOW, 1, _RATES),
        Kind(FaultName.LOSE_REPLY, 1, _RATES),
        Kind(FaultName.CUT_BEFORE, 1, _RATES),
    ),
}
_SYSTEMS = (System.GALAXY, System.GALAXY, System.GALAXY, System.JUSHUITAN, System.JUSHUITAN, System.RATES)


def draw(dice: Random) -> Trouble:
    """One trouble: a vendor, a way to fail, and which of the coming calls it hits."""
    system = dice.choice(_SYSTEMS)
    kinds = KINDS[system]
    [kind] = dice.choices(kinds, [kind.weight for kind in kinds])
    slow = kind.name is FaultName.SLOW
    rule = FaultRule(
        kind=kind.name,
        operation=dice.choice(kind.operations),
        skip=dice.randint(0, 3),
        times=dice.randint(1, 3),
        seconds=_slowness(dice) if slow else Decimal(0),
        code=dice.choice(kind.codes),
    )
    return Trouble(system, rule)


def _slowness(dice: Random) -> Decimal:
    """Mostly beyond what the client waits for: from then on it takes effect behind the client's back."""
    return round(Decimal(str(dice.uniform(0.3 * TIME_LIMIT, 3 * TIME_LIMIT))), 1)
