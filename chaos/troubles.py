"""The ways each vendor's calls fail in a run, each as often as it deserves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from chaos.acts import System, Weather
from sandbox.faults import ANY_OPERATION, FaultName, FaultRule
from sandbox.jushuitan.state import PagingFault

TIME_LIMIT = 2.0
"""Seconds the run's clients wait for an answer; slower calls take effect behind their backs."""

SLOWEST = 3 * TIME_LIMIT
LONGEST_UNANSWERED = SLOWEST + 2
"""Seconds after which a call that was given up has taken effect for certain."""

_OUTBOUNDS = "/open/orders/out/simple/query"
_REFUNDS = "/open/refund/single/query"
_RECEIVED = "/open/aftersale/received/query"
_QUERIES = (_OUTBOUNDS, _REFUNDS, _RECEIVED)


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


_WRITES = ("BatchSave", "BatchSave", "UnAudit", "Delete")
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
        Kind(FaultName.SERVER_ERROR, 3),
        Kind(FaultName.HTML_PAGE, 1),
        Kind(FaultName.NO_PERMISSION, 1),
        Kind(FaultName.THROTTLE, 1),
        Kind(FaultName.SLOW, 1),
        Kind(FaultName.LOSE_REPLY, 1),
        Kind(FaultName.CUT_BEFORE, 1),
    ),
}
_FAILING = Decimal("0.3")
"""The share of calls that fail, about: so many that nothing goes smoothly, so few that everything gets somewhere."""
_WAYS = 3
"""Ways to fail at a time."""


def weather(dice: Random, system: System) -> Weather:
    """How a vendor's calls fail for a while: a few ways, each hitting some of the calls."""
    kinds = KINDS[system]
    drawn = dice.choices(kinds, [kind.weight for kind in kinds], k=_WAYS)
    return Weather(system, tuple(_rule(dice, kind) for kind in drawn))


def _rule(dice: Random, kind: Kind) -> FaultRule:
    operation = dice.choice(kind.operations)
    return FaultRule(
        kind=kind.name,
        operation=operation,
        times=None,
        # What hits any call hits often enough; a single operation is called now and then.
        probability=_FAILING / _WAYS if operation == ANY_OPERATION else _FAILING,
        seconds=_slowness(dice) if kind.name is FaultName.SLOW else Decimal(0),
        code=dice.choice(kind.codes),
    )


def _slowness(dice: Random) -> Decimal:
    """Mostly beyond what the client waits for: from then on it takes effect behind the client's back."""
    return round(Decimal(str(dice.uniform(0.3 * TIME_LIMIT, SLOWEST))), 1)
